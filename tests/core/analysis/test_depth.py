"""The touch and the cost of taking, against exact fractions, and their edges."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.depth import Cost, cost_of, touch_metrics, twice_mid_of
from core.analysis.units import Level
from core.domain.fixed import UNIT
from core.domain.order import Side
from tests.core.analysis.books import ASKS, BIDS, eaten, level, mid_of

NOTIONALS = st.lists(st.integers(1, 10**16), min_size=1, max_size=5).map(sorted)


def assert_is(found: float | None, exact: Fraction | None) -> None:
    """The float is the fraction, rounded once."""
    assert found == (None if exact is None else float(exact))


@given(BIDS, ASKS, NOTIONALS, st.integers(1, 15))
@settings(max_examples=300, deadline=None)
def test_touch_metrics_are_the_exact_fractions_rounded_once(
    bids: list[Level], asks: list[Level], notionals: list[int], count: int
) -> None:
    """Every number of the touch is what fractions say, for crossed and one-sided books too."""
    found = touch_metrics(bids, asks, tick=UNIT // 100, imbalance_levels=count, notionals=notionals)

    mid = mid_of(bids, asks)
    assert_is(found.mid, mid)
    below, above = (sum(size for _, size in side[:count]) for side in (bids, asks))
    imbalance = Fraction(below - above, below + above) if below + above else None
    assert_is(found.imbalance, imbalance)
    if mid is None:
        assert found.spread_bps is found.microprice is found.spread_ticks is None
        assert found.buy_slippage_bps == found.sell_slippage_bps == (None,) * len(notionals)
        return
    (bid, bid_size), (ask, ask_size) = bids[0], asks[0]
    assert_is(found.spread_bps, Fraction(ask - bid, UNIT) / mid * 10_000)
    assert_is(found.spread_ticks, Fraction(ask - bid, UNIT // 100))
    weighted = Fraction(bid * ask_size + ask * bid_size, (bid_size + ask_size) * UNIT)
    assert_is(found.microprice, weighted)
    for index, notional in enumerate(notionals):
        assert_is(found.buy_slippage_bps[index], _slippage(asks, notional, mid, 1))
        assert_is(found.sell_slippage_bps[index], _slippage(bids, notional, mid, -1))


def _slippage(side: list[Level], notional: int, mid: Fraction, sign: int) -> Fraction | None:
    paid, base, _ = eaten(side, notional)
    return None if paid < Fraction(notional, UNIT) else sign * (paid / base / mid - 1) * 10_000


@given(BIDS, ASKS, st.integers(1, 10**17))
@settings(max_examples=300, deadline=None)
def test_cost_of_a_notional_is_the_exact_walk(
    bids: list[Level], asks: list[Level], notional: int
) -> None:
    """VWAP, slippage, worst price and levels eaten are those of the naive walk."""
    mid = mid_of(bids, asks)
    twice_mid = twice_mid_of(bids[0] if bids else None, asks[0] if asks else None)

    for side, levels, sign in ((Side.BUY, asks, 1), (Side.SELL, bids, -1)):
        found = cost_of(levels, notional, side=side, twice_mid=twice_mid)

        paid, base, count = eaten(levels, notional)
        assert Fraction(found.filled_money, UNIT * UNIT) == paid
        assert found.is_complete == (paid == Fraction(notional, UNIT))
        assert found.levels_eaten == count
        assert found.worst_price == (levels[count - 1][0] if count else None)
        assert_is(found.vwap, paid / base if base else None)
        known = bool(base) and mid is not None
        assert_is(
            found.slippage_bps,
            sign * (paid / base / mid - 1) * 10_000 if known and mid else None,
        )


@given(BIDS, ASKS)
def test_no_number_of_a_book_is_nan(bids: list[Level], asks: list[Level]) -> None:
    """What is not there is None."""
    found = touch_metrics(bids, asks, notionals=[UNIT])

    numbers = [found.mid, found.microprice, found.spread_bps, found.imbalance]
    assert all(number is None or math.isfinite(number) for number in numbers)


def test_partial_fill_is_said() -> None:
    """A book that holds less than asked says how much, and that it is not all."""
    cost = cost_of([level(10, 1), level(11, 1)], 100 * UNIT, side=Side.BUY, twice_mid=19 * UNIT)

    assert cost == Cost(
        notional=100 * UNIT,
        filled_money=21 * UNIT * UNIT,
        vwap=10.5,
        slippage_bps=20_000 / 19,
        worst_price=11 * UNIT,
        levels_eaten=2,
        is_complete=False,
    )


def test_walk_stops_where_the_question_is_answered() -> None:
    """Levels beyond the last one needed are never read."""
    asks = iter([level(10, 5), level(11, 5), level(12, 5), level(13, 5)])

    touch_metrics([], asks, imbalance_levels=2, notionals=[60 * UNIT])

    assert list(asks) == [level(12, 5), level(13, 5)]


def test_one_sided_book_has_an_imbalance_and_no_mid() -> None:
    """All size on one side is an imbalance of one."""
    found = touch_metrics([level(10, 5)], [])

    assert found.imbalance == 1.0
    assert found.best_bid == 10 * UNIT
    assert found.best_ask is found.mid is found.spread_bps is None


def test_crossed_book_has_a_negative_spread() -> None:
    """A crossed book is told by its sign, not hidden."""
    found = touch_metrics([level(11, 1)], [level(9, 1)], tick=UNIT)

    assert found.spread_bps == -2_000.0
    assert found.spread_ticks == -2.0


def test_notionals_that_do_not_ascend_are_refused() -> None:
    """The pass meets notionals in their order."""
    with pytest.raises(ValueError, match="ascend"):
        touch_metrics([], [], notionals=[2, 1])
