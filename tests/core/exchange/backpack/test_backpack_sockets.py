"""Pull the plug: over real sockets the venue notices in time and heals by itself."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from core.domain.effects import Query
from core.domain.events import (
    Body,
    Channel,
    ConnectionChanged,
    DepthChanged,
    LinkState,
    OrderOutcomeUnknown,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    TickerSeen,
    VenueTimeMeasured,
)
from core.domain.ids import InstrumentId, VenueId
from core.exchange.backoff import BackoffLimits
from core.exchange.backpack.health import VenueState
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.signing import Credentials
from core.exchange.backpack.venue import BackpackVenue
from core.exchange.backpack.venue_settings import VenueSettings
from core.exchange.backpack.watch import WatchLimits
from core.exchange.contract import FramePipe
from core.exchange.embedded.memory import MemoryPipe, MemoryTransport, MemoryVenue, running
from core.exchange.embedded.server import serving
from core.exchange.embedded.world import single_venue
from core.exchange.network import NetworkTransport
from core.exchange.session import SessionTimes
from tests.core.exchange.backpack.backpack_rig import placement
from tests.core.exchange.backpack.toxic_proxy import ToxicProxy, proxied

NAME = VenueId("there")
MARKET = InstrumentId("there:ETH_USDC_PERP")
PACING = PacingLimits(
    query_secs=0.0, history_secs=0.0, first_retry_secs=0.02, patience_secs=1.0, deadline_secs=0.6
)
SETTINGS = VenueSettings(
    clock_secs=0.5,
    status_secs=0.1,
    session=SessionTimes(ping_secs=0.3, pong_secs=0.4, open_secs=0.5, close_secs=0.3),
    watch=WatchLimits(first_secs=2.5, silence_secs=2.5),
    backoff=BackoffLimits(first_secs=0.05, longest_secs=0.2),
    private_patience_secs=0.4,
)


class MachineClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Return UTC in ns."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Return monotonic ns."""
        return time.monotonic_ns()


class Bench:
    """A venue at work, its events, and the line to its server."""

    def __init__(self, venue: BackpackVenue, bodies: list[Body], proxy: ToxicProxy) -> None:
        self.venue = venue
        self.bodies = bodies
        self.proxy = proxy
        self._query_ids = 0

    def links(self, channel: Channel, state: LinkState, since: int = 0) -> list[str]:
        """Return the details of a stream's changes to a state."""
        return [
            body.detail
            for body in self.bodies[since:]
            if isinstance(body, ConnectionChanged)
            and (body.channel, body.state) == (channel, state)
        ]

    def has(self, kind: type, since: int = 0) -> bool:
        """Whether an event of a kind came."""
        return any(isinstance(body, kind) for body in self.bodies[since:])

    def works(self, since: int = 0) -> bool:
        """Whether market data comes."""
        return self.has(DepthChanged, since) and self.has(TickerSeen, since)

    def is_up_again(self, since: int) -> bool:
        """Whether both streams came up afresh: the cue to resync books and to reconcile."""
        return all(self.links(channel, LinkState.UP, since) for channel in Channel)

    async def asked(self, kind: QueryKind) -> Body:
        """Ask, and return the answer or its failure."""
        self._query_ids += 1
        number = self._query_ids
        self.venue.query(Query(query_id=number, kind=kind, account=self.venue.account))

        def found() -> list[Body]:
            return [
                body
                for body in self.bodies
                if isinstance(body, QueryAnswered | QueryFailed) and body.query_id == number
            ]

        await until(lambda: bool(found()))
        return found()[0]

    async def heals(self, since: int) -> None:
        """Wait for fresh streams, fresh data and a complete answer."""
        await until(lambda: self.is_up_again(since))
        await until(lambda: self.works(since))
        answer = await self.asked(QueryKind.POSITIONS)
        assert isinstance(answer, QueryAnswered)
        await until(lambda: self.venue.health().state is not VenueState.DOWN)

    def posts(self) -> int:
        """Count the orders that came to the wire."""
        return bytes(self.proxy.taken).count(b"POST /api/v1/order ")


async def until(is_so: Callable[[], bool], secs: float = 10) -> None:
    """Wait for a condition, never for a time."""
    async with asyncio.timeout(secs):
        while not is_so():  # noqa: ASYNC110 - the condition is in other people's lists
            await asyncio.sleep(0.01)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open a venue over a line that works."""
    world = single_venue(3, time.time_ns())
    memory = MemoryVenue(world.exchange, time.time_ns)
    bodies: list[Body] = []
    async with serving(memory) as where:
        port = urlsplit(where.rest).port
        assert port is not None
        async with proxied(port) as proxy:
            address = f"127.0.0.1:{proxy.port}"
            venue = BackpackVenue(
                NAME,
                NetworkTransport(f"http://{address}", f"ws://{address}/"),
                MachineClock(),
                bodies.append,
                random.Random(1),
                credentials=Credentials(world.trader.api_secret),
                pacing=PACING,
                settings=SETTINGS,
            )
            async with venue:
                venue.subscribe(MARKET)
                opened = Bench(venue, bodies, proxy)
                await until(lambda: opened.works() and opened.is_up_again(0))
                await until(lambda: opened.has(VenueTimeMeasured))
                yield opened


async def test_server_that_was_away_is_found_again() -> None:
    """Refused connections, then a server: streams, data and answers are back."""
    async with bench() as at:
        mark = len(at.bodies)
        await at.proxy.down()
        await until(lambda: bool(at.links(Channel.PUBLIC, LinkState.DOWN, mark)))
        assert isinstance(await at.asked(QueryKind.POSITIONS), QueryFailed)
        assert at.venue.health().state is VenueState.DOWN

        mark = len(at.bodies)
        await at.proxy.up()
        await at.heals(mark)

        assert at.venue.health().reconnects >= 2


async def test_half_open_line_is_found_by_our_own_ping() -> None:
    """Nobody says goodbye: within ping and pong both streams are down, the idle one too."""
    async with bench() as at:
        mark, started = len(at.bodies), time.monotonic()
        at.proxy.is_stalled = True
        for channel in Channel:
            await until(lambda each=channel: bool(at.links(each, LinkState.DOWN, mark)))  # type: ignore[misc]
        limits = SETTINGS.session
        assert time.monotonic() - started < limits.ping_secs + limits.pong_secs + 1.0
        assert any("no pong" in text for text in at.links(Channel.PRIVATE, LinkState.DOWN, mark))

        mark = len(at.bodies)
        at.proxy.is_stalled = False
        await at.heals(mark)


async def test_defaults_find_a_half_open_line_within_fifteen_seconds() -> None:
    """A ping each 10 s, and 5 s for its pong."""
    times = SessionTimes()

    assert times.ping_secs + times.pong_secs <= 15


async def test_order_on_a_stalled_line_is_unknown_and_sent_once() -> None:
    """No transport repeats it; after the line is back REST tells what became of it."""
    async with bench() as at:
        at.proxy.is_stalled = True
        at.venue.place(placement(send_before=time.time_ns() + 10**9, account=at.venue.account))
        await until(lambda: at.has(OrderOutcomeUnknown))
        mark = len(at.bodies)
        at.proxy.is_stalled = False
        await until(lambda: at.works(mark))
        assert isinstance(await at.asked(QueryKind.FILLS), QueryAnswered)

        assert at.posts() == 1


async def test_slow_line_is_slow_and_no_fault() -> None:
    """Latency shows in figures and in the bound of the clock; nothing reconnects."""
    async with bench() as at:
        at.proxy.delay_secs = 0.08
        mark = len(at.bodies)
        await until(
            lambda: any(
                body.error_bound_ns > 70_000_000
                for body in at.bodies[mark:]
                if isinstance(body, VenueTimeMeasured)
            )
        )
        await until(lambda: at.works(mark))

        report = at.venue.health()
        assert report.reconnects == 0
        assert report.rest_latency.p99_ms is not None
        assert report.rest_latency.p99_ms > 150


async def test_line_that_resets_is_taken_up_each_time() -> None:
    """Resets in a row: each is a DOWN, and after the last all is well."""
    async with bench() as at:
        mark = len(at.bodies)
        for count in range(1, 4):
            await at.proxy.cut(reset=True)
            await until(lambda n=count: len(at.links(Channel.PUBLIC, LinkState.DOWN, mark)) >= n)  # type: ignore[misc]
            await until(lambda n=count: len(at.links(Channel.PUBLIC, LinkState.UP, mark)) >= n)  # type: ignore[misc]
        mark = len(at.bodies)
        await at.proxy.cut(reset=True)
        await at.heals(mark)


@pytest.mark.parametrize("reply_bytes", [0, 20, 230])
async def test_truncated_answers_are_no_answers(reply_bytes: int) -> None:
    """Cut in the head or in the body: queries fail, an order is unknown, and sent once."""
    async with bench() as at:
        at.proxy.reply_bytes = reply_bytes
        await at.proxy.cut()
        assert isinstance(await at.asked(QueryKind.BALANCES), QueryFailed)
        at.venue.place(placement(send_before=time.time_ns() + 10**9, account=at.venue.account))
        await until(lambda: at.has(OrderOutcomeUnknown))
        mark = len(at.bodies)
        at.proxy.reply_bytes = None
        await at.heals(mark)

        assert at.posts() == 1
        answer = await at.asked(QueryKind.ORDER_HISTORY)
        assert isinstance(answer, QueryAnswered)
        assert 7 in {getattr(row, "client_order_id", None) for row in answer.rows}


# ---- a private stream that says nothing ------------------------------------------------------


class DeafPipe:
    """A pipe that loses what the account is told while `is_deaf`."""

    is_deaf = False

    def __init__(self, inner: MemoryPipe) -> None:
        self._inner = inner

    async def send(self, frame: bytes) -> None:
        """Send one text frame. Raises PipeClosed."""
        await self._inner.send(frame)

    async def receive(self) -> bytes:
        """Wait for one text frame that is not lost. Raises PipeClosed."""
        while b"account." in (frame := await self._inner.receive()) and DeafPipe.is_deaf:
            pass
        return frame

    async def ping(self) -> float:
        """Answer, deaf or not. Raises PipeClosed."""
        return await self._inner.ping()

    async def close(self) -> None:
        """Close; idempotent."""
        await self._inner.close()


class DeafTransport(MemoryTransport):
    """Opens pipes that may be deaf."""

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:  # type: ignore[override]
        """Open one frame pipe."""
        return DeafPipe(await super().open_stream(deadline_secs=deadline_secs))


async def test_silent_private_stream_is_found_by_what_rest_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pings are fine, the order lives, and the stream never spoke of it."""
    world = single_venue(3, time.time_ns())
    memory = MemoryVenue(world.exchange, time.time_ns)
    bodies: list[Body] = []
    venue = BackpackVenue(
        NAME,
        DeafTransport(memory),
        MachineClock(),
        bodies.append,
        random.Random(1),
        credentials=Credentials(world.trader.api_secret),
        pacing=PACING,
        settings=SETTINGS,
    )

    def downs() -> list[str]:
        return [
            body.detail
            for body in bodies
            if isinstance(body, ConnectionChanged) and body.state is LinkState.DOWN
        ]

    async with running([memory]), venue:
        await until(lambda: venue.health().is_private_up is True)
        await asyncio.sleep(SETTINGS.private_patience_secs + 0.1)
        venue.place(placement(7, send_before=time.time_ns() + 10**9, account=venue.account))
        await asyncio.sleep(SETTINGS.private_patience_secs + 0.2)
        assert downs() == []
        monkeypatch.setattr(DeafPipe, "is_deaf", True)
        venue.place(placement(8, send_before=time.time_ns() + 10**9, account=venue.account))
        await until(lambda: bool(downs()), 5)

    assert "silent about order" in downs()[0]
