"""Where candles begin and end: intervals as a grid of whole seconds UTC. Pure arithmetic.

Fixed lengths are counted from 1970, weeks from the Monday 1970-01-05, months by the calendar.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from core.domain.errors import ConfigError

MONTH: Final = "1month"
DAY_SECS: Final = 86_400
_WEEK: Final = "1w"
_MONDAY: Final = 4 * DAY_SECS
_MONTHS_A_YEAR: Final = 12
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9_999
_LENGTHS: Final = {
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
    "1d": DAY_SECS,
    "3d": 3 * DAY_SECS,
    _WEEK: 7 * DAY_SECS,
}
INTERVALS: Final = (*_LENGTHS, MONTH)
"""Every interval the service knows, shortest first."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


class Span(msgspec.Struct, frozen=True, gc=False, order=True):
    """Seconds UTC from `start` up to, not including, `stop`."""

    start: int
    stop: int


class Grid:
    """The buckets of one interval, numbered: bucket 0 holds 1970-01-01.

    Raises:
        ConfigError: when nobody knows the interval.
    """

    def __init__(self, interval: str) -> None:
        if interval not in INTERVALS:
            shown = repr(interval[:20])
            raise ConfigError("interval is not known", shown, f"One of {', '.join(INTERVALS)}")
        self.interval = interval
        self._length = _LENGTHS.get(interval)
        self._offset = _MONDAY - 7 * DAY_SECS if interval == _WEEK else 0

    def number(self, secs: int) -> int:
        """Return the number of the bucket that holds a second."""
        if self._length is not None:
            return (secs - self._offset) // self._length
        day = _EPOCH + timedelta(days=secs // DAY_SECS)
        return (day.year - _FIRST_YEAR) * _MONTHS_A_YEAR + day.month - 1

    def start_of(self, number: int) -> int:
        """Return the first second of a numbered bucket."""
        if self._length is not None:
            return number * self._length + self._offset
        years, month = divmod(number, _MONTHS_A_YEAR)
        first = datetime(_FIRST_YEAR + years, month + 1, 1, tzinfo=UTC)
        return (first - _EPOCH).days * DAY_SECS

    def floor(self, secs: int) -> int:
        """Return the start of the bucket that holds a second."""
        return self.start_of(self.number(secs))

    def end(self, start: int) -> int:
        """Return the start of the next bucket."""
        return self.start_of(self.number(start) + 1)

    def previous(self, start: int) -> int:
        """Return the start of the bucket before."""
        return self.start_of(self.number(start) - 1)

    def ceiling(self, secs: int) -> int:
        """Return the first bucket start at or after a second."""
        start = self.floor(secs)
        return start if start == secs else self.end(start)

    def count(self, span: Span) -> int:
        """Return how many buckets a span of whole buckets holds."""
        return max(0, self.number(span.stop) - self.number(span.start))

    def starts(self, span: Span) -> list[int]:
        """List the starts of the buckets of a span of whole buckets."""
        first = self.number(span.start)
        return [self.start_of(first + index) for index in range(self.count(span))]

    def windows(self, span: Span, most: int) -> list[Span]:
        """Cut a span of whole buckets into pieces of at most `most`, oldest first."""
        first, last = self.number(span.start), self.number(span.stop)
        cuts = [*range(first, last, most), last]
        edges = [self.start_of(cut) for cut in cuts]
        return [Span(*pair) for pair in pairwise(edges)]

    @property
    def earliest(self) -> int:
        """The first bucket start after 1970: venues take no time at or before zero."""
        return next(start for start in map(self.start_of, range(3)) if start > 0)


def whole_seconds(since: datetime, until: datetime) -> Span:
    """Return the seconds two instants touch, whatever their zones; reversed ones as they are.

    Raises:
        ConfigError: when one of them has no zone.
    """
    first = (_aware(since) - _EPOCH) // _SECOND
    return Span(first, -((_EPOCH - _aware(until)) // _SECOND))


def _aware(moment: datetime) -> datetime:
    offset = moment.utcoffset()
    if offset is None:
        hint = "Give it a zone, such as +00:00 or Z"
        raise ConfigError("time has no zone", moment.isoformat(), hint)
    return moment


def utc_text(secs: int) -> str:
    """Write a second as ISO text in UTC, or as a number where no calendar reaches."""
    try:
        return f"{_EPOCH + timedelta(seconds=secs):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return f"{secs} s"
