"""Scales and shapes that the formulas of this room share.

Prices and sizes are integers of 10^-10 (`core.domain.fixed`); a price times a size is money, an
integer of 10^-20, so that sums stay exact. Ratios and bps are floats, divided once at the end.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from core.domain.fixed import UNIT

Level = tuple[int, int]
"""Price and size, units of 10^-10."""
Levels = Iterable[Level]
"""One side of a book, best first; read lazily, so that early stops cost nothing."""

BPS: Final = 10_000
MONEY_UNIT: Final = UNIT * UNIT
"""Price times size: integers of 10^-20."""
SECOND_NS: Final = 1_000_000_000
HOUR_NS: Final = 3_600 * SECOND_NS
YEAR_NS: Final = 365 * 24 * HOUR_NS
"""A year of 365 days, as funding tables count it."""


def ratio(numerator: int, denominator: int) -> float | None:
    """Divide two exact integers, rounded once; None over zero."""
    return numerator / denominator if denominator else None


def ascending(values: Sequence[int]) -> Sequence[int]:
    """Return the values as they are.

    Raises:
        ValueError: when they do not ascend.
    """
    if any(values[i] > values[i + 1] for i in range(len(values) - 1)):
        raise ValueError(f"values must ascend, were {list(values)[:8]}")
    return values
