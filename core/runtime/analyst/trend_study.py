"""Trend over several intervals: asked for anew when a minute closed or a history came."""

from collections.abc import Hashable
from typing import Final

from core.domain.effects import Effect
from core.domain.ids import InstrumentId
from core.domain.jobs import CandleColumn, Job, TrendJob
from core.domain.study_views import StudyView, TrendView
from core.domain.views import CandleRow
from core.market.candles import interval_ns
from core.market.room import MarketRoom
from core.runtime.analyst.series import MINUTE, MINUTE_NS, candles, minutes_since
from core.runtime.analyst.studies import SECOND

INTERVALS: Final = ("1m", "5m", "15m", "1h", "4h")
CANDLES: Final = 250
"""Candles of each interval: enough for an average of 50 to have forgotten its begin."""
GATHERING_NS: Final = 20_000_000
"""Between two intervals: each is frozen in a step of its own."""


class TrendStudy:
    """One market."""

    def __init__(self, market: MarketRoom, topic: str, instrument: InstrumentId) -> None:
        self._market = market
        self._topic = topic
        self._instrument = instrument
        self._asked: Hashable = None
        self._columns: list[CandleColumn] = []
        self._view: TrendView | None = None
        self.period_ns = SECOND

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Fetch the candles of every interval."""
        want = self._market.want_candles
        return tuple(effect for name in INTERVALS for effect in want(self._instrument, name, at))

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Ask for the trend once a minute closed or a history came: one interval a look."""
        key = self._inputs(at)
        if key == self._asked or not may_ask:
            return None
        name = INTERVALS[len(self._columns)]
        self._columns.append(CandleColumn(name, interval_ns(name), self._candles(name, at)))
        if len(self._columns) < len(INTERVALS):
            self.period_ns = GATHERING_NS
            return None
        columns, self._columns, self.period_ns = tuple(self._columns), [], SECOND
        self._asked = key
        if not any(column.candles for column in columns):
            return None
        return TrendJob(
            topic=self._topic,
            at=at,
            instrument=self._instrument,
            price_decimals=self._market.candles(self._instrument, MINUTE, 1).price_decimals,
            minutes=self._minutes(columns, at),
            columns=columns,
        )

    def _inputs(self, at: int) -> Hashable:
        closed = candles(self._market, self._instrument, MINUTE, 2, at).closed
        held = (self._market.candles_held(self._instrument, name) for name in INTERVALS)
        return (closed[-1] if closed else None, *held)

    def _candles(self, name: str, at: int) -> tuple[CandleRow, ...]:
        """Return what was loaded of an interval; of minutes the closed ones."""
        if name == MINUTE:
            return candles(self._market, self._instrument, MINUTE, CANDLES, at).closed
        if not self._market.candles_held(self._instrument, name):
            return ()
        return self._market.candles(self._instrument, name, CANDLES).candles

    def _minutes(self, columns: tuple[CandleColumn, ...], at: int) -> tuple[CandleRow, ...]:
        """Return the minutes that carry every longer interval on, or are all there is of it."""
        lasts = [column.candles[-1].start_ts for column in columns[1:] if column.candles]
        is_whole = len(lasts) == len(columns) - 1
        since = min(lasts) if is_whole else 0
        rows = minutes_since(self._market, self._instrument, since)
        is_open = bool(rows) and rows[-1].start_ts + MINUTE_NS > at
        return rows[:-1] if is_open else rows

    def take(self, view: StudyView) -> None:
        """Take the answer."""
        assert isinstance(view, TrendView), "a trend job is answered by a trend"
        self._view = view

    def key(self, at: int) -> Hashable:  # noqa: ARG002  the answer alone is shown
        """Return nothing more."""
        return None

    def shown(self, at: int) -> TrendView | None:  # noqa: ARG002  as above
        """Return the newest answer."""
        return self._view

    def end(self) -> None:
        """Keep nothing outside."""
