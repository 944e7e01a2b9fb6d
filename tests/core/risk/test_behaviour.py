"""Strategies that run in circles, and those that lose again and again."""

import pytest

from core.domain.exact import Amount
from core.domain.ids import InstrumentId
from core.domain.order import OrderState
from core.risk.behaviour import Behaviour
from core.risk.limits import CapitalLimits, RiskLimits

LIMITS, CAPITAL = RiskLimits(), CapitalLimits()
SOL, BTC = InstrumentId("alpha:SOL_USDC_PERP"), InstrumentId("alpha:BTC_USDC_PERP")
SECOND = 1_000_000_000


def test_twenty_orders_without_a_fill_are_circles() -> None:
    """The twentieth within a minute; a fill in between begins the count anew."""
    busy, progressing = Behaviour(), Behaviour()
    for number in range(20):
        assert not busy.repeated(number * SECOND, LIMITS)
        busy.submitted(number * SECOND)
        progressing.submitted(number * SECOND)
        if number == 10:
            progressing.filled(number * SECOND, SOL, None)

    assert "20 orders" in busy.repeated(20 * SECOND, LIMITS)
    assert not progressing.repeated(20 * SECOND, LIMITS)
    assert not busy.repeated(61 * SECOND, LIMITS)


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.EXPIRED])
def test_five_refusals_in_a_row_are_circles(state: OrderState) -> None:
    """A cancel in between is no success, a fill is."""
    found = Behaviour()
    for end in (state, state, OrderState.CANCELLED, state, state):
        found.moved(end)

    assert not found.repeated(0, LIMITS)
    found.moved(state)
    assert "5 orders in a row" in found.repeated(0, LIMITS)
    found.moved(OrderState.FILLED)
    assert not found.repeated(0, LIMITS)


def test_three_losing_round_trips_within_a_minute_are_circles() -> None:
    """Gains and older losses do not count."""
    found = Behaviour()
    for second, profit in ((0, "-1"), (50, "-1"), (60, "5"), (70, "-1")):
        found.filled(second * SECOND, SOL, Amount(profit))

    assert not found.repeated(71 * SECOND, LIMITS)
    found.filled(72 * SECOND, BTC, Amount("-0.01"))
    assert "3 round trips" in found.repeated(73 * SECOND, LIMITS)


def test_a_market_cools_down_after_a_losing_exit() -> None:
    """A minute, in that market alone."""
    found = Behaviour()
    found.filled(0, SOL, Amount(-1))
    found.filled(0, BTC, Amount(1))

    assert "60 s" in found.cool_down(SECOND - 1, SOL, CAPITAL)
    assert not found.cool_down(60 * SECOND, SOL, CAPITAL)
    assert not found.cool_down(SECOND, BTC, CAPITAL)


def test_too_many_losing_exits_in_the_window_are_overdone() -> None:
    """Ten within an hour; switching it on again forgives."""
    found = Behaviour()
    for number in range(10):
        assert not found.overdone(number * 300 * SECOND, CAPITAL)
        found.filled(number * 300 * SECOND, SOL, Amount(-1))

    assert "10 losing exits" in found.overdone(2_701 * SECOND, CAPITAL)
    found.forgive()
    assert not found.overdone(2_701 * SECOND, CAPITAL)
