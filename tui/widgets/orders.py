"""Working orders of every book: cancelled and moved by keys."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType

from core.domain.commands import CancelOrders, MoveOrder
from core.domain.errors import DataInvalid
from core.domain.exact import Price, exact_decimal, plain
from core.domain.ids import InstrumentId
from core.domain.ticket import WORKING, Seen, WorkingRow, WorkingView
from tui.actions import Place, bindings_at
from tui.render.orders import order_cells, order_totals
from tui.render.palette import Palette
from tui.render.study import Cell
from tui.widgets.blotter import BlotterPane
from tui.widgets.messages import TradeWished
from tui.widgets.pane import Titles
from tui.widgets.table import Field

_MOST_CHARS: Final = 18
_FAST: Final = 10
_STEPS: Final = {
    "up": 1, "k": 1, "right": 1, "l": 1, "down": -1, "j": -1, "left": -1, "h": -1,
    "shift+up": _FAST, "shift+right": _FAST, "shift+down": -_FAST, "shift+left": -_FAST,
}  # fmt: skip


class Orders(BlotterPane[WorkingView, WorkingRow]):
    """Orders that may still do something; `m` types a new price for the row's."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.ORDERS)]
    places: ClassVar = (Place.ORDERS, Place.TABLE, Place.PANE)
    study: ClassVar = "Orders"
    nothing: ClassVar = "no working order"
    stale_ms: ClassVar = 4_000
    dropped: ClassVar = (1, 9, 7, 8, 5)
    fields: ClassVar = (
        Field(name="market", cells=10, sort_key=lambda row: row.instrument, is_left=True,
              is_text=True),
        Field(name="", cells=3, is_left=True),
        Field(name="side", cells=7, sort_key=lambda row: row.side, is_left=True, is_text=True),
        Field(name="quantity", cells=14, sort_key=lambda row: float(row.leaves)),
        Field(name="price", cells=13, sort_key=lambda row: float(row.limit_price)),
        Field(name="bps off", cells=9, sort_key=lambda row: row.away_bps),
        Field(name="state", cells=12, sort_key=lambda row: row.state, is_text=True),
        Field(name="terms", cells=24, is_text=True),
        Field(name="book", cells=17, sort_key=lambda row: row.book, is_text=True),
        Field(name="age", cells=6, sort_key=lambda row: -row.placed_at),
    )  # fmt: skip

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(palette, id=id)
        self.moving: int | None = None
        """The order a new price is typed for."""
        self.price = ""
        self._is_typed = False

    def topic(self) -> str | None:
        """Return the topic it draws."""
        return WORKING

    def listed(self, view: WorkingView) -> Sequence[WorkingRow]:
        """Return the orders."""
        return view.rows

    def markets_of(self, row: WorkingRow) -> tuple[InstrumentId, ...]:
        """Return the row's market."""
        return (row.instrument,)

    def identity(self, row: WorkingRow) -> object:
        """Return the order's ids."""
        return (row.client_order_id, row.venue_order_id)

    def texts(self, row: WorkingRow) -> list[Cell]:
        """Return a text and a role for every column."""
        is_moving = self.moving is not None and row.client_order_id == self.moving
        return order_cells(row, self.engine_at, self.price if is_moving else None)

    def totals(self, view: WorkingView) -> str:
        """Return what all add up to."""
        if self.moving is not None:
            return "new price: ↑↓ ticks, digits, ⏎ moves it, esc leaves it where it is"
        return order_totals(view)

    def took(self, view: WorkingView) -> None:
        """Leave the typing when its order is gone."""
        if self.moving is not None and self.moving not in {r.client_order_id for r in view.rows}:
            self.moving = None

    def show(self, view: WorkingView) -> None:
        """Draw other rows."""
        self.engine_at = max(self.engine_at, view.made_at)
        self.took(view)
        super().show(view)

    def status(self) -> Titles:
        """Say that a price is being typed."""
        return [("moving", "accent")] if self.moving is not None else super().status()

    # -- cancels ---------------------------------------------------------------------------

    def action_cancel_order(self) -> None:
        """Cancel the row's order."""
        row = self.row_at_cursor()
        if row is not None and row.client_order_id:
            self._wish(CancelOrders(orders=(row.client_order_id,)))

    def action_cancel_side(self) -> None:
        """Cancel every own order of the row's market on its side."""
        row = self.row_at_cursor()
        if row is not None:
            self._wish(CancelOrders(instrument=row.instrument, side=row.side))

    def action_cancel_market(self) -> None:
        """Cancel every own order of the row's market."""
        row = self.row_at_cursor()
        if row is not None:
            self._wish(CancelOrders(instrument=row.instrument))

    def action_cancel_every(self) -> None:
        """Cancel every own order."""
        self._wish(CancelOrders(is_all=True))

    def _wish(self, command: CancelOrders | MoveOrder) -> None:
        self.post_message(TradeWished(command))

    # -- moving ----------------------------------------------------------------------------

    def action_move_order(self) -> None:
        """Begin to type a new price for the row's order."""
        row = self.row_at_cursor()
        if row is not None and row.client_order_id:
            self.moving, self.price, self._is_typed = row.client_order_id, row.limit_price, False
            self.redraw()

    def on_key(self, event: events.Key) -> None:
        """While a price is typed, every key is the price's."""
        if self.moving is None or (event.key.startswith(("ctrl+", "f")) and len(event.key) > 1):
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._leave()
        elif event.key == "enter":
            self._move()
        else:
            self._type(event)

    def _type(self, event: events.Key) -> None:
        char = event.character or ""
        if event.key in _STEPS:
            self._step(_STEPS[event.key])
        elif event.key == "backspace":
            self.price, self._is_typed = self.price[:-1], True
        elif len(char) == 1 and char in "0123456789." and len(self.price) < _MOST_CHARS:
            self.price = self.price + char if self._is_typed else char
            self._is_typed = True
        self.redraw()

    def _step(self, ticks: int) -> None:
        row = self._moving_row()
        if row is None or not row.tick:
            return
        try:
            after = exact_decimal(self.price or row.limit_price) + ticks * Decimal(row.tick)
        except DataInvalid:
            after = exact_decimal(row.limit_price)
        if after > 0:
            self.price, self._is_typed = plain(after), False

    def _moving_row(self) -> WorkingRow | None:
        rows = self.listed(self.view) if self.view is not None else ()
        return next((row for row in rows if row.client_order_id == self.moving), None)

    def _move(self) -> None:
        """Send the move with what is seen now."""
        row = self._moving_row()
        if row is None or self.view is None:
            self._leave()
            return
        try:
            price = Price(self.price)
        except DataInvalid:
            self.price, self._is_typed = row.limit_price, False
            self.redraw()
            return
        seen = Seen(
            engine_at=self.view.made_at,
            best_bid=_read(row.best_bid),
            best_ask=_read(row.best_ask),
            row_price=price,
        )
        self._wish(MoveOrder(client_order_id=row.client_order_id, limit_price=price, seen=seen))
        self._leave()

    def _leave(self) -> None:
        self.moving = None
        self.redraw()

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - Textual passes it by place
        """Leave the typing with the focus."""
        if not has_focus:
            self.moving = None
        super().watch_has_focus(has_focus)


def _read(text: str | None) -> Price | None:
    return None if text is None else Price(text)
