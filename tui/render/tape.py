"""Prints as a ring of rows: a new print overwrites the oldest, so it costs one row."""

from typing import Final

from core.domain.order import Side
from core.domain.study_views import TapeLine
from tui.render.numbers import clock_text, fixed_size, price_text
from tui.render.palette import Palette, Runs
from tui.render.text import fit_right

SIGN: Final = {Side.BUY: "▲", Side.SELL: "▼"}
NEWEST: Final = "▸"


def ring_row(serial: int, rows: int) -> int:
    """Return the row of the ring that holds a print."""
    return serial % rows


def tape_row(
    row: TapeLine,
    width: int,
    price_decimals: int,
    size_decimals: int,
    palette: Palette,
    *,
    is_newest: bool,
) -> Runs:
    """Draw one print: marker, side glyph, price, size, time when there is room."""
    role = "bid" if row.side is Side.BUY else "ask"
    ground = "cursor" if is_newest else "panel"
    clock = f" {clock_text(row.ts_event)}" if width >= 28 else ""  # noqa: PLR2004
    short = f" {clock_text(row.ts_event)[3:]}" if not clock and width >= 23 else clock  # noqa: PLR2004
    room = width - 2 - len(short)
    price = fit_right(price_text(row.price, price_decimals), (room + 3) // 2)
    size = fit_right(fixed_size(row.size, size_decimals), room - len(price))
    marker = NEWEST if is_newest else " "
    return (
        (marker, palette.style("accent", ground)),
        (SIGN[row.side] + price, palette.style(role, ground, bold=is_newest)),
        (size, palette.style("text", ground)),
        (short, palette.style("faint" if not is_newest else "muted", ground)),
    )


def blank_row(width: int, palette: Palette) -> Runs:
    """Draw the empty row that parts the newest print from the oldest."""
    return ((" " * width, palette.style("faint")),)
