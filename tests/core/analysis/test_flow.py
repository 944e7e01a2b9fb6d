"""Flow, roll-ups, profile, sizes and impact: naive oracles and edges."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.flow import Flow, RunningFlow, cvd, flow_between, flow_since, twap, within
from core.analysis.impact import price_impact, spread_paid
from core.analysis.profile import (
    Cluster,
    ProfileRow,
    clusters,
    traded_by_price,
    volume_profile,
)
from core.analysis.rollup import ExactCandle, candles_from_prints, larger_candles
from core.analysis.sizes import (
    aggressors,
    large_threshold,
    nearest_rank,
    size_distribution,
    sweeps,
)
from core.analysis.units import SECOND_NS
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import CandleRow, TapeRow
from tests.core.analysis.tapes import tape, tapes


@given(tapes(), st.integers(0, 1_000), st.integers(1, 1_000))
@settings(max_examples=200, deadline=None)
def test_flow_of_a_window_is_the_naive_sum(prints: list[TapeRow], start: int, length: int) -> None:
    """Volume, delta, money and VWAP are those of the prints inside, start in and end out."""
    end = start + length

    found = flow_between(prints, start, end)

    inside = [row for row in prints if start <= row.ts_event < end]
    bought = sum(row.size for row in inside if row.side is Side.BUY)
    sold = sum(row.size for row in inside if row.side is Side.SELL)
    money = sum(row.price * row.size for row in inside)
    assert (found.volume, found.delta, found.money) == (bought + sold, bought - sold, money)
    assert list(within(prints, start, end)) == inside
    exact = Fraction(money, (bought + sold) * UNIT) if inside else None
    assert found.vwap == (None if exact is None else float(exact))
    assert found.twap == naive_twap(prints, start, end)


def naive_twap(prints: list[TapeRow], start: int, end: int) -> float | None:
    """Look up the last price at every single instant."""
    prices = []
    for at in range(start, end):
        before = [row.price for row in prints if row.ts_event <= at]
        prices += before[-1:]
    return float(Fraction(sum(prices), len(prices) * UNIT)) if prices else None


@given(tapes())
def test_running_flow_ends_where_the_series_ends(prints: list[TapeRow]) -> None:
    """CVD print by print is the CVD of the whole."""
    running = RunningFlow()
    seen = []

    for row in prints:
        running.add(row)
        seen.append(running.cvd)

    assert seen == cvd(prints)
    if prints:
        anchored = flow_since(prints, prints[0].ts_event, prints[-1].ts_event)
        assert (running.volume, running.money, running.vwap) == (
            anchored.volume,
            anchored.money,
            anchored.vwap,
        )


def test_window_without_prints_has_no_average() -> None:
    """Nothing traded is None, and the count is a true zero."""
    found = flow_between([], 0, 10)

    assert found.vwap is found.twap is found.delta_ratio is None
    assert found.trades_per_s == 0.0
    assert flow_between([], 5, 5).trades_per_s is None


def test_twap_of_a_quiet_window_is_the_price_before() -> None:
    """The last price holds; time before any price is not a price of 0."""
    prints = tape((0, 10, 1, "b"))

    assert flow_between(prints, 5, 10).twap == 10.0
    assert twap(prints, -10, 10) == 10.0


def test_missing_prints_are_counted() -> None:
    """A hole in the serials inside the window is said."""
    prints = [TapeRow(1, 0, UNIT, UNIT, Side.BUY), TapeRow(5, 1, UNIT, UNIT, Side.BUY)]

    found = flow_between(prints, 0, SECOND_NS)

    assert isinstance(found, Flow)
    assert (found.trades, found.missed, found.trades_per_s) == (2, 3, 2.0)


@given(tapes(), st.integers(1, 300), st.integers(1, 5))
def test_larger_candles_of_small_ones_are_those_of_the_prints(
    prints: list[TapeRow], interval: int, times: int
) -> None:
    """Rolling up twice is rolling up once."""
    small = candles_from_prints(prints, interval)

    assert larger_candles(small, interval * times) == candles_from_prints(prints, interval * times)


def test_candle_says_its_delta_and_turns_into_floats() -> None:
    """One bucket, exact inside and floats for drawing."""
    (candle,) = candles_from_prints(tape((7, 10, 1, "b"), (9, 12, 3, "s")), 10)

    assert (candle.delta, candle.vwap, candle.trades) == (-2 * UNIT, 11.5, 2)
    assert candle.as_row() == CandleRow(0, 10.0, 12.0, 10.0, 12.0, 4.0)


def test_candle_of_an_unknown_aggressor_has_no_delta() -> None:
    """What one part does not say, the joined candle does not say."""
    plain = ExactCandle(start_ts=0, open=1, high=1, low=1, close=1, volume=1)
    known = ExactCandle(start_ts=1, open=1, high=1, low=1, close=1, volume=1, buy_volume=1)

    (joined,) = larger_candles([plain, known], 10)

    assert joined.delta is joined.vwap is joined.trades is None
    assert joined.volume == 2


def test_profile_has_its_control_and_value_area() -> None:
    """The area grows by two rows toward the larger volume until it holds 70 %."""
    sizes = [1, 2, 10, 6, 5, 1]
    prints = tape(*[(n, 100 + n, size, "b") for n, size in enumerate(sizes)])

    found = volume_profile(prints, UNIT)

    assert found is not None
    assert found.point_of_control == 102 * UNIT
    assert (found.value_low, found.value_high) == (102 * UNIT, 104 * UNIT)
    assert found.volume == 25 * UNIT


@given(tapes(), st.integers(1, 7), st.integers(1, 100))
@settings(max_examples=200, deadline=None)
def test_value_area_holds_its_share_round_the_control(
    prints: list[TapeRow], step: int, share: int
) -> None:
    """The rows between its edges hold at least the share, the control among them."""
    found = volume_profile(prints, step * UNIT, share)

    if found is None:
        assert not prints
        return
    assert found.value_low <= found.point_of_control <= found.value_high
    inside = sum(r.volume for r in found.rows if found.value_low <= r.price <= found.value_high)
    assert inside * 100 >= found.volume * share
    assert found.volume == sum(row.size for row in prints)
    assert max(r.volume for r in found.rows) == next(
        r.volume for r in found.rows if r.price == found.point_of_control
    )


def test_traded_at_bid_and_ask_are_kept_apart() -> None:
    """An aggressor who sells trades at the bid."""
    found = traded_by_price(tape((0, "10.4", 1, "s"), (1, "10.6", 2, "b")), UNIT)

    assert found == {10 * UNIT: ProfileRow(10 * UNIT, UNIT, 2 * UNIT)}
    assert found[10 * UNIT].delta == UNIT


def test_clusters_join_neighbouring_heavy_rows() -> None:
    """Rows of three times the median that touch are one cluster."""
    sizes = [1, 1, 6, 7, 1, 1, 9, 1]
    profile = volume_profile(tape(*[(n, 10 + n, s, "b") for n, s in enumerate(sizes)]), UNIT)

    assert profile is not None
    assert clusters(profile) == [
        Cluster(low=12 * UNIT, high=13 * UNIT, at_bid=0, at_ask=13 * UNIT),
        Cluster(low=16 * UNIT, high=16 * UNIT, at_bid=0, at_ask=9 * UNIT),
    ]


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 1_000))
def test_nearest_rank_is_the_smallest_value_with_enough_at_or_below(
    values: list[int], per_mille: int
) -> None:
    """The definition, looked up in every value."""
    found = nearest_rank(sorted(values), per_mille)

    enough = [v for v in values if sum(w <= v for w in values) * 1_000 >= per_mille * len(values)]
    assert found == min(enough, default=None)


def test_large_print_threshold_is_a_quantile_of_sizes() -> None:
    """Of a hundred prints the threshold at 99 % is the second largest."""
    prints = tape(*[(n, 10, n + 1, "b") for n in range(100)])

    assert large_threshold(prints) == 99 * UNIT
    assert large_threshold([]) is None
    found = size_distribution(prints, (500,))
    assert found is not None
    assert (found.trades, found.largest, found.quantiles) == (100, 100 * UNIT, ((500, 50 * UNIT),))
    assert size_distribution([]) is None


def test_prints_of_one_instant_and_side_are_one_sweep() -> None:
    """A turn of the price, of the side or of the clock ends it."""
    prints = tape(
        (1, 10, 1, "b"),
        (1, 10, 2, "b"),
        (1, 11, 3, "b"),
        (1, 10, 1, "b"),
        (2, 10, 1, "s"),
        (3, 9, 1, "s"),
    )

    (found,) = sweeps(prints)

    assert (found.first_price, found.last_price) == (10 * UNIT, 11 * UNIT)
    assert (found.size, found.levels, found.prints) == (6 * UNIT, 2, 3)
    assert found.money == 63 * UNIT * UNIT
    assert [group.prints for group in aggressors(prints)] == [3, 1, 1, 1]
    assert [group.levels for group in aggressors(prints, gap_ns=1)] == [2, 1, 2]


@given(tapes(), st.integers(0, 50))
def test_aggressors_lose_no_size(prints: list[TapeRow], gap: int) -> None:
    """Joined prints hold what the prints hold."""
    assert sum(g.size for g in aggressors(prints, gap)) == sum(row.size for row in prints)


def test_effective_spread_is_twice_the_distance_from_mid() -> None:
    """A buy at the ask of 99/101 pays 200 bps; makers keep what the mid did not move."""
    mids = [(0, 200 * UNIT), (50, 201 * UNIT), (100, 201 * UNIT)]

    found = spread_paid(tape((10, 101, 1, "b")), mids, horizon_ns=50)

    assert found is not None
    assert found.effective_bps == pytest.approx(200)
    assert found.realized_bps == pytest.approx(100)
    assert found.impact_bps == pytest.approx(100)


def test_spread_needs_a_mid_before_and_a_mid_later() -> None:
    """A print at the very instant of the first mid, or too near the end, is left out."""
    mids = [(10, 200 * UNIT), (20, 200 * UNIT)]

    assert spread_paid(tape((10, 101, 1, "b")), mids, 5) is None
    assert spread_paid(tape((15, 101, 1, "b")), mids, 6) is None
    assert spread_paid(tape((15, 101, 1, "b")), [], 6) is None


def test_kyle_lambda_is_the_slope_of_price_on_signed_volume() -> None:
    """Where every unit bought moves the price by a half, lambda is a half."""
    flows = [1, -2, 3, 4, -1]
    price, made = 100.0, []
    for bucket, flow in enumerate(flows):
        price += flow / 2
        made.append((bucket * 10, price, abs(flow), "b" if flow > 0 else "s"))

    found = price_impact(tape(*made), 10)

    assert found is not None
    assert found.kyle_lambda == pytest.approx(0.5)
    assert found.r_squared == pytest.approx(1.0)
    assert price_impact(tape(*made[:3]), 10) is None
