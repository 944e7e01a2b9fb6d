"""The library's numbers, which are floats more often than not, as exact text. Pure."""

from decimal import Decimal, InvalidOperation
from typing import Any

from core.domain.errors import DataInvalid
from core.domain.exact import plain

_TINY = -20
"""Floats tell nothing beyond this many decimals."""


def exact(value: Any) -> Decimal:
    """Read a number by its shortest text: the float 0.1 is 0.1.

    Raises:
        DataInvalid: when it is none.
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise DataInvalid("not a number", repr(value)[:40]) from None
    if not number.is_finite() or isinstance(value, bool):
        raise DataInvalid("not a number", repr(value)[:40])
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _TINY:
        return number.quantize(Decimal(1).scaleb(_TINY))
    return number


def maybe_exact(value: Any) -> Decimal | None:
    """Read a number that may be missing. Raises DataInvalid."""
    return None if value is None else exact(value)


def text(value: Any) -> str:
    """Write a number as plain text. Raises DataInvalid."""
    return plain(exact(value))


def maybe_text(value: Any) -> str | None:
    """Write a number that may be missing. Raises DataInvalid."""
    return None if value is None else text(value)
