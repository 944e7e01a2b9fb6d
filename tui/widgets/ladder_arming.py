"""Trading from a ladder: armed by a key, for half a minute, and only on the row as drawn."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.commands import CancelOrders, Command, MoveOrder, PlaceTicket
from core.domain.exact import Price
from core.domain.fixed import unscaled
from core.domain.ids import ClientOrderId
from core.domain.order import Side
from core.domain.ticket import Seen, SizeBy, Ticket
from core.domain.views import BookState, LadderView, OwnOrder
from tui.render.grid import Grid
from tui.render.ladder_rows import index_on_side

ARMED_SECS: Final = 30.0
PRESETS: Final = (50, 100, 250, 500, 1_000)
"""Quote units of one key press, each bought or sold at the row's price."""


class Aim(msgspec.Struct, frozen=True, gc=False):
    """What was on the screen when a key came: the book, the grid, the row, the frame."""

    view: LadderView
    grid: Grid
    price: int
    engine_at: int


class Arming:
    """Whether keys trade, how much at once, and the order picked up to be moved."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: float | None = None
        self.step = 1
        self.picked: OwnOrder | None = None
        self.drawn: tuple[Grid, int | None] | None = None
        """Grid and cursor as they were drawn last."""

    @property
    def is_armed(self) -> bool:
        """Whether keys trade now."""
        return self._until is not None and self._clock() < self._until

    @property
    def left_secs(self) -> int:
        """Whole seconds left, rounded up."""
        return 0 if self._until is None else max(0, -int(-(self._until - self._clock()) // 1))

    @property
    def amount(self) -> int:
        """Quote units of one key press."""
        return PRESETS[self.step]

    def arm(self) -> None:
        """Let keys trade for half a minute; every trading key begins it anew."""
        self._until = self._clock() + ARMED_SECS

    def disarm(self) -> bool:
        """Let no key trade; return whether any did."""
        was_armed, self._until, self.picked = self._until is not None, None, None
        return was_armed

    def lapse(self) -> bool:
        """Disarm when the time is over; return whether that happened now."""
        return self._until is not None and not self.is_armed and self.disarm()

    def change_amount(self, step: int) -> None:
        """Take a larger or smaller preset."""
        self.step = max(0, min(self.step + step, len(PRESETS) - 1))


def not_aimed(
    arming: Arming, view: LadderView | None, grid: Grid | None, cursor: int | None
) -> str:
    """Say why a key trades nothing now; empty when there is a row to act on."""
    if not arming.is_armed:
        return "the ladder is not armed: press e, then the key again"
    if view is None or grid is None:
        return "there is no book to trade on"
    if view.book_state is not BookState.VALID:
        return f"the book is {view.book_state}: nothing is sent from it"
    if cursor is None:
        return "point at a row first: up and down"
    if arming.drawn != (grid, cursor):
        return "the rows moved since they were drawn: look again"
    return ""


def order_at(aim: Aim, side: Side, amount: int) -> Command:
    """Word a limit order at the row's price, worth so many quote units."""
    ticket = Ticket(
        instrument=aim.view.instrument,
        side=side,
        size=Decimal(amount),
        size_by=SizeBy.QUOTE,
        limit_price=Price(unscaled(aim.price)),
    )
    return PlaceTicket(ticket=ticket, seen=seen_by(aim))


def own_at(aim: Aim) -> list[OwnOrder]:
    """Return our orders on the row, those with an id of ours."""
    index = aim.grid.index_of(aim.price)
    return [
        order
        for order in aim.view.own_orders
        if order.client_order_id and index_on_side(aim.grid, order.price, order.side) == index
    ]


def cancel_at(aim: Aim) -> Command | str:
    """Word the cancel of what is ours on the row."""
    orders = own_at(aim)
    if not orders:
        return "none of your orders stands on this row"
    return CancelOrders(orders=tuple(ClientOrderId(o.client_order_id or 0) for o in orders))


def picked_at(aim: Aim) -> OwnOrder | str:
    """Return the one order of ours on the row, to be put elsewhere."""
    orders = own_at(aim)
    if not orders:
        return "point at one of your orders to pick it up"
    if len(orders) > 1:
        return f"{len(orders)} orders stand on this row: move them one by one in the Orders room"
    return orders[0]


def move_to(aim: Aim, order: OwnOrder) -> Command:
    """Word the move of an order to the row's price."""
    return MoveOrder(
        client_order_id=ClientOrderId(order.client_order_id or 0),
        limit_price=Price(unscaled(aim.price)),
        seen=seen_by(aim),
    )


def seen_by(aim: Aim) -> Seen:
    """Return what the person saw."""
    return Seen(
        engine_at=aim.engine_at,
        best_bid=_price(aim.view.best_bid),
        best_ask=_price(aim.view.best_ask),
        row_price=Price(unscaled(aim.price)),
    )


def _price(number: int | None) -> Price | None:
    return None if number is None else Price(unscaled(number))
