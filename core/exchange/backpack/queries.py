"""Reads markets: one function a question, complete answers or an error."""

from collections.abc import Callable
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import BookSnapshotSeen, CandlesLoaded, InstrumentsListed
from core.domain.ids import InstrumentId, Symbol, VenueId, symbol_of
from core.exchange.backpack import market_replies, public_requests, public_rows
from core.exchange.backpack.account_reader import AccountReader
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import DEPTH_LIMIT, INTERVALS, KLINES_LIMIT
from core.exchange.backpack.rows import read
from core.exchange.contract import Wire

__all__ = [
    "AccountReader",
    "book_snapshot",
    "candles",
    "instruments",
    "interval_secs",
    "status",
]
_SECOND: Final = 1_000_000_000
_SECONDS: Final = {
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "month": 2_592_000,
}


async def instruments(client: RestClient, venue: VenueId) -> InstrumentsListed:
    """Read the catalogue."""
    reply = await client.read(public_requests.markets_request)
    return market_replies.instruments_listed(reply.body, venue, client.clock.now())


async def status(client: RestClient) -> public_rows.StatusRow:
    """Read whether the venue is in service."""
    return read((await client.read(public_requests.status_request)).body, public_rows.StatusRow)


async def book_snapshot(
    client: RestClient, instrument: InstrumentId, limit: int = DEPTH_LIMIT
) -> BookSnapshotSeen:
    """Read a book, `limit` levels a side."""
    symbol = Symbol(symbol_of(instrument))
    reply = await client.read(lambda: public_requests.depth_request(symbol, limit))
    return market_replies.book_snapshot(reply.body, instrument, client.clock.now())


async def candles(
    client: RestClient, instrument: InstrumentId, interval: str, since: int
) -> CandlesLoaded:
    """Read candles from `since` (ns) until now, at most 1,000 of the newest.

    Raises:
        DataInvalid: when the interval or the window is none.
    """
    if interval not in INTERVALS:
        raise DataInvalid("interval is not served", repr(interval[:20]))
    step = interval_secs(interval)
    now_secs = client.venue_ms() // 1_000
    start = max(since // _SECOND, now_secs - KLINES_LIMIT * step, 1)
    build = _klines(Symbol(symbol_of(instrument)), interval, min(start, now_secs - step), step)
    reply = await client.read(lambda: build(client.venue_ms() // 1_000), is_history=True)
    now = client.clock.now()
    return market_replies.candles_loaded(reply.body, instrument, interval, now)


def _klines(symbol: Symbol, interval: str, start: int, step: int) -> Callable[[int], Wire]:
    def build(now_secs: int) -> Wire:
        return public_requests.klines_request(
            symbol,
            interval,
            start_secs=max(start, now_secs - KLINES_LIMIT * step),
            end_secs=now_secs,
            now_secs=now_secs,
            step_secs=step,
        )

    return build


def interval_secs(interval: str) -> int:
    """Return the length of one of the venue's intervals in seconds; a month counts 30 days."""
    digits = "".join(char for char in interval if char.isdecimal())
    return int(digits) * _SECONDS[interval[len(digits) :]]
