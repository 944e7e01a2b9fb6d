"""The shell: owns the sockets and tasks of one venue that speaks Backpack's language.

What is worth deciding is decided in `stream`, `entry`, `upkeep`; here things are started, stopped
and kept going. The venue's name is an argument: several may run beside one another.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.events import Body, OrderOutcomeUnknown
from core.domain.ids import AccountId, InstrumentId, VenueId, account_id, symbol_of
from core.exchange.backoff import Backoff
from core.exchange.backpack.answering import Answering
from core.exchange.backpack.candle_source import candle_history
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import ORDER_WINDOW_MS
from core.exchange.backpack.entry import OrderEntry
from core.exchange.backpack.health import HealthDesk, VenueHealthReport
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.shards import Shards
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream
from core.exchange.backpack.upkeep import Upkeep
from core.exchange.backpack.venue_settings import VenueSettings
from core.exchange.backpack.witness import PrivateWitness
from core.exchange.candles import CandleCache
from core.exchange.contract import Clock, Transport
from core.exchange.session import StreamProtocol, keep_streaming

_NS: Final = 1_000_000_000
log = logging.getLogger(__name__)


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
        self._upkeep = Upkeep(
            name,
            self._client,
            self._shards,
            self._private,
            self._health,
            publish,
            rng,
            self._settings,
        )
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
        self._start(self._upkeep.keep_clock(), "clock")
        self._start(self._upkeep.keep_catalogue(), "catalogue")
        self._start(self._upkeep.watch_service(), "service")
        self._start(self._upkeep.watch_condition(), "condition")
        self._start(self._upkeep.cross_check(), "cross-check")
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
