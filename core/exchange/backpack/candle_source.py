"""Backpack's side of the candle service: `GET /api/v1/klines` and `/api/v1/time` (2.7, 0.1).

`BackpackCandles` has a transport of its own; `ClientCandles` goes through the client of a venue
that is running, its clock, its budget and its pauses.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from core.domain.errors import DataInvalid, VenueError
from core.domain.ids import Symbol
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import REST_URL, STREAM_URL
from core.exchange.backpack.pacing import LaneTurns
from core.exchange.backpack.public_requests import klines_request, time_request
from core.exchange.backpack.refusals import reply_error
from core.exchange.backpack.replies import read, venue_time_ns
from core.exchange.backpack.times import NS_PER_SECOND, instant
from core.exchange.candles import BudgetLimits, CandleCache, CandleService
from core.exchange.candles.port import (
    KlineRow,
    SourceBusyError,
    SourceRefusedError,
    SourceTime,
    SourceTroubleError,
)
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire
from core.exchange.network import NetworkTransport

DEADLINE_SECS: Final = 15.0
_FIRST_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_MS_NS: Final = 1_000_000
_TROUBLE: Final = frozenset({"TIMEOUT", "MAINTENANCE", "SERVER_ERROR", "TOO_EARLY"})
_BUSY: Final = "TOO_MANY_REQUESTS"


class _Row(msgspec.Struct, gc=False, rename="camel"):
    start: str
    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None
    volume: str | None = None
    quote_volume: str | None = None
    trades: str | int | None = None


class BackpackCandles:
    """Asks one exchange that speaks Backpack's language.

    Args:
        name: What cached candles are kept under.
        transport: Carries the bytes.
        clock: Its monotonic side measures round trips.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock) -> None:
        self.name = name
        self._transport = transport
        self._clock = clock

    async def close(self) -> None:
        """Close the transport, where nobody shares it."""
        await self._transport.close()

    async def venue_time(self) -> SourceTime:
        """Read the clock: ms as plain text, taken as of the middle of the round trip."""
        sent_at = self._clock.monotonic()
        try:
            reply = await self._reply(time_request())
            venue_ns = venue_time_ns(reply.body)
        except (DataInvalid, SourceRefusedError) as error:
            raise SourceTroubleError(str(error)) from error
        half = (self._clock.monotonic() - sent_at) // 2
        return SourceTime(venue_ns + half, half + _MS_NS)

    async def klines(
        self, symbol: str, interval: str, start_secs: int, end_secs: int
    ) -> tuple[KlineRow, ...]:
        """Read candles, sorted by start, each once."""
        wire = klines_request(Symbol(symbol), interval, start_secs, end_secs)
        return kline_rows((await self._reply(wire)).body)

    async def _reply(self, wire: Wire) -> Reply:
        try:
            reply = await self._transport.request(wire, deadline_secs=DEADLINE_SECS)
        except TransportError as error:
            raise SourceTroubleError(error.reason) from error
        return _good(reply)


class ClientCandles:
    """Asks through a client that others use too; its history lane says when.

    Args:
        name: What cached candles are kept under.
        client: Carries the requests; whoever made it closes it.
    """

    def __init__(self, name: str, client: RestClient) -> None:
        self.name = name
        self.turns = LaneTurns(client.pacer, Lane.HISTORY)
        self._client = client

    async def close(self) -> None:
        """Leave the client open: it is not ours."""

    async def venue_time(self) -> SourceTime:
        """Compare clocks once more and read the one estimate of the venue's time."""
        try:
            await self._client.measure_clock()
        except VenueError as error:
            raise SourceTroubleError(str(error)) from error
        return SourceTime(self._client.venue_ns(), self._client.error_bound_ns or 0)

    async def klines(
        self, symbol: str, interval: str, start_secs: int, end_secs: int
    ) -> tuple[KlineRow, ...]:
        """Read candles, sorted by start, each once; the caller took the turn for it."""
        wire = klines_request(Symbol(symbol), interval, start_secs, end_secs)
        try:
            reply = await self._client.send_history(wire)
        except TransportError as error:
            raise SourceTroubleError(error.reason) from error
        return kline_rows(_good(reply).body)


def _good(reply: Reply) -> Reply:
    if reply.status < _FIRST_ERROR:
        return reply
    told = reply_error(reply)
    said = f"HTTP {reply.status} {told.code} {told.message}".strip()
    if reply.status == _TOO_MANY or told.code == _BUSY:
        raise SourceBusyError(said, _retry_after(reply))
    if reply.status >= _SERVER_ERROR or told.code in _TROUBLE:
        raise SourceTroubleError(said)
    raise SourceRefusedError(said)


def kline_rows(body: bytes) -> tuple[KlineRow, ...]:
    """Read `/klines`: once by start, oldest first; empty candles keep their None.

    Raises:
        SourceTroubleError: when it is not of that form.
    """
    try:
        rows = {row.start_secs: row for row in map(_row, read(body, list[_Row]))}
    except (DataInvalid, ValueError) as error:
        raise SourceTroubleError(f"unreadable answer: {error}") from error
    return tuple(rows[start] for start in sorted(rows))


def _row(row: _Row) -> KlineRow:
    return KlineRow(
        start_secs=instant(row.start) // NS_PER_SECOND,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=row.volume,
        quote_volume=row.quote_volume,
        trades=None if row.trades is None else int(row.trades),
    )


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def candle_history(
    name: str,
    client: RestClient,
    rng: random.Random,
    cache: CandleCache | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> CandleService:
    """Make the service of a running venue; it gives up as soon as the client's queries do."""
    source = ClientCandles(name if cache is None else cache.source, client)
    limits = BudgetLimits(attempts=client.pacer.limits.retries + 1)
    return CandleService(
        source,
        client.clock,
        rng,
        cache=cache,
        limits=limits,
        turns=source.turns,
        sleep=sleep,
    )


def network_candles(rest_url: str, clock: Clock) -> BackpackCandles:
    """Open a source on the network; the address is its name, so that no two share candles."""
    address = rest_url or REST_URL
    return BackpackCandles(address, NetworkTransport(address, STREAM_URL), clock)
