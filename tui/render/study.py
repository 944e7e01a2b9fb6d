"""What the pictures of the market studies share: safe numbers, exact rows, blocks beside blocks."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import set_cell_size
from rich.style import Style

from core.domain.fixed import UNIT
from tui.render.numbers import NOTHING, compact
from tui.render.palette import Palette, Runs, joined
from tui.render.spark import sparkline
from tui.render.text import fit, fit_right, width_of

Block = list[Runs]
"""Rows of one width."""
Cell = tuple[str, str]
"""A text and its colour role."""
_TRILLION: Final = 1e12
_HUGE: Final = 1e15
_TINY: Final = 0.095
_LEAST: Final = 0.00095
_WIDEST_FIXED: Final = 1e11
_MOST_WHOLE: Final = 1e4
_BEYOND: Final = 1e150
"""Numbers from here on cannot be subtracted safely."""


def is_known(value: float | None) -> bool:
    """Whether a number is there and finite."""
    return value is not None and math.isfinite(value)


def short(value: float | None, *, is_signed: bool = False) -> str:
    """Write any number in at most seven cells, its sign always when it is a change."""
    if value is None or not math.isfinite(value):
        return NOTHING
    magnitude = abs(value)
    text = _short(magnitude)
    if not any(char in "123456789" for char in text):
        return text
    return ("-" if value < 0 else "+" if is_signed else "") + text


def _short(magnitude: float) -> str:
    if magnitude >= _HUGE or 0 < magnitude < _LEAST:
        head, _, power = f"{magnitude:.1e}".partition("e")
        return f"{head}e{int(power)}"
    if magnitude >= _TRILLION:
        return f"{magnitude / _TRILLION:.3g}T"
    if magnitude < _TINY and magnitude:
        return f"{magnitude:.4f}"
    return compact(magnitude)


def brief(value: float, cells: int) -> str:
    """Write a number in so many cells, rounding as far as it must; an ellipsis where none fits."""
    tries = [short(value)]
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit * 0.995:
            tries.append(f"{value / limit:.0f}{letter}")
            break
    tries += [f"{value:.1f}", f"{value:.0f}"] if 1 <= abs(value) < _MOST_WHOLE else []
    if 0 < value < 1:
        tries += [text for text in (f"{value:.3f}", f"{value:.2f}") if float(text)]
        tries += ["<.001"] * (value < 0.0005) + ["<.01"] * (value < 0.005)  # noqa: PLR2004
    tries.append(f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e"))
    return next((text for text in tries if len(text) <= cells), "…"[:cells])


def round_text(value: float | None) -> str:
    """Write a round amount without idle zeros: 1k, 250k, 1.5M."""
    if value is None or not math.isfinite(value):
        return NOTHING
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if limit <= abs(value) < _HUGE:
            return f"{value / limit:g}{letter}" if len(f"{value / limit:g}") < 6 else short(value)  # noqa: PLR2004
    return f"{value:g}" if len(f"{value:g}") < 7 else short(value)  # noqa: PLR2004


def fixed(value: float | None, decimals: int, *, is_signed: bool = False) -> str:
    """Write a number with fixed decimals; one too long for a column in short form."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= _WIDEST_FIXED:
        return short(value, is_signed=is_signed)
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return text.lstrip("-")
    return f"+{text}" if is_signed and value > 0 else text


def sized(size: int | None) -> str:
    """Write a book size (units of 10^-10) in short form."""
    return NOTHING if size is None else short(size / UNIT)


def sign_role(value: float | None, up: str = "profit", down: str = "loss") -> str:
    """Choose the colour role of a signed number."""
    if value is None or not value or not math.isfinite(value):
        return "muted"
    return up if value > 0 else down


def span_text(seconds: float) -> str:
    """Write a length of time as a trader says it: 10s, 5m, 1h."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{whole}s"
    if whole < 3600:  # noqa: PLR2004 - seconds of an hour
        return f"{whole // 60}m" if whole % 60 == 0 else f"{whole // 60}m{whole % 60:02d}"
    hours = whole // 3600
    return f"{hours}h" if hours < 100 else f"{hours // 24}d"  # noqa: PLR2004 - three cells


# ---- rows of an exact width ---------------------------------------------------------------------


def exact(runs: Iterable[tuple[str, Style]], width: int, palette: Palette) -> Runs:
    """Cut or pad a row to exactly so many cells."""
    done: list[tuple[str, Style]] = []
    used = 0
    for text, style in runs:
        cells = width_of(text)
        if used + cells > width:
            text = _cut(text, max(0, width - used))  # noqa: PLW2901
            cells = width - used
        if text:
            done.append((text, style))
            used += cells
    if used < width:
        done.append((" " * (width - used), palette.style("text")))
    return tuple(done)


def _cut(text: str, cells: int) -> str:
    """Cut a text; a word or number that lost its end says so."""
    kept = set_cell_size(text, cells)
    lost = text[len(kept) :] if text.isascii() else text
    return fit(text, cells) if any(map(str.isalnum, lost)) else kept


def price_tail(text: str, cells: int) -> str:
    """Write a price right-aligned; of one too long the moving digits at the end are kept."""
    if len(text) > cells:
        text = text.replace(",", "")
    return fit_right(text, cells) if len(text) <= cells else "…" + text[len(text) - cells + 1 :]


def row_of(cells: Iterable[Cell], width: int, palette: Palette) -> Runs:
    """Draw texts in their roles, the rest of the row empty."""
    return exact([(text, palette.style(role)) for text, role in cells], width, palette)


def blank(width: int, palette: Palette) -> Runs:
    """Draw an empty row."""
    return ((" " * width, palette.style("text")),) if width > 0 else ()


def heading(text: str, width: int, palette: Palette, *, right: str = "") -> Runs:
    """Draw the name of a section on a thin line, something small at its right."""
    right = f" {right}" if right and width_of(text) + width_of(right) + 4 < width else ""
    line = max(0, width - width_of(text) - 1 - width_of(right))
    return exact(
        [
            (f"{text} ", palette.style("text_soft", bold=True)),
            ("─" * line, palette.style("grid")),
            (right, palette.style("faint")),
        ],
        width,
        palette,
    )


def tall(block: Sequence[Runs], width: int, height: int, palette: Palette) -> Block:
    """Cut or fill a block to so many rows."""
    empty = blank(width, palette)
    return [*block[:height], *([empty] * max(0, height - len(block)))]


def beside(left: Block, right: Block, palette: Palette, *, gap: int = 2) -> Block:
    """Join two blocks of equal height with a gap between them."""
    between = (" " * gap, palette.style("text"))
    return [(*a, between, *b) for a, b in zip(left, right, strict=True)]


def message(text: str, width: int, height: int, palette: Palette, role: str = "muted") -> Block:
    """Draw a sentence in the middle of an empty block."""
    rows = [blank(width, palette)] * height
    if height > 0 and width > 0:
        shown = fit(text, width).rstrip() if width_of(text) > width else text
        pad = " " * ((width - width_of(shown)) // 2)
        rows[(height - 1) // 2] = row_of([(pad + shown, role)], width, palette)
    return rows


# ---- tables -------------------------------------------------------------------------------------


class Column:
    """One column of a table: its title and its cells; the first of a row stands left."""

    def __init__(self, title: str, cells: int, *, is_left: bool = False) -> None:
        self.title = title
        self.cells = cells
        self.is_left = is_left

    def fitted(self, text: str) -> str:
        """Return a text in the cells of this column."""
        return fit(text, self.cells) if self.is_left else fit_right(text, self.cells)


def title_row(
    columns: Sequence[Column],
    width: int,
    palette: Palette,
    *,
    sorted_by: int | None = None,
    is_rising: bool = False,
) -> Runs:
    """Draw the names of the columns; the one sorted by has an arrow."""
    runs = []
    for index, column in enumerate(columns):
        mark = ("▴" if is_rising else "▾") if index == sorted_by else ""
        style = palette.style("accent" if mark else "faint")
        runs.append((column.fitted(mark + column.title), style))
    return exact(runs, width, palette)


def table_row(
    columns: Sequence[Column],
    cells: Sequence[Cell],
    width: int,
    palette: Palette,
    *,
    ground: str = "panel",
) -> Runs:
    """Draw one row of a table on a ground."""
    runs = [
        (column.fitted(text), palette.style(role, ground))
        for column, (text, role) in zip(columns, cells, strict=True)
    ]
    done = exact(joined(runs), width, palette)
    used = sum(width_of(text) for text, _ in runs)
    if ground != "panel" and used < width:
        return (*done[:-1], (" " * (width - used), palette.style("text", ground)))
    return done


def that_fit(columns: Sequence[Column], optional: Sequence[int], width: int) -> list[int]:
    """Return the indexes of columns that fit, dropping the optional ones in their order."""
    kept = list(range(len(columns)))
    for index in optional:
        if sum(columns[i].cells for i in kept) <= width:
            break
        kept.remove(index)
    return kept


# ---- small pictures -----------------------------------------------------------------------------


def balance_bar(value: float | None, cells: int, palette: Palette) -> Runs:
    """Draw -1 to 1 as a bar from the middle: bids to the right, asks to the left."""
    half = cells // 2
    if value is None or not math.isfinite(value) or half < 1:
        return (("·" * (2 * half), palette.style("grid")),)
    filled = round(min(1.0, abs(value)) * half)
    rest = half - filled
    empty = palette.style("grid")
    if value >= 0:
        return (("─" * half, empty), ("━" * filled, palette.style("bid")), ("─" * rest, empty))
    return (("─" * rest, empty), ("━" * filled, palette.style("ask")), ("─" * half, empty))


def curve_text(values: Sequence[float], cells: int) -> str:
    """Draw a past as blocks; what is no number is left out."""
    return sparkline([value for value in values if abs(value) < _BEYOND], cells)


def share_of(value: float, most: float) -> float:
    """Return a value over the largest, 0 to 1; 0 where that says nothing."""
    if not (math.isfinite(value) and math.isfinite(most)) or most <= 0:
        return 0.0
    return max(0.0, min(1.0, value / most))


class FadedPalette(Palette):
    """The same palette for numbers that are old: bright roles give way to the stale one."""

    def __init__(self, palette: Palette) -> None:
        self.is_plain = palette.is_plain
        self._bright = palette

    def style(self, role: str, ground: str = "panel", *, bold: bool = False) -> Style:
        """Return the faded style of a role."""
        return self._bright.style("stale" if role in _BRIGHT else role, ground, bold=bold)


_BRIGHT: Final = frozenset({"text", "bid", "ask", "profit", "loss", "accent", "ok", "spread"})
