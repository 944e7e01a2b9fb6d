"""The candle chart of one market."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from core.domain.ids import InstrumentId
from core.domain.study_views import OverlaysView, overlays_topic
from core.domain.views import CandleRow, CandlesView, candles_topic
from tui.render.candles import Chart, candle_rows, slots
from tui.render.numbers import clock_text, compact, date_text
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit_center
from tui.widgets.messages import FocusAside
from tui.widgets.pane import Pane, Titles

INTERVALS: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
_REDRAW_SECS: Final = 1.0
_ROOM_FOR_INTERVALS: Final = 56


class Candles(Pane):
    """Candles with volume, price axis and a crosshair; redrawn at most once a second."""

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(palette, id=id)
        self.instrument: InstrumentId | None = None
        self.interval = INTERVALS[0]
        self.view: CandlesView | None = None
        self.overlays: OverlaysView | None = None
        self.crosshair: int | None = None
        """Columns from the newest candle."""
        self._clock = clock
        self._redrawn_at = -_REDRAW_SECS
        self._has_news = False

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        count = max(10, self.size.width - 9)
        return candles_topic(self.instrument, self.interval, count) if self.instrument else None

    def overlays_topic(self) -> str | None:
        """Return the topic of the indicators over the candles."""
        count = max(10, self.size.width - 9)
        return overlays_topic(self.instrument, self.interval, count) if self.instrument else None

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""
        if instrument != self.instrument:
            self.instrument, self.view, self.crosshair = instrument, None, None
            self.redraw()

    def change_interval(self, step: int) -> None:
        """Take the next longer or shorter interval."""
        index = INTERVALS.index(self.interval) + step
        self.use_interval(INTERVALS[max(0, min(index, len(INTERVALS) - 1))])

    def use_interval(self, interval: str) -> None:
        """Take an interval."""
        if interval != self.interval:
            self.interval, self.view, self.crosshair = interval, None, None
            self.redraw()

    def show(self, view: CandlesView) -> None:
        """Take new candles; draw them when the last drawing is old enough."""
        if (view.instrument, view.interval) != (self.instrument, self.interval):
            return
        is_first = self.view is None or len(self.view.candles) != len(view.candles)
        self.view, self._has_news = view, True
        self.draw_when_due(is_now=is_first)

    def show_overlays(self, view: OverlaysView) -> None:
        """Take new indicators; they are drawn with the next candles."""
        if (view.instrument, view.interval) == (self.instrument, self.interval):
            self.overlays, self._has_news = view, True

    def draw_when_due(self, *, is_now: bool = False) -> None:
        """Draw waiting news, at most once a second."""
        now = self._clock()
        if self._has_news and (is_now or now - self._redrawn_at >= _REDRAW_SECS):
            self._redrawn_at, self._has_news = now, False
            self.redraw()

    def title(self) -> Titles:
        """Return market and interval, or the values under the crosshair."""
        name = clean(self.instrument.partition(":")[2]) if self.instrument else "Candles"
        texts = [(name, "text")]
        if self.crosshair is not None or self.size.width < _ROOM_FOR_INTERVALS:
            texts.append((f" {self.interval}", "accent"))
        if self.crosshair is not None and (bucket := self._pointed()) is not None:
            texts.append((f"  {_values(bucket, self._decimals())}", "text_soft"))
        elif (change := self._change()) is not None:
            texts.append((f"  {change:+.2f}% in view", "profit" if change >= 0 else "loss"))
        return texts

    def status(self) -> Titles:
        """Return the intervals to choose from."""
        if self.view and self.view.is_loading:
            return [("loading history…", "info")]
        if self.crosshair is not None or self.size.width < _ROOM_FOR_INTERVALS:
            return []
        return [
            (f"{' ' if index else ''}{name}", "accent" if name == self.interval else "faint")
            for index, name in enumerate(INTERVALS)
        ]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the chart, or why there is none."""
        view = self.view
        if view is None or not view.candles:
            is_loading = view is None or view.is_loading
            text = "loading history…" if is_loading else "no candles yet"
            for row in range(height):
                line = fit_center(text if row == height // 2 else "", width)
                yield row, ((line, self.palette.style("muted")),)
            return
        yield from enumerate(candle_rows(self._chart(width, height), self.palette))

    def _chart(self, width: int, height: int) -> Chart:
        assert self.view is not None
        chart = Chart(
            candles=self.view.candles,
            interval_ns=self.view.interval_ns,
            decimals=self.view.price_decimals,
            width=width,
            height=height,
        )
        if self.crosshair is None:
            return chart
        column = max(0, chart.columns - 1 - self.crosshair)
        return Chart(
            candles=chart.candles,
            interval_ns=chart.interval_ns,
            decimals=chart.decimals,
            width=width,
            height=height,
            cursor=column,
        )

    def _pointed(self) -> CandleRow | None:
        if self.view is None or self.crosshair is None:
            return None
        chart = self._chart(self.size.width - 2, self.inner_height)
        buckets = slots(chart)
        return buckets[chart.cursor] if chart.cursor is not None and buckets else None

    def _decimals(self) -> int:
        return self.view.price_decimals if self.view else 2

    def _change(self) -> float | None:
        candles = self.view.candles if self.view else ()
        first = next((c.open for c in candles if c.open), None)
        last = next((c.close for c in reversed(candles) if c.close), None)
        return None if first is None or last is None else (last / first - 1) * 100

    def action_move_aside(self, direction: int) -> None:
        """Move the crosshair; beyond the newest candle it goes away, then the focus moves."""
        if self.crosshair is None and direction > 0:
            self.post_message(FocusAside(direction))
            return
        place = -1 if self.crosshair is None else self.crosshair
        place -= direction
        most = max(0, self.size.width - 10)
        self.crosshair = None if place < 0 else min(place, most)
        self.redraw()


def _values(bucket: CandleRow, decimals: int) -> str:
    when = f"{date_text(bucket.start_ts)[5:]} {clock_text(bucket.start_ts)[:5]}"
    if bucket.open is None or bucket.close is None:
        return f"{when} no trades"
    prices = (bucket.open, bucket.high or 0.0, bucket.low or 0.0, bucket.close)
    texts = [
        f"{letter} {price:,.{decimals}f}" for letter, price in zip("OHLC", prices, strict=True)
    ]
    return f"{when} {' '.join(texts)} V {compact(bucket.volume)}"
