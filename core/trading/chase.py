"""Resolving UNKNOWN by proof (risk-and-faults section 5): evidence of existence, or of absence.

One round of queries serves every UNKNOWN order of a market: each order by its client id, and open
orders, fills and history once. Any row with an id of ours ends that chase elsewhere (the trading
room sees the same answer). Only rounds begun after an order's last possible moment, whose answers
are all successful and negative about it, count; two of them, two seconds apart, prove absence.
"""

from collections.abc import Callable, Iterable
from typing import Final

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import QueryAnswered, QueryFailed, QueryKind, TimerFired
from core.domain.facts import Fact, OrderMoved
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, venue_of
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading.mood import CALM, VenueMood, VenueMoods
from core.trading.moving import cancel_effect
from core.trading.orders import OrderRecord, Orders

TIMER: Final = "trading/chase"
_SECOND: Final = 1_000_000_000
_FIRST_WAITS: Final = (300_000_000, _SECOND, 2 * _SECOND, 4 * _SECOND)
_LATER_WAIT: Final = 5 * _SECOND
_BETWEEN_PROOFS: Final = 2 * _SECOND
_BETWEEN_ROUNDS: Final = 200_000_000
ROUND_DEADLINE_NS: Final = 8 * _SECOND
"""A round whose answers have not come by then has failed; the next one begins."""
DEFAULT_WINDOW_MS: Final = 5_000
_SHARED: Final = (QueryKind.OPEN_ORDERS, QueryKind.FILLS, QueryKind.ORDER_HISTORY)
Market = tuple[AccountId, InstrumentId]


def t_dead(record: OrderRecord, mood: VenueMood = CALM) -> int:
    """Return when an order that never reached the engine can no longer do so (engine time, ns).

    What was signed is dated by the venue's clock; what may never have been, by our own.
    """
    window_ns = (record.window_ms or DEFAULT_WINDOW_MS) * 1_000_000
    return mood.last_moment(_signed(record, mood), window_ns)


class _Hunt:
    """The chase of one order."""

    __slots__ = ("begun_at", "last_negative_at", "next_at")

    def __init__(self, at: int) -> None:
        self.begun_at = at
        self.next_at = at + _FIRST_WAITS[0]
        self.last_negative_at: int | None = None

    def plan(self, at: int, dead: int) -> None:
        """Set the time of the round after one that begins now."""
        fixed = (self.begun_at + wait for wait in _FIRST_WAITS)
        self.next_at = min((when for when in fixed if when > at), default=at + _LATER_WAIT)
        if at < dead < self.next_at:
            self.next_at = dead


class _Round:
    """One set of queries of a market."""

    __slots__ = ("begun_at", "named", "open_queries", "spoiled", "spoils_all")

    def __init__(self, at: int) -> None:
        self.begun_at = at
        self.open_queries: dict[int, ClientOrderId | None] = {}
        """Query and the one order it is about; None where it is about all."""
        self.named: set[ClientOrderId] = set()
        self.spoiled: set[ClientOrderId] = set()
        self.spoils_all = False

    def fail(self, query_id: int) -> None:
        """Read a failed query as no information."""
        about = self.open_queries.pop(query_id)
        if about is None:
            self.spoils_all = True
        else:
            self.spoiled.add(about)

    def is_negative(self, client_order_id: ClientOrderId) -> bool:
        """Whether every answer about an order came and denied it."""
        return not self.spoils_all and client_order_id not in self.spoiled | self.named


class Chase:
    """Owns every UNKNOWN order until it is none any more."""

    def __init__(
        self, orders: Orders, next_query_id: Callable[[], int], moods: VenueMoods | None = None
    ) -> None:
        self._orders = orders
        self._next_query_id = next_query_id
        self.moods = moods or VenueMoods()
        self._hunts: dict[ClientOrderId, _Hunt] = {}
        self._rounds: dict[Market, _Round] = {}
        self._begun: dict[Market, int] = {}
        self._owner: dict[int, Market] = {}
        self._puzzling: set[ClientOrderId] = set()

    def puzzled(self, client_order_id: ClientOrderId | None, at: int) -> Reaction:
        """Ask about an order of which the venue used a word that nobody here knows."""
        record = self._orders.by_client(client_order_id)
        if record is None or not record.is_live:
            return NOTHING
        self._puzzling.add(record.client_order_id)
        return self.tick(at)

    def understood(self, client_order_id: ClientOrderId | None) -> None:
        """Stop asking: the venue used a word that is known."""
        if client_order_id is not None:
            self._puzzling.discard(client_order_id)

    def tick(self, at: int) -> Reaction:
        """Start rounds that are due, and ask to be woken for the next."""
        wanted = self._wanted()
        self._forget(wanted)
        effects: list[Effect] = []
        for market, records in wanted.items():
            for record in records:
                self._hunts.setdefault(record.client_order_id, _Hunt(at))
            if self._is_due(market, records, at):
                effects.extend(self._begin(market, records, at))
        wake = min((self._wake_of(m, records) for m, records in wanted.items()), default=None)
        if wake is not None:
            effects.append(WakeAt(key=TIMER, at=max(wake, at + 50_000_000)))
        return Reaction((), tuple(effects)) if effects else NOTHING

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Go on when the own timer fires."""
        return self.tick(at) if body.key == TIMER else NOTHING

    def on_failed(self, body: QueryFailed, at: int) -> Reaction:
        """Spoil the round: no information is not a negative answer."""
        market = self._owner.pop(body.query_id, None)
        if market is None:
            return NOTHING
        current = self._rounds[market]
        current.fail(body.query_id)
        return NOTHING if current.open_queries else self._judged(market, current, at)

    def on_answer(self, body: QueryAnswered, at: int) -> Reaction:
        """Count a negative answer; a positive one has ended the UNKNOWN already."""
        market = self._owner.pop(body.query_id, None)
        if market is None:
            return NOTHING
        current = self._rounds[market]
        current.open_queries.pop(body.query_id)
        current.named |= _named(body)
        return NOTHING if current.open_queries else self._judged(market, current, at)

    # ---- rounds --------------------------------------------------------------------------------

    def _wanted(self) -> dict[Market, list[OrderRecord]]:
        found: dict[Market, list[OrderRecord]] = {}
        for record in self._orders.live():
            is_puzzling = record.client_order_id in self._puzzling
            if record.state is OrderState.UNKNOWN or is_puzzling:
                found.setdefault((record.account, record.terms.instrument), []).append(record)
        return found

    def _is_due(self, market: Market, records: Iterable[OrderRecord], at: int) -> bool:
        current = self._rounds.get(market)
        if current is not None:
            if at < current.begun_at + ROUND_DEADLINE_NS:
                return False
            self._drop(market)
        return at >= self._next_of(market, records)

    def _wake_of(self, market: Market, records: Iterable[OrderRecord]) -> int:
        current = self._rounds.get(market)
        if current is not None:
            return current.begun_at + ROUND_DEADLINE_NS
        return self._next_of(market, records)

    def _next_of(self, market: Market, records: Iterable[OrderRecord]) -> int:
        soonest = min(self._hunts[record.client_order_id].next_at for record in records)
        return max(soonest, self._begun.get(market, 0) + _BETWEEN_ROUNDS)

    def _begin(self, market: Market, records: list[OrderRecord], at: int) -> list[Effect]:
        current = self._rounds[market] = _Round(at)
        self._begun[market] = at
        mood = self._mood(market)
        since = min(_asked_from(record, mood) for record in records)
        effects: list[Effect] = []
        for record in records:
            hunt = self._hunts[record.client_order_id]
            hunt.plan(at, t_dead(record, mood))
            if self._orders.is_cancel_asked(record):
                effects.append(cancel_effect(record))
            effects.append(self._ask(market, current, QueryKind.ORDER, since, record))
        effects.extend(self._ask(market, current, kind, since, None) for kind in _SHARED)
        return effects

    def _ask(
        self,
        market: Market,
        current: _Round,
        kind: QueryKind,
        since: int,
        record: OrderRecord | None,
    ) -> Query:
        query_id = self._next_query_id()
        about = None if record is None else record.client_order_id
        current.open_queries[query_id] = about
        self._owner[query_id] = market
        account, instrument = market
        return Query(
            query_id=query_id,
            kind=kind,
            account=account,
            instrument=instrument,
            client_order_id=about,
            since=since,
        )

    def _judged(self, market: Market, current: _Round, at: int) -> Reaction:
        """Take what a complete round proves about each order it asked for."""
        self._rounds.pop(market, None)
        facts: list[Fact] = []
        for record in self._wanted().get(market, ()):
            hunt = self._hunts.get(record.client_order_id)
            if hunt is None or record.state is not OrderState.UNKNOWN:
                continue
            if record.client_order_id in current.named:
                hunt.last_negative_at = None
            elif self._counts(record, hunt, current, at):
                facts.append(_absent(record, at))
        ticked = self.tick(at) if not facts else NOTHING
        return Reaction(tuple(facts), ticked.effects)

    def _counts(self, record: OrderRecord, hunt: _Hunt, current: _Round, at: int) -> bool:
        """Whether this round is the second proof; the first one is remembered."""
        dead = t_dead(record, self._mood((record.account, record.terms.instrument)))
        asked_in_time = current.begun_at >= dead and hunt.begun_at < current.begun_at
        if not asked_in_time or not record.filled.is_zero:
            return False
        if not current.is_negative(record.client_order_id):
            return False
        if hunt.last_negative_at is None:
            hunt.last_negative_at = current.begun_at
            hunt.next_at = max(at, current.begun_at + _BETWEEN_PROOFS)
            return False
        if current.begun_at - hunt.last_negative_at < _BETWEEN_PROOFS:
            hunt.next_at = max(at, hunt.last_negative_at + _BETWEEN_PROOFS)
            return False
        return True

    # ---- parts ---------------------------------------------------------------------------------

    def _mood(self, market: Market) -> VenueMood:
        return self.moods.of(venue_of(market[0]))

    def _drop(self, market: Market) -> None:
        """Give a round up; answers that come later are evidence, and no part of any proof."""
        current = self._rounds.pop(market)
        for query_id in current.open_queries:
            self._owner.pop(query_id, None)

    def _forget(self, wanted: dict[Market, list[OrderRecord]]) -> None:
        kept = {record.client_order_id for records in wanted.values() for record in records}
        for client_order_id in [key for key in self._hunts if key not in kept]:
            del self._hunts[client_order_id]
        self._puzzling &= kept
        for market in [each for each in self._rounds if each not in wanted]:
            self._drop(market)


def _signed(record: OrderRecord, mood: VenueMood) -> int:
    """Return when an order was signed at the latest, in engine time, ns."""
    if record.signed_at is None:
        return record.send_before
    return record.signed_at - mood.offset_ns


def _asked_from(record: OrderRecord, mood: VenueMood) -> int:
    """Return from when on the venue's rows may concern an order, by the venue's own clock, ns."""
    if record.signed_at is not None:
        return record.signed_at - _SECOND
    return record.journaled_at + mood.offset_ns - _SECOND


def _absent(record: OrderRecord, at: int) -> OrderMoved:
    return OrderMoved(
        at=at,
        client_order_id=record.client_order_id,
        state=OrderState.ABSENT,
        reason="proved absent by two rounds after its last possible moment",
    )


def _named(body: QueryAnswered) -> set[ClientOrderId]:
    rows = {getattr(row, "client_order_id", None) for row in body.rows}
    found = rows | {fill.client_order_id for fill in body.fills}
    return {each for each in found if each is not None}
