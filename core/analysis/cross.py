"""Markets beside one another: spreads, basis, funding on one scale.

Prices here are floats in quote units: what is compared has the same quote asset, or the caller
converts it first. Correlation and lead-lag are in `core.analysis.correlation`.
"""

from collections.abc import Iterable, Mapping
from heapq import merge
from math import sqrt

import msgspec

from core.analysis.units import BPS, HOUR_NS, YEAR_NS

Quote = tuple[int, int, int]
"""Instant ns, bid, ask; prices in units of 10^-10."""


class SpreadStats(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A series of spreads in bps. `sd` is of the population."""

    count: int
    mean: float
    sd: float
    lowest: float
    highest: float


class Crossing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Two books over common time, looked at whenever one of them moved.

    Attributes:
        stats: Mid of the first against mid of the second, bps.
        bid_over_ask: Looks at which the first's bid stood above the second's ask.
        ask_under_bid: Looks at which the first's ask stood below the second's bid.
    """

    stats: SpreadStats
    bid_over_ask: int
    ask_under_bid: int


class Funding(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One funding rate on common scales, fractions; longs pay where it is above 0.

    Attributes:
        hourly: Per hour.
        annual: Per 365 days, simple, not compounded.
    """

    rate: float
    interval_ns: int
    hourly: float
    annual: float


def spread_bps(first: float, second: float) -> float | None:
    """Return (first - second) / second * 1e4: how far the first stands above the second."""
    return (first - second) / second * BPS if second else None


def basis_bps(derivative: float, spot: float) -> float | None:
    """Return (derivative - spot) / spot * 1e4."""
    return spread_bps(derivative, spot)


def annualized_basis(basis: float, interval_ns: int) -> float | None:
    """Return a basis (bps) as a simple fraction a year: basis / 1e4 * (365 days / interval).

    The interval is the market's own: time to expiry of a dated future (Hull, the implied simple
    carry), the funding interval of a perpetual (what a holder earns if each interval pays the whole
    basis, so an upper picture, not a forecast).
    """
    return basis / BPS * (YEAR_NS / interval_ns) if interval_ns > 0 else None


def funding(rate: float, interval_ns: int) -> Funding | None:
    """Put a rate for one interval on the hour and on the year; None without an interval."""
    if interval_ns <= 0:
        return None
    return Funding(
        rate=rate,
        interval_ns=interval_ns,
        hourly=rate * HOUR_NS / interval_ns,
        annual=rate * YEAR_NS / interval_ns,
    )


def spread_series(
    first: Mapping[int, float | None], second: Mapping[int, float | None]
) -> list[tuple[int, float]]:
    """Return (start ns, spread bps) of the buckets that both have, oldest first.

    A bucket one side does not have, or has as None, gives no spread: the last price is not carried
    over it.
    """
    found = []
    for start in sorted(first.keys() & second.keys()):
        a, b = first[start], second[start]
        spread = None if a is None or b is None else spread_bps(a, b)
        if spread is not None:
            found.append((start, spread))
    return found


def spread_stats(spreads: Iterable[float]) -> SpreadStats | None:
    """Describe a series of spreads, in one pass after Welford (1962); None where it is empty."""
    count, mean, squares = 0, 0.0, 0.0
    lowest, highest = float("inf"), float("-inf")
    for number in spreads:
        count += 1
        step = number - mean
        mean += step / count
        squares += step * (number - mean)
        lowest, highest = min(lowest, number), max(highest, number)
    if not count:
        return None
    return SpreadStats(
        count=count, mean=mean, sd=sqrt(squares / count), lowest=lowest, highest=highest
    )


def crossing(first: Iterable[Quote], second: Iterable[Quote]) -> Crossing | None:
    """Compare two books at every quote of either, once both are known.

    Quotes in time order by one clock. None where the books were never both known.
    """
    spreads: list[float] = []
    over = under = 0
    one: tuple[int, int] | None = None
    two: tuple[int, int] | None = None
    for _, is_first, bid, ask in merge(_marked(first, 1), _marked(second, 0)):
        if is_first:
            one = (bid, ask)
        else:
            two = (bid, ask)
        if one is None or two is None:
            continue
        mine, other = sum(one), sum(two)
        spreads.append((mine - other) / other * BPS)
        over += one[0] > two[1]
        under += one[1] < two[0]
    stats = spread_stats(spreads)
    return None if stats is None else Crossing(stats=stats, bid_over_ask=over, ask_under_bid=under)


def _marked(quotes: Iterable[Quote], mark: int) -> Iterable[tuple[int, int, int, int]]:
    return ((at, mark, bid, ask) for at, bid, ask in quotes)
