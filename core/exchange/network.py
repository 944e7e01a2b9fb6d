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

from core.domain.errors import ConfigError
from core.exchange.contract import FramePipe, PipeClosed, Reply, TransportError, Wire

BODY_LIMIT: Final = 16 * 1024 * 1024
FRAME_LIMIT: Final = 4 * 1024 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)


def verifying() -> ssl.SSLContext:
    """Make the context of every connection: TLS 1.2 at least, names and chains verified."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def require_verifying(tls: ssl.SSLContext) -> None:
    """Refuse a context that would take anybody for the venue, now or later.

    Raises:
        ConfigError: when verification is off or TLS older than 1.2 is let in.
    """
    is_verifying = tls.verify_mode is ssl.CERT_REQUIRED and tls.check_hostname
    # The ssl module names "whatever is lowest" by a negative number.
    if not is_verifying or tls.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise ConfigError("TLS has to be verified", "verification is off, or TLS below 1.2 is on")


def require_secure(url: str) -> None:
    """Refuse plain connections to other machines.

    Raises:
        ConfigError: for an address without TLS that is not this machine's.
    """
    address = URL(url)
    is_plain = address.scheme not in {"https", "wss"}
    if is_plain and address.host not in LOOPBACK:
        raise ConfigError("connection is not encrypted", repr(url[:80]), "Use https and wss")


class NetworkTransport:
    """Speaks with one venue.

    Args:
        rest_url: Root of the HTTP interface.
        stream_url: Address of the WebSocket.
        tls: Shared by all connections of the process; made here if None.
        is_compressed: Whether to ask for compressed frames: less traffic, more work.

    Raises:
        ConfigError: for a connection that would not be verified.
    """

    def __init__(
        self,
        rest_url: str,
        stream_url: str,
        tls: ssl.SSLContext | None = None,
        *,
        is_compressed: bool = False,
    ) -> None:
        for url in (rest_url, stream_url):
            require_secure(url)
        self._rest_url = rest_url.rstrip("/")
        self._stream_url = stream_url
        self._tls = verifying() if tls is None else tls
        require_verifying(self._tls)
        self._is_compressed = is_compressed
        self.on_bytes: Callable[[str], None] | None = None
        """Told the method once the bytes of a request with a body are with the kernel."""
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
        require_verifying(self._tls)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=16),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[_sent_tracing(self.on_bytes)],
            )
        return self._session

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one WebSocket. Raises TransportError."""
        require_verifying(self._tls)
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
                    compression="deflate" if self._is_compressed else None,
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


def _sent_tracing(on_bytes: Callable[[str], None] | None) -> aiohttp.TraceConfig:
    """Watch for the moment a connection is there: from then on bytes may have left."""
    tracing = aiohttp.TraceConfig()

    async def connected(*arguments: object) -> None:
        context = arguments[1]
        watch = getattr(context, "trace_request_ctx", None)
        if isinstance(watch, _SentWatch):
            watch.sent = True

    tracing.on_connection_create_end.append(connected)
    tracing.on_connection_reuseconn.append(connected)
    if on_bytes is not None:
        told = on_bytes

        async def written(
            _session: object, _context: object, part: aiohttp.TraceRequestChunkSentParams
        ) -> None:
            # The library says so just before it writes, without a pause between: the loop's next
            # turn is after the write and before anything can be read.
            asyncio.get_running_loop().call_soon(told, part.method)

        tracing.on_request_chunk_sent.append(written)
    return tracing
