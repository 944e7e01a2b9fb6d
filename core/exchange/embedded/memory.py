"""The memory transport: the venue's bytes without a socket.

A `MemoryVenue` binds one exchange to a clock; `running` steps venues in real time; transports
opened on a venue carry requests and frames exactly as HTTPS and WSS would. For virtual time, call
`Exchange` itself, or `MemoryVenue.pump` by hand.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

from core.exchange.contract import PipeClosed, Reply, TransportError, Wire
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.refusals import CUT
from core.exchange.embedded.units import NS_PER_MS
from core.exchange.embedded.world import DemoWorld

Clock = Callable[[], int]
"""Gives the instant in nanoseconds UTC."""
_STEP_SECS: Final = 0.02
_MOST_WAITING: Final = 200_000
"""Frames a client may leave unread before its pipe is cut."""
_SLICE_NS: Final = 500 * NS_PER_MS
"""The longest stretch of the venue's time run without giving others a turn."""


class MemoryVenue:
    """One exchange on a clock, with the requests and pipes that wait on it."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self.exchange = exchange
        self._clock = clock
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._pipes: dict[int, MemoryPipe] = {}

    def pump(self) -> None:
        """Bring the exchange up to now and hand out what it says."""
        self.exchange.advance(self._clock())
        self.deliver()

    def behind_ns(self) -> int:
        """Return how far the exchange is behind the clock."""
        return self._clock() - self.exchange.now_ns

    def deliver(self) -> None:
        """Hand out replies and frames that are ready."""
        for request_id, reply in self.exchange.replies():
            future = self._waiting.pop(request_id, None)
            if future is None or future.done():
                continue
            if reply.status == CUT.status:
                future.set_exception(TransportError("the connection broke", sent=True))
            else:
                future.set_result(reply)
        for session_id, pipe in list(self._pipes.items()):
            if not pipe.feed(self.exchange.frames(session_id)):
                self.drop_pipe(session_id)

    def check_connection(self) -> None:
        """Refuse a new connection while F11 strikes. Raises TransportError."""
        faults = self.exchange.faults
        if not faults.is_quiet and faults.draw("F11", modes=("connect",)):
            raise TransportError("connection refused", sent=False)

    def is_hanging(self) -> bool:
        """Tell whether connections stand and carry nothing (F12)."""
        return self.exchange.faults.active("F12") is not None

    def submit(self, wire: Wire) -> asyncio.Future[Reply]:
        """Give a request to the exchange; the future is its reply, or a TransportError."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[self.exchange.submit(wire, self._clock())] = future
        self.deliver()
        return future

    def open_pipe(self) -> "MemoryPipe":
        """Open a frame pipe."""
        session_id = self.exchange.open_session(self._clock())
        pipe = self._pipes[session_id] = MemoryPipe(self, session_id)
        return pipe

    def take_frame(self, session_id: int, frame: bytes) -> None:
        """Give a client's frame to the exchange."""
        if self.is_hanging():
            return
        self.exchange.receive(session_id, frame, self._clock())
        self.deliver()

    def drop_pipe(self, session_id: int) -> None:
        """Forget a pipe; twice is harmless."""
        self._pipes.pop(session_id, None)
        self.exchange.close_session(session_id)


class MemoryPipe:
    """A frame pipe in memory."""

    def __init__(self, venue: MemoryVenue, session_id: int) -> None:
        self._venue = venue
        self._session_id = session_id
        self._frames: deque[bytes] = deque()
        self._stirred = asyncio.Event()
        self._is_closed = False

    async def send(self, frame: bytes) -> None:
        """Send one text frame. Raises PipeClosed."""
        self._check_open()
        self._venue.take_frame(self._session_id, frame)

    async def receive(self) -> bytes:
        """Wait for one text frame. Raises PipeClosed."""
        while not self._frames:
            self._check_open()
            self._stirred.clear()
            await self._stirred.wait()
        return self._frames.popleft()

    async def ping(self) -> float:
        """Answer at once: there is no line in between. Raises PipeClosed.

        While F12 is on the answer waits for its end.
        """
        self._check_open()
        await asyncio.sleep(0)
        began = time.monotonic()
        while self._venue.is_hanging():
            await asyncio.sleep(_STEP_SECS)
            self._check_open()
        return time.monotonic() - began

    async def close(self) -> None:
        """Close; idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._venue.drop_pipe(self._session_id)
            self._stirred.set()

    def feed(self, frames: Iterable[bytes]) -> bool:
        """Take frames from the venue; False when nobody reads and the pipe is cut."""
        self._frames.extend(frames)
        self._is_closed = self._is_closed or len(self._frames) > _MOST_WAITING
        if self._frames:
            self._stirred.set()
        return not self._is_closed

    def _check_open(self) -> None:
        if self._is_closed:
            raise PipeClosed("the pipe is closed")


class MemoryTransport:
    """A `Transport` onto a `MemoryVenue`."""

    def __init__(self, venue: MemoryVenue) -> None:
        self._venue = venue
        self._pipes: list[MemoryPipe] = []
        self._is_closed = False

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply. Raises TransportError."""
        self._check_open()
        self._venue.check_connection()
        try:
            # Not wait_for: on 3.11 it swallows a cancellation that meets a finished future.
            async with asyncio.timeout(deadline_secs):
                return await self._venue.submit(wire)
        except TimeoutError as error:
            raise TransportError(f"no reply within {deadline_secs} s", sent=True) from error

    async def open_stream(self, *, deadline_secs: float) -> MemoryPipe:
        """Open one frame pipe. Raises TransportError."""
        del deadline_secs
        self._check_open()
        self._venue.check_connection()
        pipe = self._venue.open_pipe()
        self._pipes.append(pipe)
        return pipe

    async def close(self) -> None:
        """Close every pipe; idempotent."""
        self._is_closed = True
        for pipe in self._pipes:
            await pipe.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise TransportError("the transport is closed", sent=False)


def memory_venues(world: DemoWorld, clock: Clock) -> dict[str, MemoryVenue]:
    """Bind every venue of a world to a clock; by name."""
    return {name: MemoryVenue(venue.exchange, clock) for name, venue in world.venues.items()}


@asynccontextmanager
async def running(venues: Iterable[MemoryVenue]) -> AsyncIterator[None]:
    """Step venues in real time for as long as the block lasts.

    A venue that raises ends the block: nobody trades on in a market that stands still.
    """
    async with asyncio.TaskGroup() as group:
        driver = group.create_task(_drive(list(venues)), name="embedded venues")
        try:
            yield
        finally:
            driver.cancel()


async def _drive(venues: list[MemoryVenue]) -> None:
    while True:
        for venue in venues:
            while venue.behind_ns() > _SLICE_NS:
                venue.exchange.advance(venue.exchange.now_ns + _SLICE_NS)
                venue.deliver()
                await asyncio.sleep(0)
            venue.pump()
        await asyncio.sleep(_STEP_SECS)
