"""Small curves for any history: eighth blocks in one row, or braille of two by four dots a cell.

Every curve is exactly as wide as asked; newest value at the right. None is a gap.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
Values = Sequence[float | None]
_MIDDLE: Final = 3
_DOTS_ACROSS: Final = 2
_DOTS_DOWN: Final = 4
_BRAILLE: Final = 0x2800
_DOT_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def sparkline(values: Values, width: int) -> str:
    """Draw the newest values as `width` blocks, averaging neighbours where there are more."""
    if width <= 0:
        return ""
    levels = leveled(thinned(values, width), len(BLOCKS), _MIDDLE)
    return "".join(" " if level is None else BLOCKS[level] for level in levels).rjust(width)


def braille_spark(values: Values, width: int) -> str:
    """Draw the newest values as one row of braille: two values a cell, four heights."""
    return braille_spark_rows(values, width, 1)[0]


def braille_spark_rows(values: Values, width: int, height: int) -> list[str]:
    """Draw the newest values as a joined curve, `height` rows of `width` cells.

    Two values fit a cell; where there are more, neighbours are averaged. Empty cells are blank.
    """
    steps = max(0, height) * _DOTS_DOWN
    cells = [[0] * max(0, width) for _ in range(max(0, height))]
    points = thinned(values, max(0, width) * _DOTS_ACROSS)
    left = max(0, width) * _DOTS_ACROSS - len(points)
    before: int | None = None
    for place, level in enumerate(leveled(points, steps, (steps - 1) // 2)):
        for step in _joined(before, level):
            row, dot = divmod(steps - 1 - step, _DOTS_DOWN)
            column, side = divmod(left + place, _DOTS_ACROSS)
            cells[row][column] |= _DOT_BITS[dot][side]
        before = level
    return ["".join(chr(_BRAILLE + bits) if bits else " " for bits in row) for row in cells]


def _joined(before: int | None, level: int | None) -> range:
    """Return the heights a curve passes at a place, so that no hole is left to the one before."""
    if level is None:
        return range(0)
    if before is None or abs(level - before) <= 1:
        return range(level, level + 1)
    return range(before + 1, level + 1) if level > before else range(level, before)


def leveled(points: Values, count: int, middle: int) -> list[int | None]:
    """Map values to 0 (lowest) to `count` - 1 (highest); all equal ones to `middle`."""
    known = [point for point in points if point is not None]
    if not known or count <= 0:
        return [None] * len(points)
    low, high = min(known), max(known)
    reach = high - low
    if not reach or not isfinite(reach):
        return [None if point is None else middle for point in points]
    return [
        None if point is None else round((point - low) / reach * (count - 1)) for point in points
    ]


def thinned(values: Values, count: int) -> list[float | None]:
    """Average values into at most `count` buckets of equal length; what is not finite is a gap."""
    if count <= 0:
        return []
    known = [value if value is not None and isfinite(value) else None for value in values]
    if len(known) <= count:
        return known
    edges = [index * len(known) // count for index in range(count + 1)]
    return [_mean(known[a:b]) for a, b in pairwise(edges)]


def _mean(values: Values) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
