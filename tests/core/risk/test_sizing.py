"""Sizes: each wish by hand, the smallest bound wins, nothing below the minimum."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.exact import Notional, Price
from core.risk.sizing import SizeCaps, Sized, SizeMode, SizeWish, sized
from tests.core.builders import instrument

MARKET = instrument(step="0.1", min_quantity="0.5", max_quantity="1000")
CAPS = SizeCaps(equity=Notional(10_000), allocation=Notional(4_000), order_cap=Notional(5_000))
PRICE = Price(100)


@pytest.mark.parametrize(
    ("wish", "quantity"),
    [
        (SizeWish(mode=SizeMode.FIXED, amount=Decimal(1_234)), "12.3"),
        (SizeWish(mode=SizeMode.EQUITY_PERCENT, amount=Decimal(2)), "2"),
        # 0.5 % of 10,000 is 50; a stop 1 % away and 30 bps of costs: 50 / 0.013 = 3,846.15
        (SizeWish(mode=SizeMode.RISK_PERCENT, amount=Decimal("0.5"), stop_price=Price(99)), "38.4"),
        # 4,000 scaled by 20 % over 80 %
        (
            SizeWish(
                mode=SizeMode.VOLATILITY_TARGET, amount=Decimal(20), volatility_pct=Decimal(80)
            ),
            "10",
        ),
    ],
)
def test_each_wish_has_its_size(wish: SizeWish, quantity: str) -> None:
    """By hand."""
    found = sized(wish, CAPS, PRICE, MARKET)

    assert isinstance(found, Sized)
    assert str(found.quantity) == quantity
    assert found.bound_by == "wish"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (SizeWish(mode=SizeMode.FIXED, amount=Decimal(0)), "above zero"),
        (SizeWish(mode=SizeMode.FIXED, amount=Decimal(49)), "below the minimum of 0.5"),
        (SizeWish(mode=SizeMode.RISK_PERCENT, amount=Decimal(1)), "stop price"),
        (SizeWish(mode=SizeMode.RISK_PERCENT, amount=Decimal(1), stop_price=PRICE), "stop price"),
        (SizeWish(mode=SizeMode.VOLATILITY_TARGET, amount=Decimal(1)), "volatility"),
    ],
)
def test_a_wish_that_cannot_be_sized_says_why(wish: SizeWish, words: str) -> None:
    """One sentence instead of an order."""
    found = sized(wish, CAPS, PRICE, MARKET)

    assert isinstance(found, str)
    assert words in found


bounds = st.one_of(st.none(), st.integers(-100, 6_000))


@given(st.integers(1, 9_000), bounds, bounds, bounds, st.integers(1, 500))
def test_a_size_is_within_every_bound_and_no_step_could_be_added(
    amount: int, depth: int | None, margin: int | None, free: int | None, price: int
) -> None:
    """Rounded toward zero, never more than the smallest cap."""
    caps = msgspec.structs.replace(
        CAPS,
        depth_cap=None if depth is None else Notional(depth),
        margin_cap=None if margin is None else Notional(margin),
        free_capital=None if free is None else Notional(free),
    )
    most = min(b for b in (amount, 5_000, depth, margin, free) if b is not None)

    found = sized(SizeWish(mode=SizeMode.FIXED, amount=Decimal(amount)), caps, Price(price), MARKET)

    steps = Fraction(most * 10, price)
    if isinstance(found, str):
        assert steps < 5 or most <= 0
        return
    quantity = Fraction(found.quantity.value)
    assert quantity == Fraction(min(steps.__floor__(), 10_000), 10)
    assert Fraction(found.notional.value) == quantity * price
