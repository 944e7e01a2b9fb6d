"""Resting size over time and price as coloured cells, with the touch and the prints on it.

A cell of the terminal shows two rows of the raster, one above the other; where colours cannot be
told apart it shows one, shaded.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import msgspec
from rich.style import Style

from core.domain.study_views import HeatmapView
from tui.render.numbers import clock_text, price_text
from tui.render.palette import Palette, Runs
from tui.render.study import price_tail, sized

AXIS: Final = 11
"""Cells of the price axis."""
_STEPS: Final = 16
_LEVELS: Final = bytes((value * (_STEPS - 1) + 254) // 255 for value in range(256))
"""Intensity of the raster to a step of the heat scale; anything above nothing is at least 1."""
_BID: Final = 16
_ASK: Final = 17
_ROLES: Final = (*(f"heat_{step}" for step in range(_STEPS)), "bid", "ask")
_SHADES: Final = "   ░░░░▒▒▒▒▓▓▓██━━"
_BOUGHT: Final = "·•●"
_SOLD: Final = "·◦○"
_NS: Final = 1_000_000_000
_LABEL_ROWS: Final = 3
_NICE: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_TIMES: Final = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
Crosshair = tuple[int, int]
"""Column and row of the raster."""


class Raster(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A heatmap cut to the cells of a pane: steps of the heat scale, the touch drawn in."""

    columns: int
    rows: int
    halves: int
    """Raster rows of a terminal cell: 2, or 1 in plain terminals."""
    cells: bytes
    dots: Mapping[tuple[int, int], tuple[str, str]]
    """Terminal (row, column) to glyph and role of the prints there."""
    first_column: int
    first_row: int
    """The raster's own column and row at the upper left."""


def raster_of(view: HeatmapView, width: int, height: int, *, is_plain: bool) -> Raster:
    """Cut the newest columns and the middle rows that fit, and draw the touch into them."""
    halves = 1 if is_plain else 2
    columns = max(0, min(view.columns, width))
    rows = max(0, min(view.rows, height * halves))
    first_column = view.columns - columns
    first_row = (view.rows - rows) // 2
    levels = view.cells.translate(_LEVELS)
    if len(levels) < view.columns * view.rows:
        levels = levels.ljust(view.columns * view.rows, b"\0")
    cut = bytearray()
    for row in range(first_row, first_row + rows):
        start = row * view.columns + first_column
        cut += levels[start : start + columns]
    for path, mark in ((view.best_asks, _ASK), (view.best_bids, _BID)):
        for column, row in enumerate(path[first_column : first_column + columns]):
            if first_row <= row < first_row + rows:
                cut[(row - first_row) * columns + column] = mark
    return Raster(
        columns=columns,
        rows=rows,
        halves=halves,
        cells=bytes(cut),
        dots=_dots(view, first_column, first_row, columns, rows, halves),
        first_column=first_column,
        first_row=first_row,
    )


def _dots(
    view: HeatmapView, first_column: int, first_row: int, columns: int, rows: int, halves: int
) -> dict[tuple[int, int], tuple[str, str]]:
    """Join the prints of each terminal cell; the heavier side names glyph and role."""
    sums: dict[tuple[int, int], list[int]] = {}
    for trade in view.trades:
        column, row = trade.column - first_column, trade.row - first_row
        if 0 <= column < columns and 0 <= row < rows:
            both = sums.setdefault((row // halves, column), [0, 0])
            both[0] += trade.bought
            both[1] += trade.sold
    most = max((max(both) for both in sums.values()), default=0)
    return {place: _dot(both, most) for place, both in sums.items() if any(both)}


def _dot(both: Sequence[int], most: int) -> tuple[str, str]:
    bought, sold = both
    is_bought = bought >= sold
    share = max(bought, sold) / most if most else 0.0
    size = 2 if share > 0.4 else 1 if share > 0.1 else 0  # noqa: PLR2004 - three sizes of dots
    return (_BOUGHT if is_bought else _SOLD)[size], "heat_buy" if is_bought else "heat_sell"


class HeatPainter:
    """Turns raster rows into runs; remembers the styles of every pair of colours."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._pairs: dict[tuple[int, int], tuple[str, Style]] = {}

    def signature(self, raster: Raster, row: int, crosshair: Crosshair | None) -> object:
        """Return what decides the look of a row: equal signatures, equal rows."""
        columns = raster.columns
        start = row * raster.halves * columns
        dots = tuple(
            (place[1], *dot) for place, dot in sorted(raster.dots.items()) if place[0] == row
        )
        return raster.cells[start : start + raster.halves * columns], dots, crosshair

    def row(self, raster: Raster, row: int, crosshair: Crosshair | None) -> list[tuple[str, Style]]:
        """Draw one terminal row of cells; the newest column is a run of its own."""
        columns = raster.columns
        start = row * raster.halves * columns
        top = raster.cells[start : start + columns]
        low = raster.cells[start + columns : start + 2 * columns] if raster.halves > 1 else top
        low = low.ljust(columns, b"\0")
        marks = self._marks(raster, row, top, low, crosshair)
        runs: list[tuple[str, Style]] = []
        edges = sorted({*marks, *(column + 1 for column in marks), columns - 1, columns})
        begin = 0
        for edge in edges:
            if edge > begin:
                if begin in marks:
                    runs.append(marks[begin])
                else:
                    self._spans(runs, top[begin:edge], low[begin:edge])
                begin = edge
        return runs

    def _spans(self, runs: list[tuple[str, Style]], top: bytes, low: bytes) -> None:
        for pair, group in groupby(zip(top, low, strict=True)):
            found = self._pairs.get(pair)
            if found is None:
                found = self._pairs[pair] = self._pair(*pair)
            glyph, style = found
            runs.append((glyph * len(list(group)), style))

    def _pair(self, top: int, low: int) -> tuple[str, Style]:
        palette = self.palette
        if palette.is_plain:
            role = "bid" if top == _BID else "ask" if top == _ASK else "text"
            return _SHADES[top], palette.style(role)
        if top == low:
            return " ", palette.style("text", _ROLES[top])
        return "▀", palette.style(_ROLES[top], _ROLES[low])

    def _marks(
        self, raster: Raster, row: int, top: bytes, low: bytes, crosshair: Crosshair | None
    ) -> dict[int, tuple[str, Style]]:
        """Return glyphs that replace cells of the row: prints and the crosshair."""
        marks = {}
        for column in range(raster.columns):
            dot = raster.dots.get((row, column))
            if dot is not None:
                marks[column] = self._over(dot[0], dot[1], top[column], low[column], is_bold=True)
        if crosshair is None:
            return marks
        across, down = crosshair
        if row == down:
            for column in range(raster.columns):
                glyph = "┼" if column == across else "┄"
                marks[column] = self._over(glyph, "text", top[column], low[column])
        elif 0 <= across < raster.columns:
            marks[across] = self._over("┆", "text", top[across], low[across])
        return marks

    def _over(
        self, glyph: str, role: str, top: int, low: int, *, is_bold: bool = False
    ) -> tuple[str, Style]:
        if self.palette.is_plain:
            return glyph, self.palette.style(role, bold=is_bold)
        ground = max(step if step < _STEPS else 0 for step in (top, low))
        if role == "text" and ground > _STEPS // 2:
            role = "heat_0"
        return glyph, self.palette.style(role, f"heat_{ground}", bold=is_bold)


# ---- the axes -----------------------------------------------------------------------------------


def price_at(view: HeatmapView, row: int) -> int:
    """Return the price a raster row stands for: its lower edge, which is on the grid."""
    return view.top_price - (row + 1) * view.row_step


def time_at(view: HeatmapView, column: int) -> int:
    """Return the instant at which a raster column begins."""
    return view.start_ts + column * view.step_ns


def labelled_rows(view: HeatmapView, raster: Raster, height: int) -> dict[int, str]:
    """Choose round prices for the axis, at least three rows apart."""
    per_row = max(1, view.row_step) * raster.halves
    step = view.row_step * next(
        (nice for nice in _NICE if nice * view.row_step >= per_row * _LABEL_ROWS), _NICE[-1]
    )
    labels: dict[int, str] = {}
    if step <= 0:
        return labels
    for row in range(height):
        for half in range(raster.halves):
            price = price_at(view, raster.first_row + row * raster.halves + half)
            if price % step == 0 and price > 0 and row - 1 not in labels:
                labels[row] = price_text(price, view.price_decimals)
    return labels


def newest_touch(view: HeatmapView, raster: Raster) -> dict[int, tuple[str, str]]:
    """Return the rows of the newest best prices with text and role.

    The text is the price itself: a row holds many, and its edge would disagree with the ladder.
    """
    found = {}
    sides = (
        (view.best_asks, view.newest_ask, "ask"),
        (view.best_bids, view.newest_bid, "bid"),
    )
    for path, best, role in sides:
        row = path[-1] if path else -1
        if raster.first_row <= row < raster.first_row + raster.rows:
            place = (row - raster.first_row) // raster.halves
            price = price_at(view, row) if best is None else best
            found[place] = (price_text(price, view.price_decimals), role)
    return found


def axis_cell(
    row: int,
    labels: Mapping[int, str],
    touch: Mapping[int, tuple[str, str]],
    palette: Palette,
) -> tuple[str, Style]:
    """Draw the axis beside one row."""
    if row in touch:
        text, role = touch[row]
        return f"▸{price_tail(text, AXIS - 1)}", palette.style(role, bold=True)
    if row in labels:
        return f"╴{price_tail(labels[row], AXIS - 1)}", palette.style("muted")
    return " " * AXIS, palette.style("muted")


def time_row(view: HeatmapView, raster: Raster, width: int, palette: Palette) -> Runs:
    """Draw round times below their columns."""
    text = [" "] * width
    per_label = 11 * view.step_ns // _NS
    step = next((secs for secs in _TIMES if secs >= per_label), _TIMES[-1])
    free_from = 0
    for column in range(raster.columns):
        start = time_at(view, raster.first_column + column)
        second, after = start // _NS, (start + view.step_ns) // _NS
        is_round = -(-second // step) * step < after
        if is_round and column >= free_from:
            label = "╵" + clock_text(-(-second // step) * step * _NS)
            if column + len(label) <= width:
                text[column : column + len(label)] = label
                free_from = column + len(label) + 1
    return (("".join(text), palette.style("faint")),) if width > 0 else ()


def read_out(view: HeatmapView, column: int, row: int) -> str:
    """Say what rests and what traded at one cell."""
    price = price_text(price_at(view, row), view.price_decimals)
    text = f"{price} {clock_text(time_at(view, column))}"
    index = row * view.columns + column
    value = view.cells[index] if 0 <= index < len(view.cells) else 0
    text += f" resting {sized(value * view.full_size // 255)}" if value else " nothing rests"
    bought = sum(t.bought for t in view.trades if (t.column, t.row) == (column, row))
    sold = sum(t.sold for t in view.trades if (t.column, t.row) == (column, row))
    if bought:
        text += f" bought {sized(bought)}"
    if sold:
        text += f" sold {sized(sold)}"
    return text
