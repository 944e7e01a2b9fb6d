"""The real network behind the `Transport` seam: HTTPS by aiohttp, WSS by websockets.

No retries, no redirects, no cookies; bounded bodies and frames; every call has a deadline.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from yarl import URL

from core.exchange.contract import FramePipe, PipeClosed, Reply, TransportError, Wire

BODY_LIMIT: Final = 16 * 1024 * 1024
FRAME_LIMIT: Final = 4 * 1024 * 1024
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)


class NetworkTransport:
    """Speaks with one venue.

    Args:
        rest_url: Root of the HTTP interface.
        stream_url: Address of the WebSocket.
        tls: Shared by all connections of the process; made here if None.
    """

    def __init__(self, rest_url: str, stream_url: str, tls: ssl.SSLContext | None = None) -> None:
        self._rest_url = rest_url.rstrip("/")
        self._stream_url = stream_url
        self._tls = tls or ssl.create_default_context()
        self._session: aiohttp.ClientSession | None = None
        self._pipes: set[NetworkPipe] = set()

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply. Raises TransportError."""
        watch = _SentWatch()
        try:
            async with asyncio.timeout(deadline_secs):
                return await self._exchange(wire, watch)
        except TimeoutError:
            raise TransportError(f"no reply within {deadline_secs:g} s", sent=watch.sent) from None
        except _NOT_SENT as error:
            raise TransportError(f"cannot connect: {error}", sent=watch.sent) from error
        except (aiohttp.ClientError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise TransportError(reason, sent=watch.sent) from error

    async def _exchange(self, wire: Wire, watch: "_SentWatch") -> Reply:
        async with self._opened().request(
            wire.method,
            URL(self._rest_url + wire.path).with_query(wire.query),
            data=wire.body or None,
            headers=wire.headers,
            allow_redirects=False,
            trace_request_ctx=watch,
        ) as response:
            body = await response.content.read(BODY_LIMIT + 1)
            while len(body) <= BODY_LIMIT and not response.content.at_eof():
                body += await response.content.read(BODY_LIMIT + 1 - len(body))
            if len(body) > BODY_LIMIT:
                raise TransportError(f"reply is larger than {BODY_LIMIT} bytes", sent=True)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, headers, body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=16),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[_sent_tracing()],
            )
        return self._session

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one WebSocket. Raises TransportError."""
        tls = self._tls if self._stream_url.startswith("wss:") else None
        try:
            async with asyncio.timeout(deadline_secs):
                socket = await connect(
                    self._stream_url,
                    ssl=tls,
                    max_size=FRAME_LIMIT,
                    open_timeout=None,
                    proxy=None,
                    ping_interval=None,
                    close_timeout=2,
                )
        except TimeoutError:
            reason = f"no stream within {deadline_secs:g} s"
            raise TransportError(reason, sent=False) from None
        except (OSError, InvalidHandshake, InvalidURI) as error:
            raise TransportError(f"cannot open the stream: {error}", sent=False) from error
        pipe = NetworkPipe(socket, self._pipes.discard)
        self._pipes.add(pipe)
        return pipe

    async def close(self) -> None:
        """Close the session and every pipe; idempotent."""
        for pipe in tuple(self._pipes):
            await pipe.close()
        if self._session is not None:
            await self._session.close()
            self._session = None


class NetworkPipe:
    """One WebSocket as a frame pipe."""

    def __init__(self, socket: ClientConnection, forget: "Callable[[NetworkPipe], None]") -> None:
        self._socket = socket
        self._forget = forget

    async def send(self, frame: bytes) -> None:
        """Send one text frame, UTF-8. Raises PipeClosed."""
        try:
            await self._socket.send(frame, text=True)
        except ConnectionClosed as closed:
            raise PipeClosed(str(closed)) from closed

    async def receive(self) -> bytes:
        """Wait for one text frame, UTF-8. Raises PipeClosed."""
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as closed:
            raise PipeClosed(str(closed)) from closed

    async def ping(self) -> float:
        """Ping, wait for the pong, return the round trip in seconds. Raises PipeClosed."""
        try:
            pong = await self._socket.ping()
            return await pong
        except ConnectionClosed as closed:
            raise PipeClosed(str(closed)) from closed

    async def close(self) -> None:
        """Close; idempotent."""
        self._forget(self)
        await self._socket.close()


class _SentWatch:
    """Whether any byte of a request may have left."""

    def __init__(self) -> None:
        self.sent = False


def _sent_tracing() -> aiohttp.TraceConfig:
    """Watch for the moment a connection is there: from then on bytes may have left."""
    tracing = aiohttp.TraceConfig()

    async def connected(*arguments: object) -> None:
        context = arguments[1]
        watch = getattr(context, "trace_request_ctx", None)
        if isinstance(watch, _SentWatch):
            watch.sent = True

    tracing.on_connection_create_end.append(connected)
    tracing.on_connection_reuseconn.append(connected)
    return tracing
