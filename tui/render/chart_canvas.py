"""Cells to draw on: one glyph and one colour role each, and a layer of braille dots."""

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
        for column in range(0, self.width, every):
            self.glyphs[row][column] = glyph
            self.inks[row][column] = ink

    def text(self, row: int, column: int, text: str, ink: Ink) -> None:
        """Write text of one-cell characters, cut at the edge."""
        for offset, glyph in enumerate(text):
            self.put(row, column + offset, glyph, ink)

    def runs(self, row: int, palette: Palette) -> list[tuple[str, Style]]:
        """Return a row as texts of one style."""
        glyphs, inks = self.glyphs[row], self.inks[row]
        runs: list[tuple[str, Style]] = []
        start = 0
        for end in range(1, self.width + 1):
            if end == self.width or inks[end] != inks[start]:
                runs.append(("".join(glyphs[start:end]), style_of(inks[start], palette)))
                start = end
        return runs if self.width else []


def style_of(ink: Ink, palette: Palette) -> Style:
    """Return the style of a role, or of a role on a ground."""
    return palette.style(ink) if isinstance(ink, str) else palette.style(*ink)


class Dots:
    """Curves in braille: two dots across and four down in a cell; a cell has one colour."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.cells: dict[tuple[int, int], tuple[int, str]] = {}

    def plot(self, x: int, y: int, role: str) -> None:
        """Set a dot; the first curve in a cell gives the colour."""
        if not (0 <= x < self.width * DOTS_ACROSS and 0 <= y < self.height * DOTS_DOWN):
            return
        key = y // DOTS_DOWN, x // DOTS_ACROSS
        bits, owner = self.cells.get(key, (0, role))
        self.cells[key] = bits | _DOT_BITS[y % DOTS_DOWN][x % DOTS_ACROSS], owner

    def stroke(self, old: tuple[int, int], new: tuple[int, int], role: str) -> None:
        """Join two dots, the left one first, without a hole; the first one is there already."""
        (x, y), (end_x, end_y) = self._clipped(old), self._clipped(new)
        across = max(1, end_x - x)
        before = y
        for step in range(1, across + 1):
            here = y + (end_y - y) * step // across
            near = before + (here > before) - (here < before)
            low, high = min(near, here), max(near, here)
            for dot in range(low, high + 1):
                self.plot(x + step, dot, role)
            before = here

    def _clipped(self, point: tuple[int, int]) -> tuple[int, int]:
        x, y = point
        return x, max(-1, min(y, self.height * DOTS_DOWN))

    def draw(self, canvas: Canvas, top: int = 0) -> None:
        """Lay the dots on a canvas, `top` rows down."""
        for (row, column), (bits, role) in self.cells.items():
            canvas.put(top + row, column, chr(_BRAILLE + bits), role)


def with_axis(runs: list[tuple[str, Style]], axis: list[tuple[str, Style]]) -> Runs:
    """Join a row of the canvas and its piece of the axis."""
    return (*runs, *((text, style) for text, style in axis if text))
