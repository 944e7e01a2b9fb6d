"""TLS that cannot be switched off, bounded bodies, no repeated orders, one session."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.domain.errors import ConfigError
from core.exchange import network
from core.exchange.contract import TransportError, Wire
from core.exchange.network import NetworkTransport, require_secure, require_verifying, verifying

HTTPS, WSS = "https://venue.example", "wss://venue.example"


def unverified() -> ssl.SSLContext:
    """Make a context that believes anybody."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def nameless() -> ssl.SSLContext:
    """Make a context that believes any name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


def old() -> ssl.SSLContext:
    """Make a context that speaks whatever is lowest."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


@pytest.mark.parametrize("context", [unverified(), nameless(), old()])
def test_verification_cannot_be_switched_off(context: ssl.SSLContext) -> None:
    """No argument makes a transport that does not verify."""
    with pytest.raises(ConfigError, match="verified"):
        NetworkTransport(HTTPS, WSS, context)


async def test_context_weakened_later_is_refused_before_bytes_leave() -> None:
    """The context is looked at again before each session and stream."""
    context = verifying()
    transport = NetworkTransport(HTTPS, WSS, context)
    context.check_hostname = False

    with pytest.raises(ConfigError):
        await transport.request(Wire("GET", "/"), deadline_secs=1)
    with pytest.raises(ConfigError):
        await transport.open_stream(deadline_secs=1)


def test_default_context_verifies() -> None:
    """Names, chains, and TLS 1.2 at least."""
    require_verifying(verifying())

    assert verifying().minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("url", ["http://venue.example", "ws://10.0.0.1/", "ftp://x"])
def test_plain_connections_stay_on_this_machine(url: str) -> None:
    """Anything else is encrypted or refused."""
    with pytest.raises(ConfigError, match="encrypted"):
        require_secure(url)
    for own in ("http://127.0.0.1:1", "ws://localhost/", HTTPS, WSS):
        require_secure(own)


class RawServer:
    """Answers every connection with fixed bytes after the first request, then hangs up."""

    def __init__(self, answer: bytes) -> None:
        self.requests: list[bytes] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            writer.write(self._answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def served(answer: bytes) -> AsyncIterator[tuple[RawServer, NetworkTransport]]:
    """Serve raw bytes on 127.0.0.1."""
    raw = RawServer(answer)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    transport = NetworkTransport(f"http://{address}", f"ws://{address}/")
    try:
        yield raw, transport
    finally:
        await transport.close()
        server.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"])
async def test_broken_answer_to_an_order_is_never_repeated(answer: bytes) -> None:
    """Not by us, not by the library; the outcome is unknown."""
    async with served(answer) as (raw, transport):
        wire = Wire("POST", "/api/v1/order", body=b"{}")
        with pytest.raises(TransportError) as error:
            await transport.request(wire, deadline_secs=2)

    assert error.value.sent
    assert len(raw.requests) == 1


async def test_body_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on every body, compressed or not."""
    monkeypatch.setattr(network, "BODY_LIMIT", 1_000)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5_000

    async with served(answer) as (_, transport):
        with pytest.raises(TransportError, match="larger than 1000"):
            await transport.request(Wire("GET", "/"), deadline_secs=2)
