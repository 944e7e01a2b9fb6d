"""Cumulative depth, bands and the liquidity score."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.curve import (
    as_quote,
    curve_of,
    depth_profile,
    liquidity_score,
    price_at_size,
    round_trip_bps,
)
from core.analysis.units import Level
from core.domain.fixed import UNIT
from tests.core.analysis.books import ASKS, BIDS, eaten, level, mid_of


@given(BIDS, ASKS, st.lists(st.integers(0, 12_000), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_bands_hold_exactly_the_levels_within_them(
    bids: list[Level], asks: list[Level], bands: list[int]
) -> None:
    """Size and money of a band are those of the levels at most so far from mid, edges included."""
    found = depth_profile(bids, asks, bands)

    mid = mid_of(bids, asks)
    if mid is None:
        assert found.bands == ()
        return
    for band in found.bands:
        near = Fraction(band.bps, 10_000) * mid
        below = [(p, s) for p, s in bids if mid - Fraction(p, UNIT) <= near]
        above = [(p, s) for p, s in asks if Fraction(p, UNIT) - mid <= near]
        assert band.bid_size == sum(s for _, s in below)
        assert band.ask_size == sum(s for _, s in above)
        assert band.bid_money == sum(p * s for p, s in below)
        assert band.ask_money == sum(p * s for p, s in above)


@given(ASKS)
def test_curve_rises_to_the_whole_side(asks: list[Level]) -> None:
    """Cumulative size and money end at the sums."""
    curve = curve_of(asks)

    assert curve.sizes[-1:] == ([sum(s for _, s in asks)] if asks else [])
    assert curve.money[-1:] == ([sum(p * s for p, s in asks)] if asks else [])
    assert all(a < b for a, b in pairwise(curve.sizes))


@given(BIDS, ASKS, st.integers(1, 10**16))
@settings(max_examples=200, deadline=None)
def test_round_trip_is_what_buying_and_selling_lose(
    bids: list[Level], asks: list[Level], notional: int
) -> None:
    """The round trip is the difference of the two averages against mid."""
    found = round_trip_bps(bids, asks, notional)

    mid, wanted = mid_of(bids, asks), Fraction(notional, UNIT)
    bought, base_in, _ = eaten(asks, notional)
    sold, base_out, _ = eaten(bids, notional)
    if mid is None or bought < wanted or sold < wanted:
        assert found is None
        return
    exact = (bought / base_in - sold / base_out) / mid * 10_000
    assert found == pytest.approx(float(exact), rel=1e-12, abs=1e-9)


def test_score_is_hundred_when_free_and_fifty_at_ten_bps() -> None:
    """The score falls with the cost of a round trip."""
    free = liquidity_score([level(100, 9)], [level(100, 9)], 100 * UNIT)
    ten = liquidity_score([level("99.95", 9)], [level("100.05", 9)], 100 * UNIT)

    assert free == 100.0
    assert ten == pytest.approx(50.0)
    assert liquidity_score([level(99, 1)], [level(101, 1)], 1_000 * UNIT) is None


def test_price_at_size_is_where_the_curve_first_holds_it() -> None:
    """A size beyond the side has no price."""
    curve = curve_of([level(10, 1), level(11, 2)])

    assert price_at_size(curve, UNIT) == 10 * UNIT
    assert price_at_size(curve, UNIT + 1) == 11 * UNIT
    assert price_at_size(curve, 4 * UNIT) is None
    assert as_quote(curve.money[-1]) == 32.0
