"""Longer candles out of minutes: whole ones where nothing else is, the running one where it is.

A venue streams minutes; the longer series is loaded once and would stand still without them.
"""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from core.domain.views import CandleRow
from core.market.candles import CandleSeries

_NS: Final = 1_000_000_000


def built(minutes: CandleSeries, step: int, count: int) -> tuple[CandleRow, ...]:
    """Build the newest `count` candles of `step` ns from the minutes at hand."""
    if step < minutes.interval_ns or step % minutes.interval_ns:
        return ()
    rows = minutes.newest(count * (step // minutes.interval_ns))
    groups = groupby(rows, lambda row: row.start_ts - row.start_ts % step)
    return tuple(_folded(start, group) for start, group in groups)[-count:]


def continued(series: CandleSeries, minutes: CandleSeries, count: int) -> tuple[CandleRow, ...]:
    """Return the newest `count` candles of a loaded series, gone on with by the minutes since.

    Where the minutes do not reach back to the start of the last loaded candle, it grows by those
    that began after it was read.
    """
    rows = series.newest(count)
    if not rows or not len(minutes) or series.interval_ns < minutes.interval_ns:
        return rows
    last = rows[-1]
    reach = (minutes.newest(1)[0].start_ts - last.start_ts) // minutes.interval_ns + 1
    since = minutes.newest(reach)
    if not since:
        return rows
    bucket_of = _buckets(series, last.start_ts)
    fresh = []
    for start, group in groupby(since, lambda row: bucket_of(row.start_ts)):
        inside = list(group)
        is_part = start == last.start_ts < inside[0].start_ts
        fresh.append(_grown(last, inside, series.read_at) if is_part else _folded(start, inside))
    kept = rows[:-1] if fresh[0].start_ts == last.start_ts else rows
    return (*kept, *fresh)[-count:]


def _buckets(series: CandleSeries, known: int) -> Callable[[int], int]:
    """Return how to find the start of the candle that holds an instant; `known` is one such."""
    step = series.interval_ns
    return _month if series.interval.endswith("month") else lambda ts: ts - (ts - known) % step


def _month(ts: int) -> int:
    moment = datetime.fromtimestamp(ts // _NS, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * _NS


def _grown(last: CandleRow, minutes: list[CandleRow], read_at: int) -> CandleRow:
    whole = _folded(last.start_ts, (last, *minutes))
    volume = last.volume + sum(row.volume for row in minutes if row.start_ts >= read_at)
    return CandleRow(last.start_ts, whole.open, whole.high, whole.low, whole.close, volume)


def _folded(start: int, rows: Iterable[CandleRow]) -> CandleRow:
    opened: float | None = None
    high, low, close, volume = -math.inf, math.inf, 0.0, 0.0
    for row in rows:
        volume += row.volume
        if row.open is None or row.high is None or row.low is None or row.close is None:
            continue
        if opened is None:
            opened = row.open
        high, low, close = max(high, row.high), min(low, row.low), row.close
    if opened is None:
        return CandleRow(start, None, None, None, None, volume)
    return CandleRow(start, opened, high, low, close, volume)
