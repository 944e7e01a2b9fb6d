"""The shell: owns the sockets and tasks of one venue that speaks Backpack's language.

What is worth deciding is decided in `stream`, `entry`, `queries`; here things are started, stopped
and kept going. The venue's name is an argument: several may run beside one another.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.errors import VenueError
from core.domain.events import Body, OrderOutcomeUnknown, VenueTimeMeasured
from core.domain.ids import AccountId, InstrumentId, VenueId, account_id, instrument_id, symbol_of
from core.exchange.backoff import Backoff, BackoffLimits
from core.exchange.backpack.answering import Answering
from core.exchange.backpack.candle_source import candle_history
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import ORDER_WINDOW_MS
from core.exchange.backpack.cross_check import Verdict
from core.exchange.backpack.entry import OrderEntry
from core.exchange.backpack.health import HealthDesk, VenueHealthReport
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.queries import book_snapshot, instruments, status
from core.exchange.backpack.shards import SYMBOLS_A_SOCKET, Shards
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream
from core.exchange.backpack.watch import WatchLimits
from core.exchange.backpack.witness import PrivateWitness
from core.exchange.candles import CandleCache
from core.exchange.contract import Clock, Transport
from core.exchange.session import SessionTimes, StreamProtocol, keep_streaming

RETRY_SECS: Final = 3.0
_FIRST_COMPARISONS: Final = 5
_BETWEEN_FIRST_SECS: Final = 0.25
_LOOK_SECS: Final = 1.0
_CHECKED_LEVELS: Final = 5
_CATCH_UP_SECS: Final = 2.0
_NS: Final = 1_000_000_000
log = logging.getLogger(__name__)


class VenueSettings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Periods and limits of one venue; durations in seconds."""

    clock_secs: float = 30.0
    catalogue_secs: float = 900.0
    status_secs: float = 15.0
    """Between two looks at the status while the venue is out of service."""
    cross_check_secs: float = 60.0
    """In which every followed book is held against REST once."""
    symbols_a_socket: int = SYMBOLS_A_SOCKET
    session: SessionTimes = SessionTimes()
    watch: WatchLimits = WatchLimits()
    backoff: BackoffLimits = BackoffLimits()
    private_patience_secs: float = 3.0
    """How long the private stream may not tell what REST tells."""


class BackpackVenue:
    """One venue: public data, and an account if credentials are given.

    Use as an async context manager; everything it starts ends with its block. The transport is
    closed with it.

    Args:
        name: What instruments and accounts are named after.
        transport: Carries the bytes.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
        rng: Jitter of reconnects, retries and pauses.
        credentials: The account's key; None for public data alone.
        account: The account's name; `<venue>:main` if None.
        pacing: Spacing of REST queries.
        settings: Periods and limits.
        candles: Where final candles are kept; memory if None. Whoever made it closes it.
    """

    def __init__(  # noqa: PLR0913 - one shape for all callers
        self,
        name: VenueId,
        transport: Transport,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
        *,
        credentials: Credentials | None = None,
        account: AccountId | None = None,
        pacing: PacingLimits | None = None,
        settings: VenueSettings | None = None,
        candles: CandleCache | None = None,
    ) -> None:
        self.name = name
        self.account = account or account_id(name)
        self._settings = settings or VenueSettings()
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._client = RestClient(transport, clock, credentials, pacing, rng)
        self._entry = OrderEntry(self._client, self.account, self._publish_answer)
        history = candle_history(name, self._client, rng, candles)
        self._answering = Answering(self._client, self.account, self._publish_answer, history)
        self._shards = Shards(
            name, self._settings.watch, self._settings.symbols_a_socket, self._start_stream
        )
        self._private = None if credentials is None else self._private_stream(credentials)
        self._health = HealthDesk(name, self._client)
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    def _private_stream(self, credentials: Credentials) -> PrivateStream:
        def signature(timestamp_ms: int) -> tuple[str, str, str, str]:
            return subscribe_signature(
                credentials, timestamp_ms=timestamp_ms, window_ms=ORDER_WINDOW_MS
            )

        codec = BackpackCodec(self.name, self.account)
        patience_ns = int(self._settings.private_patience_secs * _NS)
        witness = PrivateWitness(patience_ns, patience_ns)
        return PrivateStream(self.name, codec, signature, lambda: self._client.offset_ns, witness)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._start(self._keep_clock(), "clock")
        self._start(self._keep_catalogue(), "catalogue")
        self._start(self._watch_service(), "service")
        self._start(self._cross_check(), "cross-check")
        for stream in self._shards.streams:
            self._start_stream(stream)
        if self._private is not None:
            self._start_stream(self._private)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._transport.close()

    def _start(self, work: Coroutine[Any, Any, None], title: str) -> None:
        task = self._group.create_task(work, name=f"{self.name} {title}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what the runtime asks -----------------------------------------------------------------

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market."""
        self._shards.follow(symbol_of(instrument))

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""
        self._shards.unfollow(symbol_of(instrument))

    def place(self, effect: PlaceOrder) -> None:
        """Send an approved order once; its fate comes as events."""
        work = self._entry.place(effect)
        self._start(self._guarded(work, (effect,)), f"order {effect.client_order_id}")

    def place_batch(self, effects: tuple[PlaceOrder, ...]) -> None:
        """Send approved orders in one request, once; the fate of each comes as events."""
        self._start(self._guarded(self._entry.place_batch(effects), effects), "batch of orders")

    async def _guarded(
        self, work: Coroutine[Any, Any, None], effects: tuple[PlaceOrder, ...]
    ) -> None:
        try:
            await work
        except Exception:
            # The edge of a task: whatever went wrong, the orders may live.
            log.exception("order.entry_failed", extra={"orders": len(effects)})
            for effect in effects:
                self._entry_failed(effect)

    def _entry_failed(self, effect: PlaceOrder) -> None:
        now = self._clock.now()
        self._publish(
            OrderOutcomeUnknown(
                ts_event=now,
                ts_recv=now,
                client_order_id=effect.client_order_id,
                reason="order entry failed",
            )
        )

    def cancel(self, effect: CancelOrder) -> None:
        """Send a cancel; its answer comes as an event."""
        self._start(self._entry.cancel(effect), f"cancel {effect.client_order_id}")

    def query(self, query: Query) -> None:
        """Read something; the answer, or its failure, comes as an event."""
        self._start(self._answering.answer(query), f"query {query.query_id}")

    def health(self) -> VenueHealthReport:
        """Say how the venue is."""
        return self._health.report(self._shards.streams, self._private)

    def _publish_answer(self, body: Body) -> None:
        """Publish what REST told, and hold the private stream against it."""
        if self._private is not None:
            self._private.rest_told(body, self._clock.monotonic())
        self._publish(body)

    # ---- what goes on by itself ----------------------------------------------------------------

    def _start_stream(self, protocol: StreamProtocol) -> None:
        self._start(self._stream(protocol), f"{type(protocol).__name__}")

    async def _stream(self, protocol: StreamProtocol) -> None:
        await keep_streaming(
            self._transport,
            protocol,
            self._clock,
            self._publish,
            Backoff(self._rng, self._settings.backoff),
            times=self._settings.session,
            on_round_trip=lambda secs: self._health.pings.add(int(secs * _NS)),
        )

    async def _attempted(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        try:
            await work()
        except VenueError as error:
            log.warning("venue.read_failed", extra={"venue": self.name, "error": str(error)})
            return False
        return True

    async def _keep_clock(self) -> None:
        """Compare clocks: a few times at first and whenever in doubt, then now and then."""
        while True:
            self._client.clock_doubted.clear()
            for _ in range(_FIRST_COMPARISONS):
                is_done = await self._attempted(self._measure_clock)
                await asyncio.sleep(_BETWEEN_FIRST_SECS if is_done else RETRY_SECS)
            while not await self._is_clock_doubted():
                await self._attempted(self._measure_clock)
            self._client.venue_clock.doubt()

    async def _is_clock_doubted(self) -> bool:
        """Wait until the next comparison is due; True when there is reason for more than one."""
        client = self._client
        due = client.clock.monotonic() + int(self._settings.clock_secs * _NS)
        while client.clock.monotonic() < due:
            if client.clock_doubted.is_set() or client.error_bound_ns is None:
                return True
            if client.venue_clock.has_stepped(client.clock.monotonic(), client.clock.now()):
                return True
            await asyncio.sleep(min(_LOOK_SECS, self._settings.clock_secs))
        return False

    async def _measure_clock(self) -> None:
        await self._client.measure_clock()
        now, offset_ns = self._clock.now(), self._client.offset_ns
        measured = VenueTimeMeasured(
            ts_event=now + offset_ns,
            ts_recv=now,
            venue=self.name,
            offset_ns=offset_ns,
            error_bound_ns=self._client.error_bound_ns or 0,
        )
        self._publish(measured)

    async def _keep_catalogue(self) -> None:
        while True:
            is_done = await self._attempted(self._list_instruments)
            await asyncio.sleep(self._settings.catalogue_secs if is_done else RETRY_SECS)

    async def _list_instruments(self) -> None:
        self._publish(await instruments(self._client, self.name))

    async def _watch_service(self) -> None:
        """Look at the status while the venue is out of service; start afresh when it is back."""
        while True:
            await self._client.service_changed.wait()
            self._client.service_changed.clear()
            while not self._client.service.is_open:
                await asyncio.sleep(self._settings.status_secs * self._rng.uniform(0.7, 1.3))
                await self._attempted(self._look_at_status)

    async def _look_at_status(self) -> None:
        row = await status(self._client)
        is_back = self._client.service.status(row.message or "", is_open=row.is_open)
        if is_back and self._private is not None:
            self._private.drop("the venue was out of service")

    # ---- books against REST --------------------------------------------------------------------

    async def _cross_check(self) -> None:
        """Hold every followed book against REST, one after the other."""
        while True:
            symbols = self._shards.symbols()
            pause = self._settings.cross_check_secs / max(1, len(symbols))
            for symbol in symbols:
                await asyncio.sleep(pause)
                instrument = instrument_id(self.name, symbol)
                await self._attempted(partial(self._check_book, instrument))
            if not symbols:
                await asyncio.sleep(min(_LOOK_SECS, pause))

    async def _check_book(self, instrument: InstrumentId) -> None:
        """Void a book that REST contradicts twice."""
        verdict = Verdict.AGREES
        for _ in range(2):
            verdict = await self._compared(instrument)
            if verdict in {Verdict.AGREES, Verdict.NOT_COMPARABLE}:
                return
        stream = self._shards.carrier_of(instrument)
        if stream is not None and stream.is_connected:
            self._health.books_doubted += 1
            stream.doubt_book(instrument, f"book against REST: {verdict}", self._clock.now())

    async def _compared(self, instrument: InstrumentId) -> Verdict:
        """Compare once; a stream that is behind has a moment to catch up."""
        snapshot = await book_snapshot(self._client, instrument, _CHECKED_LEVELS)
        give_up_at = self._clock.monotonic() + int(_CATCH_UP_SECS * _NS)
        while True:
            stream = self._shards.carrier_of(instrument)
            if stream is None or not stream.is_connected:
                return Verdict.NOT_COMPARABLE
            verdict = stream.compare(snapshot)
            if verdict is not Verdict.STREAM_BEHIND or self._clock.monotonic() >= give_up_at:
                return verdict
            await asyncio.sleep(_CATCH_UP_SECS / 10)
