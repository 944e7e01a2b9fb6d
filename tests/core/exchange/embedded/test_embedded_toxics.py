"""Faults of connections: in memory, at the server, and on the bytes in between."""

import asyncio
import contextlib
import io
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMsgType,
)

from core.exchange.contract import TransportError, Wire
from core.exchange.embedded.memory import MemoryTransport, MemoryVenue, running
from core.exchange.embedded.server import Serving, run_venue, serving
from core.exchange.embedded.toxics import Proxy, Toxic
from core.exchange.embedded.world import single_venue

_PING = Wire("GET", "/api/v1/ping")
_SUBSCRIBE = '{"method":"SUBSCRIBE","params":["depth.SOL_USDC_PERP"]}'
_BROKEN = (ClientError, TimeoutError, ConnectionError)


class _Said(io.StringIO):
    """Text somebody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_flushed = asyncio.Event()

    def flush(self) -> None:
        """Tell who waits."""
        super().flush()
        self.is_flushed.set()


async def _is_heard(stream: ClientWebSocketResponse) -> bool:
    """Tell whether a frame comes within half a second."""
    try:
        await stream.receive(timeout=0.6)
    except TimeoutError:
        return False
    return True


def _venue() -> MemoryVenue:
    return MemoryVenue(single_venue(2, time.time_ns()).exchange, time.time_ns)


@contextlib.asynccontextmanager
async def _served(*toxics: Toxic) -> AsyncIterator[tuple[Serving, Proxy, ClientSession]]:
    async with (
        serving(_venue(), toxics=toxics) as where,
        ClientSession(timeout=ClientTimeout(total=5)) as client,
    ):
        assert where.proxy is not None
        yield where, where.proxy, client


async def _ping(where: Serving, client: ClientSession, secs: float = 5) -> str:
    timeout = ClientTimeout(total=secs)
    async with client.get(f"{where.rest}/api/v1/ping", timeout=timeout) as reply:
        return await reply.text()


async def test_f11_refuses_a_connection_in_memory_before_any_byte() -> None:
    """The error proves that nothing was sent; streams are refused as well."""
    venue = _venue()
    transport = MemoryTransport(venue)
    venue.exchange.faults.switch_on("F11", count=2)
    async with running([venue]):
        with pytest.raises(TransportError) as request:
            await transport.request(_PING, deadline_secs=1)
        with pytest.raises(TransportError) as stream:
            await transport.open_stream(deadline_secs=1)
        assert (await transport.request(_PING, deadline_secs=1)).body == b"pong"

    assert not request.value.sent
    assert not stream.value.sent
    assert venue.exchange.faults.hits["F11"] == 2


@pytest.mark.parametrize("fault", ["F11", "F12"])
async def test_after_the_bytes_the_outcome_is_unknown(fault: str) -> None:
    """A line that breaks or hangs after the request says that it was sent."""
    venue = _venue()
    transport = MemoryTransport(venue)
    venue.exchange.faults.switch_on(fault, mode="later" if fault == "F11" else "after", count=1)
    async with running([venue]):
        with pytest.raises(TransportError) as broken:
            await transport.request(_PING, deadline_secs=0.2)

    assert broken.value.sent
    assert venue.exchange.faults.hits[fault] == 1


async def test_f12_lets_pings_of_a_pipe_wait() -> None:
    """A half-open pipe answers no ping until the fault is over."""
    venue = _venue()
    transport = MemoryTransport(venue)
    async with running([venue]):
        pipe = await transport.open_stream(deadline_secs=1)
        venue.exchange.faults.switch_on("F12")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pipe.ping(), 0.2)
        venue.exchange.faults.switch_off("F12")
        assert await asyncio.wait_for(pipe.ping(), 1) >= 0


@pytest.mark.parametrize("fault", ["F11", "F12"])
async def test_faults_reach_http_clients(fault: str) -> None:
    """The server cuts the connection, or lets the client wait; then all is well again."""
    venue = _venue()
    venue.exchange.faults.switch_on(fault)
    async with serving(venue) as where, ClientSession() as client:
        with pytest.raises(_BROKEN):
            await _ping(where, client, 0.5)
        venue.exchange.faults.switch_off()
        assert await _ping(where, client) == "pong"

    assert venue.exchange.faults.hits[fault] >= 1


async def test_latency_delays_every_answer() -> None:
    """A toxic of 120 ms is felt, and gone when it is cleared."""
    async with _served(Toxic("latency", ms=120)) as (where, proxy, client):
        began = time.monotonic()
        assert await _ping(where, client) == "pong"
        slow = time.monotonic() - began
        proxy.clear()
        assert await _ping(where, client) == "pong"

    assert slow >= 0.12
    assert proxy.hits["latency"] >= 1


async def test_slicing_changes_no_byte() -> None:
    """Pieces of three bytes arrive as the same answer."""
    async with _served(Toxic("slice", amount=3)) as (where, proxy, client):
        assert await _ping(where, client) == "pong"

    assert proxy.hits["slice"] == 1


@pytest.mark.parametrize("toxic", [Toxic("byte_limit", amount=40), Toxic("reset"), Toxic("hang")])
async def test_a_broken_line_is_an_error_for_the_client(toxic: Toxic) -> None:
    """Truncated, reset or half-open: no answer; without the toxic all is well."""
    async with _served() as (where, proxy, client):
        proxy.add(toxic)
        with pytest.raises(_BROKEN):
            await _ping(where, client, 0.4)
        proxy.clear()
        assert await _ping(where, client) == "pong"

    assert proxy.hits[toxic.kind] >= 1


async def test_a_slow_close_holds_the_end_back() -> None:
    """The client sees the end of the connection later than the server made it."""
    async with _served(Toxic("slow_close", ms=200)) as (where, proxy, _client):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET /api/v1/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.readuntil(b"pong")
        began = time.monotonic()
        assert await reader.read() == b""
        waited = time.monotonic() - began
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200")
    assert waited >= 0.15
    assert proxy.hits["slow_close"] == 1
    assert where.rest.endswith(str(proxy.port))


async def test_bandwidth_slows_a_big_answer() -> None:
    """A depth reply takes its bytes' time."""
    async with _served(Toxic("bandwidth", amount=20_000)) as (where, proxy, client):
        began = time.monotonic()
        url = f"{where.rest}/api/v1/depth?symbol=SOL_USDC_PERP&limit=1000"
        async with client.get(url) as reply:
            size = len(await reply.read())
        took = time.monotonic() - began

    assert took >= size / 20_000 * 0.9
    assert proxy.hits["bandwidth"] >= 1


async def test_pulling_the_plug_cuts_streams_and_refuses_until_it_is_back() -> None:
    """The same port answers again afterwards."""
    async with _served() as (where, proxy, client), client.ws_connect(where.ws) as stream:
        await stream.send_str(_SUBSCRIBE)
        first = await stream.receive(timeout=5)
        plug = asyncio.create_task(proxy.unplug(0.4))
        while (message := await stream.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        with pytest.raises(_BROKEN):
            await _ping(where, client, 0.2)
        assert not proxy.is_listening
        await plug
        assert await _ping(where, client) == "pong"

    assert first.type is WSMsgType.TEXT
    assert message.type in {WSMsgType.CLOSED, WSMsgType.ERROR, WSMsgType.CLOSE}


async def test_a_hanging_line_delivers_what_it_held() -> None:
    """Half-open for a while: nothing comes, then everything does."""
    async with _served() as (where, proxy, client), client.ws_connect(where.ws) as stream:
        await stream.send_str(_SUBSCRIBE)
        await stream.receive(timeout=5)
        proxy.add(Toxic("hang"))
        await asyncio.sleep(0.1)
        while await _is_heard(stream):
            pass
        proxy.clear()
        assert (await stream.receive(timeout=5)).type is WSMsgType.TEXT


async def test_run_venue_loads_a_fault_file(tmp_path: Path) -> None:
    """Strict limits, faults and toxics come from one file."""
    path = tmp_path / "faults.toml"
    path.write_text(
        'strict = true\n[[fault]]\nid = "F45"\ncount = 1\n[[toxic]]\nkind = "latency"\nms = 1\n'
    )
    out = _Said()
    task = asyncio.create_task(run_venue(seed=4, as_json=True, out=out, faults=path))
    await asyncio.wait_for(out.is_flushed.wait(), 20)
    words = json.loads(out.getvalue())
    async with ClientSession() as client:
        async with client.get(f"{words['rest']}/api/v1/ping") as reply:
            first = reply.status
        statuses = []
        url = f"{words['rest']}/api/v1/klines?symbol=SOL_USDC&interval=1m"
        for _ in range(31):
            now = int(time.time())
            async with client.get(f"{url}&startTime={now - 600}&endTime={now - 60}") as reply:
                statuses.append(reply.status)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 10)

    assert first == 503
    assert statuses == [200] * 30 + [429]
