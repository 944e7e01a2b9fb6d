"""Everything kept of one market that is looked at: fed by its events, read by the views.

The market room has applied an event before it comes here. A depth frame costs one look at each
level it changed; what needs a walk over the book is sampled ten times a second, the walls once.
"""

from collections import deque
from typing import Final

from core.analysis.ofi import OrderFlows
from core.analysis.pulled import BookChanges
from core.analysis.sizes import LARGE_PER_MILLE, nearest_rank
from core.analysis.units import BPS, SECOND_NS, Level, ratio
from core.analysis.walls import Wall, walls_after
from core.domain.errors import DataInvalid
from core.domain.events import DepthChanged
from core.domain.order import Side
from core.domain.study_views import SweepRow, TapeLine
from core.domain.views import TapeRow
from core.market.book import OrderBook
from core.market.market import Market
from core.market.room import UnitCaches
from core.runtime.study.delta import DeltaSeries
from core.runtime.study.paid import SpreadMeter
from core.runtime.study.places import QueuePlaces
from core.runtime.study.prints import PrintLog
from core.runtime.study.refill import DEPTH_LEVELS, DepthSample, RefillMeter
from core.runtime.study.tapes import TapeBook
from core.runtime.study.volumes import LadderVolumes, ProfileVolumes

RESET_NS: Final = 30 * SECOND_NS
SAMPLE_NS: Final = 100_000_000
HISTORY_KEPT: Final = 300
SWEEPS_KEPT: Final = 20
WALL_LEVELS: Final = 100
FLOW_WINDOWS_S: Final = (1, 10, 60)
_ENOUGH_PRINTS: Final = 20
"""Prints below which no quantile of their sizes says what is large."""
_NOWHERE: Final = -2


class MarketStudy:
    """One market under study. Sizes and prices are units of 10^-10, instants ns."""

    def __init__(self, market: Market, caches: UnitCaches, at: int) -> None:
        self.market = market
        self.begun_at = at
        self.changes = BookChanges(RESET_NS)
        self.prints = PrintLog()
        self.tapes = TapeBook()
        self.series = DeltaSeries()
        self.traded = LadderVolumes()
        self.profile = ProfileVolumes(market.tick)
        self.order_flow = OrderFlows(max(FLOW_WINDOWS_S) * SECOND_NS)
        self.paid = SpreadMeter()
        self.refill = RefillMeter()
        self.places = QueuePlaces()
        self.sweeps: deque[SweepRow] = deque(maxlen=SWEEPS_KEPT)
        self.walls: tuple[Wall, ...] = ()
        self.walls_at = 0
        self.spreads: deque[float] = deque(maxlen=HISTORY_KEPT)
        """One a second, bps, oldest first."""
        self.imbalances: deque[float] = deque(maxlen=HISTORY_KEPT)
        """Of the best ten levels, one a second."""
        self._caches = caches
        self._followed_id = _NOWHERE
        self._sample_at = 0
        self._second = 0
        self._serial = 0
        self.large_size: int | None = None
        for row in market.tape.rows:
            self._take(row)

    # ---- the book ------------------------------------------------------------------------------

    def on_depth(self, frame: DepthChanged, at: int) -> None:
        """Follow a depth frame the market has taken."""
        splice = self.market.splice
        if splice.last_id != frame.last_id:
            self._lose()
            return
        base = frame.first_id - 1 if frame.prev_id is None else frame.prev_id
        try:
            if base == self._followed_id:
                self._apply(frame, at)
            else:
                self._rebase()
            self._see_touch(splice.book, frame.ts_event, at)
            if at - self._sample_at >= SAMPLE_NS:
                self._sample(splice.book, at)
        except DataInvalid:
            self._lose()
            return
        self._followed_id = frame.last_id

    @property
    def sizes_now(self) -> dict[int, int] | None:
        """The book as it is, size by key; None while the study does not follow it."""
        is_followed = self._followed_id == self.market.splice.last_id
        return self.changes.sizes if is_followed else None

    def _apply(self, frame: DepthChanged, at: int) -> None:
        see, sizes = self.changes.see, self._caches.sizes
        keys = self._caches.bid_keys
        places = self.places.by_key
        for levels in (frame.bids, frame.asks):
            for price, text in levels:
                key, size = keys[price], sizes[text]
                see(key, size, at)
                if places and key in places:
                    self.places.see_size(key, size)
            keys = self._caches.ask_keys

    def _rebase(self) -> None:
        """Begin anew from the whole book: nothing is known of what changed in between."""
        book = self.market.splice.book
        sizes = dict(book.bids)
        sizes.update((-price, size) for price, size in book.asks)
        self.changes.rebase(sizes)
        self.order_flow.restart()
        self.paid.restart()
        self.refill.restart()
        self.walls = ()

    def _lose(self) -> None:
        """The book is not believed just now: levels seen again begin a new story."""
        self._followed_id = _NOWHERE

    def _see_touch(self, book: OrderBook, ts_event: int, at: int) -> None:
        sizes = self.changes.sizes
        bid_key, ask_key = book.bids.best_key(), book.asks.best_key()
        bid: Level | None = None if bid_key is None else (bid_key, sizes.get(bid_key, 0))
        ask: Level | None = None if ask_key is None else (-ask_key, sizes.get(ask_key, 0))
        if self.order_flow.see(bid, ask, at) and bid is not None and ask is not None:
            self.paid.see_mid(ts_event, bid[0] + ask[0])
        self.paid.settle(ts_event)

    def _sample(self, book: OrderBook, at: int) -> None:
        """Look at the best levels; once a second, at the walls and what has grown old."""
        self._sample_at = at
        bids, asks = book.bids.top(2 * DEPTH_LEVELS), book.asks.top(2 * DEPTH_LEVELS)
        self.refill.see_depth(DepthSample(at, bids, asks))
        second = at // SECOND_NS
        if second == self._second:
            return
        self._see_second(second, bids, asks)
        bids, asks = book.bids.top(WALL_LEVELS), book.asks.top(WALL_LEVELS)
        self.walls = walls_after(self.walls, bids, asks, at)
        self.walls_at = at
        self.changes.forget(at)

    def _see_second(self, second: int, bids: list[Level], asks: list[Level]) -> None:
        """Add a value to each history; a book that stood still had the same value all along."""
        passed = second - self._second if self._second and self.spreads else 1
        self._second = second
        again = min(max(0, passed - 1), HISTORY_KEPT)
        for history in (self.spreads, self.imbalances):
            history.extend([history[-1]] * again if history else ())
        if not bids or not asks:
            return
        bid, ask = bids[0][0], asks[0][0]
        here = sum([size for _, size in bids[:DEPTH_LEVELS]])
        there = sum([size for _, size in asks[:DEPTH_LEVELS]])
        self.spreads.append(2 * BPS * (ask - bid) / (ask + bid))
        self.imbalances.append(ratio(here - there, here + there) or 0.0)

    # ---- the prints ----------------------------------------------------------------------------

    def on_trade(self, at: int) -> None:
        """Follow a print the market has put on its tape; repeats and bad ones are not there."""
        rows = self.market.tape.rows
        if not rows or rows[-1].serial == self._serial:
            return
        row = rows[-1]
        key = row.price if row.side is Side.SELL else -row.price
        self.changes.trade(key, row.size, at)
        if key in self.places.by_key:
            self.places.see_print(key, row.size)
        self.paid.see_print(row)
        self._take(row)
        if self._is_notable(row.size):
            self.refill.see_trade(row.side, at)

    def _take(self, row: TapeRow) -> None:
        """Count a print, new or from before the study."""
        self._serial = row.serial
        instant = self.prints.add(row)
        self.series.add(row, instant)
        is_sale = row.side is Side.SELL
        self.traded.add(row.price if is_sale else -row.price, row.size)
        self.profile.add(row.price, row.size if is_sale else 0, 0 if is_sale else row.size)
        closed = self.tapes.add(row)
        if closed is not None and closed[1].price != closed[1].last_price:
            self.sweeps.append(_sweep(closed[1]))
        ordered = self.prints.ordered_sizes
        if len(ordered) >= _ENOUGH_PRINTS:
            self.large_size = nearest_rank(ordered, LARGE_PER_MILLE)

    def _is_notable(self, size: int) -> bool:
        is_large = self.large_size is not None and size >= self.large_size
        return is_large or self.tapes.joined.open_levels > 1

    def newest_sweeps(self) -> tuple[SweepRow, ...]:
        """Return the newest aggressors that went through several levels, newest last."""
        newest = self.tapes.joined.open_line()
        if newest is None or newest[1].price == newest[1].last_price:
            return tuple(self.sweeps)
        return (*self.sweeps, _sweep(newest[1]))[-SWEEPS_KEPT:]


def _sweep(line: TapeLine) -> SweepRow:
    return SweepRow(
        ts_event=line.ts_event,
        side=line.side,
        first_price=line.price,
        last_price=line.last_price,
        size=line.size,
        prints=line.prints,
    )
