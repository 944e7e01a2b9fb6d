"""Exact decimals that refuse to mix: Price, Quantity, Notional, Amount.

Products keep every digit (56 digits for two factors of 28); nothing here rounds unless its name
says so. Binary floats are refused.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Final, Self, TypeVar, overload

from core.domain.errors import DataInvalid

MAX_DIGITS: Final = 28
_CONTEXT: Final = Context(prec=60, traps=[InvalidOperation, Overflow, DivisionByZero])
_PLAIN: Final = frozenset("0123456789.-+")


_E = TypeVar("_E", bound="Exact")
_SET: Final = object.__setattr__


def exact_decimal(text: str) -> Decimal:
    """Parse plain decimal text.

    Raises:
        DataInvalid: for NaN, infinities, exponents, more than 28 digits, or no number at all.
    """
    if not text or not _PLAIN.issuperset(text):
        raise DataInvalid("not a plain decimal number", repr(text[:40]))
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise DataInvalid("not a plain decimal number", repr(text[:40])) from None
    if len(value.as_tuple().digits) > MAX_DIGITS:
        raise DataInvalid("number has more than 28 digits", repr(text[:48]))
    return value


def plain(value: Decimal) -> str:
    """Write a decimal without exponent, trailing zeros or negative zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


class Exact:
    """Base of the decimal types: same-kind arithmetic and comparison only."""

    __slots__ = ("value",)
    value: Decimal

    def __init__(self, value: str | int | Decimal) -> None:
        if isinstance(value, str):
            value = exact_decimal(value)
        elif isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise TypeError(f"{type(self).__name__} takes text, int or Decimal, was {value!r}")
        number = Decimal(value)
        if not number.is_finite():
            raise DataInvalid("number is not finite", str(number))
        object.__setattr__(self, "value", number)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set to {value!r}")

    def _same(self, other: object) -> Decimal:
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} does not mix with {type(other).__name__}")
        assert isinstance(other, Exact)
        return other.value

    def __add__(self, other: Self) -> Self:
        return _made(type(self), _CONTEXT.add(self.value, self._same(other)))

    def __sub__(self, other: Self) -> Self:
        return _made(type(self), _CONTEXT.subtract(self.value, self._same(other)))

    def __neg__(self) -> Self:
        return _made(type(self), self.value.copy_negate() if self.value else self.value)

    def __abs__(self) -> Self:
        return _made(type(self), self.value.copy_abs())

    def __lt__(self, other: Self) -> bool:
        return self.value < self._same(other)

    def __le__(self, other: Self) -> bool:
        return self.value <= self._same(other)

    def __gt__(self, other: Self) -> bool:
        return self.value > self._same(other)

    def __ge__(self, other: Self) -> bool:
        return self.value >= self._same(other)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.value == self._same(other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.value))

    def __bool__(self) -> bool:
        raise TypeError(f"compare a {type(self).__name__} with zero instead of its truth")

    def __str__(self) -> str:
        return plain(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({plain(self.value)!r})"

    @property
    def is_zero(self) -> bool:
        """Whether the number is exactly zero."""
        return not self.value

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.value > 0) - (self.value < 0)

    def scaled_by(self, factor: Decimal) -> Self:
        """Multiply by a pure number; one that is not finite is refused."""
        return type(self)(_CONTEXT.multiply(self.value, factor))

    def ratio_to(self, other: Self) -> Decimal:
        """Divide by the same kind; a pure number, rounded at 60 digits."""
        return _CONTEXT.divide(self.value, self._same(other))

    def floored_to(self, step: Self) -> Self:
        """Round toward negative infinity to a multiple of `step`."""
        return self._rounded(step, ROUND_FLOOR)

    def ceiled_to(self, step: Self) -> Self:
        """Round toward positive infinity to a multiple of `step`."""
        return self._rounded(step, ROUND_CEILING)

    def truncated_to(self, step: Self) -> Self:
        """Round toward zero to a multiple of `step`."""
        return self.floored_to(step) if self.value >= 0 else self.ceiled_to(step)

    def is_multiple_of(self, step: Self) -> bool:
        """Whether the number is a whole number of `step`s."""
        return not _CONTEXT.remainder(self.value, self._same(step))

    def _rounded(self, step: Self, rounding: str) -> Self:
        unit = self._same(step)
        count = _CONTEXT.divide(self.value, unit).to_integral_value(rounding=rounding)
        return type(self)(_CONTEXT.multiply(count, unit))


def _made(kind: type[_E], value: Decimal) -> _E:
    """Wrap the result of exact arithmetic: the context traps whatever would not be finite."""
    number = kind.__new__(kind)
    _SET(number, "value", value)
    return number


class Quantity(Exact):
    """Base units; signed where it is a holding."""

    __slots__ = ()


class Notional(Exact):
    """Quote units: price times quantity."""

    __slots__ = ()

    def per(self, quantity: Quantity) -> "Price":
        """Divide by a quantity: the average price, rounded at 60 digits."""
        return Price(_CONTEXT.divide(self.value, quantity.value))

    def at(self, price: "Price") -> Quantity:
        """Divide by a price: the quantity this much buys, rounded at 60 digits."""
        return Quantity(_CONTEXT.divide(self.value, price.value))


class Price(Exact):
    """Quote units for one base unit."""

    __slots__ = ()

    @overload
    def __mul__(self, other: Quantity) -> Notional: ...
    @overload
    def __mul__(self, other: Decimal) -> "Price": ...
    def __mul__(self, other: Quantity | Decimal) -> "Notional | Price":
        if isinstance(other, Quantity):
            return _made(Notional, _CONTEXT.multiply(self.value, other.value))
        if isinstance(other, Decimal):
            return self.scaled_by(other)
        raise TypeError(f"Price does not multiply with {type(other).__name__}")


class Amount(Exact):
    """Units of one asset, as the ledger and balances count them; the asset stands beside it."""

    __slots__ = ()


def amount_of(value: Notional | Quantity) -> Amount:
    """Read a notional as units of its quote asset, or a quantity as units of its base asset."""
    return _made(Amount, value.value)


ZERO_QUANTITY: Final = Quantity(0)
ZERO_NOTIONAL: Final = Notional(0)
ZERO_AMOUNT: Final = Amount(0)
