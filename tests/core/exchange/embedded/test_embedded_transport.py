"""The venue behind its two doors: the memory transport and the server."""

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType

from core.exchange.contract import FramePipe, PipeClosed, Transport, TransportError, Wire
from core.exchange.embedded.memory import MemoryTransport, MemoryVenue, running
from core.exchange.embedded.server import PortInUseError, serving
from core.exchange.embedded.world import single_venue

_SUBSCRIBE = b'{"method":"SUBSCRIBE","params":["depth.SOL_USDC_PERP"]}'
_RUN = """
import asyncio
from core.exchange.embedded.server import run_venue
asyncio.run(run_venue(seed=4, as_json=True))
"""


def _venue() -> MemoryVenue:
    return MemoryVenue(single_venue(2, time.time_ns()).exchange, time.time_ns)


async def test_the_memory_transport_carries_requests_and_frames() -> None:
    """It is a Transport, and the market moves behind it in real time."""
    venue = _venue()
    transport: Transport = MemoryTransport(venue)
    async with running([venue]):
        reply = await transport.request(Wire("GET", "/api/v1/ping"), deadline_secs=1)
        pipe: FramePipe = await transport.open_stream(deadline_secs=1)
        await pipe.send(_SUBSCRIBE)
        frame = await asyncio.wait_for(pipe.receive(), 5)
        assert await pipe.ping() >= 0
        await transport.close()

    assert reply.body == b"pong"
    assert json.loads(frame)["stream"] == "depth.SOL_USDC_PERP"
    with pytest.raises(PipeClosed):
        await pipe.send(_SUBSCRIBE)
    with pytest.raises(TransportError) as refused:
        await transport.request(Wire("GET", "/api/v1/ping"), deadline_secs=1)
    assert not refused.value.sent


async def test_a_waiting_reader_hears_that_its_pipe_closed() -> None:
    """Closing wakes the reader."""
    transport = MemoryTransport(_venue())
    pipe = await transport.open_stream(deadline_secs=1)
    reader = asyncio.create_task(pipe.receive())
    await asyncio.sleep(0)

    await pipe.close()

    with pytest.raises(PipeClosed):
        await reader


async def test_the_server_speaks_http_and_websocket_on_one_port() -> None:
    """REST answers, streams flow, an unknown path is plain text."""
    venue = _venue()
    async with serving(venue) as where, ClientSession() as client:
        async with client.get(f"{where.rest}/api/v1/time") as reply:
            now_ms = int(await reply.text())
        async with client.get(f"{where.rest}/api/v1/nope") as reply:
            missing = (reply.status, await reply.text())
        async with client.ws_connect(where.ws) as stream:
            await stream.send_str(_SUBSCRIBE.decode())
            message = await stream.receive(timeout=5)

    assert abs(now_ms - time.time_ns() // 1_000_000) < 5_000
    assert missing == (404, "not found")
    assert message.type is WSMsgType.TEXT
    assert json.loads(message.data)["data"]["e"] == "depth"


async def test_a_venue_that_raises_ends_the_block() -> None:
    """A driver that dies is not silent."""
    venue = _venue()

    def fail() -> None:
        raise RuntimeError("broken market")

    venue.exchange.at(time.time_ns(), fail)
    with pytest.raises(ExceptionGroup):
        async with running([venue]):
            await asyncio.sleep(5)


async def test_a_taken_port_is_named() -> None:
    """The error says which port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1 is in use"):
            async with serving(_venue(), port=port):
                pass


async def test_run_venue_prints_one_line_and_ends_on_sigterm() -> None:
    """The line is JSON with addresses and keys; the exit code is clean."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _RUN,
        cwd=Path(__file__).parents[4],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    words = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    async with ClientSession() as client, client.ws_connect(words["ws"]) as stream:
        await stream.send_str(_SUBSCRIBE.decode())
        await stream.receive(timeout=5)
        process.terminate()
        while (message := await stream.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        code = await asyncio.wait_for(process.wait(), 10)

    assert message.type is WSMsgType.CLOSE
    assert set(words) == {
        "rest",
        "ws",
        "api_key",
        "api_secret",
        "leader_api_key",
        "leader_api_secret",
    }
    assert code == 0
