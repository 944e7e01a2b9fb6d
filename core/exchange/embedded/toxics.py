"""Socket toxics: a loopback proxy that hurts the bytes between clients and the server.

It knows no protocol. Toxics can be changed at any time; they act on every connection, old and new.
`Proxy.stop` takes the listener away and cuts what is open, as pulling the plug does.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from core.exchange.embedded.fault_catalogue import Direction, Kind, Toxic

__all__ = ["HOST", "Proxy", "Toxic", "proxied"]

HOST: Final = "127.0.0.1"
_CHUNK: Final = 16_384


class Proxy:
    """Carries bytes between a loopback port and a server behind it.

    Attributes:
        hits: How often each kind of toxic acted.
    """

    def __init__(self, upstream_port: int, toxics: tuple[Toxic, ...] = ()) -> None:
        self.hits: dict[str, int] = {}
        self._upstream_port = upstream_port
        self._toxics = list(toxics)
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Return the port clients connect to."""
        return self._port

    @property
    def is_listening(self) -> bool:
        """Tell whether new connections are taken."""
        return self._server is not None

    def add(self, toxic: Toxic) -> None:
        """Add a toxic; it acts at once."""
        self._toxics.append(toxic)
        self._announce()

    def clear(self) -> None:
        """Take all toxics away; what hangs goes on."""
        self._toxics.clear()
        self._announce()

    async def start(self, port: int = 0) -> None:
        """Listen, on the port of before if there was one."""
        if self._server is None:
            wanted = self._port or port
            self._server = await asyncio.start_server(self._accept, HOST, wanted)
            self._port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self.cut()

    async def cut(self) -> None:
        """Cut every connection that is open; new ones are taken."""
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def unplug(self, secs: float) -> None:
        """Stop for some seconds, then listen on the same port again."""
        await self.stop()
        await asyncio.sleep(secs)
        await self.start()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            _abort(writer)
        finally:
            self._lines.discard(line)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._upstream_port)
        ways = [
            asyncio.create_task(self._pass(reader, far_writer, "up"), name="proxy up"),
            asyncio.create_task(self._pass(far_reader, writer, "down"), name="proxy down"),
        ]
        resetting = asyncio.create_task(self._reset(), name="proxy reset")
        tasks = [*ways, resetting]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not resetting.done():
                await self._close_slowly()
                writer.close()
        finally:
            _abort(far_writer)
            if not writer.is_closing():
                _abort(writer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction
    ) -> None:
        passed = 0
        while chunk := await reader.read(_CHUNK):
            await self._wait(way)
            limit = self._of("byte_limit", way)
            if limit is not None and passed + len(chunk) >= limit.amount:
                self._hit(limit)
                await _write(writer, chunk[: max(0, limit.amount - passed)])
                return
            passed += len(chunk)
            await self._write_sliced(writer, chunk, way)

    async def _wait(self, way: Direction) -> None:
        hung = self._of("hang", way)
        if hung is not None:
            self._hit(hung)
        while self._of("hang", way) is not None:
            await self._changed.wait()
        latency = self._of("latency", way)
        if latency is not None:
            self._hit(latency)
            await asyncio.sleep(latency.ms / 1_000)

    async def _write_sliced(
        self, writer: asyncio.StreamWriter, chunk: bytes, way: Direction
    ) -> None:
        narrow = self._of("bandwidth", way)
        if narrow is not None:
            self._hit(narrow)
            await asyncio.sleep(len(chunk) / max(1, narrow.amount))
        slicer = self._of("slice", way)
        if slicer is None:
            await _write(writer, chunk)
            return
        self._hit(slicer)
        size = max(1, slicer.amount)
        for start in range(0, len(chunk), size):
            await _write(writer, chunk[start : start + size])
            await asyncio.sleep(slicer.ms / 1_000)

    async def _reset(self) -> None:
        """Return when a reset is due."""
        while (toxic := self._of("reset", "down")) is None:
            await self._changed.wait()
        await asyncio.sleep(toxic.ms / 1_000)
        self._hit(toxic)

    async def _close_slowly(self) -> None:
        toxic = self._of("slow_close", "down")
        if toxic is not None:
            self._hit(toxic)
            await asyncio.sleep(toxic.ms / 1_000)

    def _announce(self) -> None:
        """Wake everybody who waits for other toxics."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _of(self, kind: Kind, way: Direction) -> Toxic | None:
        for toxic in self._toxics:
            if toxic.kind == kind and toxic.direction in {way, "both"}:
                return toxic
        return None

    def _hit(self, toxic: Toxic) -> None:
        self.hits[toxic.kind] = self.hits.get(toxic.kind, 0) + 1


async def _write(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    writer.write(chunk)
    await writer.drain()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Reset a connection, and drop what is left of it."""
    line = writer.get_extra_info("socket")
    if line is not None and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def proxied(
    upstream_port: int, *, port: int = 0, toxics: tuple[Toxic, ...] = ()
) -> AsyncIterator[Proxy]:
    """Put a proxy before a server for as long as the block lasts."""
    proxy = Proxy(upstream_port, toxics)
    await proxy.start(port)
    try:
        yield proxy
    finally:
        await proxy.stop()
