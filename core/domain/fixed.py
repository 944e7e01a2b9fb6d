"""The one fixed scale of order books: integers of 10^-10, for prices and sizes alike.

Independent of ticks, so that nothing is rounded and recordings without instrument rules replay.
"""

from decimal import Decimal
from typing import Final

from core.domain.errors import DataInvalid

DIGITS: Final = 10
UNIT: Final = 10**DIGITS
_SCALE: Final[tuple[int, ...]] = tuple(int(10 ** (DIGITS - n)) for n in range(DIGITS + 1))


def scaled(text: str) -> int:
    """Turn plain decimal text into units of 10^-10.

    Raises:
        DataInvalid: when the text is no plain decimal or has more than ten decimals that are not 0.
    """
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    if not (digits.isdigit() and digits.isascii()):
        _check_signed(text, digits)
    if len(decimals) > DIGITS:
        decimals = _shortened(text, decimals)
        digits = whole + decimals
    return int(digits) * _SCALE[len(decimals)]


def _check_signed(text: str, digits: str) -> None:
    unsigned = digits.removeprefix("-")
    if not (unsigned.isdigit() and unsigned.isascii()):
        raise DataInvalid("not a plain decimal number", repr(text[:40]))


def _shortened(text: str, decimals: str) -> str:
    kept = decimals.rstrip("0")
    if len(kept) > DIGITS:
        raise DataInvalid("number has more than ten decimals", repr(text[:40]))
    return kept


def unscaled(number: int) -> Decimal:
    """Turn units of 10^-10 back into an exact decimal."""
    return Decimal(number).scaleb(-DIGITS)


def decimals_of(step: int) -> int:
    """Count the decimals needed to write multiples of `step` (units of 10^-10)."""
    count = DIGITS
    while count and step % 10 == 0:
        step //= 10
        count -= 1
    return count
