"""The trading room: what each outside event means for our orders and the ledger.

Handlers answer with facts and effects; state moves only in `apply`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from core.domain.alert import Alert, AlertOption, Severity
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
    CashBooked,
    Fact,
    FillBooked,
    MarketAdded,
    OrderJournaled,
    OrderMoved,
    OrderSent,
    PositionAdopted,
    StrategySwitched,
)
from core.domain.ids import AccountId, AlertId, InstrumentId, StrategyId
from core.domain.instrument import Instrument
from core.domain.intent import RiskApproved
from core.domain.order import Fill, OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading.client_ids import ClientIds
from core.trading.ledger import EXTERNAL, SYSTEM, Ledger
from core.trading.orders import OrderRecord, Orders

SEND_WITHIN_NS: Final = 250_000_000
LATE_ORDER: Final = "an order that appeared late"
Handler = Callable[[Any, int], Reaction]


class TradingRoom:
    """Orders, fills and the ledger of every account of this engine."""

    def __init__(self) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.orders = Orders()
        self.ledger = Ledger()
        self._client_ids: ClientIds | None = None
        self._told_late: set[int] = set()
        self.version = 0

    def take_ids(self, client_ids: ClientIds) -> None:
        """Take over the source of client order ids; until then nothing can be placed."""
        self._client_ids = client_ids

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
        }

    # ---- wishes --------------------------------------------------------------------------------

    def place(self, approved: RiskApproved, at: int) -> Reaction:
        """Give an approved order its identity: durable first, then sent."""
        assert self._client_ids is not None, "no order before the account is taken"
        fact = OrderJournaled(
            at=at,
            client_order_id=self._client_ids.take(),
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
        self.orders.want_cancelled(record)
        facts: tuple[Fact, ...] = ()
        if record.may_become(OrderState.PENDING_CANCEL):
            facts = (_moved(record, OrderState.PENDING_CANCEL, at),)
        return Reaction(facts, (_cancel_effect(record),))

    def repeat_cancels(self, at: int, every_ns: int) -> tuple[Effect, ...]:
        """Cancel again what was asked to go and has not, every two seconds or so."""
        return tuple(
            _cancel_effect(record)
            for record in self.orders.to_cancel()
            if at - record.moved_at >= every_ns
        )

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
            return Reaction(tuple(facts))
        if record.state is OrderState.ABSENT:
            return self._late(record, body, facts, at)
        state = self._state_told(record, body, facts)
        if state is not None and state is not record.state and record.may_become(state):
            facts.append(_moved(record, state, at, body.reason, body))
        return Reaction(tuple(facts))

    def fill_facts(self, fill: Fill, at: int) -> list[Fact]:
        """Return the booking of a fill, or nothing if it is booked already."""
        if self.ledger.knows_fill(fill) or fill.instrument not in self.instruments:
            return []
        booked = FillBooked(at=at, fill=fill, book=self._book_of(fill))
        return [*self.market_facts(fill.instrument, at), booked]

    def fills_facts(self, fills: Iterable[Fill], at: int) -> list[Fact]:
        """Return the booking of an answer's fills, each once, whatever the answer repeats."""
        facts: list[Fact] = []
        for fill in {fill.key: fill for fill in fills}.values():
            facts.extend(self.fill_facts(fill, at))
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
            yield record, record.terms.quantity - record.filled

    # ---- state ---------------------------------------------------------------------------------

    def _apply_fill(self, fact: FillBooked) -> None:
        self.ledger.book_fill(fact)
        fill = fact.fill
        record = self.orders.find(fill.client_order_id, fill.instrument, fill.venue_order_id)
        if record is not None:
            self.orders.filled(record, fill.quantity)

    def _book_of(self, fill: Fill) -> StrategyId:
        if fill.is_system:
            return SYSTEM
        record = self.orders.find(fill.client_order_id, fill.instrument, fill.venue_order_id)
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
        if filled >= record.terms.quantity:
            return OrderState.FILLED
        return body.state

    def _late(self, record: OrderRecord, body: OrderReport, facts: list[Fact], at: int) -> Reaction:
        """Neutralise an order that was proved absent and yet appeared; its strategy stops."""
        effects: tuple[Effect, ...] = ()
        if body.state is not None and not body.state.is_terminal:
            effects = (_cancel_effect(record),)
        if record.client_order_id not in self._told_late:
            self._told_late.add(record.client_order_id)
            off = StrategySwitched(at=at, strategy=record.strategy, is_on=False, by=LATE_ORDER)
            facts.extend((AlertRaised(at=at, alert=_late_alert(record, at)), off))
        return Reaction(tuple(facts), effects)


def _moved(
    record: OrderRecord,
    state: OrderState,
    at: int,
    reason: str = "",
    body: OrderReport | None = None,
) -> OrderMoved:
    return OrderMoved(
        at=at,
        client_order_id=record.client_order_id,
        state=state,
        venue_order_id=None if body is None else body.venue_order_id,
        filled_quantity=None if body is None else body.filled_quantity,
        reason=reason,
    )


def _cancel_effect(record: OrderRecord) -> CancelOrder:
    return CancelOrder(
        account=record.account,
        instrument=record.terms.instrument,
        client_order_id=record.client_order_id,
        venue_order_id=record.venue_order_id,
    )


def _late_alert(record: OrderRecord, at: int) -> Alert:
    return Alert(
        alert_id=AlertId(f"late-{record.client_order_id}"),
        severity=Severity.EMERGENCY,
        scope=record.terms.instrument,
        title="Order appeared after it was proved absent",
        cause=f"Order {record.client_order_id} came to life late; it is being cancelled.",
        numbers=(),
        options=(AlertOption(key="a", label="Acknowledge", effect="Closes this alert."),),
        safe_default="a",
        raised_at=at,
    )
