"""Time on a chart: which candle stands in which slot, joined exactly where several share one."""

from collections.abc import Iterable, Sequence
from math import isfinite

import msgspec

from core.domain.study_views import OverlaysView
from core.domain.views import CandleRow
from tui.render.chart_spec import Chart

Buckets = list[CandleRow | None]
"""One entry a slot, oldest first: None where data is missing, prices None without trades."""


class Window(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The stretch of time a chart shows, cut into slots of equal length."""

    end_ts: int
    """Start of the newest candle shown."""
    interval_ns: int
    group: int
    slots: int
    cells: int
    left: int
    """Blank columns before the first slot."""

    @property
    def slot_ns(self) -> int:
        """Length of a slot."""
        return self.interval_ns * self.group

    def place(self, at: int) -> int:
        """Return the slot of an instant; it may lie outside of 0 to `slots` - 1."""
        if self.group == 1:
            return self.slots - 1 + (at - self.end_ts) // self.interval_ns
        return self.slots - 1 + at // self.slot_ns - self.end_ts // self.slot_ns

    def start(self, slot: int) -> int:
        """Return the instant a slot begins at."""
        back = self.slots - 1 - slot
        if self.group == 1:
            return self.end_ts - back * self.interval_ns
        return (self.end_ts // self.slot_ns - back) * self.slot_ns

    def column(self, slot: int) -> int:
        """Return the column of a slot's wick."""
        return self.left + slot * self.cells + (self.cells - 1) // 2


def window_of(chart: Chart) -> Window | None:
    """Choose the time shown; None where there is nothing to show or no room."""
    slots = chart.columns // chart.zoom.cells
    if not chart.candles or slots <= 0 or chart.interval_ns <= 0:
        return None
    newest = chart.candles[-1].start_ts
    end = newest if chart.end_ts is None else min(chart.end_ts, newest)
    return Window(
        end_ts=end,
        interval_ns=chart.interval_ns,
        group=chart.zoom.group,
        slots=slots,
        cells=chart.zoom.cells,
        left=chart.columns - slots * chart.zoom.cells,
    )


def buckets_of(candles: Sequence[CandleRow], window: Window) -> Buckets:
    """Spread candles over the slots; those that share a slot become one candle."""
    buckets: Buckets = [None] * window.slots
    for candle in candles:
        slot = window.place(candle.start_ts)
        if 0 <= slot < window.slots and candle.start_ts <= window.end_ts:
            held = buckets[slot]
            buckets[slot] = candle if held is None else joined_candle(held, candle)
    return buckets


def joined_candle(held: CandleRow, candle: CandleRow) -> CandleRow:
    """Join a candle to the one before: first open, highest high, lowest low, last close."""
    volume = held.volume + candle.volume
    first = held if held.open is not None else candle
    last = candle if candle.close is not None else held
    highs = [row.high for row in (held, candle) if row.high is not None]
    lows = [row.low for row in (held, candle) if row.low is not None]
    return CandleRow(
        held.start_ts,
        first.open,
        max(highs, default=None),
        min(lows, default=None),
        last.close,
        volume,
    )


def slots(chart: Chart) -> Buckets:
    """Return the buckets of a chart, one a slot."""
    window = window_of(chart)
    if window is None:
        return [None] * max(0, chart.columns // chart.zoom.cells)
    return buckets_of(chart.candles, window)


def line_values(
    overlays: OverlaysView | None, names: Iterable[str], window: Window
) -> dict[str, list[float | None]]:
    """Spread indicator values over the slots; a slot of several candles has the last value."""
    found: dict[str, list[float | None]] = {}
    if overlays is None:
        return found
    wanted = frozenset(names)
    places = [window.place(start) for start in overlays.starts]
    for line in overlays.lines:
        if line.name in wanted:
            found[line.name] = _spread(line.values, places, window.slots)
    return found


def _spread(
    values: Sequence[float | None], places: Sequence[int], count: int
) -> list[float | None]:
    row: list[float | None] = [None] * count
    for place, value in zip(places, values, strict=False):
        if value is not None and isfinite(value) and 0 <= place < count:
            row[place] = value
    return row
