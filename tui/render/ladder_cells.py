"""Numbers of a ladder's columns: few cells, stable decimals, any magnitude."""

from typing import Final

from core.domain.fixed import UNIT

_LETTERS: Final = ("", "k", "M", "G", "T", "P", "E")
_THOUSAND: Final = 1_000
_LONGEST: Final = 5


def size_cell(size: int, decimals: int) -> str:
    """Write a size (units of 10^-10) with the decimals of its column, in at most five cells.

    What does not fit is written in thousands, millions and so on with three digits; what is not
    zero but would read so, as less than the last digit: `<1`, `<.01`.
    """
    if 0 < 2 * size * 10**decimals < UNIT:
        return "<" + f"{10.0**-decimals:.{decimals}f}".lstrip("0")
    text = f"{size / UNIT:.{decimals}f}"
    return text if len(text) <= _LONGEST else lettered(size / UNIT, 3)


def short_cell(size: int) -> str:
    """Write a size (units of 10^-10) in at most four cells."""
    value = size / UNIT
    if value >= _THOUSAND - 0.5:
        return lettered(value, 2)
    if value >= 10 - 0.05:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 - 0.005 else f"{value:.2f}"


def lettered(value: float, digits: int) -> str:
    """Write a number with so many digits and the letter of its magnitude: `1.2k`, `34M`."""
    power = 0
    while value >= _THOUSAND - 0.5 and power < len(_LETTERS) - 1:
        value /= _THOUSAND
        power += 1
    if value >= _THOUSAND - 0.5:
        return f"{value * _THOUSAND**power:.0e}".replace("e+", "e")
    whole = 3 if value >= 100 - 0.5 else 2 if value >= 10 - 0.05 else 1
    return f"{value:.{max(0, digits - whole)}f}{_LETTERS[power]}"
