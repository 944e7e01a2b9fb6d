"""The shell: owns the sockets and tasks of one venue that speaks Backpack's language.

What is worth deciding is decided in `stream`, `entry`, `queries`; here things are started, stopped
and kept going. The venue's name is an argument: several may run beside one another.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.errors import VenueError
from core.domain.events import Body, OrderOutcomeUnknown, VenueTimeMeasured
from core.domain.ids import AccountId, InstrumentId, VenueId, account_id, symbol_of
from core.exchange.backoff import Backoff
from core.exchange.backpack.answering import Answering
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import ORDER_WINDOW_MS
from core.exchange.backpack.entry import OrderEntry
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.queries import instruments
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream, PublicStream
from core.exchange.contract import Clock, Transport
from core.exchange.session import StreamProtocol, keep_streaming

CLOCK_SECS: Final = 30.0
CATALOGUE_SECS: Final = 900.0
RETRY_SECS: Final = 3.0
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
        rng: Jitter of reconnects.
        credentials: The account's key; None for public data alone.
        account: The account's name; `<venue>:main` if None.
        pacing: Spacing of REST queries.
    """

    def __init__(
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
    ) -> None:
        self.name = name
        self.account = account or account_id(name)
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._client = RestClient(transport, clock, credentials, pacing, rng)
        self._entry = OrderEntry(self._client, self.account, publish)
        self._answering = Answering(self._client, self.account, publish)
        self._public = PublicStream(name)
        self._private = None if credentials is None else self._private_stream(credentials)
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    def _private_stream(self, credentials: Credentials) -> PrivateStream:
        def signature(timestamp_ms: int) -> tuple[str, str, str, str]:
            return subscribe_signature(
                credentials, timestamp_ms=timestamp_ms, window_ms=ORDER_WINDOW_MS
            )

        codec = BackpackCodec(self.name, self.account)
        return PrivateStream(self.name, codec, signature, lambda: self._client.offset_ns)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._start(self._repeat(self._measure_clock, CLOCK_SECS), "clock")
        self._start(self._repeat(self._list_instruments, CATALOGUE_SECS), "catalogue")
        self._start(self._stream(self._public), "public stream")
        if self._private is not None:
            self._start(self._stream(self._private), "private stream")
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
        self._public.follow(symbol_of(instrument))

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""
        self._public.unfollow(symbol_of(instrument))

    def place(self, effect: PlaceOrder) -> None:
        """Send an approved order once; its fate comes as events."""
        self._start(self._place(effect), f"order {effect.client_order_id}")

    async def _place(self, effect: PlaceOrder) -> None:
        try:
            await self._entry.place(effect)
        except Exception:
            log.exception("order.entry_failed", extra={"client_order_id": effect.client_order_id})
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

    # ---- what goes on by itself ----------------------------------------------------------------

    async def _stream(self, protocol: StreamProtocol) -> None:
        backoff = Backoff(self._rng)
        await keep_streaming(self._transport, protocol, self._clock, self._publish, backoff)

    async def _repeat(self, work: Callable[[], Coroutine[Any, Any, None]], secs: float) -> None:
        while True:
            try:
                await work()
                pause = secs
            except VenueError as error:
                log.warning("venue.read_failed", extra={"venue": self.name, "error": str(error)})
                pause = RETRY_SECS
            await asyncio.sleep(pause)

    async def _measure_clock(self) -> None:
        await self._client.measure_clock()
        now = self._clock.now()
        measured = VenueTimeMeasured(
            ts_event=now + self._client.offset_ns,
            ts_recv=now,
            venue=self.name,
            offset_ns=self._client.offset_ns,
            error_bound_ns=self._client.error_bound_ns or 0,
        )
        self._publish(measured)

    async def _list_instruments(self) -> None:
        self._publish(await instruments(self._client, self.name))
