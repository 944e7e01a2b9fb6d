"""Candle series of one market: loaded, streamed, or built from prints where nobody streams them."""

import math
from collections.abc import Iterable
from itertools import islice
from typing import Final

from core.domain.events import CandleSeen
from core.domain.views import CandleRow

SERIES_LENGTH: Final = 2_000
_MINUTE: Final = 60 * 1_000_000_000
_UNITS_NS: Final = {
    "s": 1_000_000_000,
    "m": _MINUTE,
    "h": 60 * _MINUTE,
    "d": 1_440 * _MINUTE,
    "w": 10_080 * _MINUTE,
    "month": 43_200 * _MINUTE,
}


def interval_ns(interval: str) -> int:
    """Return the length of an interval such as `1m`, `4h`, `1d`; a month counts 30 days.

    Raises:
        ValueError: where the text is no interval.
    """
    digits = "".join(char for char in interval if char.isdecimal())
    unit = interval[len(digits) :]
    if not digits or unit not in _UNITS_NS or int(digits) == 0:
        raise ValueError(f"interval must look like 1m, 4h or 1d, was {interval[:20]!r}")
    return int(digits) * _UNITS_NS[unit]


def candle_row(candle: CandleSeen) -> CandleRow:
    """Read a candle for drawing."""
    return CandleRow(
        candle.start_ts,
        _number(candle.open),
        _number(candle.high),
        _number(candle.low),
        _number(candle.close),
        finite(candle.volume),
    )


def finite(text: str) -> float:
    """Read a number for pictures.

    Raises:
        ValueError: when it is none, or not finite.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"number must be finite, was {text[:20]!r}")
    return number


def _number(text: str | None) -> float | None:
    return None if text is None else finite(text)


class CandleSeries:
    """One interval of one market, oldest first, bounded."""

    __slots__ = (
        "_rows",
        "interval",
        "interval_ns",
        "is_doubted",
        "is_loaded",
        "is_loading",
        "is_streamed",
        "missed_from",
        "read_at",
        "reading_from",
        "version",
    )

    def __init__(self, interval: str) -> None:
        self.interval = interval
        self.interval_ns = interval_ns(interval)
        self.is_streamed = False
        """Whether the venue sends this series itself; then prints do not build it."""
        self.is_loading = False
        self.is_loaded = False
        self.is_doubted = True
        """Whether the stream may have left something out since its last candle."""
        self.missed_from: int | None = None
        """Start of the oldest candle that has to be read again, ns."""
        self.reading_from = 0
        """Start of what is being read while `is_loading`, ns."""
        self.read_at = 0
        """Engine time at which the past was read last, ns."""
        self.version = 0
        self._rows: dict[int, CandleRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def newest_ts(self) -> int | None:
        """Start of the newest candle, ns."""
        return next(reversed(self._rows), None)

    def holds(self, start_ts: int) -> bool:
        """Whether there is a candle of this start."""
        return start_ts in self._rows

    def miss(self) -> None:
        """Note that what comes after the last closed candle has to be read again."""
        newest = self.newest_ts
        if newest is not None:
            self.missed_from = min(self.missed_from or newest, newest - self.interval_ns)

    def see(self, candle: CandleSeen) -> None:
        """Take the streamed state of one candle."""
        if not self.is_streamed:
            self.is_streamed = True
        self._put(candle_row(candle))

    def merge(self, candles: Iterable[CandleSeen]) -> None:
        """Take candles of the past.

        Of two states of a streamed candle the one with more volume is the later one; of a candle
        built from prints the venue knows more.
        """
        merged = dict(self._rows)
        for candle in candles:
            row = candle_row(candle)
            held = merged.get(row.start_ts)
            if held is None or not self.is_streamed or held.volume < row.volume:
                merged[row.start_ts] = row
        self._rows = {start: merged[start] for start in sorted(merged)[-SERIES_LENGTH:]}
        self.version += 1

    def add_print(self, price: float, size: float, ts_event: int) -> None:
        """Let a print build the series."""
        start = ts_event - ts_event % self.interval_ns
        row = self._rows.get(start)
        if row is None or row.open is None or row.high is None or row.low is None:
            self._put(CandleRow(start, price, price, price, price, size))
            return
        high, low = max(row.high, price), min(row.low, price)
        self._rows[start] = CandleRow(start, row.open, high, low, price, row.volume + size)
        self.version += 1

    def _put(self, row: CandleRow) -> None:
        self.version += 1
        start = row.start_ts
        if start in self._rows or not self._rows:
            self._rows[start] = row
            return
        newest = next(reversed(self._rows))
        self._rows[start] = row
        if start < newest:
            self._rows = {key: self._rows[key] for key in sorted(self._rows)}
        while len(self._rows) > SERIES_LENGTH:
            del self._rows[next(iter(self._rows))]

    def newest(self, count: int) -> tuple[CandleRow, ...]:
        """Return the newest `count` candles, oldest first.

        A hole is an empty candle where nothing traded; where the stream was away and the past
        has not been read again, nothing stands there: what is missing is not called quiet.
        """
        if not self._rows or count <= 0:
            return ()
        step = self.interval_ns
        last = next(reversed(self._rows))
        first = next(iter(self._rows))
        start = max(first, last - (count - 1) * step)
        rows = self._rows
        grid = range(start, last + 1, step)
        if (last - start) % step:
            return tuple(islice(rows.values(), max(0, len(rows) - count), None))
        known = self._known_until()
        return tuple(
            rows.get(ts) or CandleRow(ts, None, None, None, None, 0.0)
            for ts in grid
            if ts in rows or ts < known
        )

    def _known_until(self) -> float:
        """Return the instant from which on a hole may be data that is missing."""
        asked = self.reading_from if self.is_loading else None
        return min((at for at in (asked, self.missed_from) if at is not None), default=math.inf)

    def closes(self, count: int) -> tuple[float, ...]:
        """Return the newest closes that exist, oldest first."""
        rows = islice(reversed(self._rows.values()), count)
        return tuple(reversed([row.close for row in rows if row.close is not None]))
