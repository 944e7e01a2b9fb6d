"""Trend over several intervals: asked for anew when a minute closed or a history came."""

from collections.abc import Hashable
from typing import Final

from core.domain.effects import Effect
from core.domain.ids import InstrumentId
from core.domain.jobs import CandleColumn, Job, TrendJob
from core.domain.study_views import StudyView, TrendView
from core.market.candles import interval_ns
from core.market.room import MarketRoom
from core.runtime.analyst.series import MINUTE, candles
from core.runtime.analyst.studies import SECOND

INTERVALS: Final = ("1m", "5m", "15m", "1h", "4h")
CANDLES: Final = 250
"""Closed candles of each interval: enough for an average of 50 to have forgotten its begin."""


class TrendStudy:
    """One market."""

    period_ns = SECOND

    def __init__(self, market: MarketRoom, topic: str, instrument: InstrumentId) -> None:
        self._market = market
        self._topic = topic
        self._instrument = instrument
        self._asked: Hashable = None
        self._view: TrendView | None = None

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Fetch the candles of every interval."""
        want = self._market.want_candles
        return tuple(effect for name in INTERVALS for effect in want(self._instrument, name, at))

    def look(self, at: int) -> Job | None:
        """Ask for the trend once a minute closed or the history of an interval came."""
        key = self._inputs(at)
        if key == self._asked:
            return None
        columns = tuple(
            CandleColumn(
                name,
                interval_ns(name),
                candles(self._market, self._instrument, name, CANDLES, at).closed,
            )
            for name in INTERVALS
        )
        if not any(column.candles for column in columns):
            return None
        self._asked = key
        decimals = self._market.candles(self._instrument, MINUTE, 1).price_decimals
        return TrendJob(
            topic=self._topic,
            at=at,
            instrument=self._instrument,
            price_decimals=decimals,
            columns=columns,
        )

    def _inputs(self, at: int) -> Hashable:
        closed = candles(self._market, self._instrument, MINUTE, 2, at).closed
        views = [self._market.candles(self._instrument, name, 1) for name in INTERVALS]
        loading = tuple((view.is_loading, bool(view.candles)) for view in views)
        return (closed[-1] if closed else None, loading)

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
