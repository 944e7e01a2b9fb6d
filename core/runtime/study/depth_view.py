"""Every number of one book, and its curve, built when somebody looks."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, repeat
from operator import mul, neg
from typing import Final

from core.analysis.curve import BANDS_BPS, score_of_costs
from core.analysis.depth import (
    cost_of,
    microprice,
    spread_bps,
    spread_ticks,
    twice_mid_of,
)
from core.analysis.units import BPS, MONEY_UNIT, SECOND_NS, Level, Levels, ratio
from core.analysis.walls import DEFAULT_RULES, Wall
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import (
    BandRow,
    CostRow,
    CurvePoint,
    DepthView,
    WallRow,
    WindowValue,
)
from core.domain.views import BookState
from core.market.book import BookSide, OrderBook
from core.market.market import Market
from core.market.units import UnitCache
from core.runtime.study.market_study import FLOW_WINDOWS_S, MarketStudy

COST_NOTIONALS: Final = (1_000, 10_000, 50_000, 100_000, 250_000)
"""Quote units."""
SCORE_NOTIONAL: Final = 10_000
IMBALANCE_LEVELS: Final = (1, 5, 10, 20)
CURVE_LEVELS: Final = 1_000
CURVE_POINTS: Final = 200
_MS: Final = 1_000_000


class _Columns:
    """The best levels of one side by column, best first: what a walk over all of them needs.

    Levels that are gone may be among them, with size 0. Keys are minus the price for asks.
    """

    __slots__ = ("keys", "sizes", "sums")

    def __init__(
        self, side: BookSide, units_of: UnitCache, known: Mapping[int, int] | None
    ) -> None:
        side.best_key()  # drops what is gone from the top
        self.keys = side.ranked[: -CURVE_LEVELS - 1 : -1]
        if known is None:
            texts = map(side.sizes.__getitem__, self.keys)
            self.sizes = list(map(units_of.__getitem__, texts))
        else:
            self.sizes = list(map(known.get, self.keys, repeat(0)))
        self.sums = list(accumulate(self.sizes))

    def covers(self, edge: int) -> bool:
        """Whether every level down to a key is among these."""
        return len(self.keys) < CURVE_LEVELS or self.keys[-1] < edge

    def until(self, edges: Sequence[int]) -> list[tuple[int, int]]:
        """Return size and money (10^-20) down to each key, itself included; keys descend."""
        start = money = 0
        found = []
        for edge in edges:
            end = bisect_right(self.keys, -edge, start, key=neg)
            money += sum(map(mul, self.keys[start:end], self.sizes[start:end]))
            start = end
            found.append((self.sums[end - 1] if end else 0, abs(money)))
        return found


def depth_view(
    market: Market, study: MarketStudy | None, units_of: UnitCache, at: int
) -> DepthView:
    """Build the view; what needs a memory of the book is None without a study.

    Raises:
        DataInvalid: when a size of the wire turns out to be no number.
    """
    book = market.splice.book
    known = None if study is None else study.sizes_now
    below, above = (_Columns(side, units_of, known) for side in (book.bids, book.asks))
    bids, asks = book.bids.top(IMBALANCE_LEVELS[-1]), book.asks.top(IMBALANCE_LEVELS[-1])
    bid, ask = bids[0] if bids else None, asks[0] if asks else None
    twice_mid = twice_mid_of(bid, ask)
    refill = None if study is None else study.refill.newest
    half_ns = None if refill is None else refill.half_life_ns
    return DepthView(
        instrument=market.instrument_id,
        at=at,
        age_ms=None if market.proof_at is None else (at - market.proof_at) // _MS,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        mid=None if twice_mid is None else twice_mid / (2 * UNIT),
        microprice=microprice(bid, ask),
        spread_bps=spread_bps(bid, ask),
        spread_ticks=spread_ticks(bid, ask, market.tick),
        imbalances=_imbalances(bids, asks),
        costs=_costs(book, twice_mid),
        bands=_bands(below, above, twice_mid),
        walls=_walls(market, study, at),
        order_flow=_order_flow(study, at),
        resilience_half_s=None if half_ns is None else half_ns / SECOND_NS,
        resilience_share=None if refill is None else refill.recovered,
        liquidity_score=_score(book, twice_mid),
        spread_history=() if study is None else tuple(study.spreads),
        imbalance_history=() if study is None else tuple(study.imbalances),
        bids=curve_points(below),
        asks=curve_points(above),
    )


def _imbalances(
    bids: Sequence[Level], asks: Sequence[Level]
) -> tuple[tuple[int, float | None], ...]:
    found = []
    for count in IMBALANCE_LEVELS:
        here = sum([size for _, size in bids[:count]])
        there = sum([size for _, size in asks[:count]])
        found.append((count, ratio(here - there, here + there)))
    return tuple(found)


def _costs(book: OrderBook, twice_mid: int | None) -> tuple[CostRow, ...]:
    return tuple(
        _cost(book.asks if side is Side.BUY else book.bids, notional, side, twice_mid)
        for notional in COST_NOTIONALS
        for side in Side
    )


def _cost(levels: Levels, notional: int, side: Side, twice_mid: int | None) -> CostRow:
    """Say what a notional costs; a side that does not hold it says nothing."""
    cost = cost_of(levels, notional * UNIT, side=side, twice_mid=twice_mid)
    is_whole = cost.is_complete
    return CostRow(
        notional=float(notional),
        side=side,
        vwap=cost.vwap if is_whole else None,
        slippage_bps=cost.slippage_bps if is_whole else None,
        worst_price=cost.worst_price if is_whole else None,
        levels=cost.levels_eaten,
    )


def _score(book: OrderBook, twice_mid: int | None) -> float | None:
    """Score the book as `core.analysis.curve.liquidity_score` does, without a copy of it."""
    if twice_mid is None:
        return None
    return score_of_costs(
        cost_of(book.asks, SCORE_NOTIONAL * UNIT, side=Side.BUY, twice_mid=twice_mid),
        cost_of(book.bids, SCORE_NOTIONAL * UNIT, side=Side.SELL, twice_mid=twice_mid),
    )


def _bands(below: _Columns, above: _Columns, twice_mid: int | None) -> tuple[BandRow, ...]:
    """Sum both sides up to each distance; as exact as `core.analysis.curve.bands_of`.

    A band that reaches past the levels read is left out: it would look thinner than it is.
    """
    if twice_mid is None:
        return ()
    lows = [-(-twice_mid * (BPS - bps) // (2 * BPS)) for bps in BANDS_BPS]
    highs = [-(twice_mid * (BPS + bps) // (2 * BPS)) for bps in BANDS_BPS]
    covered = [
        below.covers(low) and above.covers(high) for low, high in zip(lows, highs, strict=True)
    ]
    return tuple(
        BandRow(
            within_bps=bps,
            bid_notional=bid_money / MONEY_UNIT,
            ask_notional=ask_money / MONEY_UNIT,
            imbalance=ratio(bid_size - ask_size, bid_size + ask_size),
        )
        for bps, (bid_size, bid_money), (ask_size, ask_money), is_covered in zip(
            BANDS_BPS, below.until(lows), above.until(highs), covered, strict=True
        )
        if is_covered
    )


def _walls(market: Market, study: MarketStudy | None, at: int) -> tuple[WallRow, ...]:
    """Return the walls of the last look that still are some, none of a book not believed."""
    if study is None or market.splice.state is not BookState.VALID:
        return ()
    keep = DEFAULT_RULES.keep_times
    return tuple(
        [_wall(wall, study, at) for wall in study.walls if _size(wall, study) >= keep * wall.norm]
    )


def _size(wall: Wall, study: MarketStudy) -> int:
    return study.changes.sizes.get(wall.price * wall.side.sign, 0)


def _wall(wall: Wall, study: MarketStudy, at: int) -> WallRow:
    size = _size(wall, study)
    return WallRow(
        side=wall.side,
        price=wall.price,
        size=size,
        times_norm=size / wall.norm,
        age_ms=(at - wall.since) // _MS,
    )


def _order_flow(study: MarketStudy | None, at: int) -> tuple[WindowValue, ...]:
    found = []
    for seconds in FLOW_WINDOWS_S:
        total = None if study is None else study.order_flow.total(seconds * SECOND_NS, at)
        found.append(WindowValue(seconds, None if total is None else total / UNIT))
    return tuple(found)


def curve_points(columns: _Columns, most: int = CURVE_POINTS) -> tuple[CurvePoint, ...]:
    """Thin a cumulative curve evenly by level; the first and the last level always stay."""
    keys, sums = columns.keys, columns.sums
    count = len(keys)
    places: Sequence[int] = range(count)
    if count > most:
        places = [number * (count - 1) // (most - 1) for number in range(most)]
    return tuple([CurvePoint(abs(keys[place]), sums[place]) for place in places])
