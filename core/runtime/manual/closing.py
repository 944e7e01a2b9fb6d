"""Closing a position in reduce-only slices that respect the depth. Pure; folded from facts.

Each slice is an IOC limit inside the collar, at most a share of the depth there, and the next is
sent only after the one before has ended. It stops by itself, with a reason, when it is done, when
nothing is there to trade with, when the gate says no, or after its time.
"""

from decimal import Decimal
from typing import Final

import msgspec

from core.domain.commands import ClosePosition
from core.domain.exact import ZERO_QUANTITY, Price, Quantity
from core.domain.facts import CloseAsked, CloseEnded, FillBooked, OrderJournaled, OrderMoved
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import Side

CLOSE_TIMER: Final = "manual/close/"
GAP_NS: Final = 250_000_000
"""Between two slices, so that the book has told what the one before took."""
IDLE_NS: Final = 10_000_000_000
TIME_NS: Final = 180_000_000_000
MOST_SLICES: Final = 200
_CENT: Final = Decimal(100)
_PREFIX: Final = "close/"


class Closing(msgspec.Struct, gc=False, kw_only=True):
    """One closing under way."""

    close_id: str
    account: AccountId
    instrument: InstrumentId
    side: Side
    quantity: Quantity
    asked_at: int
    progressed_at: int
    closed: Quantity = ZERO_QUANTITY
    slices: int = 0
    live: ClientOrderId | None = None
    """The slice that has not ended."""
    orders: set[ClientOrderId] = msgspec.field(default_factory=set)

    def __str__(self) -> str:
        """Say how far it is."""
        return f"closed {self.closed} of {self.quantity} · slice {self.slices}"


class Chance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a slice is decided by."""

    rules: Instrument | None
    reducible: Quantity
    """Of the position, what no other pending reduce takes."""
    position: Quantity
    owed: Quantity
    """Told as filled by the venue for its slices, and not booked yet."""
    price: Price | None
    """The collar's end, on the tick; None while there is no reference."""
    within: Quantity
    """What the book holds up to that price."""
    share: Decimal
    """Of it, what one slice may take, as a fraction."""


class Slice(msgspec.Struct, frozen=True, gc=False):
    """Send this, reduce-only and IOC."""

    quantity: Quantity
    price: Price


class Over(msgspec.Struct, frozen=True, gc=False):
    """The closing is over."""

    is_done: bool
    text: str


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Look again after a gap."""


Step = Slice | Over | Wait


def to_close(command: ClosePosition, rules: Instrument, position: Quantity) -> Quantity | str:
    """Return how much of a position a command closes, or why nothing."""
    if rules.kind is InstrumentKind.SPOT:
        return f"{rules.id} is a spot market: sell the holding with the ticket"
    if not 0 < command.percent <= _CENT:
        share = f"{command.percent:f} %"
        return f"a share of more than 0 and at most 100 % is needed, was {share}"
    if position.is_zero:
        return f"there is no position in {rules.id}"
    if command.percent == _CENT:
        return abs(position)
    quantity = abs(position).scaled_by(command.percent / _CENT).truncated_to(rules.step)
    if quantity.sign <= 0 or quantity < rules.min_quantity:
        return f"{quantity} {rules.base} is below the least of {rules.min_quantity}"
    return quantity


def slice_intent(close_id: str, number: int) -> str:
    """Name the intent of a slice."""
    return f"{_PREFIX}{close_id}/{number}"


class Closings:
    """Every closing under way; changed only by facts."""

    def __init__(self) -> None:
        self.running: dict[str, Closing] = {}
        self._by_order: dict[ClientOrderId, Closing] = {}
        self.version = 0

    def asked(self, fact: CloseAsked) -> None:
        """Begin."""
        self.running[fact.close_id] = Closing(
            close_id=fact.close_id,
            account=fact.account,
            instrument=fact.instrument,
            side=fact.side,
            quantity=fact.quantity,
            asked_at=fact.at,
            progressed_at=fact.at,
        )
        self.version += 1

    def ended(self, fact: CloseEnded) -> None:
        """Forget a closing."""
        closing = self.running.pop(fact.close_id, None)
        if closing is not None:
            for number in closing.orders:
                self._by_order.pop(number, None)
        self.version += 1

    def journaled(self, fact: OrderJournaled) -> None:
        """Count a slice."""
        name = fact.approved.intent_id
        if not name.startswith(_PREFIX):
            return
        closing = self.running.get(name.removeprefix(_PREFIX).rpartition("/")[0])
        if closing is not None:
            closing.slices += 1
            closing.live = fact.client_order_id
            closing.orders.add(fact.client_order_id)
            self._by_order[fact.client_order_id] = closing
            self.version += 1

    def moved(self, fact: OrderMoved) -> None:
        """Follow the end of a slice."""
        closing = self._by_order.get(fact.client_order_id)
        if closing is not None and fact.state.is_terminal and closing.live == fact.client_order_id:
            closing.live = None
            self.version += 1

    def filled(self, fact: FillBooked) -> None:
        """Count what a slice took."""
        number = fact.fill.client_order_id
        closing = None if number is None else self._by_order.get(number)
        if closing is not None:
            closing.closed += fact.fill.quantity
            closing.progressed_at = fact.at
            self.version += 1

    def of_order(self, number: ClientOrderId) -> Closing | None:
        """Return the closing an order is a slice of."""
        return self._by_order.get(number)

    def of_market(self, instrument: InstrumentId) -> Closing | None:
        """Return the closing of a market."""
        return next((c for c in self.running.values() if c.instrument == instrument), None)


def next_step(closing: Closing, chance: Chance, at: int) -> Step:
    """Decide what follows when no slice is out."""
    over = _over(closing, chance, at)
    if over is not None:
        return over
    rules, price = chance.rules, chance.price
    wanted = min(closing.quantity - closing.closed - chance.owed, chance.reducible)
    if rules is None or price is None or wanted.sign <= 0:
        return Wait()
    if wanted < rules.min_quantity and chance.owed.is_zero:
        return Over(True, f"{wanted} {rules.base} are left, below the least of an order")
    room = min(wanted, chance.within.scaled_by(chance.share))
    if rules.max_quantity is not None:
        room = min(room, rules.max_quantity)
    quantity = room.truncated_to(rules.step)
    if quantity.sign <= 0 or quantity < rules.min_quantity:
        return Wait()
    return Slice(quantity, price)


def _over(closing: Closing, chance: Chance, at: int) -> Over | None:
    count = "1 slice" if closing.slices == 1 else f"{closing.slices} slices"
    if closing.closed >= closing.quantity:
        return Over(True, f"closed {closing.closed} in {count}")
    if chance.position.sign * closing.side.sign >= 0:
        return Over(True, f"the position is flat: closed {closing.closed} in {count}")
    done = f"closed {closing.closed} of {closing.quantity}"
    if closing.slices >= MOST_SLICES:
        return Over(False, f"{done}: {MOST_SLICES} slices are enough")
    if at - closing.asked_at >= TIME_NS:
        return Over(False, f"{done} in {TIME_NS // 1_000_000_000} s: look again and close the rest")
    if at - closing.progressed_at >= IDLE_NS:
        wait = IDLE_NS // 1_000_000_000
        return Over(False, f"{done}: nothing to trade with inside the collar for {wait} s")
    return None
