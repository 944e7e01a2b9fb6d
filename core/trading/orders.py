"""Our orders and the edges they may take (risk-and-faults section 5). Pure: facts in, state out."""

from typing import Final

from core.domain.exact import ZERO_QUANTITY, Quantity
from core.domain.facts import (
    CancelAsked,
    ForeignOrder,
    ForeignOrdersSeen,
    OrderJournaled,
    OrderMoved,
    OrderSent,
)
from core.domain.ids import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    IntentId,
    StrategyId,
    VenueOrderId,
)
from core.domain.order import OrderState, OrderTerms
from core.trading.ledger import EXTERNAL

SHADOW_NS: Final = 600_000_000_000
"""How long an order proved absent keeps its reservation."""

_S = OrderState
_ENDS: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.EXPIRED})
_AT_VENUE: Final = frozenset({_S.ACCEPTED, _S.HELD, _S.PARTIAL}) | _ENDS
EDGES: Final[dict[OrderState, frozenset[OrderState]]] = {
    _S.JOURNALED: _AT_VENUE | {_S.SENT, _S.NOT_SENT, _S.REJECTED, _S.UNKNOWN},
    _S.SENT: _AT_VENUE | {_S.NOT_SENT, _S.REJECTED, _S.UNKNOWN},
    _S.ACCEPTED: _ENDS | {_S.PARTIAL, _S.PENDING_CANCEL, _S.UNKNOWN},
    _S.HELD: _ENDS | {_S.ACCEPTED, _S.PARTIAL, _S.PENDING_CANCEL, _S.UNKNOWN},
    _S.PARTIAL: _ENDS | {_S.PENDING_CANCEL, _S.UNKNOWN},
    _S.PENDING_CANCEL: _ENDS | {_S.UNKNOWN},
    _S.UNKNOWN: _AT_VENUE | {_S.REJECTED, _S.ABSENT},
}


class OrderRecord:
    """One order attempt. Changed only by `Orders.apply` and by booking fills."""

    __slots__ = (
        "account",
        "client_order_id",
        "filled",
        "intent_id",
        "journaled_at",
        "moved_at",
        "quantity",
        "reason",
        "send_before",
        "signed_at",
        "state",
        "strategy",
        "terms",
        "told_filled",
        "unknown_since",
        "venue_order_id",
        "window_ms",
    )

    def __init__(
        self,
        client_order_id: ClientOrderId,
        account: AccountId,
        strategy: StrategyId,
        intent_id: IntentId,
        terms: OrderTerms,
        at: int,
    ) -> None:
        self.client_order_id = client_order_id
        self.account = account
        self.strategy = strategy
        self.intent_id = intent_id
        self.terms = terms
        self.quantity: Quantity = terms.quantity
        """What it asks for now: a venue may make a reduce-only order smaller."""
        self.state = OrderState.JOURNALED
        self.journaled_at = at
        self.moved_at = at
        self.send_before = at
        self.signed_at: int | None = None
        self.window_ms = 0
        self.venue_order_id: VenueOrderId | None = None
        self.filled: Quantity = ZERO_QUANTITY
        self.told_filled: Quantity = ZERO_QUANTITY
        self.unknown_since: int | None = None
        self.reason = ""

    @property
    def leaves(self) -> Quantity:
        """What the ledger may still have to book: after its end only what the venue told."""
        most = self.told_filled if self.state.is_terminal else self.quantity
        left = most - self.filled
        return left if left.sign > 0 else ZERO_QUANTITY

    @property
    def is_live(self) -> bool:
        """Whether the order may still do something."""
        return not self.state.is_terminal

    def may_become(self, state: OrderState) -> bool:
        """Whether the edge exists."""
        return state in EDGES.get(self.state, frozenset())


class Orders:
    """Every order attempt of this journal, by client id and by venue id."""

    def __init__(self) -> None:
        self._by_client: dict[ClientOrderId, OrderRecord] = {}
        self._by_venue: dict[tuple[InstrumentId, VenueOrderId], OrderRecord] = {}
        self._live: dict[ClientOrderId, OrderRecord] = {}
        self._owed: dict[ClientOrderId, OrderRecord] = {}
        self._to_cancel: set[ClientOrderId] = set()
        self._absent: dict[ClientOrderId, OrderRecord] = {}
        self._foreign: dict[AccountId, tuple[OrderRecord, ...]] = {}
        self.foreign: dict[AccountId, tuple[ForeignOrder, ...]] = {}
        """Orders at the venue that are not ours: they count, and are never touched."""
        self.moves = 0

    def journaled(self, fact: OrderJournaled) -> None:
        """Start the record of an order."""
        approved = fact.approved
        record = OrderRecord(
            fact.client_order_id,
            approved.leg.account,
            approved.strategy,
            approved.intent_id,
            approved.leg.terms,
            fact.at,
        )
        record.send_before = fact.send_before
        self._by_client[record.client_order_id] = record
        self._live[record.client_order_id] = record

    def sent(self, fact: OrderSent) -> None:
        """Remember when the bytes left."""
        record = self._by_client[fact.client_order_id]
        record.signed_at = fact.signed_at
        record.window_ms = fact.window_ms
        record.state = OrderState.SENT
        record.moved_at = fact.at

    def moved(self, fact: OrderMoved) -> None:
        """Follow a change of state, of what was filled, or of what is asked for."""
        self.moves += 1
        record = self._by_client[fact.client_order_id]
        if fact.state is not OrderState.UNKNOWN:
            record.unknown_since = None
        elif record.unknown_since is None:
            record.unknown_since = fact.at
        if fact.state is not record.state:
            record.moved_at = fact.at
        record.state = fact.state
        record.reason = fact.reason or record.reason
        self._follow(record, fact)
        if fact.state is OrderState.ABSENT:
            self._absent[record.client_order_id] = record
        if fact.state is OrderState.PENDING_CANCEL:
            self._to_cancel.add(record.client_order_id)
        if fact.state.is_terminal:
            self._live.pop(record.client_order_id, None)
            self._to_cancel.discard(record.client_order_id)
            if not record.leaves.is_zero:
                self._owed[record.client_order_id] = record

    def _follow(self, record: OrderRecord, fact: OrderMoved) -> None:
        if fact.venue_order_id is not None:
            record.venue_order_id = fact.venue_order_id
            self._by_venue[(record.terms.instrument, fact.venue_order_id)] = record
        if fact.filled_quantity is not None:
            record.told_filled = max(record.told_filled, fact.filled_quantity)
        if fact.quantity is not None:
            record.quantity = fact.quantity

    def filled(self, record: OrderRecord, quantity: Quantity) -> None:
        """Count a booked fill."""
        record.filled += quantity
        if record.leaves.is_zero:
            self._owed.pop(record.client_order_id, None)

    def cancel_asked(self, fact: CancelAsked) -> None:
        """Remember the wish to be rid of an order until it has ended."""
        if fact.client_order_id in self._live:
            self._to_cancel.add(fact.client_order_id)

    def is_cancel_asked(self, record: OrderRecord) -> bool:
        """Whether somebody wants rid of a live order."""
        return record.client_order_id in self._to_cancel

    def foreign_seen(self, fact: ForeignOrdersSeen) -> None:
        """Replace what is known of an account's orders that are not ours."""
        self.moves += 1
        self.foreign[fact.account] = fact.orders
        self._foreign[fact.account] = tuple(
            _foreign_record(each, fact.account, fact.at) for each in fact.orders
        )

    def to_cancel(self) -> list[OrderRecord]:
        """Return the live orders that were asked to go, oldest first."""
        return [r for r in self._live.values() if r.client_order_id in self._to_cancel]

    def by_client(self, client_order_id: ClientOrderId | None) -> OrderRecord | None:
        """Find an order of ours by the id we gave it."""
        return None if client_order_id is None else self._by_client.get(client_order_id)

    def find(
        self,
        client_order_id: ClientOrderId | None,
        instrument: InstrumentId,
        venue_order_id: VenueOrderId,
    ) -> OrderRecord | None:
        """Find an order of ours by either id; an order is ours only if its id is in our journal."""
        record = self.by_client(client_order_id)
        if record is not None and record.terms.instrument == instrument:
            return record
        return self._by_venue.get((instrument, venue_order_id))

    def live(self) -> list[OrderRecord]:
        """Return every order that may still do something, oldest first."""
        return list(self._live.values())

    def exposed(self) -> list[OrderRecord]:
        """Return what may still change a position: live, with fills to come, or not ours."""
        foreign = (record for records in self._foreign.values() for record in records)
        return [*self._live.values(), *self._owed.values(), *foreign]

    def shadows(self, at: int) -> list[OrderRecord]:
        """Return orders proved absent lately: their reservation stands a while longer."""
        for key in [k for k, r in self._absent.items() if at - r.moved_at >= SHADOW_NS]:
            del self._absent[key]
        return list(self._absent.values())

    def newest(self, count: int) -> list[OrderRecord]:
        """Return the newest orders, oldest of them first."""
        keys = list(self._by_client)[-count:]
        return [self._by_client[key] for key in keys]

    @property
    def highest_id(self) -> int:
        """Return the highest client id in the journal, 0 when there is none."""
        return max(self._by_client, default=ClientOrderId(0))

    def __len__(self) -> int:
        return len(self._by_client)


def _foreign_record(order: ForeignOrder, account: AccountId, at: int) -> OrderRecord:
    record = OrderRecord(
        order.client_order_id or ClientOrderId(0),
        account,
        EXTERNAL,
        IntentId(""),
        order.terms,
        at,
    )
    record.state = OrderState.ACCEPTED
    record.venue_order_id = order.venue_order_id
    record.filled = record.told_filled = order.filled
    return record
