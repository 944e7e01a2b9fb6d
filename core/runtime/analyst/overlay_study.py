"""Indicators over candles: history from the analyst, the candles since from live states here.

Live states are carried over closed candles a few at a time, so that no step pays for a history.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final

from core.analysis.anchored import DAY_NS
from core.analysis.live import OVERLAY_NAMES, LiveOverlays, Overlays
from core.domain.effects import Effect
from core.domain.ids import InstrumentId
from core.domain.jobs import Job, OverlaysJob, VwapSeed
from core.domain.study_views import OverlayLine, OverlaysView, StudyView
from core.domain.views import CandleRow
from core.market.candles import interval_ns
from core.market.room import MarketRoom
from core.runtime.analyst.series import SEED_INTERVAL, candles, vwap_seed
from core.runtime.analyst.studies import SECOND

WARM_UP: Final = 300
"""Candles before the first one shown: what an average still remembers of them is rounding."""
CATCH_UP: Final = 120
"""Closed candles the live states take in one step, at most."""
REMEMBERED: Final = 64


class LiveLine:
    """Live states after the last closed candle, and the values of the newest closed ones."""

    __slots__ = ("_last", "_live", "recent", "upto")

    def __init__(self, seed: VwapSeed | None) -> None:
        self._live = LiveOverlays(seed)
        self._last: CandleRow | None = None
        self.upto = -1
        """Start of the last candle taken, -1 before the first."""
        self.recent: deque[tuple[int, Overlays]] = deque(maxlen=REMEMBERED)

    def catch_up(self, closed: tuple[CandleRow, ...]) -> bool:
        """Take more closed candles; False once there are none left to take."""
        waiting = [row for row in closed if row.start_ts > self.upto][:CATCH_UP]
        near = closed[-REMEMBERED].start_ts if len(closed) >= REMEMBERED else -1
        for row in waiting:
            if row.start_ts >= near:
                self.recent.append((row.start_ts, self._live.values(row)))
            self._live.commit(row)
            self._last, self.upto = row, row.start_ts
        return bool(waiting)

    def agrees(self, closed: tuple[CandleRow, ...]) -> bool:
        """Whether the last candle taken still stands as it was taken."""
        last = self._last
        if last is None:
            return True
        held = next((row for row in reversed(closed) if row.start_ts <= last.start_ts), None)
        return held == last

    def values(self, row: CandleRow) -> Overlays:
        """Return every line at the open candle."""
        return self._live.values(row)


class OverlayStudy:
    """One market and interval."""

    period_ns = SECOND

    def __init__(
        self, market: MarketRoom, topic: str, instrument: InstrumentId, interval: str, count: int
    ) -> None:
        self._market = market
        self._topic = topic
        self._instrument = instrument
        self._interval = interval
        self._step_ns = interval_ns(interval)
        self._count = count
        self._view: OverlaysView | None = None
        self._asked: Hashable = None
        self._taken: Hashable = None
        self._first_ts: int | None = None
        self._is_seeded = False
        self._line = LiveLine(None)
        self._is_caught_up = False

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Fetch the candles, and those that tell the day before them."""
        want = self._market.want_candles
        effects = want(self._instrument, self._interval, at)
        return (*effects, *want(self._instrument, SEED_INTERVAL, at))

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Carry the live states on; ask for the history once a candle closed or changed."""
        key = self._inputs(at)
        is_done = key == self._taken and (key == self._asked or not may_ask)
        if is_done and self._is_caught_up:
            return None
        closed = candles(
            self._market, self._instrument, self._interval, self._count + WARM_UP, at
        ).closed
        if not closed:
            return None
        seed = self._seed_of(closed[0].start_ts)
        self._carry_on(closed, seed)
        self._taken = key
        if key == self._asked or not may_ask:
            return None
        self._asked = key
        return OverlaysJob(
            topic=self._topic,
            at=at,
            instrument=self._instrument,
            interval=self._interval,
            interval_ns=self._step_ns,
            count=self._count,
            candles=closed,
            seed=seed,
        )

    def _inputs(self, at: int) -> Hashable:
        """Return what moves when a candle closes or is corrected, or a history comes."""
        newest = candles(self._market, self._instrument, self._interval, 3, at).closed
        held = (
            self._market.candles_held(self._instrument, name)
            for name in (self._interval, SEED_INTERVAL)
        )
        return (newest[-1] if newest else None, *held)

    def _seed_of(self, first: int) -> VwapSeed | None:
        if self._step_ns >= DAY_NS:
            return None
        return vwap_seed(self._market, self._instrument, first, self._interval)

    def _carry_on(self, closed: tuple[CandleRow, ...], seed: VwapSeed | None) -> None:
        """Take closed candles; begin anew when older ones came, or the newest were corrected."""
        first = closed[0].start_ts
        is_older = self._first_ts is None or first < self._first_ts
        is_better = seed is not None and not self._is_seeded
        if is_older or is_better or not self._line.agrees(closed):
            self._first_ts, self._line = first, LiveLine(seed)
        self._is_seeded = seed is not None
        self._is_caught_up = not self._line.catch_up(closed)

    def take(self, view: StudyView) -> None:
        """Take the history."""
        assert isinstance(view, OverlaysView), "an overlays job is answered by overlays"
        self._view = view

    def key(self, at: int) -> Hashable:
        """Move twice a second while the open candle lives."""
        return (
            self._market.candles_version(self._instrument) and at * 2 // SECOND,
            self._line.upto,
        )

    def shown(self, at: int) -> OverlaysView | None:
        """Put the candles since the history to its end, the open one last."""
        view = self._view
        if view is None or not self._is_caught_up:
            return view
        last = view.starts[-1] if view.starts else -1
        more = [(start, values) for start, values in self._line.recent if start > last]
        more.extend(self._open(at))
        return _extended(view, more[-self._count :], self._count)

    def _open(self, at: int) -> list[tuple[int, Overlays]]:
        """Return the candle after the last one taken; the ones after it wait for the next look."""
        held = candles(self._market, self._instrument, self._interval, 3, at)
        rows = (*held.closed, held.open)
        after = [row for row in rows if row is not None and row.start_ts > self._line.upto]
        return [(after[0].start_ts, self._line.values(after[0]))] if after else []

    def end(self) -> None:
        """Keep nothing outside."""


def _extended(view: OverlaysView, more: list[tuple[int, Overlays]], count: int) -> OverlaysView:
    if not more:
        return view
    return OverlaysView(
        instrument=view.instrument,
        interval=view.interval,
        starts=(*view.starts, *(start for start, _ in more))[-count:],
        lines=tuple(
            OverlayLine(
                name=name, values=(*line.values, *(values[place] for _, values in more))[-count:]
            )
            for place, (name, line) in enumerate(zip(OVERLAY_NAMES, view.lines, strict=True))
        ),
        zones=view.zones,
        computed_at=view.computed_at,
    )
