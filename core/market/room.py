"""The market room of the Desk: every market's state, fed by events, read through views.

Handlers answer `()` on the hot path. Effects leave only to fetch what is missing: a snapshot of a
book that lost its thread, candles somebody looks at, and the timers both need.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.domain.effects import Effect
from core.domain.errors import DataInvalid
from core.domain.events import ConnectionChanged, QueryFailed, TimerFired
from core.domain.ids import InstrumentId, VenueId
from core.domain.instrument import Instrument
from core.domain.order import Side
from core.domain.views import CandlesView, LadderView, OwnOrder, TapeView, WatchRow
from core.market import views
from core.market.book import Level
from core.market.chase import BOOK_KEY, BookChase
from core.market.counters import MarketCounters
from core.market.feed import Handler, MarketFeed
from core.market.history import CANDLES_KEY, CandleHistory
from core.market.market import Market
from core.market.markets import Markets
from core.market.pacing import DEFAULT_PACING, PacingLimits, SnapshotPacer
from core.market.splice import DEFAULT_LIMITS, SpliceLimits
from core.market.touch import Touch, touch_of
from core.market.units import UnitCache


class UnitCaches(NamedTuple):
    """Wire text to units of 10^-10, shared by all books; ask keys are minus the price."""

    bid_keys: UnitCache
    ask_keys: UnitCache
    sizes: UnitCache


class MarketRoom:
    """All markets of a run.

    Args:
        query_ids: Source of ids for the queries this room asks.
        limits: Bounds of every book's splice.
        pacing: Spacing of snapshot queries.
        can_query: False where nobody answers queries (a replay): then none are asked.
    """

    def __init__(
        self,
        query_ids: Iterator[int],
        *,
        limits: SpliceLimits = DEFAULT_LIMITS,
        pacing: PacingLimits = DEFAULT_PACING,
        can_query: bool = True,
    ) -> None:
        self.counters = MarketCounters()
        self._markets = Markets(self.counters, limits)
        pacer = SnapshotPacer(pacing)
        self._chase = BookChase(self._markets, pacer, query_ids, can_query=can_query)
        self._history = CandleHistory(self._markets, query_ids, can_query=can_query)
        self._feed = MarketFeed(self._markets, self._chase, self._history)

    def handlers(self) -> dict[type, Handler]:
        """Return the handler of each body this room takes."""
        return self._feed.handlers() | {
            ConnectionChanged: self._connection,
            TimerFired: self._woken,
            QueryFailed: self._query_failed,
        }

    def _connection(self, change: ConnectionChanged, at: int) -> tuple[Effect, ...]:
        return (*self._chase.connection(change, at), *self._history.connection(change, at))

    def _woken(self, timer: TimerFired, at: int) -> tuple[Effect, ...]:
        if timer.key.startswith(BOOK_KEY):
            return self._chase.woken(InstrumentId(timer.key[len(BOOK_KEY) :]), at)
        if timer.key.startswith(CANDLES_KEY):
            return self._history.woken(timer.key[len(CANDLES_KEY) :], at)
        return ()

    def _query_failed(self, failure: QueryFailed, at: int) -> tuple[Effect, ...]:
        chased = self._chase.failed(failure.query_id, at)
        return chased or self._history.failed(failure.query_id, at)

    # ---- which markets -----------------------------------------------------------------------

    def follow(self, instrument: InstrumentId, at: int) -> tuple[Effect, ...]:
        """Expect the streams of a market; fetch its minutes and, if it is quiet, its book."""
        self._markets.followed[instrument] = None
        market = self._markets.of(instrument)
        return (*self._history.want(instrument, "1m", at), *self._chase.expect(market, at))

    def unfollow(self, instrument: InstrumentId) -> None:
        """Forget a market."""
        self._markets.followed.pop(instrument, None)
        self._markets.by_id.pop(instrument, None)

    def want_candles(self, instrument: InstrumentId, interval: str, at: int) -> tuple[Effect, ...]:
        """Fetch the history of an interval unless it is there, coming, or nobody answers.

        Raises:
            ValueError: where the text is no interval.
        """
        return self._history.want(instrument, interval, at)

    def candles_held(self, instrument: InstrumentId, interval: str) -> int:
        """Count the candles an interval has of its own, not what minutes add up to."""
        market = self._markets.by_id.get(instrument)
        series = None if market is None else market.candles.get(interval)
        return 0 if series is None else len(series)

    def instruments(self) -> tuple[InstrumentId, ...]:
        """List the markets with any state."""
        return tuple(self._markets.by_id)

    def market(self, instrument: InstrumentId) -> Market | None:
        """Return the state of a market to read, None where nothing is known of it."""
        return self._markets.by_id.get(instrument)

    @property
    def by_id(self) -> Mapping[InstrumentId, Market]:
        """Every market with state, for those who look one up at every event."""
        return self._markets.by_id

    @property
    def unit_caches(self) -> UnitCaches:
        """How this room reads numbers, for those who follow a book with it."""
        markets = self._markets
        return UnitCaches(markets.bid_keys, markets.ask_keys, markets.size_units)

    def rules(self, instrument: InstrumentId) -> Instrument | None:
        """Return the venue's rules of a market, None while unknown."""
        return self._markets.rules.get(instrument)

    def note_dropped_trades(self, instrument: InstrumentId, count: int) -> None:
        """Count prints that the inbox dropped."""
        self._markets.of(instrument).tape.skip(count)
        self.counters.missed_trades += count

    # ---- numbers for the gate ------------------------------------------------------------------

    def touch(self, instrument: InstrumentId, at: int) -> Touch | None:
        """Read the top of a market and its ages, None where nothing is known of it."""
        market = self._markets.by_id.get(instrument)
        if market is None:
            return None
        try:
            return touch_of(market, at)
        except DataInvalid:
            self._disbelieve(market)
            return touch_of(market, at)

    def disbelieve(self, instrument: InstrumentId) -> None:
        """Throw away a book in which somebody read a size that is no number."""
        market = self._markets.by_id.get(instrument)
        if market is not None:
            self._disbelieve(market)

    def _disbelieve(self, market: Market) -> None:
        """Throw away a book that showed a size which is no number when it was read."""
        self.counters.malformed_frames += 1
        market.splice.invalidate()
        market.book_version += 1
        market.watch_version += 1

    def depth_levels(self, instrument: InstrumentId, side: Side, count: int) -> list[Level]:
        """Return the best levels of the bids (BUY) or asks (SELL), best first."""
        market = self._markets.by_id.get(instrument)
        if market is None:
            return []
        try:
            return market.splice.book.levels(side, count)
        except DataInvalid:
            self._disbelieve(market)
            return []

    def depth_rows(
        self, instrument: InstrumentId, side: Side, step: int, count: int, levels: int
    ) -> tuple[list[int], list[int]]:
        """Return lower edges and sizes of the best price rows of the bids (BUY) or asks (SELL)."""
        market = self._markets.by_id.get(instrument)
        if market is None:
            return [], []
        book = market.splice.book
        try:
            return (book.bids if side is Side.BUY else book.asks).rows(step, count, levels)
        except DataInvalid:
            self._disbelieve(market)
            return [], []

    def data_at(self, venue: VenueId) -> int | None:
        """Return the engine time of the newest book proof of a venue."""
        proofs = [m.proof_at for m in self._markets.at_venue(venue) if m.proof_at is not None]
        return max(proofs, default=None)

    # ---- versions and views ----------------------------------------------------------------------

    def book_version(self, instrument: InstrumentId) -> int:
        """Count changes of what a ladder shows."""
        market = self._markets.by_id.get(instrument)
        return 0 if market is None else market.book_version

    def tape_version(self, instrument: InstrumentId) -> int:
        """Count changes of the tape."""
        market = self._markets.by_id.get(instrument)
        return 0 if market is None else market.tape_version

    def candles_version(self, instrument: InstrumentId) -> int:
        """Count changes of any candle."""
        market = self._markets.by_id.get(instrument)
        return 0 if market is None else market.candles_version

    def watch_version(self, instrument: InstrumentId) -> int:
        """Count changes of what the watchlist shows."""
        market = self._markets.by_id.get(instrument)
        return 0 if market is None else market.watch_version

    def ladder(
        self,
        instrument: InstrumentId,
        rows: int,
        group: int,
        own_orders: tuple[OwnOrder, ...],
        at: int,
    ) -> LadderView:
        """Build the ladder of a market."""
        market = self._markets.of(instrument)
        try:
            return views.ladder_view(market, rows, group, own_orders, at)
        except DataInvalid:
            self._disbelieve(market)
            return views.ladder_view(market, rows, group, own_orders, at)

    def tape(self, instrument: InstrumentId, rows: int) -> TapeView:
        """Build the tape of a market."""
        return views.tape_view(self._markets.of(instrument), rows)

    def candles(self, instrument: InstrumentId, interval: str, count: int) -> CandlesView:
        """Build the candles of a market.

        Raises:
            ValueError: where the text is no interval.
        """
        return views.candles_view(self._markets.of(instrument), interval, count)

    def watch_row(self, instrument: InstrumentId, at: int) -> WatchRow:
        """Build the watchlist's line of a market."""
        return views.watch_row(self._markets.of(instrument), at)
