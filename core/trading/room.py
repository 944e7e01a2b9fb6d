"""The trading room: what each outside event means for our orders and the ledger.

Handlers answer with facts and effects; state moves only in `apply`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from core.domain.alert import Alert
from core.domain.effects import CancelOrder, Effect, PlaceOrder
from core.domain.events import (
    CancelAnswered,
    CancelFailed,
    InstrumentsListed,
    OrderBytesLeft,
    OrderNotSent,
    OrderOutcomeUnknown,
    OrderRefused,
    OrderReport,
)
from core.domain.exact import Quantity
from core.domain.facts import (
    AlertRaised,
    CancelAsked,
    CashBooked,
    Fact,
    FillBooked,
    ForeignOrdersSeen,
    InferredBooked,
    MarketAdded,
    OrderJournaled,
    OrderMoved,
    OrderSent,
    PositionAdopted,
    StrategySwitched,
)
from core.domain.ids import (
    AccountId,
    AlertId,
    ClientOrderId,
    InstrumentId,
    StrategyId,
    VenueOrderId,
)
from core.domain.instrument import Instrument
from core.domain.intent import RiskApproved
from core.domain.order import Fill, OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading import foreign, late
from core.trading.client_ids import ClientIds
from core.trading.ledger import EXTERNAL, SYSTEM, Ledger
from core.trading.orders import OrderRecord, Orders

SEND_WITHIN_NS: Final = 250_000_000
CANCEL_EVERY_NS: Final = 2_000_000_000
CANCEL_SILENCE_NS: Final = 6_000_000_000
"""How long the venue may be silent about a cancel before the order's fate has to be proved."""
Handler = Callable[[Any, int], Reaction]


class TradingRoom:
    """Orders, fills and the ledger of every account of this engine."""

    def __init__(self) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.orders = Orders()
        self.ledger = Ledger()
        self.client_ids: ClientIds | None = None
        self._told_late: set[AlertId] = set()
        self._cancelled_at: dict[ClientOrderId, int] = {}
        self.version = 0

    def take_ids(self, client_ids: ClientIds) -> None:
        """Take over the source of client order ids; until then nothing can be placed."""
        self.client_ids = client_ids

    def handlers(self) -> dict[type, Handler]:
        """Return what this room does with which event."""
        return {
            InstrumentsListed: self.on_instruments,
            OrderBytesLeft: self.on_bytes_left,
            OrderNotSent: self.on_not_sent,
            OrderRefused: self.on_refused,
            OrderOutcomeUnknown: self.on_outcome_unknown,
            OrderReport: self.on_report,
            CancelAnswered: self.on_cancel_answered,
            CancelFailed: self.on_cancel_failed,
        }

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this room's state."""
        return {
            OrderJournaled: self.orders.journaled,
            OrderSent: self.orders.sent,
            OrderMoved: self.orders.moved,
            MarketAdded: self.ledger.add_market,
            FillBooked: self._apply_fill,
            CashBooked: self.ledger.book_cash,
            PositionAdopted: self.ledger.adopt,
            InferredBooked: self.ledger.book_inferred,
            CancelAsked: self.orders.cancel_asked,
            ForeignOrdersSeen: self.orders.foreign_seen,
        }

    # ---- wishes --------------------------------------------------------------------------------

    def place(self, approved: RiskApproved, at: int) -> Reaction:
        """Give an approved order its identity: durable first, then sent."""
        assert self.client_ids is not None, "no order before the account is taken"
        fact = OrderJournaled(
            at=at,
            client_order_id=self.client_ids.take(),
            approved=approved,
            send_before=at + SEND_WITHIN_NS,
        )
        effect = PlaceOrder(
            client_order_id=fact.client_order_id,
            approved=approved,
            send_before=fact.send_before,
        )
        return Reaction((fact,), (effect,))

    def cancel(self, record: OrderRecord, at: int) -> Reaction:
        """Ask the venue to take an order off; finished only by a terminal event or proof."""
        if not record.is_live:
            return NOTHING
        facts: tuple[Fact, ...] = ()
        if record.may_become(OrderState.PENDING_CANCEL):
            facts = (_moved(record, OrderState.PENDING_CANCEL, at),)
        elif not self.orders.is_cancel_asked(record):
            facts = (CancelAsked(at=at, client_order_id=record.client_order_id),)
        self._cancelled_at[record.client_order_id] = at
        return Reaction(facts, (cancel_effect(record),))

    def repeat_cancels(self, at: int) -> Reaction:
        """Cancel again every two seconds what was asked to go and has not.

        Where the venue stays silent about a cancel, the order's fate has to be proved.
        """
        facts: list[Fact] = []
        effects: list[Effect] = []
        for record in self.orders.to_cancel():
            pending = record.state is OrderState.PENDING_CANCEL
            if pending and at - record.moved_at >= CANCEL_SILENCE_NS:
                facts.append(
                    _moved(record, OrderState.UNKNOWN, at, "the venue is silent about its cancel")
                )
            asked_at = self._cancelled_at.get(record.client_order_id, record.moved_at)
            if at - asked_at >= CANCEL_EVERY_NS:
                again = self.cancel(record, at)
                facts.extend(again.facts)
                effects.extend(again.effects)
        return Reaction(tuple(facts), tuple(effects))

    # ---- events --------------------------------------------------------------------------------

    def on_instruments(self, body: InstrumentsListed, _at: int) -> Reaction:
        """Learn a venue's catalogue."""
        for instrument in body.instruments:
            self.instruments[instrument.id] = instrument
        return NOTHING

    def on_bytes_left(self, body: OrderBytesLeft, at: int) -> Reaction:
        """Mark an order as sent."""
        record = self.orders.by_client(body.client_order_id)
        if record is None or record.state is not OrderState.JOURNALED:
            return NOTHING
        return Reaction(
            (
                OrderSent(
                    at=at,
                    client_order_id=body.client_order_id,
                    signed_at=body.signed_at,
                    window_ms=body.window_ms,
                ),
            )
        )

    def on_not_sent(self, body: OrderNotSent, at: int) -> Reaction:
        """End an order of which no byte left."""
        return self._ended(body.client_order_id, OrderState.NOT_SENT, body.reason, at)

    def on_refused(self, body: OrderRefused, at: int) -> Reaction:
        """End an order the venue refused before acceptance."""
        reason = f"{body.code}: {body.message}"
        return self._ended(body.client_order_id, OrderState.REJECTED, reason, at)

    def on_outcome_unknown(self, body: OrderOutcomeUnknown, at: int) -> Reaction:
        """Keep an order's reservation until proof, when its answer never came."""
        record = self.orders.by_client(body.client_order_id)
        untold = (OrderState.JOURNALED, OrderState.SENT)
        if record is None or record.state not in untold:
            return NOTHING
        return Reaction((_moved(record, OrderState.UNKNOWN, at, body.reason),))

    def on_cancel_answered(self, body: CancelAnswered, _at: int) -> Reaction:
        """Wait: an accepted cancel means nothing until the order's own end is reported."""
        _ = body
        return NOTHING

    def on_cancel_failed(self, body: CancelFailed, at: int) -> Reaction:
        """Turn to proof when the venue does not know an order that should rest."""
        record = self.orders.by_client(body.client_order_id)
        if record is None or not body.is_not_found or not record.may_become(OrderState.UNKNOWN):
            return NOTHING
        return Reaction((_moved(record, OrderState.UNKNOWN, at, "cancel found no such order"),))

    def on_report(self, body: OrderReport, at: int) -> Reaction:
        """Book a report's fill, whatever state the order is in, and follow its state."""
        record = self.orders.find(body.client_order_id, body.instrument, body.venue_order_id)
        facts: list[Fact] = []
        if body.fill is not None:
            facts.extend(self.fill_facts(body.fill, at))
        if record is None:
            seen = foreign.after_report(self.orders, body, self.client_ids, at)
            return Reaction((*facts, *(() if seen is None else (seen,))))
        if late.is_twin(record, body):
            return self._unwanted(record, body, facts, late.twin_alert(record, body, at), at)
        if record.state is OrderState.ABSENT:
            return self._unwanted(record, body, facts, late.late_alert(record, at), at)
        facts.extend(self._followed(record, body, facts, at))
        return Reaction(tuple(facts))

    def _followed(
        self, record: OrderRecord, body: OrderReport, facts: list[Fact], at: int
    ) -> list[Fact]:
        """Return what a report changes: the state, what was filled, what is asked for."""
        told = self._state_told(record, body, facts)
        state = record.state
        if told is not None and record.may_become(told):
            state = told
        quantity = _shrunk(record, body)
        is_told_more = record.state.is_terminal and body.filled_quantity > record.told_filled
        if state is record.state and quantity is None and not is_told_more:
            return []
        return [_moved(record, state, at, body.reason, body, quantity)]

    def fill_facts(self, fill: Fill, at: int, before: Sequence[Fact] = ()) -> list[Fact]:
        """Return the booking of a fill, or nothing if it is booked already.

        What a person adopted in its place is reversed; `before` are facts on their way.
        """
        if self.ledger.knows_fill(fill) or fill.instrument not in self.instruments:
            return []
        booked = FillBooked(at=at, fill=fill, book=self._book_of(fill))
        reversals = self.ledger.reversals_by_fill(booked, before)
        return [*self.market_facts(fill.instrument, at), booked, *reversals]

    def fills_facts(self, fills: Iterable[Fill], at: int) -> list[Fact]:
        """Return the booking of an answer's fills, each once, whatever the answer repeats.

        A fill proves that its order exists; fills that add up to it prove its end.
        """
        facts: list[Fact] = []
        filled: dict[ClientOrderId, Quantity] = {}
        for fill in {fill.key: fill for fill in fills}.values():
            booked = self.fill_facts(fill, at, facts)
            record = self._record_of(fill) if booked else None
            facts.extend(booked)
            if record is not None:
                held = filled.get(record.client_order_id, record.filled)
                filled[record.client_order_id] = held + fill.quantity
        for number, quantity in filled.items():
            record = self.orders.by_client(number)
            if record is None:
                continue
            state = OrderState.FILLED if quantity >= record.quantity else OrderState.PARTIAL
            if record.may_become(state):
                facts.append(_moved(record, state, at, "proved by its fills"))
        return facts

    def market_facts(self, instrument: InstrumentId, at: int) -> list[Fact]:
        """Return what must stand in the journal before the first booking in a listed market."""
        if self.ledger.knows_market(instrument):
            return []
        rules = self.instruments[instrument]
        return [
            MarketAdded(
                at=at,
                instrument=instrument,
                kind=rules.kind,
                base=rules.base,
                quote=rules.quote,
            )
        ]

    def doubted(self, record: OrderRecord, at: int) -> OrderMoved:
        """Return the turn to UNKNOWN of an order the venue does not list as resting."""
        return _moved(record, OrderState.UNKNOWN, at, "not among the venue's open orders")

    def recovery_facts(self, at: int) -> list[Fact]:
        """Return what a restart means: every order that has not ended is UNKNOWN until proof."""
        return [
            _moved(record, OrderState.UNKNOWN, at, "restart")
            for record in self.orders.live()
            if record.state is not OrderState.UNKNOWN
        ]

    # ---- reading -------------------------------------------------------------------------------

    def exposure(
        self, account: AccountId, instrument: InstrumentId, at: int
    ) -> tuple[Quantity, Quantity, Quantity]:
        """Return signed position, possibly-live bids and possibly-live asks (q, B, A).

        Fills a venue told of and the ledger has not booked count with the orders, and so does for
        a while what was proved absent.
        """
        bids = asks = Quantity(0)
        for record, leaves in self._open(at):
            if record.account == account and record.terms.instrument == instrument:
                if record.terms.side.sign > 0:
                    bids += leaves
                else:
                    asks += leaves
        return self.ledger.position(account, instrument), bids, asks

    def _open(self, at: int) -> Iterator[tuple[OrderRecord, Quantity]]:
        """Yield every order that counts as exposure, with what it may still fill."""
        for record in self.orders.exposed():
            yield record, record.leaves
        for record in self.orders.shadows(at):
            yield record, record.quantity - record.filled

    # ---- state ---------------------------------------------------------------------------------

    def _apply_fill(self, fact: FillBooked) -> None:
        self.ledger.book_fill(fact)
        fill = fact.fill
        record = self._record_of(fill)
        if record is not None:
            self.orders.filled(record, fill.quantity)

    def _record_of(self, fill: Fill) -> OrderRecord | None:
        return self.orders.find(fill.client_order_id, fill.instrument, fill.venue_order_id)

    def _book_of(self, fill: Fill) -> StrategyId:
        if fill.is_system:
            return SYSTEM
        record = self._record_of(fill)
        return EXTERNAL if record is None else record.strategy

    def _ended(self, client_order_id: Any, state: OrderState, reason: str, at: int) -> Reaction:
        record = self.orders.by_client(client_order_id)
        if record is None or not record.may_become(state):
            return NOTHING
        return Reaction((_moved(record, state, at, reason),))

    def _state_told(
        self, record: OrderRecord, body: OrderReport, facts: list[Fact]
    ) -> OrderState | None:
        """Return the state a report proves: a full fill wins over any word."""
        filled = record.filled
        for fact in facts:
            if isinstance(fact, FillBooked):
                filled += fact.fill.quantity
        shrunk = _shrunk(record, body)
        asked = record.quantity if shrunk is None else shrunk
        if filled >= asked and not filled.is_zero:
            return OrderState.FILLED
        return body.state

    def _unwanted(
        self, record: OrderRecord, body: OrderReport, facts: list[Fact], alert: Alert, at: int
    ) -> Reaction:
        """Neutralise an order that must not be there; the strategy that sent it stops."""
        effects: tuple[Effect, ...] = ()
        if body.state is None or not body.state.is_terminal:
            effects = (cancel_effect(record, body.venue_order_id),)
        facts.extend(self._told_once(record, alert, at))
        return Reaction(tuple(facts), effects)

    def late_fill_facts(self, record: OrderRecord, at: int) -> list[Fact]:
        """Return what follows from a booked fill of an order that was proved absent."""
        return self._told_once(record, late.late_alert(record, at), at)

    def _told_once(self, record: OrderRecord, alert: Alert, at: int) -> list[Fact]:
        if alert.alert_id in self._told_late:
            return []
        self._told_late.add(alert.alert_id)
        off = StrategySwitched(at=at, strategy=record.strategy, is_on=False, by=late.LATE_ORDER)
        return [AlertRaised(at=at, alert=alert), off]


def _moved(
    record: OrderRecord,
    state: OrderState,
    at: int,
    reason: str = "",
    body: OrderReport | None = None,
    quantity: Quantity | None = None,
) -> OrderMoved:
    return OrderMoved(
        at=at,
        client_order_id=record.client_order_id,
        state=state,
        venue_order_id=None if body is None else body.venue_order_id,
        filled_quantity=None if body is None else body.filled_quantity,
        reason=reason,
        quantity=quantity,
    )


def _shrunk(record: OrderRecord, body: OrderReport) -> Quantity | None:
    """Return what a reduce-only order asks for now, where the venue made it smaller."""
    is_smaller = body.quantity.sign > 0 and body.quantity < record.quantity
    return body.quantity if is_smaller and record.terms.reduce_only else None


def cancel_effect(record: OrderRecord, venue_order_id: VenueOrderId | None = None) -> CancelOrder:
    """Return the cancel of an order, by this id of the venue if given, else by the one known."""
    return CancelOrder(
        account=record.account,
        instrument=record.terms.instrument,
        client_order_id=record.client_order_id,
        venue_order_id=venue_order_id or record.venue_order_id,
    )
