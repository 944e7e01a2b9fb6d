"""Wire text of prices and sizes as integers of 10^-10, remembered so that a text is read once."""

from typing import Final

from core.domain.errors import DataInvalid
from core.domain.fixed import DIGITS, UNIT, decimals_of, scaled

CACHE_LIMIT: Final = 32_768
_LONGEST: Final = 40
_SCALES: Final[tuple[int, ...]] = tuple(10 ** (DIGITS - count) for count in range(DIGITS + 1))
ZERO_TEXTS: Final = frozenset({"0", *("0." + "0" * count for count in range(19))})
"""Every way in which venues write zero."""


def units_of(text: str) -> int:
    """Read a non-negative plain decimal as units of 10^-10.

    Raises:
        DataInvalid: for anything else; signs, exponents, blanks and underscores included.
    """
    if len(text) > _LONGEST or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise DataInvalid("not a price or size", repr(text[:_LONGEST]))
    return scaled(text)


def _is_plain(digits: str) -> bool:
    return digits.isdecimal() and digits.isascii()


class UnitCache(dict[str, int]):
    """Text to units times a sign; bounded: forgets everything when full."""

    __slots__ = ("_sign",)

    def __init__(self, sign: int = 1) -> None:
        super().__init__()
        self._sign = sign

    def __missing__(self, text: str) -> int:
        whole, _, decimals = text.partition(".")
        digits = whole + decimals
        if len(decimals) <= DIGITS and len(digits) < _LONGEST and _is_plain(digits):
            number = self._sign * int(digits) * _SCALES[len(decimals)]
        else:
            number = self._sign * units_of(text)
        if len(self) >= CACHE_LIMIT:
            self.clear()
        self[text] = number
        return number


def mark_units_of(text: str) -> int:
    """Read a mark or index price; venues write more decimals than a book's scale holds: cut off.

    Raises:
        DataInvalid: for anything but a plain positive decimal.
    """
    whole, dot, decimals = text.partition(".")
    return units_of(f"{whole}{dot}{decimals[:DIGITS]}")


class Decimals:
    """The most decimals seen so far in numbers of one kind."""

    __slots__ = ("_step", "count")

    def __init__(self) -> None:
        self.count = 0
        self._step = UNIT

    def see(self, number: int) -> None:
        """Widen to what `number` needs."""
        if number % self._step:
            self.count = decimals_of(number)
            self._step = 10 ** (DIGITS - self.count)

    @property
    def step(self) -> int:
        """The smallest distance that these decimals can write."""
        return self._step
