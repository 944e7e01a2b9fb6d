"""Resolving UNKNOWN by proof (risk-and-faults section 5): evidence of existence, or of absence.

Rounds of four queries for each order: by client id, open orders, fills, history. Any row with our
id ends the chase elsewhere (the trading room sees the same answer). Only rounds begun after
`t_dead`, wholly successful and wholly negative, count; two of them, two seconds apart, prove
absence.
"""

from collections.abc import Callable
from typing import Final

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import QueryAnswered, QueryFailed, QueryKind, TimerFired
from core.domain.facts import Fact, OrderMoved
from core.domain.ids import ClientOrderId
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading.orders import OrderRecord, Orders

TIMER: Final = "trading/chase"
_SECOND: Final = 1_000_000_000
_FIRST_WAITS: Final = (300_000_000, _SECOND, 2 * _SECOND, 4 * _SECOND)
_LATER_WAIT: Final = 5 * _SECOND
ENGINE_MARGIN_NS: Final = 5 * _SECOND
DEFAULT_WINDOW_MS: Final = 5_000
CLOCK_ERROR_NS: Final = 250_000_000
_KINDS: Final = (
    QueryKind.ORDER,
    QueryKind.OPEN_ORDERS,
    QueryKind.FILLS,
    QueryKind.ORDER_HISTORY,
)


class _Hunt:
    """The chase of one order."""

    __slots__ = ("begun_at", "is_clean", "last_negative_at", "next_at", "open_queries", "rounds")

    def __init__(self, at: int) -> None:
        self.rounds = 0
        self.next_at = at + _FIRST_WAITS[0]
        self.open_queries: set[int] = set()
        self.begun_at = at
        self.is_clean = True
        self.last_negative_at: int | None = None


def t_dead(record: OrderRecord) -> int:
    """Return when an order that never reached the engine can no longer do so (engine time, ns)."""
    signed = record.signed_at if record.signed_at is not None else record.send_before
    window = record.window_ms or DEFAULT_WINDOW_MS
    return signed + window * 1_000_000 + CLOCK_ERROR_NS + ENGINE_MARGIN_NS


class Chase:
    """Owns every UNKNOWN order until it is none any more."""

    def __init__(self, orders: Orders, next_query_id: Callable[[], int]) -> None:
        self._orders = orders
        self._next_query_id = next_query_id
        self._hunts: dict[ClientOrderId, _Hunt] = {}
        self._owner: dict[int, ClientOrderId] = {}

    def tick(self, at: int) -> Reaction:
        """Start rounds that are due, and ask to be woken for the next."""
        effects: list[Effect] = []
        unknown = [r for r in self._orders.live() if r.state is OrderState.UNKNOWN]
        self._forget({record.client_order_id for record in unknown})
        for record in unknown:
            hunt = self._hunts.setdefault(record.client_order_id, _Hunt(at))
            if at >= hunt.next_at and not hunt.open_queries:
                effects.extend(self._round(record, hunt, at))
        wake = min((hunt.next_at for hunt in self._hunts.values()), default=None)
        if wake is not None:
            effects.append(WakeAt(key=TIMER, at=max(wake, at + 50_000_000)))
        return Reaction((), tuple(effects)) if effects else NOTHING

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Go on when the own timer fires."""
        return self.tick(at) if body.key == TIMER else NOTHING

    def on_failed(self, body: QueryFailed, _at: int) -> Reaction:
        """Spoil the round: no information is not a negative answer."""
        hunt = self._hunt_of(body.query_id)
        if hunt is not None:
            hunt.is_clean = False
            hunt.open_queries.discard(body.query_id)
        return NOTHING

    def on_answer(self, body: QueryAnswered, at: int) -> Reaction:
        """Count a negative answer; a positive one has ended the UNKNOWN already."""
        client_order_id = self._owner.pop(body.query_id, None)
        hunt = None if client_order_id is None else self._hunts.get(client_order_id)
        if hunt is None or client_order_id is None:
            return NOTHING
        hunt.open_queries.discard(body.query_id)
        if _names(body, client_order_id):
            hunt.is_clean = False
            hunt.last_negative_at = None
        if hunt.open_queries or not hunt.is_clean:
            return NOTHING
        record = self._orders.by_client(client_order_id)
        if record is None or record.state is not OrderState.UNKNOWN:
            return NOTHING
        return self._negative_round(record, hunt, at)

    def _negative_round(self, record: OrderRecord, hunt: _Hunt, at: int) -> Reaction:
        if hunt.begun_at < t_dead(record) or not record.filled.is_zero:
            return NOTHING
        if hunt.last_negative_at is None:
            hunt.last_negative_at = hunt.begun_at
            hunt.next_at = max(at, hunt.begun_at + 2 * _SECOND)
            return Reaction((), (WakeAt(key=TIMER, at=hunt.next_at),))
        fact: Fact = OrderMoved(
            at=at,
            client_order_id=record.client_order_id,
            state=OrderState.ABSENT,
            reason="proved absent by two rounds after its last possible moment",
        )
        return Reaction((fact,))

    def _round(self, record: OrderRecord, hunt: _Hunt, at: int) -> list[Effect]:
        waits = _FIRST_WAITS[hunt.rounds + 1 :]
        hunt.rounds += 1
        hunt.begun_at = at
        hunt.is_clean = True
        hunt.next_at = at + (waits[0] - _FIRST_WAITS[hunt.rounds - 1] if waits else _LATER_WAIT)
        dead = t_dead(record)
        if at < dead < hunt.next_at:
            hunt.next_at = dead
        effects: list[Effect] = []
        for kind in _KINDS:
            query_id = self._next_query_id()
            hunt.open_queries.add(query_id)
            self._owner[query_id] = record.client_order_id
            effects.append(_query(record, kind, query_id))
        return effects

    def _hunt_of(self, query_id: int) -> _Hunt | None:
        owner = self._owner.pop(query_id, None)
        return None if owner is None else self._hunts.get(owner)

    def _forget(self, wanted: set[ClientOrderId]) -> None:
        for client_order_id in [key for key in self._hunts if key not in wanted]:
            hunt = self._hunts.pop(client_order_id)
            for query_id in hunt.open_queries:
                self._owner.pop(query_id, None)


def _query(record: OrderRecord, kind: QueryKind, query_id: int) -> Query:
    signed = record.signed_at if record.signed_at is not None else record.journaled_at
    return Query(
        query_id=query_id,
        kind=kind,
        account=record.account,
        instrument=record.terms.instrument,
        client_order_id=record.client_order_id if kind is QueryKind.ORDER else None,
        since=signed - _SECOND,
    )


def _names(body: QueryAnswered, client_order_id: ClientOrderId) -> bool:
    rows = any(getattr(row, "client_order_id", None) == client_order_id for row in body.rows)
    return rows or any(fill.client_order_id == client_order_id for fill in body.fills)
