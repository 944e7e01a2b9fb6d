"""A transport that lets every frame and every market-data reply pass by a recorder, unchanged."""

from collections.abc import Callable
from itertools import count
from typing import Final

from core.exchange.contract import FramePipe, Reply, Transport, Wire

FrameSink = Callable[[int, bytes], None]
"""Takes the number of a connection and a frame as it came."""
ReplySink = Callable[[Wire, Reply], None]
"""Takes a request and its reply."""
_RECORDED: Final = frozenset({"/api/v1/depth", "/api/v3/depth", "/fapi/v1/depth", "/dapi/v1/depth"})
"""Paths whose replies start a book; nothing signed is ever recorded."""


class RecordingTransport:
    """Passes everything on, and shows what is received to the sinks."""

    def __init__(self, inner: Transport, on_frame: FrameSink, on_reply: ReplySink) -> None:
        self._inner = inner
        self._on_frame = on_frame
        self._on_reply = on_reply
        self._numbers = count(1)

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply. Raises TransportError."""
        reply = await self._inner.request(wire, deadline_secs=deadline_secs)
        if wire.path in _RECORDED:
            self._on_reply(wire, reply)
        return reply

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one frame pipe. Raises TransportError."""
        pipe = await self._inner.open_stream(deadline_secs=deadline_secs)
        return _RecordingPipe(pipe, next(self._numbers), self._on_frame)

    async def close(self) -> None:
        """Close the inner transport; idempotent."""
        await self._inner.close()


class _RecordingPipe:
    """A pipe whose received frames pass by the sink."""

    def __init__(self, inner: FramePipe, number: int, on_frame: FrameSink) -> None:
        self._inner = inner
        self._number = number
        self._on_frame = on_frame

    async def send(self, frame: bytes) -> None:
        """Send one text frame, UTF-8. Raises PipeClosed."""
        await self._inner.send(frame)

    async def receive(self) -> bytes:
        """Wait for one text frame, UTF-8. Raises PipeClosed."""
        frame = await self._inner.receive()
        self._on_frame(self._number, frame)
        return frame

    async def ping(self) -> float:
        """Ping, wait for the pong, return the round trip in seconds. Raises PipeClosed."""
        return await self._inner.ping()

    async def close(self) -> None:
        """Close; idempotent."""
        await self._inner.close()
