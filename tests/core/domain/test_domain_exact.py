"""Exact numbers: kinds do not mix, nothing that is no plain number gets in, rounding is exact."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from operator import add, ge, gt, le, lt, sub
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import DataInvalid
from core.domain.exact import Amount, Exact, Notional, Price, Quantity, exact_decimal, plain

KINDS: Final[tuple[type[Exact], ...]] = (Price, Quantity, Notional, Amount)
decimals = st.decimals(
    min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=10
)
steps = st.sampled_from(["0.00001", "0.01", "0.25", "0.5", "1", "3", "10", "0.0000000003"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", [*KINDS, int, Decimal])
@pytest.mark.parametrize("operation", [add, sub, lt, le, gt, ge])
def test_numbers_of_different_kinds_refuse_to_mix(
    kind: type[Exact], other: type[Any], operation: Callable[[Any, Any], object]
) -> None:
    """Money, price and quantity never meet in a sum or a comparison."""
    if kind is other:
        operation(kind(1), other(1))
        return

    with pytest.raises(TypeError):
        operation(kind(1), other(1))


@pytest.mark.parametrize(
    "text",
    ["nan", "NaN", "inf", "-Infinity", "1e5", "1E-3", "", " 1", "1_0", "0x1", "\uff11", "--1", "."],
)
def test_text_that_is_no_plain_number_is_refused(text: str) -> None:
    """NaN, infinities, exponents and other spellings are invalid data."""
    with pytest.raises(DataInvalid):
        exact_decimal(text)


def test_numbers_have_at_most_28_digits() -> None:
    """28 digits are taken, 29 are refused."""
    assert str(Price("1234567890123456789012345678")) == "1234567890123456789012345678"
    with pytest.raises(DataInvalid):
        Price("12345678901234567890123456789")


@pytest.mark.parametrize("value", [1.5, True, None, float("nan")])
def test_floats_and_bools_are_not_exact_numbers(value: Any) -> None:
    """No binary float reaches an exact number."""
    with pytest.raises(TypeError):
        Quantity(value)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_decimals_that_are_not_finite_are_refused(value: Decimal) -> None:
    """A decimal has to be a number."""
    with pytest.raises(DataInvalid):
        Amount(value)


def test_exact_numbers_are_frozen_and_have_no_truth() -> None:
    """A number cannot be changed, and zero has to be asked for by name."""
    price = Price("1")

    with pytest.raises(AttributeError):
        price.value = Decimal(2)
    with pytest.raises(TypeError):
        bool(price)


@given(decimals, decimals)
def test_products_keep_every_digit(price: Decimal, quantity: Decimal) -> None:
    """Price times quantity is the exact product."""
    product = (Price(price) * Quantity(quantity)).value

    assert Fraction(product) == Fraction(price) * Fraction(quantity)


@given(decimals, steps)
def test_rounding_to_a_step_is_the_nearest_multiple_on_its_side(value: Decimal, step: str) -> None:
    """Floor, ceiling and truncation land on multiples, less than a step away, on the named side."""
    number, unit = Quantity(value), Quantity(step)
    exact, width = Fraction(value), Fraction(step)

    floor, ceiling = number.floored_to(unit), number.ceiled_to(unit)

    assert Fraction(floor.value) == (exact // width) * width
    assert Fraction(ceiling.value) == -((-exact) // width) * width
    toward_zero = floor if exact >= 0 else ceiling
    assert number.truncated_to(unit) == toward_zero
    assert number.is_multiple_of(unit) is (exact % width == 0)


@given(decimals)
def test_plain_text_of_a_number_reads_back_the_same(value: Decimal) -> None:
    """The written form has no exponent and no trailing zeros, and is the same number."""
    text = plain(value)

    assert "E" not in text.upper()
    assert exact_decimal(text) == value
    assert text == "0" or not ("." in text and text.endswith("0"))


def test_equal_numbers_of_one_kind_have_one_hash() -> None:
    """1.0 and 1.00 are one number; a price is never a quantity."""
    assert hash(Price("1.0")) == hash(Price("1.00"))
    assert Price("1") != Quantity("1")


def test_sums_of_many_numbers_stay_exact() -> None:
    """Ten thousand additions lose nothing."""
    rng = random.Random(4)
    total, expected = Amount(0), Fraction(0)
    for _ in range(10_000):
        text = f"{rng.randint(-(10**12), 10**12)}e-10"
        total += Amount(Decimal(text))
        expected += Fraction(text)

    assert Fraction(total.value) == expected
