"""The kinds of rows a journal is told in, and their columns."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a row tells of."""

    ORDERS = "orders"
    FILLS = "fills"
    LEDGER = "ledger"
    ALERTS = "alerts"
    DECISIONS = "decisions"
    GATE = "gate"


COMMON: Final = ("kind", "sequence", "time", "at_ns", "epoch", "account", "strategy")
"""`sequence` is the row of the journal, `time` UTC, `at_ns` the same instant in ns."""

COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.ORDERS: (
        *COMMON,
        *("client_order_id", "venue_order_id", "intent_id", "instrument", "side", "type"),
        *("time_in_force", "post_only", "reduce_only", "quantity", "limit_price"),
        *("trigger_price", "state", "state_time", "filled", "notional", "fees", "reason"),
    ),
    Kind.FILLS: (
        *COMMON,
        *("instrument", "side", "quantity", "price", "notional", "fee", "fee_asset", "liquidity"),
        *("realized_pnl", "position_after", "trade_id", "venue_order_id", "client_order_id"),
        *("is_system", "venue_time"),
    ),
    Kind.LEDGER: (
        *COMMON,
        *("ledger_account", "asset", "amount", "balance", "cause", "reference"),
    ),
    Kind.ALERTS: (
        *COMMON,
        *("event", "alert_id", "severity", "scope", "title", "text", "numbers", "options"),
        *("safe_default", "deadline", "answer", "by", "effect_id"),
    ),
    Kind.DECISIONS: (
        *COMMON,
        *("instrument", "cause", "verdict", "code", "text", "numbers", "intent_id", "repeats"),
    ),
    Kind.GATE: (
        *COMMON,
        *("instrument", "intent_id", "verdict", "rule", "text", "numbers", "limits", "repeats"),
    ),
}


def columns_of(kinds: tuple[Kind, ...]) -> tuple[str, ...]:
    """Return the columns of one table for several kinds: each once, in order of appearance."""
    return tuple(dict.fromkeys(column for kind in kinds for column in COLUMNS[kind]))
