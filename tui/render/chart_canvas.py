"""Cells to draw on: one glyph and one colour role each, and a layer of braille dots."""

from itertools import groupby
from typing import Final

from rich.style import Style

from tui.render.palette import Palette, Runs

Ink = str | tuple[str, str]
"""A colour role on the panel, or a role on another ground."""
_DOT_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE: Final = 0x2800
DOTS_ACROSS: Final = 2
DOTS_DOWN: Final = 4


class Canvas:
    """A block of cells; what is drawn later lies above."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.glyphs = [[" "] * width for _ in range(height)]
        self.inks: list[list[Ink]] = [["muted"] * width for _ in range(height)]

    def put(self, row: int, column: int, glyph: str, ink: Ink) -> None:
        """Draw one cell; outside of the block nothing happens."""
        if 0 <= row < self.height and 0 <= column < self.width:
            self.glyphs[row][column] = glyph
            self.inks[row][column] = ink

    def line(self, row: int, glyph: str, ink: Ink, *, every: int = 1) -> None:
        """Draw a level line through a row."""
        self.glyphs[row] = list(glyph.ljust(every) * (self.width // every + 1))[: self.width]
        self.inks[row] = [ink] * self.width

    def text(self, row: int, column: int, text: str, ink: Ink) -> None:
        """Write text of one-cell characters, cut at the edge."""
        for offset, glyph in enumerate(text):
            self.put(row, column + offset, glyph, ink)

    def runs(self, row: int, palette: Palette) -> list[tuple[str, Style]]:
        """Return a row as texts of one style."""
        line = "".join(self.glyphs[row])
        runs: list[tuple[str, Style]] = []
        start = 0
        for ink, cells in groupby(self.inks[row]):
            end = start + len(list(cells))
            runs.append((line[start:end], style_of(ink, palette)))
            start = end
        return runs


def style_of(ink: Ink, palette: Palette) -> Style:
    """Return the style of a role, or of a role on a ground."""
    return palette.style(ink) if isinstance(ink, str) else palette.style(*ink)


class Dots:
    """Curves in braille: two dots across and four down in a cell; a cell has one colour."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.roles: dict[tuple[int, int], str] = {}
        """Colour of each cell with a dot, by row and column."""
        self._bits: dict[tuple[int, int], int] = {}

    def plot(self, x: int, low: int, high: int, role: str) -> None:
        """Set the dots of one column from `low` to `high`, counted from the top.

        The first curve in a cell gives its colour; dots outside are left out.
        """
        if not 0 <= x < self.width * DOTS_ACROSS:
            return
        column, side, bits = x // DOTS_ACROSS, x % DOTS_ACROSS, self._bits
        for y in range(max(0, low), min(high, self.height * DOTS_DOWN - 1) + 1):
            key = y // DOTS_DOWN, column
            held = bits.get(key)
            if held is None:
                bits[key], self.roles[key] = _DOT_BITS[y % DOTS_DOWN][side], role
            else:
                bits[key] = held | _DOT_BITS[y % DOTS_DOWN][side]

    def stroke(self, old: tuple[int, int], new: tuple[int, int], role: str) -> None:
        """Join two dots, the left one first, without a hole; the first one is there already."""
        (x, y), (end_x, end_y) = old, new
        across = max(1, end_x - x)
        before = y
        for step in range(1, across + 1):
            here = y + (end_y - y) * step // across
            if here > before:
                self.plot(x + step, before + 1, here, role)
            else:
                self.plot(x + step, here, before - (here < before), role)
            before = here

    def draw(self, canvas: Canvas, top: int = 0) -> None:
        """Lay the dots on a canvas, `top` rows down."""
        for (row, column), bits in self._bits.items():
            canvas.put(top + row, column, chr(_BRAILLE + bits), self.roles[row, column])


def with_axis(runs: list[tuple[str, Style]], axis: list[tuple[str, Style]]) -> Runs:
    """Join a row of the canvas and its piece of the axis."""
    return (*runs, *((text, style) for text, style in axis if text))
