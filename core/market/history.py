"""Fetches the candles of the past, once for each market and interval somebody looks at."""

from collections.abc import Iterator
from typing import Final

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import CandlesLoaded, QueryKind
from core.domain.ids import InstrumentId
from core.market.markets import Markets

CANDLES_KEY: Final = "market/candles/"
HISTORY_CANDLES: Final = 500
RETRY_NS: Final = 15_000_000_000


class CandleHistory:
    """Asks for candle history and merges what comes."""

    def __init__(self, markets: Markets, query_ids: Iterator[int], *, can_query: bool) -> None:
        self._markets = markets
        self._query_ids = query_ids
        self._can_query = can_query
        self._open: dict[int, tuple[InstrumentId, str]] = {}

    def want(self, instrument: InstrumentId, interval: str, at: int) -> tuple[Effect, ...]:
        """Ask for an interval unless it is there, coming, or nobody would answer.

        Raises:
            ValueError: where the text is no interval.
        """
        series = self._markets.of(instrument).series(interval)
        if not self._can_query or series.is_loading or series.is_loaded:
            return ()
        series.is_loading = True
        query_id = next(self._query_ids)
        self._open[query_id] = (instrument, interval)
        query = Query(
            query_id=query_id,
            kind=QueryKind.CANDLES,
            instrument=instrument,
            interval=interval,
            since=max(0, at - HISTORY_CANDLES * series.interval_ns),
        )
        return (query,)

    def loaded(self, answer: CandlesLoaded) -> None:
        """Merge an answer."""
        market = self._markets.of(answer.instrument)
        series = market.series(answer.interval)
        series.merge(answer.candles)
        series.is_loading, series.is_loaded = False, True
        market.candles_version += 1
        market.watch_version += 1
        wanted = (answer.instrument, answer.interval)
        for query_id in [key for key, value in self._open.items() if value == wanted]:
            del self._open[query_id]

    def failed(self, query_id: int, at: int) -> tuple[Effect, ...]:
        """Try again later; a query that was not ours is ignored."""
        wanted = self._open.pop(query_id, None)
        if wanted is None:
            return ()
        instrument, interval = wanted
        market = self._markets.of(instrument)
        market.series(interval).is_loading = False
        market.candles_version += 1
        return (WakeAt(key=f"{CANDLES_KEY}{interval}/{instrument}", at=at + RETRY_NS),)

    def woken(self, rest_of_key: str, at: int) -> tuple[Effect, ...]:
        """Ask again after a failure, if the market is still there."""
        interval, _, instrument = rest_of_key.partition("/")
        if InstrumentId(instrument) not in self._markets.by_id:
            return ()
        return self.want(InstrumentId(instrument), interval, at)
