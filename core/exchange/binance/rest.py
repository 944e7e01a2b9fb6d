"""Binance's public REST: books and candles."""

from typing import Final

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import BookSnapshotSeen, CandleSeen, CandlesLoaded
from core.domain.ids import InstrumentId, Symbol
from core.exchange.binance import wire
from core.exchange.binance.constants import (
    DEPTH_LIMIT,
    DEPTH_PATHS,
    KLINE_PATHS,
    KLINES_LIMIT,
    BinanceMarket,
)
from core.exchange.contract import Wire

_MS: Final = 1_000_000
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
_Kline = tuple[int, str, str, str, str, str, int]


def depth_request(market: BinanceMarket, symbol: Symbol) -> Wire:
    """Ask for a whole book."""
    query = (("symbol", str(symbol)), ("limit", str(DEPTH_LIMIT)))
    return Wire("GET", DEPTH_PATHS[market], query)


def book_snapshot(body: bytes, instrument: InstrumentId, ts_recv: int) -> BookSnapshotSeen:
    """Read a whole book.

    Raises:
        DataInvalid: when it is not of that form.
    """
    try:
        book = msgspec.json.decode(body, type=wire.Envelope)
    except _BAD as error:
        raise DataInvalid("book cannot be read", str(error)[:200]) from error
    if book.lastUpdateId is None:
        raise DataInvalid("book has no lastUpdateId", instrument)
    made = book.T or book.E
    return BookSnapshotSeen(
        ts_event=ts_recv if made is None else made * _MS,
        ts_recv=ts_recv,
        instrument=instrument,
        last_id=book.lastUpdateId,
        bids=book.bids,
        asks=book.asks,
    )


def klines_request(market: BinanceMarket, symbol: Symbol, interval: str, *, start_ms: int) -> Wire:
    """Ask for at most 1,000 candles from an instant on."""
    query = (
        ("symbol", str(symbol)),
        ("interval", interval),
        ("startTime", str(start_ms)),
        ("limit", str(KLINES_LIMIT)),
    )
    return Wire("GET", KLINE_PATHS[market], query)


def candles_loaded(
    body: bytes, instrument: InstrumentId, interval: str, ts_recv: int
) -> CandlesLoaded:
    """Read candles: rows of open time, o, h, l, c, volume, close time and more.

    Raises:
        DataInvalid: when it is not of that form.
    """
    try:
        rows = msgspec.json.decode(body, type=list[list[int | str]])
        found = [msgspec.convert(row[:7], _Kline) for row in rows]
    except (*_BAD, msgspec.ValidationError) as error:
        raise DataInvalid("candles cannot be read", str(error)[:200]) from error
    return CandlesLoaded(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        instrument=instrument,
        interval=interval,
        candles=tuple(_candle(row, instrument, interval, ts_recv) for row in found),
    )


def _candle(row: _Kline, instrument: InstrumentId, interval: str, ts_recv: int) -> CandleSeen:
    start_ms, opened, high, low, closed, volume, last_ms = row
    return CandleSeen(
        ts_event=last_ms * _MS,
        ts_recv=ts_recv,
        instrument=instrument,
        interval=interval,
        start_ts=start_ms * _MS,
        end_ts=(last_ms + 1) * _MS,
        open=opened,
        high=high,
        low=low,
        close=closed,
        volume=volume,
        is_closed=(last_ms + 1) * _MS <= ts_recv,
    )
