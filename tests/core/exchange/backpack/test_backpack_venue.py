"""The shells over the exchange in the box, and the network transport over a local socket."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from core.domain.effects import Query
from core.domain.events import Body, BookSnapshotSeen, InstrumentsListed, LeaderFilled, QueryKind
from core.domain.ids import InstrumentId, LeaderId, VenueId
from core.exchange.backpack.leader_feed import Followed, LeaderFeed
from core.exchange.backpack.signing import Credentials
from core.exchange.backpack.venue import BackpackVenue
from core.exchange.contract import PipeClosed, TransportError, Wire
from core.exchange.embedded.memory import MemoryTransport, MemoryVenue, running
from core.exchange.embedded.world import DemoWorld
from core.exchange.network import NetworkTransport
from tests.core.exchange.backpack.backpack_rig import FAST, placement

ALPHA = VenueId("alpha")
MARKET = InstrumentId("alpha:SOL_USDC_PERP")


class RealClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Return UTC in ns."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Return monotonic ns."""
        return time.monotonic_ns()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, never for a time."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - the condition is in other people's lists
            await asyncio.sleep(0.01)


def seen(bodies: list[Body], kind: type) -> bool:
    """Whether an event of a kind came."""
    return any(isinstance(body, kind) for body in bodies)


async def test_venue_speaks_with_the_exchange_in_the_box() -> None:
    """Catalogue, streams, a snapshot, an order, and the leader's fills."""
    world = DemoWorld(7, time.time_ns())
    memory = MemoryVenue(world.alpha.exchange, time.time_ns)
    trader = Credentials(world.alpha.trader.api_secret)
    assert world.alpha.leader is not None
    followed = Followed(
        leader=LeaderId("scripted"),
        venue=ALPHA,
        credentials=Credentials(world.alpha.leader.api_secret),
    )
    bodies: list[Body] = []
    copied: list[Body] = []
    clock, rng = RealClock(), random.Random(1)

    async with (
        running([memory]),
        BackpackVenue(
            ALPHA,
            MemoryTransport(memory),
            clock,
            bodies.append,
            rng,
            credentials=trader,
            pacing=FAST,
        ) as venue,
        LeaderFeed(followed, MemoryTransport(memory), clock, copied.append, rng, pacing=FAST),
    ):
        venue.subscribe(MARKET)
        venue.query(Query(query_id=1, kind=QueryKind.BOOK_SNAPSHOT, instrument=MARKET))
        await until(lambda: seen(bodies, BookSnapshotSeen) and seen(bodies, InstrumentsListed))
        venue.place(placement(send_before=time.time_ns() + 10**9, account=venue.account))
        names = {"DepthChanged", "TradeSeen", "VenueTimeMeasured", "OrderBytesLeft", "OrderReport"}
        await until(lambda: names <= {type(body).__name__ for body in bodies})
        await until(lambda: bool(copied))

    filled = copied[0]
    assert isinstance(filled, LeaderFilled)
    assert filled.position_before is not None


@asynccontextmanager
async def local_server() -> AsyncIterator[str]:
    """Serve a few odd answers and an echoing WebSocket on 127.0.0.1."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        pipe = web.WebSocketResponse()
        await pipe.prepare(request)
        async for message in pipe:
            await pipe.send_str(message.data)
            if message.data == "bye":
                break
        return pipe

    async def show(request: web.Request) -> web.Response:
        text = await request.text()
        return web.Response(text=f"{request.method} {request.path_qs} {text}", headers={"X-A": "b"})

    async def move(request: web.Request) -> web.Response:
        del request
        raise web.HTTPFound("/show")

    async def hang(request: web.Request) -> web.Response:
        del request
        await asyncio.sleep(30)
        return web.Response()

    app = web.Application()
    app.router.add_get("/", echo)
    app.router.add_route("*", "/show", show)
    app.router.add_get("/move", move)
    app.router.add_get("/hang", hang)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


async def test_network_carries_requests_as_they_are() -> None:
    """Queries are encoded, bodies and methods kept, redirects not followed."""
    async with local_server() as address:
        transport = NetworkTransport(f"http://{address}", f"ws://{address}/")
        try:
            wire = Wire("DELETE", "/show", (("a", "80% b"), ("c", "true")), (), b'{"x":1}')
            shown = await transport.request(wire, deadline_secs=5)
            moved = await transport.request(Wire("GET", "/move"), deadline_secs=5)
        finally:
            await transport.close()

    assert shown.body == b'DELETE /show?a=80%25+b&c=true {"x":1}'
    assert shown.headers["x-a"] == "b"
    assert moved.status == 302


async def test_network_tells_unsent_from_unknown() -> None:
    """A refused connection is proof; silence after sending is not."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    nowhere = NetworkTransport(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/")
    async with local_server() as address:
        transport = NetworkTransport(f"http://{address}", f"ws://{address}/")
        try:
            with pytest.raises(TransportError) as unsent:
                await nowhere.request(Wire("POST", "/show"), deadline_secs=5)
            with pytest.raises(TransportError) as unknown:
                await transport.request(Wire("GET", "/hang"), deadline_secs=0.2)
            with pytest.raises(TransportError):
                await nowhere.open_stream(deadline_secs=5)
        finally:
            await transport.close()
            await nowhere.close()

    assert not unsent.value.sent
    assert unknown.value.sent


async def test_network_pipe_carries_text_frames_until_it_is_closed() -> None:
    """Frames are bytes here and text on the wire."""
    async with local_server() as address:
        transport = NetworkTransport(f"http://{address}", f"ws://{address}/")
        try:
            pipe = await transport.open_stream(deadline_secs=5)
            await pipe.send("价".encode())
            assert await pipe.receive() == "价".encode()
            assert await pipe.ping() >= 0
            await pipe.send(b"bye")
            assert await pipe.receive() == b"bye"
            with pytest.raises(PipeClosed):
                await pipe.receive()
        finally:
            await transport.close()
