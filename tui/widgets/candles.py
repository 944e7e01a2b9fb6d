"""The candle chart of one market."""

import time
from collections.abc import Callable, Iterable
from typing import ClassVar, Final, TypeVar

import msgspec
from textual.binding import BindingType

from core.domain.ids import InstrumentId
from core.domain.study_views import OverlaysView, overlays_topic
from core.domain.views import CandlesView, candles_topic
from tui.actions import Place, bindings_at
from tui.render.candles import Picture, picture_of, picture_rows
from tui.render.chart_lens import (
    Lens,
    Reach,
    crosshair_moved,
    pan_step,
    panned,
    panned_home,
    shifted,
    wanted_candles,
    zoomed,
)
from tui.render.chart_readout import explained
from tui.render.chart_spec import AXIS_LEAST, LINE_ROLES, Chart, Lower, Preset
from tui.render.chart_time import line_values
from tui.render.chart_titles import (
    cells_of,
    crosshair_title,
    interval_texts,
    legend_texts,
    market_title,
)
from tui.render.explain import Explained
from tui.render.palette import Palette, Runs
from tui.render.text import fit_center
from tui.widgets.messages import FocusAside
from tui.widgets.pane import Pane, Titles

INTERVALS: Final = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
_REDRAW_SECS: Final = 1.0
_FRAME_CELLS: Final = 2
_EDGE_CELLS: Final = 4
"""Cells of an edge that texts cannot have."""
_Choice = TypeVar("_Choice")


class Candles(Pane):
    """Candles with overlays, volume, a study and a crosshair; redrawn at most once a second."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.CANDLES)]
    places: ClassVar[tuple[Place, ...]] = (Place.CANDLES, Place.PANE)

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
        self.lens = Lens()
        self.engine_at: int | None = None
        self._clock = clock
        self._redrawn_at = -_REDRAW_SECS
        self._has_news = False
        self._oldest: int | None = None
        self._picture: Picture | None = None

    # -- what is asked for -------------------------------------------------------------------

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        if self.instrument is None:
            return None
        return candles_topic(self.instrument, self.interval, self._count())

    def overlays_topic(self) -> str | None:
        """Return the topic of the indicators over the candles."""
        if self.instrument is None:
            return None
        return overlays_topic(self.instrument, self.interval, self._count())

    def _count(self) -> int:
        view = self.view
        newest = view.candles[-1].start_ts if view and view.candles else None
        step = view.interval_ns if view else 0
        return wanted_candles(self.lens, self._columns(AXIS_LEAST), newest, step)

    def _columns(self, axis_cells: int) -> int:
        return max(0, self.size.width - _FRAME_CELLS - axis_cells)

    @property
    def crosshair(self) -> int | None:
        """Slots of the crosshair from the newest one shown, None while there is none."""
        return self.lens.crosshair

    # -- what comes --------------------------------------------------------------------------

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""
        if instrument != self.instrument:
            self.instrument = instrument
            self._start_anew()

    def change_interval(self, step: int) -> None:
        """Take the next longer or shorter interval."""
        index = INTERVALS.index(self.interval) + step
        self.use_interval(INTERVALS[max(0, min(index, len(INTERVALS) - 1))])

    def use_interval(self, interval: str) -> None:
        """Take an interval."""
        if interval != self.interval:
            self.interval = interval
            self._start_anew()

    def _start_anew(self) -> None:
        self.view, self.overlays, self._oldest = None, None, None
        self.lens = self.lens.reset()
        self.redraw()

    def show(self, view: CandlesView) -> None:
        """Take new candles; draw them when the last drawing is old enough."""
        if (view.instrument, view.interval) != (self.instrument, self.interval):
            return
        before = self.view
        is_first = before is None or len(before.candles) != len(view.candles)
        if before and before.candles and view.candles and view.interval_ns > 0:
            moved = view.candles[-1].start_ts - before.candles[-1].start_ts
            slots = moved // (view.interval_ns * self.lens.zoom.group)
            self.lens = shifted(self.lens, slots)
        self._oldest = self._first_known(view)
        self.view, self._has_news = view, True
        self.draw_when_due(is_now=is_first)

    def _first_known(self, view: CandlesView) -> int | None:
        """Return the beginning of the history where the engine has less than was asked for."""
        if not view.candles or view.is_loading or view.interval_ns <= 0:
            return None
        first, newest = view.candles[0].start_ts, view.candles[-1].start_ts
        return first if (newest - first) // view.interval_ns + 1 < self._count() else None

    def show_overlays(self, view: OverlaysView) -> None:
        """Take new indicators; the first ones are drawn at once, others with the next candles."""
        if (view.instrument, view.interval) == (self.instrument, self.interval):
            is_first = self.overlays is None or self.overlays.starts[:1] != view.starts[:1]
            self.overlays, self._has_news = view, True
            self.draw_when_due(is_now=is_first)

    def tick(self, engine_at: int) -> None:
        """Let the time to the candle's close run on."""
        self.engine_at, self._has_news = engine_at, True

    def draw_when_due(self, *, is_now: bool = False) -> None:
        """Draw waiting news, at most once a second."""
        now = self._clock()
        if self._has_news and (is_now or now - self._redrawn_at >= _REDRAW_SECS):
            self._redrawn_at, self._has_news = now, False
            self.redraw()

    # -- what is drawn -----------------------------------------------------------------------

    def chart(self, width: int, height: int) -> Chart | None:
        """Return what is to be drawn in so many cells, None without candles."""
        view, lens = self.view, self.lens
        if view is None or not view.candles:
            return None
        chart = Chart(
            candles=view.candles,
            interval_ns=view.interval_ns,
            decimals=view.price_decimals,
            width=width,
            height=height,
            zoom=lens.zoom,
            end_ts=lens.end_ts,
            overlays=self.overlays,
            preset=lens.preset,
            lower=lens.lower,
            is_line=lens.is_line,
            locked=lens.locked,
            fills=view.fills,
            orders=view.orders,
            alert_prices=view.alert_prices,
            now=self.engine_at,
        )
        if lens.crosshair is None:
            return chart
        slot = max(0, lens.slots(chart.columns) - 1 - lens.crosshair)
        return msgspec.structs.replace(chart, cursor=slot, cursor_row=lens.cross_row)

    def redraw(self) -> None:
        """Work the chart out anew and mark what changed."""
        self._picture = None
        super().redraw()

    def picture(self) -> Picture | None:
        """Return the chart worked out for the pane's size, once a redraw."""
        if self._picture is None:
            chart = self.chart(max(0, self.size.width - _FRAME_CELLS), self.inner_height)
            self._picture = None if chart is None else picture_of(chart)
        return self._picture

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the chart, or why there is none."""
        picture = self.picture()
        if picture is not None:
            yield from enumerate(picture_rows(picture, self.palette))
            return
        for row in range(height):
            line = fit_center(self._lack() if row == height // 2 else "", width)
            yield row, ((line, self.palette.style("muted")),)

    def _lack(self) -> str:
        view = self.view
        if view is None or view.is_loading:
            return "loading history…"
        if not view.candles:
            return "no candles yet"
        return "no trades in this stretch of time"

    def title(self) -> Titles:
        """Return market and change in view, or the values under the crosshair."""
        room = self.size.width - _EDGE_CELLS - 2
        picture = self.picture()
        if self.crosshair is not None and picture is not None:
            return crosshair_title(self.instrument, self.interval, picture, room)
        return market_title(self.instrument, picture, room)

    def status(self) -> Titles:
        """Return the intervals to choose from, as many as there is room for."""
        if self.view and self.view.is_loading:
            return [("loading history…", "info")]
        if self.crosshair is not None:
            return []
        room = self.size.width - _EDGE_CELLS - 4 - cells_of(self.title())
        return interval_texts(INTERVALS, self.interval, room)

    def hint(self) -> Titles:
        """Return how the chart differs from the usual, and the overlays' values."""
        room = self.size.width - _EDGE_CELLS - 2
        return legend_texts(self.lens, self.view, self.picture(), room)

    def explain(self) -> tuple[Explained, ...]:
        """Say what the chart shows at the crosshair or the newest candle."""
        picture = self.picture()
        if picture is None:
            return ()
        lines = line_values(self.overlays, LINE_ROLES, picture.window)
        return explained(picture, self.interval, lines)

    # -- keys --------------------------------------------------------------------------------

    def _reach(self) -> Reach | None:
        chart = self.chart(max(0, self.size.width - _FRAME_CELLS), self.inner_height)
        if chart is None or chart.interval_ns <= 0:
            return None
        return Reach(
            newest=chart.candles[-1].start_ts,
            oldest=self._oldest,
            interval_ns=chart.interval_ns,
            columns=chart.columns,
        )

    def _look(self, lens: Lens) -> None:
        if lens != self.lens:
            self.lens = lens
            self.redraw()

    def action_move_aside(self, direction: int) -> None:
        """Move the crosshair; beyond the newest candle it goes away, then the focus moves."""
        reach = self._reach()
        if reach is None or (self.crosshair is None and direction > 0):
            self.post_message(FocusAside(direction))
            return
        self._look(crosshair_moved(self.lens, -direction, reach))

    def action_move_cursor(self, rows: int) -> None:
        """Move the crosshair up and down, free of the candle."""
        picture = self.picture()
        if picture is None or self.crosshair is None:
            return
        row = picture.cursor_row
        start = picture.scale.rows // 2 if row is None else row
        self._look(self.lens.changed(cross_row=max(0, min(start + rows, picture.scale.rows - 1))))

    def action_crosshair_off(self) -> None:
        """Put the crosshair away."""
        self._look(self.lens.changed(crosshair=None, cross_row=None))

    def action_pan(self, direction: int) -> None:
        """Move a third of the picture into the past (1) or back (-1)."""
        reach = self._reach()
        if reach is not None:
            step = pan_step(self.lens, reach.columns) * direction
            self._look(panned(self.lens, step, reach))

    def action_pan_end(self, direction: int) -> None:
        """Go to the oldest candles (1) or the newest (-1)."""
        reach = self._reach()
        if reach is not None:
            home = panned_home(self.lens, reach)
            newest = self.lens.changed(end_ts=None, crosshair=None, cross_row=None)
            self._look(home if direction > 0 else newest)

    def action_zoom_candles(self, step: int) -> None:
        """Make candles wider or narrower."""
        reach = self._reach()
        if reach is not None:
            self._look(zoomed(self.lens, step, reach))

    def action_next_overlays(self) -> None:
        """Show the next set of overlays."""
        self._look(self.lens.changed(preset=_next(list(Preset), self.lens.preset)))

    def action_next_study(self) -> None:
        """Show the next study under the candles."""
        self._look(self.lens.changed(lower=_next(list(Lower), self.lens.lower)))

    def action_candles_or_line(self) -> None:
        """Draw candles, or the closes as a fine line."""
        self._look(self.lens.changed(is_line=not self.lens.is_line))

    def action_lock_scale(self) -> None:
        """Hold the price scale still, or let it follow the candles."""
        picture = self.picture()
        if self.lens.locked is not None or picture is None:
            self._look(self.lens.changed(locked=None))
        else:
            scale = picture.scale
            self._look(self.lens.changed(locked=(scale.low, scale.high)))


def _next(choices: list[_Choice], now: _Choice) -> _Choice:
    return choices[(choices.index(now) + 1) % len(choices)]
