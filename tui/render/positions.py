"""Positions as cells of a table. Pure."""

from typing import Final

from core.domain.ticket import HeldRow, PositionsView
from tui.render.numbers import (
    NOTHING,
    countdown_text,
    market_name,
    money_text,
    sign_of,
    signed_money,
    venue_mark,
)
from tui.render.study import Cell
from tui.render.text import clean

_NS_PER_MS: Final = 1_000_000
_NEAR_PCT: Final = 10.0
_FAR_PCT: Final = 500.0
_HOUR_MS: Final = 3_600_000


def position_cells(row: HeldRow, engine_at: int) -> list[Cell]:
    """Return the texts of a position."""
    sign = sign_of(row.quantity)
    held = ("▲ " if sign > 0 else "▼ ") + row.quantity.lstrip("-")
    is_near = row.liquidation_pct is not None and row.liquidation_pct < _NEAR_PCT
    closing: Cell = (clean(row.closing, 40), "warning")
    if not row.closing:
        closing = (_funding(row, engine_at), "text_soft")
    return [
        (clean(market_name(row.instrument)), "text"),
        (clean(venue_mark(row.instrument)), "faint"),
        (held, "bid" if sign > 0 else "ask"),
        (row.entry_price, "text_soft"),
        (row.mark_price or NOTHING, "text"),
        (signed_money(row.unrealized_pnl), _role(row.unrealized_pnl)),
        (signed_money(row.realized_pnl), _role(row.realized_pnl)),
        (money_text(row.notional, 0), "text_soft"),
        (money_text(row.margin, 0), "text_soft"),
        (_liquidation(row), "danger" if is_near else "text_soft"),
        (
            _distance(row.liquidation_pct),
            "danger" if is_near else "muted",
        ),
        closing,
    ]


def _liquidation(row: HeldRow) -> str:
    """Write the price, or that it is so far that it says nothing."""
    if row.liquidation_pct is None:
        return NOTHING
    is_far = row.liquidation_price is None or row.liquidation_pct > _FAR_PCT
    return "far" if is_far else str(row.liquidation_price)


def _distance(pct: float | None) -> str:
    if pct is None:
        return NOTHING
    return f">{_FAR_PCT:.0f}%" if pct > _FAR_PCT else f"{pct:.0f}%"


def _funding(row: HeldRow, engine_at: int) -> str:
    """Write the rate of this interval and the time to it."""
    if row.funding_pct is None:
        return NOTHING
    rate = f"{row.funding_pct:+.4f}%"
    if row.next_funding_ts is None:
        return rate
    left = (row.next_funding_ts - engine_at) // _NS_PER_MS
    if left < 0:
        return f"{rate} due"
    if left < _HOUR_MS:
        return f"{rate} in {countdown_text(left)}"
    return f"{rate} in {left // _HOUR_MS}h{left % _HOUR_MS // 60_000:02d}"


def _role(amount: str | None) -> str:
    return {1: "profit", 0: "muted", -1: "loss"}[sign_of(amount)]


def position_totals(view: PositionsView) -> str:
    """Say what all of them add up to, positions already closed included."""
    return (
        f"unrealized {signed_money(view.unrealized_pnl)} · realized "
        f"{signed_money(view.realized_pnl)} · fees {money_text(view.fees)} · margin "
        f"{money_text(view.margin, 0)} · worth {money_text(view.notional, 0)}"
    )
