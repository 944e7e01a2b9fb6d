"""`wingman doctor`: each check says ok, or what is wrong and what to do about it."""

import asyncio
import os
import shutil
import socket
import sqlite3
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlsplit

import msgspec

from core.domain.errors import CockpitError
from core.exchange.backpack import constants
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import Transport, TransportError
from core.exchange.network import NetworkTransport
from core.runtime.clock import Clock, SystemClock
from core.runtime.config import KeyFile

_MILLI: Final = 1_000_000
MAX_OFFSET_MS: Final = 500
MAX_BOUND_MS: Final = 250
MIN_FREE_MIB: Final = 500
SLOW_COMMIT_MS: Final = 20.0
MIN_COLUMNS: Final = 60
MIN_ROWS: Final = 16
DEADLINE_SECS: Final = 10.0


class Finding(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line of the report."""

    check: str
    is_ok: bool
    text: str
    remedy: str = ""


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined."""

    rest_url: str
    ws_url: str
    data_dir: Path
    credentials: Credentials | None = None


async def examine_venue(
    rest_url: str, ws_url: str, data_dir: Path, keys: KeyFile | None
) -> list[Finding]:
    """Examine the way to the venue, live unless addresses are given, and this machine."""
    patient = Patient(
        rest_url=rest_url or constants.REST_URL,
        ws_url=ws_url or constants.STREAM_URL,
        data_dir=data_dir,
        credentials=None if keys is None else Credentials(keys.api_secret),
    )
    transport = NetworkTransport(patient.rest_url, patient.ws_url)
    try:
        return await examine(patient, transport, SystemClock())
    finally:
        await transport.close()


async def examine(patient: Patient, transport: Transport, clock: Clock) -> list[Finding]:
    """Run every check; one that raises becomes a finding of its own."""
    client = RestClient(transport, clock, patient.credentials)
    checks: tuple[tuple[str, Callable[[], Awaitable[Finding]]], ...] = (
        ("dns", lambda: _dns(patient.rest_url)),
        ("tls", lambda: _tls(patient.rest_url)),
        ("clock", lambda: _clock(client)),
        ("key", lambda: _key(client, patient)),
        ("rate budget", lambda: _budget(client)),
        ("websocket", lambda: _websocket(transport)),
        ("disk", lambda: asyncio.to_thread(_disk, patient.data_dir)),
        ("terminal", lambda: asyncio.to_thread(_terminal)),
    )
    return [await _guarded(name, check) for name, check in checks]


async def _guarded(name: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        async with asyncio.timeout(DEADLINE_SECS):
            return await check()
    except TimeoutError:
        text = f"no answer within {DEADLINE_SECS:g} s"
        return _wrong(name, text, "Check the network and any firewall or proxy in between")
    except (CockpitError, TransportError, OSError) as error:
        return _wrong(name, str(error), "Check the network, the address and the venue's status")


async def _dns(url: str) -> Finding:
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return _wrong(
            "dns", f"{host}: {error}", "Check the resolver (/etc/resolv.conf) or the name"
        )
    addresses = sorted({str(entry[4][0]) for entry in found})
    return _fine("dns", f"{host} is {', '.join(addresses[:3])}")


async def _tls(url: str) -> Finding:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return _fine("tls", "not used: the address is of this machine")
    context = ssl.create_default_context()
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    await writer.wait_closed()
    return _fine("tls", f"{version}, certificate of {parts.hostname} verified")


async def _clock(client: RestClient) -> Finding:
    for _ in range(3):
        await client.measure_clock()
    offset_ms = client.offset_ns / _MILLI
    bound_ms = (client.error_bound_ns or 0) / _MILLI
    text = f"venue minus here {offset_ms:+.0f} ms, certain to {bound_ms:.0f} ms"
    if abs(offset_ms) > MAX_OFFSET_MS:
        return _wrong("clock", text, "Synchronise this machine's clock (NTP)")
    if bound_ms > MAX_BOUND_MS:
        return _wrong("clock", text, "The line is too slow; try a better one")
    return _fine("clock", text)


async def _key(client: RestClient, patient: Patient) -> Finding:
    if patient.credentials is None:
        return _fine("key", "none given, nothing to check")
    reply = await client.query("/api/v1/account", "accountQuery", {})
    account = msgspec.json.decode(reply.body)
    fees = f"futures {account.get('futuresMakerFee')}/{account.get('futuresTakerFee')} bps"
    return _fine("key", f"accepted; leverage limit {account.get('leverageLimit')}, {fees}")


async def _budget(client: RestClient) -> Finding:
    """Ask ten harmless questions in a row: a venue that is already over its limit says so."""
    begun = time.monotonic()
    for _ in range(10):
        await client.measure_clock()
    secs = time.monotonic() - begun
    return _fine("rate budget", f"10 requests in {secs:.1f} s, none refused")


async def _websocket(transport: Transport) -> Finding:
    pipe = await transport.open_stream(deadline_secs=DEADLINE_SECS)
    trips = [await pipe.ping() for _ in range(5)]
    await pipe.close()
    return _fine("websocket", f"open, round trip {median(trips) * 1000:.0f} ms")


def _disk(folder: Path) -> Finding:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free_mib = shutil.disk_usage(folder).free // 2**20
    commit_ms = _commit_ms(folder)
    text = f"{folder}: {free_mib:,} MiB free, one synced commit {commit_ms:.1f} ms"
    if free_mib < MIN_FREE_MIB:
        return _wrong("disk", text, f"Free {MIN_FREE_MIB} MiB or choose another --data-dir")
    if commit_ms > SLOW_COMMIT_MS:
        return _wrong("disk", text, "Orders wait for it: choose a faster --data-dir")
    return _fine("disk", text)


def _commit_ms(folder: Path) -> float:
    """Return the median time of a commit as the journal makes it, in ms."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        database = sqlite3.connect(Path(place) / "probe.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE probe (n INTEGER)")
        times = []
        for number in range(20):
            begun = time.perf_counter()
            database.execute("INSERT INTO probe VALUES (?)", (number,))
            times.append((time.perf_counter() - begun) * 1000)
        database.close()
    return median(times)


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return _fine("terminal", "output is not a terminal: use --headless")
    size = shutil.get_terminal_size()
    name = os.environ.get("TERM", "")
    is_rich = os.environ.get("COLORTERM", "") in {"truecolor", "24bit"}
    colors = "16 million colours" if is_rich else f"colours as TERM={name} says"
    text = f"{size.columns}x{size.lines}, {colors}, {sys.stdout.encoding}"
    if size.columns < MIN_COLUMNS or size.lines < MIN_ROWS:
        return _wrong("terminal", text, f"Make it at least {MIN_COLUMNS}x{MIN_ROWS}")
    if name in {"", "dumb"}:
        return _wrong("terminal", text, "Set TERM, such as xterm-256color")
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        return _wrong("terminal", text, "Use a UTF-8 locale, such as LANG=C.UTF-8")
    return _fine("terminal", text)


def _fine(check: str, text: str) -> Finding:
    return Finding(check=check, is_ok=True, text=text)


def _wrong(check: str, text: str, remedy: str) -> Finding:
    return Finding(check=check, is_ok=False, text=text, remedy=remedy)
