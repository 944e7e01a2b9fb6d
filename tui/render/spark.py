"""Small curves of block characters."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw the newest values as `width` blocks, averaging neighbours where there are more."""
    if width <= 0:
        return ""
    points = thinned(values, width)
    if not points:
        return " " * width
    low, high = min(points), max(points)
    reach = high - low
    levels = [round((p - low) / reach * 7) if reach else 3 for p in points]
    return "".join(BLOCKS[level] for level in levels).rjust(width)


def thinned(values: Sequence[float], count: int) -> list[float]:
    """Average values into at most `count` buckets of equal length."""
    if len(values) <= count:
        return list(values)
    edges = [index * len(values) // count for index in range(count + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
