"""The numbers a decision of the gate was made by, as they stand in the journal."""

from core.domain.intent import Leg
from core.risk.inputs import GateInputs

_MILLI = 1_000_000


def numbers_of(leg: Leg, inputs: GateInputs) -> tuple[tuple[str, str], ...]:
    """Name what the gate saw, ages in ms, with the order's own terms first."""
    terms, market = leg.terms, inputs.market
    found = {
        "side": terms.side,
        "quantity": terms.quantity,
        "limit_price": terms.limit_price,
        "reduce_only": "yes" if terms.reduce_only else "",
        "state": inputs.state,
        "best_bid": market.best_bid,
        "best_ask": market.best_ask,
        "mark": market.mark,
        "index": market.index,
        "average_60s": market.average_60s,
        "trade_vwap": market.trade_vwap,
        "vwap": market.vwap,
        "depth": market.depth,
        "book_age_ms": _ms(market.book_age_ns),
        "mark_age_ms": _ms(market.mark_age_ns),
        "reconcile_age_ms": _ms(inputs.reconcile_age_ns),
        "position": inputs.position,
        "live_bids": inputs.live_bids,
        "live_asks": inputs.live_asks,
        "equity": inputs.equity,
        "gross_elsewhere": inputs.gross_elsewhere,
        "free_capital": inputs.free_capital,
        "signal_age_ms": None if inputs.signal_ts is None else _ms(inputs.at - inputs.signal_ts),
        "signal_price": inputs.signal_price,
        "clock_offset_ms": _ms(inputs.clock_offset_ns),
        "clock_error_ms": _ms(inputs.clock_error_ns),
    }
    return tuple((name, _text(value)) for name, value in found.items())


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _ms(age_ns: int | None) -> int | None:
    return None if age_ns is None else age_ns // _MILLI
