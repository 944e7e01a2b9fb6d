"""Exact decimals keep every digit, and nothing that is not finite gets in."""

from decimal import Decimal

import pytest

from core.domain.errors import DataInvalid
from core.domain.exact import Amount, Exact, Notional, Price, Quantity


@pytest.mark.parametrize("kind", [Price, Quantity, Notional, Amount])
def test_signs_change_without_rounding(kind: type[Exact]) -> None:
    """Results may hold 56 digits; turning them round loses none."""
    long = kind(Decimal("1." + "123456789" * 6))

    assert (-long).value == long.value.copy_negate()
    assert abs(-long) == long


@pytest.mark.parametrize("factor", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_no_factor_that_is_not_finite(factor: str) -> None:
    """What is not finite never becomes a price."""
    with pytest.raises((DataInvalid, ArithmeticError)):
        Price(1).scaled_by(Decimal(factor))
