"""Every limit in words: its rule, what it counts for, its unit, and which way is tighter."""

from enum import StrEnum
from typing import Final

import msgspec

from core.risk.limits import CapitalLimits, RiskLimits

RISK: Final = "risk"
CAPITAL: Final = "capital"


class Tighter(StrEnum):
    """Which way a limit becomes stricter."""

    LOWER = "lower"
    HIGHER = "higher"
    FEWER = "fewer"
    """A list of what is allowed: part of the list; empty allows everything."""
    SHARES = "shares"
    """Allocations: when no strategy gets more."""


class LimitWords(msgspec.Struct, frozen=True, gc=False):
    """One limit in words."""

    name: str
    rule: str
    title: str
    scope: str
    """order, market, strategy, account, or setting."""
    unit: str
    """`quote` stands for the account's quote currency."""
    tighter: Tighter = Tighter.LOWER
    is_hard: bool = False
    """Cannot be loosened while the engine runs."""

    @property
    def is_floor(self) -> bool:
        """Whether the number is a least, which use should stay above."""
        return self.tighter is Tighter.HIGHER and self.scope != "setting"

    @property
    def path(self) -> str:
        """Where it stands in the configuration."""
        return f"{RISK if self.name in _RISK_NAMES else CAPITAL}.{self.name}"


_RISK_NAMES: Final = frozenset(RiskLimits.__struct_fields__)
_UP: Final = Tighter.HIGHER
_W = LimitWords
WORDS: Final = (
    _W("max_order_notional", "R10", "Order, hard cap", "order", "quote", is_hard=True),
    _W("max_order_equity_pct", "R10", "Order, share of equity", "order", "%"),
    _W("max_depth_share_pct", "R10", "Order, share of depth", "order", "%"),
    _W("max_open_orders", "R11", "Open orders, one market", "market", ""),
    _W("max_open_orders_total", "R11", "Open orders, all", "account", ""),
    _W("max_open_value_pct", "R11", "Open orders, of equity", "account", "%"),
    _W("max_position_notional", "R12", "Worst case, one market", "market", "quote"),
    _W("max_asset_notional", "R12", "Net holding, one asset", "market", "quote"),
    _W("max_leverage", "R12", "Gross over equity", "account", "x"),
    _W("min_margin_multiple", "R13", "Margin over maintenance", "account", "x", _UP),
    _W("min_liquidation_distance_pct", "R13", "Liquidation distance", "market", "%", _UP),
    _W("max_entries_per_min", "R16", "Entries in 60 s", "account", ""),
    _W("max_submits_without_progress", "R18", "Orders without a fill", "strategy", ""),
    _W("max_refusals_in_a_row", "R18", "Refusals in a row", "strategy", ""),
    _W("max_losing_round_trips", "R18", "Losing trips in 60 s", "strategy", ""),
    _W("max_slippage_bps", "R21", "Slippage expected", "order", "bps"),
    _W("max_signal_age_ms", "R23", "Age of the signal", "order", "ms"),
    _W("max_signal_drift_bps", "R23", "Drift since the signal", "order", "bps"),
    _W("confirm_above_equity_pct", "R25", "Order that asks a person", "order", "%"),
    _W("confirm_within_ms", "R25", "Question about an order", "order", "ms"),
    _W("max_confirm_drift_bps", "R25", "Drift while it is asked", "order", "bps"),
    _W("max_aggressive_collar_pct", "R08", "Price beyond the reference", "order", "%"),
    _W("max_passive_collar_pct", "R08", "Price behind the reference", "order", "%"),
    _W("max_average_collar_pct", "R08", "Price beyond the minute", "order", "%"),
    _W("max_reference_spread_pct", "R08", "References apart", "market", "%"),
    _W("max_book_age_ms", "R09", "Age of the book", "market", "ms"),
    _W("max_mark_age_ms", "R09", "Age of the mark", "market", "ms"),
    _W("max_reconcile_age_ms", "R03", "Age of the last match", "account", "ms"),
    _W("max_rules_age_ms", "R04", "Age of the market's rules", "market", "ms"),
    _W("min_day_volume", "R04", "Volume of 24 hours", "market", "quote", _UP),
    _W("allowed_markets", "R04", "Markets allowed", "setting", "", Tighter.FEWER),
    _W("max_clock_offset_ms", "R22", "Clocks apart", "account", "ms"),
    _W("max_clock_error_ms", "R22", "Clock uncertain by", "account", "ms"),
    _W("reserve_pct", "R14", "Equity not tied up", "account", "%", _UP, is_hard=True),
    _W("allocations_pct", "R14", "Allocation in use", "strategy", "%", Tighter.SHARES),
    _W("day_loss_reduce_pct", "R15", "Day loss, reduce", "account", "%"),
    _W("day_loss_halt_pct", "R15", "Day loss, halt", "account", "%"),
    _W("drawdown_reduce_pct", "R15", "Drawdown, reduce", "account", "%"),
    _W("drawdown_halt_pct", "R15", "Drawdown, halt", "account", "%"),
    _W("cool_down_secs", "R15", "Cool-down after a loss", "setting", "s", _UP),
    _W("losses_before_pause", "R15", "Losses in the window", "strategy", ""),
    _W("losses_window_secs", "R15", "Window of those losses", "setting", "s", _UP),
)
BY_NAME: Final = {words.name: words for words in WORDS}


def words_of(name: str) -> LimitWords | None:
    """Find a limit by its name or its path; None where there is no such limit."""
    section, _, rest = name.rpartition(".")
    words = BY_NAME.get(rest)
    return words if words is not None and section in {"", words.path.partition(".")[0]} else None


def section_of(words: LimitWords) -> type[RiskLimits | CapitalLimits]:
    """Return the struct a limit stands in."""
    return RiskLimits if words.path.startswith(RISK) else CapitalLimits
