"""What each fill a venue tells of means for the ledger: a booking, once, in the right book."""

from collections.abc import Iterable, Mapping, Sequence

from core.domain.exact import Quantity
from core.domain.facts import Fact, FillBooked, MarketAdded
from core.domain.ids import ClientOrderId, InstrumentId, StrategyId
from core.domain.instrument import Instrument
from core.domain.order import Fill, OrderState
from core.trading.ledger import EXTERNAL, SYSTEM, Ledger
from core.trading.moving import moved
from core.trading.orders import OrderRecord, Orders
from core.trading.unnumbered import Unnumbered


class Fills:
    """Books fills, whatever state their orders are in."""

    def __init__(
        self, orders: Orders, ledger: Ledger, instruments: Mapping[InstrumentId, Instrument]
    ) -> None:
        self._orders = orders
        self._ledger = ledger
        self._instruments = instruments
        self._unnumbered = Unnumbered()

    def of_stream(self, fill: Fill, filled: Quantity, at: int) -> list[Fact]:
        """Return the booking of a fill the stream tells of, or nothing if it is booked already.

        `filled` is what the same telling says its order has filled.
        """
        if fill.instrument not in self._instruments:
            return []
        new = fill if fill.has_trade_id else self._unnumbered.new_of_stream(fill, filled)
        return [] if new is None else self._booking(new, at)

    def of_answer(self, fills: Iterable[Fill], at: int) -> list[Fact]:
        """Return the booking of an answer's fills, each once.

        A trade id that is repeated is the same fill; equal rows without one are as many fills.
        A fill proves that its order exists; fills that add up to it prove its end.
        """
        facts: list[Fact] = []
        filled: dict[ClientOrderId, Quantity] = {}
        for fill in self._new_of(fills):
            booked = self._booking(fill, at, facts)
            record = self._record_of(fill) if booked else None
            facts.extend(booked)
            if record is not None:
                held = filled.get(record.client_order_id, record.filled)
                filled[record.client_order_id] = held + fill.quantity
        for number, quantity in filled.items():
            record = self._orders.by_client(number)
            if record is None:
                continue
            state = OrderState.FILLED if quantity >= record.quantity else OrderState.PARTIAL
            if record.may_become(state):
                facts.append(moved(record, state, at, "proved by its fills"))
        return facts

    def market(self, instrument: InstrumentId, at: int) -> list[Fact]:
        """Return what must stand in the journal before the first booking in a listed market."""
        if self._ledger.knows_market(instrument):
            return []
        rules = self._instruments[instrument]
        return [
            MarketAdded(
                at=at,
                instrument=instrument,
                kind=rules.kind,
                base=rules.base,
                quote=rules.quote,
            )
        ]

    def booked(self, fact: FillBooked) -> None:
        """Enter a fill into the ledger and count it for its order."""
        self._ledger.book_fill(fact)
        fill = fact.fill
        if not fill.has_trade_id:
            self._unnumbered.booked(fill)
        record = self._record_of(fill)
        if record is not None:
            self._orders.filled(record, fill.quantity)

    def _new_of(self, fills: Iterable[Fill]) -> list[Fill]:
        """Return a full page's fills in their order, without those known to be booked."""
        page = list(fills)
        numbered = {fill.key: fill for fill in page if fill.has_trade_id}
        unnumbered = self._unnumbered.new_of_page(f for f in page if not f.has_trade_id)
        return [*numbered.values(), *unnumbered]

    def _booking(self, fill: Fill, at: int, before: Sequence[Fact] = ()) -> list[Fact]:
        """Book a fill once; what a person adopted in its place is reversed.

        `before` are facts on their way.
        """
        if self._ledger.knows_fill(fill) or fill.instrument not in self._instruments:
            return []
        booked = FillBooked(at=at, fill=fill, book=self._book_of(fill))
        reversals = self._ledger.reversals_by_fill(booked, before)
        return [*self.market(fill.instrument, at), booked, *reversals]

    def _record_of(self, fill: Fill) -> OrderRecord | None:
        return self._orders.find(fill.client_order_id, fill.instrument, fill.venue_order_id)

    def _book_of(self, fill: Fill) -> StrategyId:
        if fill.is_system:
            return SYSTEM
        record = self._record_of(fill)
        return EXTERNAL if record is None else record.strategy
