"""Fetches the candles of the past, once for each market and interval somebody looks at.

And once more, from the last closed candle on, where the live ones may have left something out.
"""

from collections.abc import Iterator
from typing import Final

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import CandlesLoaded, Channel, ConnectionChanged, LinkState, QueryKind
from core.domain.ids import InstrumentId
from core.market.candles import CandleSeries, interval_ns
from core.market.markets import Markets

CANDLES_KEY: Final = "market/candles/"
HISTORY_CANDLES: Final = 990
MINUTES: Final = "1m"
RETRY_NS: Final = 15_000_000_000


class CandleHistory:
    """Asks for candle history and merges what comes."""

    def __init__(self, markets: Markets, query_ids: Iterator[int], *, can_query: bool) -> None:
        self._markets = markets
        self._query_ids = query_ids
        self._can_query = can_query
        self._open: dict[int, tuple[InstrumentId, str, int]] = {}

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
        everything = max(0, at - HISTORY_CANDLES * series.interval_ns)
        since = everything if series.missed_from is None else series.missed_from
        series.missed_from, series.reading_from = None, since
        self._open[query_id] = (instrument, interval, since)
        query = Query(
            query_id=query_id,
            kind=QueryKind.CANDLES,
            instrument=instrument,
            interval=interval,
            since=since,
        )
        return (query,)

    def loaded(self, answer: CandlesLoaded, at: int) -> tuple[Effect, ...]:
        """Merge an answer; ask again where the stream went on without the end of it."""
        market = self._markets.of(answer.instrument)
        series = market.series(answer.interval)
        has_end = not answer.candles or series.holds(answer.candles[-1].start_ts)
        series.merge(answer.candles)
        series.is_loading, series.is_loaded, series.read_at = False, True, at
        market.candles_version += 1
        market.watch_version += 1
        wanted = (answer.instrument, answer.interval)
        for query_id in [key for key, value in self._open.items() if value[:2] == wanted]:
            del self._open[query_id]
        if has_end or answer.candles[-1].is_closed:
            return ()
        end = answer.candles[-1].start_ts
        return () if end == series.newest_ts else self._again(answer.instrument, series, end, at)

    def streamed(
        self, instrument: InstrumentId, series: CandleSeries, start_ts: int, at: int
    ) -> tuple[Effect, ...]:
        """Ask for what lies between the past and the first candle of a stream that came up.

        A candle's state is whole, so there is nothing if the stream goes on with the newest one.
        """
        if series.is_loading:
            return ()
        series.is_doubted = False
        newest = series.newest_ts
        if newest is None or start_ts <= newest or not series.is_loaded:
            return ()
        return self._again(instrument, series, newest, at)

    def connection(self, change: ConnectionChanged, at: int) -> tuple[Effect, ...]:
        """Ask again, once a public stream is back, for what it did not bring meanwhile."""
        if change.channel is not Channel.PUBLIC or change.state is LinkState.CONNECTING:
            return ()
        effects: list[Effect] = []
        for market in self._markets.at_venue(change.venue):
            for series in market.candles.values():
                if change.state is LinkState.DOWN:
                    series.is_doubted = True
                    series.miss()
                elif series.missed_from is not None and series.is_loaded:
                    name, start_ts = market.instrument_id, series.missed_from
                    effects.extend(self._again(name, series, start_ts, at))
        return tuple(effects)

    def _again(
        self, instrument: InstrumentId, series: CandleSeries, start_ts: int, at: int
    ) -> tuple[Effect, ...]:
        """Ask from a candle on; what the minutes go on with by themselves needs no asking."""
        series.missed_from = min(start_ts, series.missed_from or start_ts)
        gone_on = series.interval != MINUTES and not series.is_streamed
        if gone_on and at - series.missed_from < HISTORY_CANDLES * interval_ns(MINUTES):
            series.missed_from = None
            return ()
        series.is_loaded = False
        return self.want(instrument, series.interval, at)

    def failed(self, query_id: int, at: int) -> tuple[Effect, ...]:
        """Try again later; a query that was not ours is ignored."""
        wanted = self._open.pop(query_id, None)
        if wanted is None:
            return ()
        instrument, interval, since = wanted
        market = self._markets.of(instrument)
        series = market.series(interval)
        series.is_loading = False
        series.missed_from = min(since, series.missed_from or since)
        market.candles_version += 1
        return (WakeAt(key=f"{CANDLES_KEY}{interval}/{instrument}", at=at + RETRY_NS),)

    def woken(self, rest_of_key: str, at: int) -> tuple[Effect, ...]:
        """Ask again after a failure, if the market is still there."""
        interval, _, instrument = rest_of_key.partition("/")
        if InstrumentId(instrument) not in self._markets.by_id:
            return ()
        return self.want(InstrumentId(instrument), interval, at)
