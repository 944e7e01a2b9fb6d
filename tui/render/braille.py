"""Lines of braille dots: two dots a cell across, four down."""

import math
from collections.abc import Sequence
from typing import Final

_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_FIRST: Final = 0x2800
_GLYPHS: Final = (" ", *(chr(_FIRST + bits) for bits in range(1, 256)))
_DOWN: Final = 4
_ACROSS: Final = 2


class Braille:
    """A field of dots, drawn on by column and height; cells are read back row by row."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self.cells = [bytearray(self.width) for _ in range(self.height)]

    @property
    def dots_across(self) -> int:
        """Dots of one row."""
        return self.width * _ACROSS

    @property
    def dots_down(self) -> int:
        """Dots of one column."""
        return self.height * _DOWN

    def put(self, x: int, y: int) -> None:
        """Set one dot; y counts down from the top. Dots outside are left out."""
        if 0 <= x < self.width * _ACROSS and 0 <= y < self.height * _DOWN:
            self.cells[y // _DOWN][x // _ACROSS] |= _DOTS[x % _ACROSS][y % _DOWN]

    def curve(self, heights: Sequence[int | None]) -> None:
        """Draw one dot a column, joined upright where neighbours are apart; None is a hole."""
        before: int | None = None
        cells, dots_down = self.cells, self.height * _DOWN
        for x, y in enumerate(heights[: self.width * _ACROSS]):
            if y is None or not 0 <= y < dots_down:
                before = None
                continue
            column, dots = x // _ACROSS, _DOTS[x % _ACROSS]
            step = 1 if before is None or y > before else -1
            start = y if before is None or y == before else before + step
            for dot in range(start, y + step, step):
                cells[dot // _DOWN][column] |= dots[dot % _DOWN]
            before = y

    def text(self, row: int) -> str:
        """Return one row of characters; a cell without dots is a space."""
        return "".join(map(_GLYPHS.__getitem__, self.cells[row]))


def heights_of(
    values: Sequence[float | None], low: float, high: float, dots: int
) -> list[int | None]:
    """Turn values into dots from the top: `high` is dot 0, `low` the last; others are holes."""
    reach = high - low
    if dots <= 0 or not math.isfinite(reach):
        return [None] * len(values)
    last = dots - 1
    if reach <= 0:
        return [None if value is None else last // 2 for value in values]
    scale = last / reach
    if not math.isfinite(scale):
        return [None] * len(values)
    return [
        None if value is None or not low <= value <= high else round((high - value) * scale)
        for value in values
    ]


def reach_of(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Return lowest and highest of what is known, or None."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return (min(known), max(known)) if known else None


def held(
    points: Sequence[tuple[float, float | None]], start: float, end: float, count: int
) -> list[float | None]:
    """Spread (instant, value) points over `count` columns, a value holding until the next.

    Args:
        points: Oldest first; a None value holds nothing.
        start: Instant of the left edge.
        end: Instant of the right edge.
        count: Columns.
    """
    columns: list[float | None] = [None] * max(0, count)
    span = end - start
    if count <= 0 or span <= 0:
        return [points[-1][1]] * count if points and count > 0 else columns
    scale, last = count / span, count - 1
    for instant, value in points:
        if value is not None:
            index = int((instant - start) * scale)
            columns[0 if index < 0 else min(index, last)] = value
    value = None
    for index, found in enumerate(columns):
        if found is None:
            columns[index] = value
        else:
            value = found
    return columns
