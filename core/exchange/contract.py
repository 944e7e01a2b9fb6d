"""What a venue and its transport are: the seams of this room.

A `Transport` carries bytes (HTTPS and WSS, or memory); a codec turns them into domain events.
Nothing here parses, decides or retries: an order is never sent twice by a transport.
"""

from typing import Protocol

import msgspec


class Clock(Protocol):
    """Wall time for stamps and signatures, monotonic time for durations; both int ns."""

    def now(self) -> int:
        """Return UTC in ns since 1970."""

    def monotonic(self) -> int:
        """Return ns of a clock that never steps."""


class Wire(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request as it leaves, before URL encoding."""

    method: str
    path: str
    """Path from the root, such as `/api/v1/order`, without a query."""
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters, raw: the transport URL-encodes them."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One HTTP reply as it came. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class TransportError(Exception):
    """A request that has no reply.

    Attributes:
        sent: False only when it is proved that no byte of the request left (DNS, connect or TLS
            failure); True when the outcome at the venue is unknown.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class PipeClosed(Exception):
    """The frame pipe ended: closed by either side, or broken."""


class FramePipe(Protocol):
    """One two-way stream of text frames (a WebSocket, or its stand-in in memory)."""

    async def send(self, frame: bytes) -> None:
        """Send one text frame, UTF-8. Raises PipeClosed."""

    async def receive(self) -> bytes:
        """Wait for one text frame, UTF-8. Raises PipeClosed."""

    async def ping(self) -> float:
        """Ping, wait for the pong, return the round trip in seconds. Raises PipeClosed."""

    async def close(self) -> None:
        """Close; idempotent."""


class Transport(Protocol):
    """Carries requests and opens frame pipes. Never retries, never follows redirects."""

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply. Raises TransportError."""

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one frame pipe. Raises TransportError."""

    async def close(self) -> None:
        """Close the session and every pipe; idempotent."""
