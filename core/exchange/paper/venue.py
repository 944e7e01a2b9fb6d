"""The shell round a paper account: stands between a public venue and the engine, keeps the file.

What is public passes through unchanged, and the account looks on. Orders, cancels and questions
about the account never reach the venue: this module holds no transport, and the port to it has no
verb to place anything with.
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Protocol, Self

import msgspec

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    Channel,
    ConnectionChanged,
    DepthChanged,
    InstrumentsListed,
    LinkState,
    MarkPriceSeen,
    QueryFailed,
    QueryKind,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    VenueTimeMeasured,
)
from core.domain.ids import InstrumentId, VenueId
from core.exchange.contract import Clock
from core.exchange.paper.exchange import PaperExchange
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.store import PaperStore, StoreBroken

log = logging.getLogger(__name__)
_NS: Final = 1_000_000_000
_PUBLIC: Final = frozenset({QueryKind.BOOK_SNAPSHOT, QueryKind.CANDLES})
_OWN_CLOCK_AFTER_NS: Final = 5 * _NS
_OWN_CLOCK_EVERY_NS: Final = 15 * _NS
_RETRY_NS: Final = 500_000_000
_IDLE_NS: Final = 1 * _NS
_ASK_BOOK_NS: Final = 5 * _NS
_ANSWERS: Final = (
    InstrumentsListed,
    VenueTimeMeasured,
    BookSnapshotSeen,
    DepthChanged,
    MarkPriceSeen,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
)
"""What only a venue that is there can tell."""


class PublicPort(Protocol):
    """What is used of the venue behind: its public data. There is no verb for an order."""

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market."""

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""

    def query(self, query: Query) -> None:
        """Read something public; answered by an event."""


class PaperHealth(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How an account on paper is. Durations in ms."""

    is_paper: bool = True
    one_way_ms: float
    is_latency_measured: bool
    open_orders: int
    not_filling: dict[str, str]
    """Markets in which nothing fills now, and why."""
    store_error: str = ""


class PaperVenue:
    """A public venue with an account on paper. Use as an async context manager.

    Args:
        name: The venue's name.
        exchange: The account.
        store: Its file; whoever opened it closes it.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
    """

    def __init__(
        self,
        name: VenueId,
        exchange: PaperExchange,
        store: PaperStore,
        clock: Clock,
        publish: Callable[[Body], None],
    ) -> None:
        self.name = name
        self.exchange = exchange
        self.answered = asyncio.Event()
        """Set once the venue behind has told anything."""
        self._store = store
        self._clock = clock
        self._publish_on = publish
        self._inner: PublicPort | None = None
        self._followed: dict[InstrumentId, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due_at: int | None = None
        self._store_error = ""
        self._tell_clock_at = 0
        self._has_venue_clock = False
        self._own_queries = 0
        self._is_open = False

    def put_before(self, inner: PublicPort) -> None:
        """Learn of the venue behind, whose events come to `publish`."""
        self._inner = inner

    async def __aenter__(self) -> Self:
        now = self._clock.now()
        self.exchange.restore(self._store.read())
        self.exchange.open(now)
        self._is_open = True
        self._tell_clock_at = now + _OWN_CLOCK_AFTER_NS
        self._tell_link(LinkState.UP, "paper: matched here, no order leaves", now)
        self._step(now)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()

    # ---- the venue behind ----------------------------------------------------------------------

    def publish(self, body: Body) -> None:
        """Take an event of the venue behind: the engine first, then the account."""
        if isinstance(body, QueryFailed) and body.query_id < 0:
            return
        self._publish_on(body)
        if not self._is_open:
            return
        if isinstance(body, VenueTimeMeasured):
            self._has_venue_clock = True
        if isinstance(body, _ANSWERS):
            self.answered.set()
        now = self._clock.now()
        self.exchange.feed(body, now)
        if self.exchange.unstored() or self._is_due_sooner():
            self._step(now)

    # ---- what the runtime asks -----------------------------------------------------------------

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market."""
        self._followed.setdefault(instrument, 0)
        self._behind().subscribe(instrument)

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market; what rests there does not fill any more."""
        self._followed.pop(instrument, None)
        self._behind().unsubscribe(instrument)

    def place(self, effect: PlaceOrder) -> None:
        """Send an approved order to the account here."""
        self._doing(lambda now: self.exchange.place(effect, now))

    def cancel(self, effect: CancelOrder) -> None:
        """Send a cancel to the account here."""
        self._doing(lambda now: self.exchange.cancel(effect, now))

    def cancel_resting(self, order: PaperOrder) -> None:
        """Cancel an order at once, for the kill switch."""
        self._doing(lambda now: self.exchange.cancel_resting(order, now))

    def query(self, query: Query) -> None:
        """Ask the venue behind what is public, the account here what is not."""
        if query.kind in _PUBLIC:
            self._behind().query(query)
            return
        self._doing(lambda now: self.exchange.ask(query, now))

    def health(self) -> PaperHealth:
        """Say how the account is."""
        latency = self.exchange.latency
        return PaperHealth(
            one_way_ms=round(latency.typical_ns / 1_000_000, 3),
            is_latency_measured=latency.is_measured,
            open_orders=len(self.exchange.state.live),
            not_filling=self.exchange.troubles(),
            store_error=self._store_error,
        )

    # ---- parts ---------------------------------------------------------------------------------

    def _behind(self) -> PublicPort:
        assert self._inner is not None, "the venue behind is not open"
        return self._inner

    def _doing(self, act: Callable[[int], Any]) -> None:
        now = self._clock.now()
        act(now)
        self._step(now)

    def _step(self, now: int) -> None:
        """Let the account go on, commit what happened, then let reports out; set the next wake."""
        if not self._is_open:
            return
        self.exchange.advance(now)
        wait_ns = _IDLE_NS if self._is_stored(now) else _RETRY_NS
        for body in self.exchange.due(now):
            self._publish_on(body)
        self._tell_own_clock(now)
        self._ask_for_books(now)
        deadline = self.exchange.next_deadline()
        if deadline is not None and not self._store_error:
            wait_ns = min(wait_ns, max(0, deadline - now))
        self._wake_in(wait_ns, now)

    def _is_stored(self, now: int) -> bool:
        facts = self.exchange.unstored()
        if not facts:
            return True
        try:
            self._store.append(facts)
        except StoreBroken as error:
            self._note_store(str(error), now)
            return False
        self.exchange.stored()
        self._note_store("", now)
        return True

    def _note_store(self, error: str, now: int) -> None:
        """Tell when the file cannot be written: reports wait, entries stop until it can."""
        was, self._store_error = self._store_error, error
        if error and not was:
            log.error("paper.store_failed", extra={"venue": self.name, "error": error})
            self._tell_link(LinkState.DOWN, f"paper: the account cannot be written: {error}", now)
        elif was and not error:
            self._tell_link(LinkState.UP, "paper: the account is written again", now)

    def _tell_link(self, state: LinkState, detail: str, now: int) -> None:
        self._publish_on(
            ConnectionChanged(
                ts_event=now,
                ts_recv=now,
                venue=self.name,
                channel=Channel.PRIVATE,
                state=state,
                detail=detail,
            )
        )

    def _tell_own_clock(self, now: int) -> None:
        """Tell of our own clock where the venue behind tells of none: orders are matched by it."""
        if self._has_venue_clock or now < self._tell_clock_at:
            return
        self._tell_clock_at = now + _OWN_CLOCK_EVERY_NS
        self._publish_on(
            VenueTimeMeasured(
                ts_event=now, ts_recv=now, venue=self.name, offset_ns=0, error_bound_ns=0
            )
        )

    def _ask_for_books(self, now: int) -> None:
        """Ask for the book of a market with our orders that is still not true."""
        for name in {order.instrument for order in self.exchange.state.open_orders()}:
            market = self.exchange.markets.get(name)
            asked_at = self._followed.get(name)
            if market is None or asked_at is None or not market.book.why:
                continue
            if now - asked_at < _ASK_BOOK_NS:
                continue
            self._followed[name] = now
            self._own_queries += 1
            self._behind().query(
                Query(query_id=-self._own_queries, kind=QueryKind.BOOK_SNAPSHOT, instrument=name)
            )

    def _is_due_sooner(self) -> bool:
        deadline = self.exchange.next_deadline()
        return deadline is not None and (self._due_at is None or deadline < self._due_at)

    def _wake_in(self, wait_ns: int, now: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_at = now + wait_ns
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(wait_ns / _NS, self._wake)

    def _wake(self) -> None:
        self._step(self._clock.now())
