"""The venue as a server: REST and WebSocket on one loopback port, for any client of the wire.

The only module of this room that knows aiohttp. It carries bytes between sockets and a
`MemoryVenue`, and decides nothing.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TextIO

import msgspec
from aiohttp import WSMsgType, web

from core.exchange.contract import PipeClosed, TransportError, Wire
from core.exchange.embedded.faults import FaultPlan, Faults, read_plan
from core.exchange.embedded.memory import Clock, MemoryPipe, MemoryVenue, running
from core.exchange.embedded.toxics import HOST, Proxy, Toxic, proxied
from core.exchange.embedded.world import Venue, single_venue

_PING_SECS: Final = 60.0
_PONG_SECS: Final = 120.0
_GOING_AWAY: Final = 1001
_MAX_BODY: Final = 1 << 20
_GRACE_SECS: Final = 0.5
"""How long hanging requests may hold up the end of the server."""


class PortInUseError(Exception):
    """The port asked for belongs to somebody else."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on {HOST} is in use: choose another one, or 0 for any")
        self.port = port


class Serving(msgspec.Struct, frozen=True, gc=False):
    """Where a venue answers."""

    rest: str
    ws: str
    proxy: Proxy | None = None
    """Where toxics are switched; None where the server was not asked for any."""


class _Doors:
    """Turns HTTP requests and WebSocket messages into the venue's bytes and back."""

    def __init__(self, venue: MemoryVenue) -> None:
        self._venue = venue
        self._sockets: set[web.WebSocketResponse] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request, or become a WebSocket; or break the connection."""
        try:
            self._venue.check_connection()
            return await self._answer(request)
        except TransportError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(request)
        wire = Wire(
            method=request.method,
            path=request.path,
            query=tuple(request.query.items()),
            headers=tuple(request.headers.items()),
            body=await request.read(),
        )
        reply = await self._venue.submit(wire)
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    async def close(self, _app: web.Application) -> None:
        """Say goodbye to every WebSocket before the server goes down."""
        for socket in list(self._sockets):
            await socket.close(code=_GOING_AWAY, message=b"server going down")

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False, max_msg_size=_MAX_BODY)
        await socket.prepare(request)
        self._sockets.add(socket)
        pipe = self._venue.open_pipe()
        chores = [
            asyncio.create_task(_send_frames(socket, pipe), name="venue frames"),
            asyncio.create_task(_listen(socket, pipe, self._venue), name="venue control"),
        ]
        try:
            await asyncio.wait(chores, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.discard(socket)
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await pipe.close()
            await socket.close(code=_GOING_AWAY)
        return socket


async def _send_frames(socket: web.WebSocketResponse, pipe: MemoryPipe) -> None:
    try:
        while True:
            frame = await pipe.receive()
            await socket.send_str(frame.decode())
    except (PipeClosed, ConnectionError):
        return


async def _listen(socket: web.WebSocketResponse, pipe: MemoryPipe, venue: MemoryVenue) -> None:
    """Take a client's frames; ping it, and leave when it stays silent too long."""
    unanswered_secs = 0.0
    while unanswered_secs < _PONG_SECS:
        try:
            message = await socket.receive(timeout=_PING_SECS)
        except TimeoutError:
            unanswered_secs += _PING_SECS
            await socket.ping()
            continue
        unanswered_secs = 0.0
        if message.type is WSMsgType.PING:
            if venue.is_hanging():
                continue
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            await pipe.send(message.data.encode())
        elif message.type is WSMsgType.BINARY:
            await pipe.send(message.data)
        elif message.type is not WSMsgType.PONG:
            return


@asynccontextmanager
async def serving(
    venue: MemoryVenue, *, port: int = 0, toxics: tuple[Toxic, ...] | None = None
) -> AsyncIterator[Serving]:
    """Serve a venue on a loopback port for as long as the block lasts.

    Args:
        venue: The venue to serve.
        port: Port clients connect to; 0 is any free one.
        toxics: Socket toxics of a proxy in front; None is no proxy.

    Raises:
        PortInUseError: The port belongs to somebody else.
    """
    async with AsyncExitStack() as stack:
        bound = await _serve(venue, 0 if toxics is not None else port, stack)
        await stack.enter_async_context(running([venue]))
        if toxics is None:
            yield _where(bound, None)
            return
        try:
            proxy = await stack.enter_async_context(proxied(bound, port=port, toxics=toxics))
        except OSError as error:
            raise PortInUseError(port) from error
        yield _where(proxy.port, proxy)


async def _serve(venue: MemoryVenue, port: int, stack: AsyncExitStack) -> int:
    """Start the web server; return its port."""
    doors = _Doors(venue)
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_route("*", "/{path:.*}", doors.answer)
    app.on_shutdown.append(doors.close)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE_SECS
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    return await _bind(runner, port)


def _where(port: int, proxy: Proxy | None) -> Serving:
    return Serving(f"http://{HOST}:{port}", f"ws://{HOST}:{port}", proxy)


async def _bind(runner: web.AppRunner, port: int) -> int:
    site = web.TCPSite(runner, HOST, port)
    try:
        await site.start()
    except OSError as error:
        raise PortInUseError(port) from error
    return int(runner.addresses[0][1])


def sped_clock(speed: float) -> Clock:
    """Return a clock that starts at the wall's now and runs `speed` times as fast.

    It never steps: it runs on the monotonic clock.
    """
    start_ns, origin_ns = time.time_ns(), time.monotonic_ns()
    return lambda: start_ns + int((time.monotonic_ns() - origin_ns) * speed)


async def run_venue(
    *,
    seed: int = 1,
    speed: float = 1.0,
    port: int = 0,
    as_json: bool = False,
    out: TextIO | None = None,
    faults: Path | None = None,
    strict: bool = False,
) -> None:
    """Serve one living venue until SIGINT or SIGTERM, after saying where it is.

    Args:
        seed: Its life and its faults are a function of this.
        speed: How fast its clock runs.
        port: Loopback port; 0 is any free one.
        as_json: Say where it is as one JSON line.
        out: Where to say it; stdout by default.
        faults: A fault file, TOML or JSON; see `faults.FaultPlan`.
        strict: Enforce rate limits, strict candles and bands.

    Raises:
        PortInUseError: The port belongs to somebody else.
        BadFaultError: The fault file cannot be read or names what is not.
    """
    plan = FaultPlan() if faults is None else read_plan(faults)
    clock = sped_clock(speed)
    venue = single_venue(seed, clock(), Faults(plan.fault, seed=plan.seed or seed))
    venue.exchange.rules.be_strict(is_strict=strict or plan.strict)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    try:
        served = MemoryVenue(venue.exchange, clock)
        async with serving(served, port=port, toxics=plan.toxic or None) as where:
            stream = out or sys.stdout
            stream.write(_announcement(where, venue, as_json=as_json) + "\n")
            stream.flush()
            await done.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _announcement(where: Serving, venue: Venue, *, as_json: bool) -> str:
    words = {
        "rest": where.rest,
        "ws": where.ws,
        "api_key": venue.trader.api_key,
        "api_secret": venue.trader.api_secret,
    }
    if venue.leader is not None:
        words["leader_api_key"] = venue.leader.api_key
        words["leader_api_secret"] = venue.leader.api_secret
    if as_json:
        return msgspec.json.encode(words).decode()
    return "\n".join(f"{name:18} {value}" for name, value in words.items())
