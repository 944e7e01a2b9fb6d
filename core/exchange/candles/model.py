"""What the service gives: candles as data, and what is known about an answer."""

from typing import Final

import msgspec

from core.domain.events import CandleSeen
from core.domain.ids import InstrumentId
from core.exchange.candles.intervals import Span

_SECOND: Final = 1_000_000_000


class Candle(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One bucket, exact text as the venue wrote it.

    A bucket without trades has None for its prices, never zeros; one the venue does not know at all
    has None for everything.
    """

    start_secs: int
    end_secs: int
    """Exclusive: the start of the next one."""
    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None
    volume: str | None = None
    quote_volume: str | None = None
    trades: int | None = None
    is_open: bool = False
    """Still running when it was read: its numbers will change."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing traded, or nothing is known."""
        return self.open is None


class CandleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Every bucket that the range touches, once, oldest first, without a hole."""

    symbol: str
    interval: str
    asked: Span
    """The range as it was asked, in seconds UTC."""
    candles: tuple[Candle, ...]
    as_of_ns: int
    """Venue time at which an open last candle was read."""
    begins_secs: int | None = None
    """When the market's history begins, where that was looked up."""
    requests: int = 0
    """How many candle requests it took."""
    note: str = ""
    """Why there is nothing, or less than asked; empty if all is there."""


def seen(candle: Candle, instrument: InstrumentId, interval: str, ts_recv: int) -> CandleSeen:
    """Write a candle as the event the market room takes."""
    end_ts = candle.end_secs * _SECOND
    return CandleSeen(
        ts_event=min(end_ts, ts_recv),
        ts_recv=ts_recv,
        instrument=instrument,
        interval=interval,
        start_ts=candle.start_secs * _SECOND,
        end_ts=end_ts,
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        volume=candle.volume or "0",
        is_closed=not candle.is_open,
    )


def streamed(body: CandleSeen) -> Candle:
    """Read a candle of the live stream; streams carry no quote volume."""
    return Candle(
        start_secs=body.start_ts // _SECOND,
        end_secs=body.end_ts // _SECOND,
        open=body.open,
        high=body.high,
        low=body.low,
        close=body.close,
        volume=body.volume,
        is_open=not body.is_closed,
    )
