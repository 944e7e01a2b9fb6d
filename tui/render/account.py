"""Positions, orders and balances in short rows."""

from core.domain.order import OrderState, Side
from core.domain.views import OrderRow, PositionRow
from tui.render.numbers import NOTHING, decimal_text, market_name, sign_of, signed_money
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, fit_right

_WIDE = 48
_NARROW = 38
STATE_ROLE = {
    OrderState.FILLED: "ok",
    OrderState.REJECTED: "danger",
    OrderState.UNKNOWN: "danger",
    OrderState.CANCELLED: "muted",
    OrderState.EXPIRED: "muted",
}


def position_row(row: PositionRow, width: int, palette: Palette) -> Runs:
    """Draw market, signed quantity, entry and unrealized result."""
    sign = sign_of(row.quantity)
    side = {1: "▲", 0: " ", -1: "▼"}[sign]
    side_role = {1: "bid", 0: "muted", -1: "ask"}[sign]
    pnl_role = {1: "profit", 0: "muted", -1: "loss"}[sign_of(row.unrealized_pnl)]
    quantity = decimal_text(clean(row.quantity, 20), 7)
    if sign > 0 and not quantity.startswith("+"):
        quantity = f"+{quantity}"
    entry = f"@{decimal_text(clean(row.entry_price, 20), 8)}"
    if width >= _WIDE:
        entry += f" → {decimal_text(clean(row.mark_price or NOTHING, 20), 9)}"
    return (
        (side + fit(clean(market_name(row.instrument)), 9), palette.style(side_role)),
        (fit_right(quantity, 8), palette.style("text", bold=True)),
        (fit_right(entry, max(0, width - 27)), palette.style("muted")),
        (fit_right(signed_money(row.unrealized_pnl), 9), palette.style(pnl_role)),
    )


def order_row(row: OrderRow, width: int, palette: Palette) -> Runs:
    """Draw side, market, filled of quantity, price and state."""
    is_buy = row.side is Side.BUY
    role = "muted" if row.state.is_terminal else "bid" if is_buy else "ask"
    quantity = decimal_text(clean(row.quantity, 20), 6)
    if sign_of(row.filled_quantity) and row.state is not OrderState.FILLED:
        quantity = f"{decimal_text(clean(row.filled_quantity, 20), 6)}/{quantity}"
    price = decimal_text(clean(row.limit_price, 20), 9 if width > _NARROW else 6)
    state = clean(row.state.replace("_", " "), 10)
    book = f"  {clean(row.strategy, 16)}" if width >= _WIDE else ""
    name_cells = 9 if width > _NARROW else 8
    head = f"{'▲' if is_buy else '▼'}{fit(clean(market_name(row.instrument)), name_cells)}"
    body = f"{'buy' if is_buy else 'sell'} {quantity} @{price}{book}"
    return (
        (head, palette.style(role)),
        (fit(f" {body}", width - 2 - name_cells - len(state)), palette.style("text_soft")),
        (f" {state}", palette.style(STATE_ROLE.get(row.state, "info"))),
    )


def section_row(left: str, right: str, width: int, palette: Palette) -> Runs:
    """Draw the title of a section with a number at its right."""
    right = right[: max(0, width - 4)]
    return (
        (fit(left, width - len(right)), palette.style("faint")),
        (right, palette.style("muted")),
    )
