"""Wire text of prices and sizes as integers of 10^-10, remembered so that a text is read once."""

from typing import Final

from core.domain.errors import DataInvalid
from core.domain.fixed import decimals_of, scaled

CACHE_LIMIT: Final = 32_768
_LONGEST: Final = 40


def units_of(text: str) -> int:
    """Read a non-negative plain decimal as units of 10^-10.

    Raises:
        DataInvalid: for anything else; signs, exponents, blanks and underscores included.
    """
    if len(text) > _LONGEST or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise DataInvalid("not a price or size", repr(text[:_LONGEST]))
    return scaled(text)


class UnitCache(dict[str, int]):
    """Text to units; bounded: forgets everything when full."""

    __slots__ = ()

    def __missing__(self, text: str) -> int:
        number = units_of(text)
        if len(self) >= CACHE_LIMIT:
            self.clear()
        self[text] = number
        return number


class Decimals:
    """The most decimals seen so far in numbers of one kind."""

    __slots__ = ("_step", "count")

    def __init__(self) -> None:
        self.count = 0
        self._step = 10**10

    def see(self, number: int) -> None:
        """Widen to what `number` needs."""
        if number % self._step:
            self.count = decimals_of(number)
            self._step = 10 ** (10 - self.count)

    @property
    def step(self) -> int:
        """The smallest distance that these decimals can write."""
        return self._step
