"""Capital: units, allocations, losses; each against sums done by hand in fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.exact import Amount, Notional
from core.domain.facts import NavMarked, TradingState
from core.domain.ids import StrategyId
from core.risk.capital import (
    allocation,
    day_loss_pct,
    drawdown_pct,
    losses,
    opened,
    rebased,
    remarked,
    strategy_losses,
    transferred,
    unit_value,
)
from core.risk.limits import CapitalLimits

LIMITS = CapitalLimits()
A, B = StrategyId("a"), StrategyId("b")
DAY = "2026-11-22"
money = st.integers(1_000, 10_000_000).map(lambda cents: Amount(Decimal(cents) / 100))
moves = st.lists(
    st.tuples(st.sampled_from(["profit", "transfer"]), st.integers(-300, 300)), max_size=30
)


def test_named_shares_come_first_and_the_rest_is_equal() -> None:
    """80 % are given out: 30 to one by name, 25 to each of the two others."""
    limits = CapitalLimits(allocations_pct={"a": 30.0})
    others = (A, B, StrategyId("MANUAL"))
    given_out = {name: allocation(name, others, Notional(1_000), limits) for name in others}

    assert given_out[A] == Notional(300)
    assert given_out[B] == given_out[StrategyId("MANUAL")] == Notional(250)


def test_allocations_that_would_use_the_reserve_are_refused() -> None:
    """One sentence names both numbers."""
    with pytest.raises(ValueError, match="add up to 105 %"):
        CapitalLimits(allocations_pct={"a": 60.0, "b": 25.0})


@given(money, moves)
def test_unit_value_moves_with_profit_only(start: Amount, steps: list[tuple[str, int]]) -> None:
    """However money comes and goes, a unit is worth the product of the returns."""
    mark = opened(0, DAY, start)
    equity, returns = Fraction(start.value), Fraction(1)
    for kind, per_mille in steps:
        change = equity * per_mille / 1_000
        if kind == "profit":
            returns *= (equity + change) / equity
            equity += change
            continue
        moved = Amount(Decimal(int(change * 100)) / 100)
        equity += Fraction(moved.value)
        mark = transferred(mark, 0, Amount(_decimal(equity)), moved)

    told = unit_value(Amount(_decimal(equity)), mark.units)

    assert abs(Fraction(told.value) / returns - 1) < Fraction(1, 10**6)


@given(money, st.lists(st.integers(-900, 900), min_size=1, max_size=30))
def test_drawdown_is_the_fall_from_the_best_so_far(start: Amount, steps: list[int]) -> None:
    """Without transfers it is what equity fell from its highest."""
    mark, best = opened(0, DAY, start), start.value
    for per_mille in steps:
        equity = Amount(start.value * (1_000 + per_mille) / 1_000)
        mark = remarked(mark, 1, DAY, equity, {})
        best = max(best, equity.value)

        told = drawdown_pct(mark, equity)

        assert abs(told - (best - equity.value) / best * 100) < Decimal("1e-6")


@pytest.mark.parametrize(
    ("equity", "expected"),
    [
        ("970.01", {}),
        ("970", {"day loss": TradingState.REDUCING}),
        ("950", {"day loss": TradingState.HALTED}),
        ("900", {"day loss": TradingState.HALTED, "drawdown": TradingState.REDUCING}),
        ("850", {"day loss": TradingState.HALTED, "drawdown": TradingState.HALTED}),
    ],
)
def test_loss_limits_act_at_their_bounds(equity: str, expected: dict[str, TradingState]) -> None:
    """3 and 5 % of a day, 10 and 15 % from the peak; each bound included."""
    found = losses(opened(0, DAY, Amount(1_000)), Amount(equity), LIMITS)

    assert {loss.cause: loss.state for loss in found} == expected


def test_a_deposit_is_no_gain_and_a_withdrawal_no_loss() -> None:
    """Only what trading did counts in the day's loss."""
    mark = opened(0, DAY, Amount(1_000))
    mark = transferred(mark, 1, Amount(1_500), Amount(500))
    after = transferred(mark, 2, Amount(960), Amount(-500))

    assert day_loss_pct(mark, Amount(1_500)) == 0
    assert after.day_equity == Amount(1_000)
    assert day_loss_pct(after, Amount(960)) == 4


def test_a_new_day_begins_at_its_own_equity() -> None:
    """Yesterday's loss is not today's; the peak stays."""
    mark = remarked(opened(0, DAY, Amount(1_000)), 1, "2026-11-23", Amount(960), {A: Amount(-40)})

    assert day_loss_pct(mark, Amount(960)) == 0
    assert drawdown_pct(mark, Amount(960)) == 4
    assert rebased(mark, 2, Amount(960)).peak == Amount("0.96")


def test_a_strategy_stops_at_half_of_what_stops_the_account() -> None:
    """1.5 % of the day's equity lost today, or 5 % from its best."""
    mark = NavMarked(
        at=0,
        day=DAY,
        equity=Amount(1_000),
        units=Amount(1_000),
        peak=Amount(1),
        day_equity=Amount(1_000),
        strategies=((A, Amount(10), Amount(40)), (B, Amount(-4), Amount(50))),
    )
    fine = strategy_losses(mark, {A: Amount("-4.9"), B: Amount("0.1")}, LIMITS)
    lost = strategy_losses(mark, {A: Amount(-5), B: Amount(0)}, LIMITS)

    assert fine == {}
    assert {name: loss.cause for name, loss in lost.items()} == {A: "day loss", B: "drawdown"}


def _decimal(number: Fraction) -> Decimal:
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("1e-12"))
