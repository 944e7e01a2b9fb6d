"""Candles: one-minute bars from history and live trades, rolled up exactly into every interval.

Rows are integers: open, high, low, close in ticks, volume in steps, quote volume in ticks times
steps, number of trades. A bucket without trades has no row.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from core.exchange.embedded.units import MINUTE_NS, NS_PER_SEC

Rows = npt.NDArray[np.int64]
"""int64, shape (n, 8): unit index, open, high, low, close, volume, quote, trades."""

_COLUMNS: Final = 8
_WEEK_OFFSET_SECS: Final = 4 * 86_400
"""1970-01-05 was a Monday: weeks start there."""
_MAX_SECONDS_KEPT: Final = 1_800
MONTH: Final = "1month"
INTERVALS: Final = {
    "1s": 1,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "2h": 7_200,
    "4h": 14_400,
    "6h": 21_600,
    "8h": 28_800,
    "12h": 43_200,
    "1d": 86_400,
    "3d": 259_200,
    "1w": 604_800,
    MONTH: 0,
}
"""Seconds of each interval; a month has none."""


class Candle(msgspec.Struct, frozen=True, gc=False):
    """One bucket; open to close are None while it has no trades."""

    start_secs: int
    end_secs: int
    open: int | None
    high: int | None
    low: int | None
    close: int | None
    volume: int
    quote: int
    trades: int


class History(Protocol):
    """Bars before the start of the live market."""

    @property
    def first_minute(self) -> int:
        """Return the oldest minute there is."""

    @property
    def last_minute(self) -> int:
        """Return the minute of the start, whose bar is partial."""

    def rows(self, first: int, last: int) -> Rows:
        """Return the bars of the minutes first to last, inclusive, oldest first."""


class NoHistory:
    """A market without a past."""

    def __init__(self, minute: int) -> None:
        self.first_minute = minute
        self.last_minute = minute

    def rows(self, first: int, last: int) -> Rows:
        """Return nothing."""
        del first, last
        return np.empty((0, _COLUMNS), dtype=np.int64)


def bucket_start(secs: int, interval: str) -> int:
    """Return the start of the bucket that holds a second."""
    if interval == MONTH:
        day = datetime.fromtimestamp(secs, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
    length = INTERVALS[interval]
    offset = _WEEK_OFFSET_SECS if interval == "1w" else 0
    return (secs - offset) // length * length + offset


def bucket_end(start_secs: int, interval: str) -> int:
    """Return the exclusive end of a bucket."""
    if interval == MONTH:
        return bucket_start(start_secs + 32 * 86_400, MONTH)
    return start_secs + INTERVALS[interval]


class CandleSeries:
    """The bars of one market, past and live."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._minutes: dict[int, list[int]] = {}
        self._seconds: dict[int, list[int]] = {}
        self.version = 0
        """Moves with every trade."""

    def add(self, at_ns: int, price: int, steps: int) -> None:
        """Book one trade."""
        self.version += 1
        _merge(self._minutes, at_ns // MINUTE_NS, price, steps)
        _merge(self._seconds, at_ns // NS_PER_SEC, price, steps)
        if len(self._seconds) > _MAX_SECONDS_KEPT:
            del self._seconds[next(iter(self._seconds))]

    def candles(self, interval: str, first_secs: int, last_secs: int) -> list[Candle]:
        """Return the buckets that start within first to last, inclusive, empty ones as nulls."""
        unit = 1 if interval == "1s" else 60
        start = max(bucket_start(first_secs, interval), self._history.first_minute * 60)
        start = bucket_start(start, interval)
        if start < first_secs:
            start = bucket_end(start, interval)
        if start > last_secs:
            return []
        stop = bucket_end(bucket_start(last_secs, interval), interval)
        rows = self._rows(start // unit, stop // unit - 1, unit)
        filled = _rolled(rows, interval, unit)
        return [
            filled.get(each) or _empty(each, interval) for each in _starts(start, stop, interval)
        ]

    def window(self, first_minute: int, last_minute: int) -> Candle | None:
        """Return all minutes first to last as one bar, or None where nothing traded."""
        rows = self._rows(first_minute, last_minute, 60)
        if not len(rows):
            return None
        return _bar(rows, first_minute * 60, (last_minute + 1) * 60)

    def _rows(self, first: int, last: int, unit: int) -> Rows:
        live = self._seconds if unit == 1 else self._minutes
        fresh = [[at, *live[at]] for at in _within(live, first, last)]
        if unit == 1 or first > self._history.last_minute:
            return np.array(fresh, dtype=np.int64).reshape(-1, _COLUMNS)
        past = self._history.rows(
            max(first, self._history.first_minute), min(last, self._history.last_minute)
        )
        if fresh and len(past) and past[-1][0] == fresh[0][0]:
            fresh[0] = _joined(past[-1].tolist(), fresh[0])
            past = past[:-1]
        return np.concatenate([past, np.array(fresh, dtype=np.int64).reshape(-1, _COLUMNS)])


def _merge(bars: dict[int, list[int]], at: int, price: int, steps: int) -> None:
    bar = bars.get(at)
    if bar is None:
        bars[at] = [price, price, price, price, steps, price * steps, 1]
        return
    bar[1] = max(bar[1], price)
    bar[2] = min(bar[2], price)
    bar[3] = price
    bar[4] += steps
    bar[5] += price * steps
    bar[6] += 1


def _within(bars: dict[int, list[int]], first: int, last: int) -> Iterable[int]:
    if last - first < len(bars):
        return [at for at in range(first, last + 1) if at in bars]
    return [at for at in bars if first <= at <= last]


def _joined(past: list[int], live: list[int]) -> list[int]:
    at, opened, high, low, _, volume, quote, trades = past
    return [
        at,
        opened,
        max(high, live[2]),
        min(low, live[3]),
        live[4],
        volume + live[5],
        quote + live[6],
        trades + live[7],
    ]


def _starts(start: int, stop: int, interval: str) -> Iterable[int]:
    at = start
    while at < stop:
        yield at
        at = bucket_end(at, interval)


def _rolled(rows: Rows, interval: str, unit: int) -> dict[int, Candle]:
    if not len(rows):
        return {}
    starts = _bucket_column(rows[:, 0] * unit, interval)
    cuts = np.flatnonzero(np.diff(starts)) + 1
    groups = np.split(rows, cuts)
    firsts = [int(starts[0]), *(int(starts[cut]) for cut in cuts)]
    return {
        first: _bar(group, first, bucket_end(first, interval))
        for first, group in zip(firsts, groups, strict=True)
    }


def _bucket_column(secs: npt.NDArray[np.int64], interval: str) -> npt.NDArray[np.int64]:
    if interval == MONTH:
        return np.array([bucket_start(int(each), MONTH) for each in secs], dtype=np.int64)
    length = INTERVALS[interval]
    offset = _WEEK_OFFSET_SECS if interval == "1w" else 0
    return (secs - offset) // length * length + offset


def _bar(rows: Rows, start_secs: int, end_secs: int) -> Candle:
    return Candle(
        start_secs=start_secs,
        end_secs=end_secs,
        open=int(rows[0, 1]),
        high=int(rows[:, 2].max()),
        low=int(rows[:, 3].min()),
        close=int(rows[-1, 4]),
        volume=int(rows[:, 5].sum()),
        quote=int(rows[:, 6].sum()),
        trades=int(rows[:, 7].sum()),
    )


def _empty(start_secs: int, interval: str) -> Candle:
    end = bucket_end(start_secs, interval)
    return Candle(start_secs, end, None, None, None, None, 0, 0, 0)
