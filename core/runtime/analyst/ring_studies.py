"""Pictures from what the rings remember: the depth heatmap and the footprint."""

from collections.abc import Hashable
from typing import Final, NamedTuple

from core.domain.effects import Effect
from core.domain.ids import InstrumentId
from core.domain.jobs import FootprintJob, HeatGrid, HeatmapJob, Job
from core.domain.study_views import FootprintView, HeatmapView, StudyView
from core.market.candles import interval_ns
from core.market.room import MarketRoom
from core.runtime.analyst.recorder import MarketScale, RingRecorder
from core.runtime.analyst.rings import FINE_NS
from core.runtime.analyst.studies import SECOND

_MILLISECOND: Final = 1_000_000
MOST_CELLS: Final = 100_000
"""Cells of the largest raster; a topic that asks for more shows nothing."""


class RasterSize(NamedTuple):
    """Cells of a raster, and the time of a column."""

    columns: int
    rows: int
    step_ms: int


class FootprintSize(NamedTuple):
    """Which candles, how many, and how many ticks a row (0 for the analyst's choice)."""

    interval: str
    candles: int
    group: int


class _RingStudy:
    """What both share: the rings of one market, used while somebody looks."""

    period_ns = SECOND

    def __init__(
        self, market: MarketRoom, recorder: RingRecorder, topic: str, instrument: InstrumentId
    ) -> None:
        self._market = market
        self._recorder = recorder
        self._topic = topic
        self._instrument = instrument

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Begin to remember the market."""
        return self._recorder.want(self._instrument, self._topic, at)

    def key(self, at: int) -> Hashable:  # noqa: ARG002  the answer alone is shown
        """Return nothing more."""
        return None

    def end(self) -> None:
        """Let the market be forgotten."""
        self._recorder.release(self._instrument, self._topic)


class HeatmapStudy(_RingStudy):
    """A raster of so many cells, so much time a column. The newest column is the running one."""

    def __init__(
        self,
        market: MarketRoom,
        recorder: RingRecorder,
        topic: str,
        instrument: InstrumentId,
        size: RasterSize,
    ) -> None:
        super().__init__(market, recorder, topic, instrument)
        self._columns, self._rows = size.columns, size.rows
        self._step_ns = max(size.step_ms * _MILLISECOND, FINE_NS)
        self._grid: HeatGrid | None = None
        self._view: HeatmapView | None = None

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Ask for the next frame."""
        rings = self._recorder.of(self._instrument)
        if not may_ask or rings is None or rings.book.base_step is None:
            return None
        start = (at // self._step_ns - self._columns + 1) * self._step_ns
        scale = MarketScale(self._market, self._instrument, at)
        return HeatmapJob(
            topic=self._topic,
            at=at,
            instrument=self._instrument,
            price_decimals=scale.price_decimals,
            size_decimals=scale.size_decimals,
            rows=self._rows,
            start_ts=start,
            step_ns=self._step_ns,
            base_step=rings.book.base_step,
            samples=rings.book.columns(start, self._step_ns, self._columns),
            prints=rings.prints.since_at(start),
            previous=self._grid,
        )

    def take(self, view: StudyView) -> None:
        """Take a frame, and keep its grid for the next."""
        assert isinstance(view, HeatmapView), "a heatmap job is answered by a heatmap"
        self._view = view
        self._grid = HeatGrid(view.top_price, view.row_step, view.full_size)

    def shown(self, at: int) -> HeatmapView | None:  # noqa: ARG002  the answer alone is shown
        """Return the newest frame."""
        return self._view


class FootprintStudy(_RingStudy):
    """The newest candles by price."""

    def __init__(
        self,
        market: MarketRoom,
        recorder: RingRecorder,
        topic: str,
        instrument: InstrumentId,
        size: FootprintSize,
    ) -> None:
        super().__init__(market, recorder, topic, instrument)
        self._interval, self._step_ns = size.interval, interval_ns(size.interval)
        self._candles, self._group = size.candles, size.group
        self._view: FootprintView | None = None
        self._asked = 0

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Ask for the candles again once something printed."""
        rings = self._recorder.of(self._instrument)
        count = 0 if rings is None else rings.prints.count
        if not may_ask or rings is None or count in {0, self._asked}:
            return None
        self._asked = count
        scale = MarketScale(self._market, self._instrument, at)
        oldest = (at // self._step_ns - self._candles - 1) * self._step_ns
        return FootprintJob(
            topic=self._topic,
            at=at,
            instrument=self._instrument,
            interval=self._interval,
            interval_ns=self._step_ns,
            candles=self._candles,
            group=self._group,
            tick=scale.tick,
            price_decimals=scale.price_decimals,
            size_decimals=scale.size_decimals,
            complete_from=rings.prints.complete_from,
            prints=rings.prints.since_event(oldest),
            previous_step=None if self._view is None else self._view.row_step,
        )

    def take(self, view: StudyView) -> None:
        """Take the candles."""
        assert isinstance(view, FootprintView), "a footprint job is answered by a footprint"
        self._view = view

    def shown(self, at: int) -> FootprintView | None:  # noqa: ARG002  the answer alone is shown
        """Return the newest answer."""
        return self._view
