"""Correlation and lead of the watched markets, for those who show pairs."""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

from core.domain.effects import Effect
from core.domain.ids import InstrumentId
from core.domain.jobs import Job, MarketSeries, PairsJob
from core.domain.study_views import PairsView, StudyView
from core.market.room import MarketRoom
from core.runtime.analyst.series import MINUTE
from core.runtime.analyst.studies import SECOND

MINUTES: Final = 240
SECONDS: Final = 600
MOST_MARKETS: Final = 12
RENEWED_NS: Final = 20 * SECOND


class PairNumbers(NamedTuple):
    """What two markets have in common.

    Attributes:
        correlation: Of one-minute log returns.
        lead_s: Seconds by which the first leads (negative: lags).
        lead_correlation: Correlation there.
    """

    correlation: float | None
    lead_s: float | None
    lead_correlation: float | None


class PairsStudy:
    """All pairs of the first twelve watched markets; their mids are sampled every second."""

    period_ns = SECOND

    def __init__(
        self,
        market: MarketRoom,
        topic: str,
        watched: Callable[[], tuple[InstrumentId, ...]],
    ) -> None:
        self._market = market
        self._topic = topic
        self._watched = watched
        self._mids: dict[InstrumentId, deque[tuple[int, int]]] = {}
        self._asked_at: int | None = None
        self._view: PairsView | None = None

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Fetch the minutes."""
        want = self._market.want_candles
        return tuple(effect for name in self._markets() for effect in want(name, MINUTE, at))

    def _markets(self) -> tuple[InstrumentId, ...]:
        return self._watched()[:MOST_MARKETS]

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Sample every mid; ask for the numbers every 20 seconds."""
        for name in self._markets():
            self._sample(name, at)
        is_young = self._asked_at is not None and at - self._asked_at < RENEWED_NS
        if is_young or not may_ask:
            return None
        markets = tuple(self._series(name) for name in self._markets())
        if len([one for one in markets if one.minutes]) < 2:  # noqa: PLR2004  a pair
            return None
        self._asked_at = at
        return PairsJob(topic=self._topic, at=at, markets=markets)

    def _sample(self, name: InstrumentId, at: int) -> None:
        touch = self._market.touch(name, at)
        mid = None if touch is None else touch.mid
        if mid is not None:
            self._mids.setdefault(name, deque(maxlen=SECONDS)).append((at // SECOND, mid))

    def _series(self, name: InstrumentId) -> MarketSeries:
        rows = self._market.candles(name, MINUTE, MINUTES).candles
        closes = tuple((row.start_ts, row.close) for row in rows if row.close is not None)
        return MarketSeries(name, closes, tuple(self._mids.get(name, ())))

    def take(self, view: StudyView) -> None:
        """Take the numbers."""
        assert isinstance(view, PairsView), "a pairs job is answered by pairs"
        self._view = view

    def numbers(self, first: InstrumentId, second: InstrumentId) -> PairNumbers | None:
        """Return the numbers of two markets, in whichever order they were computed."""
        for row in () if self._view is None else self._view.rows:
            if (row.first, row.second) == (first, second):
                return PairNumbers(row.correlation, row.lead_s, row.lead_correlation)
            if (row.first, row.second) == (second, first):
                lead = None if row.lead_s is None else -row.lead_s
                return PairNumbers(row.correlation, lead, row.lead_correlation)
        return None

    def key(self, at: int) -> Hashable:  # noqa: ARG002  others show the numbers
        """Return nothing more."""
        return None

    def shown(self, at: int) -> StudyView | None:  # noqa: ARG002  as above
        """Show nothing: the pairs are drawn with the books of the moment, elsewhere."""
        return None

    def end(self) -> None:
        """Keep nothing outside."""
