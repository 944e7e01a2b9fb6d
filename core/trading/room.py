"""The trading room: what each outside event means for our orders and the ledger.

Handlers answer with facts and effects; state moves only in `apply`.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from core.domain.effects import Effect, PlaceOrder
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
)
from core.domain.ids import (
    AccountId,
    ClientOrderId,
    InstrumentId,
)
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.intent import RiskApproved
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading import foreign, late
from core.trading.client_ids import ClientIds
from core.trading.fills import Fills
from core.trading.late import Unwanted
from core.trading.ledger import Ledger
from core.trading.moving import cancel_effect, moved, shrunk
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
        self.fills = Fills(self.orders, self.ledger, self.instruments)
        self.unwanted = Unwanted()
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
            FillBooked: self.fills.booked,
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
            facts = (moved(record, OrderState.PENDING_CANCEL, at),)
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
                    moved(record, OrderState.UNKNOWN, at, "the venue is silent about its cancel")
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
        return Reaction((moved(record, OrderState.UNKNOWN, at, body.reason),))

    def on_cancel_answered(self, body: CancelAnswered, _at: int) -> Reaction:
        """Wait: an accepted cancel means nothing until the order's own end is reported."""
        _ = body
        return NOTHING

    def on_cancel_failed(self, body: CancelFailed, at: int) -> Reaction:
        """Turn to proof when the venue does not know an order that should rest."""
        record = self.orders.by_client(body.client_order_id)
        if record is None or not body.is_not_found or not record.may_become(OrderState.UNKNOWN):
            return NOTHING
        return Reaction((moved(record, OrderState.UNKNOWN, at, "cancel found no such order"),))

    def on_report(self, body: OrderReport, at: int) -> Reaction:
        """Book a report's fill, whatever state the order is in, and follow its state."""
        record = self.orders.find(body.client_order_id, body.instrument, body.venue_order_id)
        facts: list[Fact] = []
        if body.fill is not None:
            facts.extend(self.fills.of_stream(body.fill, body.filled_quantity, at))
        if record is None:
            seen = foreign.after_report(self.orders, body, self.client_ids, at)
            return Reaction((*facts, *(() if seen is None else (seen,))))
        alert = late.unwanted_alert(record, body, at)
        if alert is not None:
            return self.unwanted.neutralised(record, body, facts, alert, at)
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
        quantity = shrunk(record, body)
        is_told_more = record.state.is_terminal and body.filled_quantity > record.told_filled
        if state is record.state and quantity is None and not is_told_more:
            return []
        return [moved(record, state, at, body.reason, body, quantity)]

    def doubted(self, record: OrderRecord, at: int) -> OrderMoved:
        """Return the turn to UNKNOWN of an order the venue does not list as resting."""
        return moved(record, OrderState.UNKNOWN, at, "not among the venue's open orders")

    def recovery_facts(self, at: int) -> list[Fact]:
        """Return what a restart means: every order that has not ended is UNKNOWN until proof."""
        return [
            moved(record, OrderState.UNKNOWN, at, "restart")
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
        return self.held(account, instrument), bids, asks

    def held(self, account: AccountId, instrument: InstrumentId) -> Quantity:
        """Return the signed position; of a spot market, all coins held of its base asset.

        Coins that were there before the first fill can be sold, and buying more never reduces.
        """
        rules = self.instruments.get(instrument)
        if rules is None or rules.kind is not InstrumentKind.SPOT:
            return self.ledger.position(account, instrument)
        return Quantity(self.ledger.cash(account, rules.base).value)

    def _open(self, at: int) -> Iterator[tuple[OrderRecord, Quantity]]:
        """Yield every order that counts as exposure, with what it may still fill."""
        for record in self.orders.exposed():
            yield record, record.leaves
        for record in self.orders.shadows(at):
            yield record, record.quantity - record.filled

    # ---- state ---------------------------------------------------------------------------------

    def _ended(self, client_order_id: Any, state: OrderState, reason: str, at: int) -> Reaction:
        record = self.orders.by_client(client_order_id)
        if record is None or not record.may_become(state):
            return NOTHING
        return Reaction((moved(record, state, at, reason),))

    def _state_told(
        self, record: OrderRecord, body: OrderReport, facts: list[Fact]
    ) -> OrderState | None:
        """Return the state a report proves: a full fill wins over any word."""
        filled = record.filled
        for fact in facts:
            if isinstance(fact, FillBooked):
                filled += fact.fill.quantity
        cut = shrunk(record, body)
        asked = record.quantity if cut is None else cut
        if filled >= asked and not filled.is_zero:
            return OrderState.FILLED
        return body.state
