"""Spreads, basis, funding, correlation and lead-lag between markets."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.correlation import correlation, lead_lag, log_returns
from core.analysis.cross import (
    annualized_basis,
    basis_bps,
    crossing,
    funding,
    spread_series,
    spread_stats,
)
from core.analysis.units import HOUR_NS, YEAR_NS
from core.domain.fixed import UNIT
from tests.core.analysis.recordings import closes, needs_recordings, quotes

DATE = "btcusdt_2024-08-08"
SPOT, PERPETUAL = f"binance-spot_{DATE}", f"binance-usdm_{DATE}"
COIN = "binance-cm_btcusd-perp_2024-08-08"


def test_basis_is_signed_and_over_spot() -> None:
    """A perpetual one per mille above spot stands at ten bps."""
    assert basis_bps(100.1, 100.0) == pytest.approx(10.0)
    assert basis_bps(99.9, 100.0) == pytest.approx(-10.0)
    assert basis_bps(1.0, 0.0) is None


def test_basis_is_annualised_by_the_interval_of_its_market() -> None:
    """One bps each eight hours is 10.95 % of 365 days; each hour eight times that."""
    assert annualized_basis(1.0, 8 * HOUR_NS) == pytest.approx(0.1095)
    assert annualized_basis(1.0, HOUR_NS) == pytest.approx(0.876)
    assert annualized_basis(100.0, YEAR_NS) == pytest.approx(0.01)
    assert annualized_basis(1.0, 0) is None


def test_funding_of_any_interval_stands_on_one_scale() -> None:
    """0.08 % each eight hours and 0.01 % each hour are the same rate."""
    slow, fast = funding(0.0008, 8 * HOUR_NS), funding(0.0001, HOUR_NS)

    assert slow is not None
    assert fast is not None
    assert slow.hourly == pytest.approx(fast.hourly)
    assert slow.annual == pytest.approx(fast.annual) == pytest.approx(0.876)
    assert funding(0.1, 0) is None


def test_bucket_that_one_side_lacks_gives_no_spread() -> None:
    """Missing and empty are left out; nothing is carried forward."""
    found = spread_series({1: 101.0, 2: None, 3: 5.0, 5: 1.0}, {1: 100.0, 2: 9.0, 4: 5.0, 5: 0.0})

    ((start, spread),) = found
    assert (start, round(spread, 9)) == (1, 100.0)


@given(st.lists(st.floats(-1_000, 1_000), min_size=1, max_size=50))
def test_spread_statistics_are_the_two_pass_ones(numbers: list[float]) -> None:
    """Welford's pass agrees with the definition."""
    found = spread_stats(numbers)

    assert found is not None
    mean = math.fsum(numbers) / len(numbers)
    sd = math.sqrt(math.fsum((n - mean) ** 2 for n in numbers) / len(numbers))
    assert (found.count, found.lowest, found.highest) == (len(numbers), min(numbers), max(numbers))
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.sd == pytest.approx(sd, rel=1e-9, abs=1e-6)


def test_nothing_to_compare_is_none() -> None:
    """No spreads, or books never both known."""
    assert spread_stats([]) is None
    assert crossing([(1, UNIT, UNIT)], []) is None


def test_crossing_looks_whenever_one_book_moves() -> None:
    """A bid over the other's ask is counted at every look while it lasts."""
    first = [(1, 100 * UNIT, 101 * UNIT), (4, 104 * UNIT, 105 * UNIT)]
    second = [(2, 98 * UNIT, 99 * UNIT), (3, 100 * UNIT, 101 * UNIT), (5, 106 * UNIT, 107 * UNIT)]

    found = crossing(first, second)

    assert found is not None
    assert found.stats.count == 4
    assert (found.bid_over_ask, found.ask_under_bid) == (2, 1)


def prices(returns: list[float]) -> dict[int, float | None]:
    """Turn returns into closes one apart."""
    level = 100.0
    found: dict[int, float | None] = {}
    for number, step in enumerate(returns):
        level *= math.exp(step)
        found[number] = level
    return found


def test_market_that_follows_is_found_behind_its_leader() -> None:
    """A copy two buckets late has its best correlation at lag two, sign and all."""
    chance = random.Random(5)
    returns = [chance.gauss(0, 0.001) for _ in range(300)]
    follower = [0.0, 0.0, *[-step for step in returns[:-2]]]

    found = lead_lag(prices(returns), prices(follower), 1, 5)

    assert found is not None
    assert found.best_lag == 2
    assert found.best == pytest.approx(-1.0)
    mirrored = lead_lag(prices(follower), prices(returns), 1, 5)
    assert mirrored is not None
    assert mirrored.best_lag == -2


def test_return_is_never_taken_over_a_hole() -> None:
    """The bucket after a missing one has no return."""
    closes_with_hole: dict[int, float | None] = {0: 1.0, 1: 2.0, 3: 4.0, 4: None, 5: 8.0, 6: 8.0}

    assert log_returns(closes_with_hole, 1) == {1: pytest.approx(math.log(2)), 6: 0.0}


def test_correlation_needs_movement_and_three_pairs() -> None:
    """A market that stands still correlates with nothing."""
    moving, still = prices([0.1, -0.1, 0.2, 0.1]), prices([0.0] * 4)

    assert correlation(moving, moving, 1) == pytest.approx(1.0)
    assert correlation(moving, still, 1) is None
    assert correlation(prices([0.1] * 3), moving, 1) is None
    assert lead_lag({}, moving, 1, 3) is None


@needs_recordings
@pytest.mark.parametrize(
    ("first", "second", "mean", "sd"),
    [(PERPETUAL, SPOT, -3.76, 0.77), (COIN, SPOT, -2.61, 0.70), (COIN, PERPETUAL, 1.13, 0.92)],
)
def test_recorded_basis_of_three_books(first: str, second: str, mean: float, sd: float) -> None:
    """Mean and deviation of the basis are those measured when the recording was checked."""
    found = crossing(quotes(first), quotes(second))

    assert found is not None
    assert round(found.stats.mean, 2) == mean
    assert round(found.stats.sd, 2) == sd


@needs_recordings
def test_recorded_extremes_and_crossings() -> None:
    """The perpetual's widest basis, and how often the two perpetuals crossed."""
    basis = crossing(quotes(PERPETUAL), quotes(SPOT))
    perpetuals = crossing(quotes(COIN), quotes(PERPETUAL))

    assert basis is not None
    assert perpetuals is not None
    assert (round(basis.stats.lowest, 1), round(basis.stats.highest, 1)) == (-11.9, 1.8)
    assert perpetuals.stats.count == 84_960
    assert (perpetuals.bid_over_ask, perpetuals.ask_under_bid) == (79_864, 3_746)


@needs_recordings
def test_recorded_spread_across_the_lost_peg() -> None:
    """BTC/USDC of two venues in March 2023: from -973 to +323 bps, on the day of the loss."""
    series = spread_series(closes("binanceus_btcusdc"), closes("kraken_btcusdc"))
    found = spread_stats(spread for _, spread in series)

    assert found is not None
    assert (round(found.lowest), round(found.highest)) == (-973, 323)
    at = min(series, key=lambda row: row[1])[0] // 1_000_000_000
    assert 1_678_492_800 <= at < 1_678_579_200  # 2023-03-11 UTC


@needs_recordings
def test_recorded_spread_of_two_dollar_markets() -> None:
    """BTC/USD of two venues: mean -2.2 bps, and beyond 10 bps in 3,017 of 29,889 minutes."""
    series = spread_series(closes("kraken_btcusd"), closes("coinbase_btcusd"))
    found = spread_stats(spread for _, spread in series)

    assert found is not None
    assert (found.count, round(found.mean, 1), round(found.sd, 1)) == (29_889, -2.2, 6.2)
    assert sum(abs(spread) > 10 for _, spread in series) == 3_017


@needs_recordings
def test_recorded_markets_move_together() -> None:
    """Minute returns of one coin on two venues correlate most at the same minute."""
    found = lead_lag(closes("kraken_btcusd"), closes("coinbase_btcusd"), 60_000_000_000, 3)

    assert found is not None
    assert found.best_lag == 0
    assert found.best > 0.9
