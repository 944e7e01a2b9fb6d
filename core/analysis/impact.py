"""What trading costs and moves: effective and realised spread, Kyle's lambda."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from core.analysis.flow import Prints
from core.analysis.units import BPS
from core.domain.fixed import UNIT
from core.domain.order import Side

_LEAST: Final = 3
"""Points below which a line through them says nothing."""


class SpreadPaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What takers paid, weighted by size, bps of the mid before the trade.

    Attributes:
        effective_bps: 2 * sign * (price - mid) / mid * 1e4.
        realized_bps: 2 * sign * (price - later mid) / mid * 1e4: what makers kept.
        impact_bps: Effective minus realised: what the price moved against makers.
        trades: Prints with a mid before and a mid later.
    """

    effective_bps: float
    realized_bps: float
    impact_bps: float
    trades: int


class PriceImpact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Kyle's lambda and how well the line fits.

    Attributes:
        kyle_lambda: Price change (quote units) per base unit of signed volume.
        r_squared: Share of the price changes that signed volume explains, 0 to 1.
        buckets: Points of the regression.
    """

    kyle_lambda: float
    r_squared: float
    buckets: int


def spread_paid(
    prints: Prints, mids: Sequence[tuple[int, int]], horizon_ns: int
) -> SpreadPaid | None:
    """Measure effective and realised spread.

    Source: Huang and Stoll (1996). The mid of a trade is the last one strictly before it; the later
    mid is the last one at or before the trade plus the horizon, and must be known by then.

    Args:
        prints: In time order.
        mids: (instant ns, bid + ask in units of 10^-10), in time order, by the clock of the prints.
        horizon_ns: How much later makers are marked.

    Returns:
        None where no print has both mids.
    """
    times = [at for at, _ in mids]
    weight = trades = 0
    effective = realized = 0.0
    for row in prints:
        before = bisect_left(times, row.ts_event)
        later = bisect_right(times, row.ts_event + horizon_ns)
        if not before or not times or times[-1] < row.ts_event + horizon_ns:
            continue
        twice, sign = mids[before - 1][1], 1 if row.side is Side.BUY else -1
        scale = 2 * BPS * sign * row.size / twice
        effective += scale * (2 * row.price - twice)
        realized += scale * (2 * row.price - mids[later - 1][1])
        weight, trades = weight + row.size, trades + 1
    if not weight:
        return None
    paid, kept = effective / weight, realized / weight
    return SpreadPaid(effective_bps=paid, realized_bps=kept, impact_bps=paid - kept, trades=trades)


def price_impact(prints: Prints, bucket_ns: int) -> PriceImpact | None:
    """Estimate Kyle's lambda from prints.

    Source: Kyle (1985); the slope of last-price changes on signed volume over equal buckets of
    time that traded, ordinary least squares. None below three buckets, or where signed volume
    never varies.
    """
    closes: dict[int, int] = {}
    flows: dict[int, int] = {}
    for row in prints:
        bucket = row.ts_event // bucket_ns
        closes[bucket] = row.price
        signed = row.size if row.side is Side.BUY else -row.size
        flows[bucket] = flows.get(bucket, 0) + signed
    last = list(closes.values())
    moves = [(b - a) / UNIT for a, b in pairwise(last)]
    return _slope([flow / UNIT for flow in list(flows.values())[1:]], moves)


def _slope(x: Sequence[float], y: Sequence[float]) -> PriceImpact | None:
    count = len(x)
    if count < _LEAST:
        return None
    mean_x, mean_y = sum(x) / count, sum(y) / count
    over_x = sum((a - mean_x) ** 2 for a in x)
    over_y = sum((b - mean_y) ** 2 for b in y)
    both = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    if not over_x:
        return None
    fit = both * both / (over_x * over_y) if over_y else 0.0
    return PriceImpact(kyle_lambda=both / over_x, r_squared=fit, buckets=count)
