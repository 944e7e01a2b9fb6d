"""The fixed scale of books: integers of 10^-10, nothing rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import DataInvalid
from core.domain.fixed import UNIT, decimals_of, scaled, unscaled


@given(st.decimals(min_value=0, max_value=10**12, allow_nan=False, places=10), st.integers(0, 12))
def test_scaled_text_equals_the_decimal_it_writes(value: Decimal, zeros: int) -> None:
    """Text becomes the integer of 10^-10 that is exactly the decimal, trailing zeros or not."""
    text = f"{value:f}" + "0" * zeros

    number = scaled(text)

    assert number == value * UNIT
    assert unscaled(number) == value


@pytest.mark.parametrize(
    "text", ["1.00000000001", "0.12345678901", "abc", "", "1.2.3", "1e5", "nan"]
)
def test_text_the_scale_cannot_hold_is_refused(text: str) -> None:
    """An eleventh decimal that is not zero, and what is no number, is invalid data."""
    with pytest.raises(DataInvalid):
        scaled(text)


@pytest.mark.parametrize(
    ("step", "decimals"), [("1", 0), ("10", 0), ("0.5", 1), ("0.01", 2), ("0.0000000001", 10)]
)
def test_decimals_of_a_step_are_those_its_multiples_need(step: str, decimals: int) -> None:
    """A step's decimals are counted without trailing zeros."""
    assert decimals_of(scaled(step)) == decimals


@pytest.mark.parametrize("text", ["1_000", " 12", "12 ", "+1", "1e5", "", ".", "-", "١٢", "1.-2"])
def test_scaled_text_that_only_looks_like_a_number_is_refused(text: str) -> None:
    """Only digits with one point are a number, whatever `int` would take."""
    with pytest.raises(DataInvalid):
        scaled(text)
