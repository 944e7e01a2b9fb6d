"""Working orders as cells of a table. Pure."""

from typing import Final

from core.domain.order import OrderState, Side
from core.domain.ticket import WorkingRow, WorkingView
from tui.render.numbers import NOTHING, age_text, market_name, money_text, venue_mark
from tui.render.study import Cell
from tui.render.text import clean

_NS_PER_MS: Final = 1_000_000
_STATES: Final = {
    OrderState.ACCEPTED: "working",
    OrderState.PENDING_CANCEL: "cancelling",
    OrderState.JOURNALED: "sending",
}
_ROLES: Final = {
    OrderState.UNKNOWN: "danger",
    OrderState.PENDING_CANCEL: "warning",
    OrderState.JOURNALED: "info",
    OrderState.SENT: "info",
}


def order_cells(row: WorkingRow, engine_at: int, moving: str | None) -> list[Cell]:
    """Return the texts of an order; `moving` is the price typed for it just now."""
    is_buy = row.side is Side.BUY
    side = "bid" if is_buy else "ask"
    price: Cell = (row.limit_price, "text")
    if moving is not None:
        price = (f"→{moving}_", "accent")
    elif row.moving_to:
        price = (f"→{row.moving_to}", "warning")
    is_started = row.filled not in {"0", ""}
    exits = "/".join(filter(None, (_exit("tp", row.take_profit), _exit("sl", row.stop_loss))))
    return [
        (clean(market_name(row.instrument)), "text"),
        (clean(venue_mark(row.instrument)), "faint"),
        ("▲ buy" if is_buy else "▼ sell", side),
        (f"{row.filled}/{row.quantity}" if is_started else row.quantity, "text"),
        price,
        (NOTHING if row.away_bps is None else f"{row.away_bps:.1f}", "text_soft"),
        (_STATES.get(row.state, row.state.replace("_", " ")), _ROLES.get(row.state, "text_soft")),
        (" ".join(filter(None, (clean(row.flags, 24), exits))), "muted"),
        (clean(row.book, 16) if row.client_order_id else "not ours", "muted"),
        (age_text(max(0, engine_at - row.placed_at) // _NS_PER_MS), "muted"),
    ]


def _exit(name: str, price: str) -> str:
    return f"{name} {price}" if price else ""


def order_totals(view: WorkingView) -> str:
    """Say what all of them add up to."""
    count = len(view.rows)
    word = "order" if count == 1 else "orders"
    return f"{count} {word} · buy {money_text(view.buy_value)} · sell {money_text(view.sell_value)}"
