"""One row of an order-book ladder: cumulative, size with its bar, price, and the other side."""

from itertools import pairwise
from typing import Final

import msgspec
from rich.style import Style

from core.domain.order import Side
from tui.render.palette import Palette, Runs, joined
from tui.render.text import fit, fit_center, fit_right

CUM_WIDTH: Final = 8
OWN: Final = "◆"
LAST_UP: Final = "▲"
LAST_DOWN: Final = "▼"


class Columns(msgspec.Struct, frozen=True, gc=False):
    """Cells of the columns; both sides of the price are equal."""

    width: int
    price: int
    side: int
    size: int
    cumulative: int

    @classmethod
    def of(cls, width: int, price_cells: int) -> "Columns":
        """Share a width between price, sizes and cumulative sizes."""
        price = min(width, price_cells + 4)
        price += (width - price) % 2
        side = (width - price) // 2
        cumulative = CUM_WIDTH if side >= CUM_WIDTH + 7 else side // 2 if side >= 13 else 0  # noqa: PLR2004
        return cls(width, price, side, side - cumulative, cumulative)


class Row(msgspec.Struct, frozen=True, gc=False):
    """What a grid row shows, quantised to cells and digits: equal rows look equal."""

    price: str
    side: Side | None
    """Whose side of the book the row is on; None inside the spread."""
    size: str = ""
    cumulative: str = ""
    bar: int = 0
    """Cells of the size bar, from the price outward."""
    depth: int = 0
    """Cells of the cumulative bar."""
    is_best: bool = False
    own: str = ""
    """Our working size at this price."""
    last: Side | None = None
    """Aggressor side when the last trade was here."""
    is_cursor: bool = False
    is_stale: bool = False


def ladder_row(row: Row, columns: Columns, palette: Palette) -> Runs:
    """Draw one grid row."""
    ground = "cursor" if row.is_cursor else "panel"
    blank = " " * columns.side
    left: list[tuple[str, Style]] = [(blank, palette.style("muted", ground))]
    right = list(left)
    if row.side is Side.BUY:
        left = _book_side(row, columns, palette, ground)
    elif row.side is Side.SELL:
        right = [(text[::-1], style) for text, style in _book_side(row, columns, palette, ground)]
        right.reverse()
    if row.own:
        place = fit if row.side is Side.BUY else fit_right
        own = [(place(f" {OWN} {row.own} ", columns.side), palette.style("own", ground))]
        left, right = (left, own) if row.side is Side.BUY else (own, right)
    return joined([*left, *_price(row, columns, palette, ground), *right])


def _book_side(
    row: Row, columns: Columns, palette: Palette, ground: str
) -> list[tuple[str, Style]]:
    """Draw cumulative and size left to right; the ask side is its mirror image."""
    if columns.side <= 0:
        return []
    is_bid = row.side is Side.BUY
    name = "bid" if is_bid else "ask"
    cumulative, size = row.cumulative, row.size
    if not is_bid:
        cumulative, size = cumulative[::-1], size[::-1]
    text = fit_right(cumulative, columns.cumulative) + fit_right(size, columns.size - 1) + " "
    if palette.is_plain:
        text = _plain_bar(text, row.bar)
    depth_from, bar_from = columns.side - row.depth, columns.side - row.bar
    cuts = sorted({0, columns.cumulative, min(depth_from, bar_from), bar_from, columns.side})
    runs = []
    for start, end in pairwise(cuts):
        is_size = start >= columns.cumulative
        role = "stale" if row.is_stale else name if is_size else "muted"
        on = ground
        if start >= min(depth_from, bar_from) and not row.is_stale:
            on = f"{name}_bar" if start >= bar_from else f"{name}_depth"
        style = palette.style(role, on, bold=row.is_best and is_size)
        runs.append((text[start:end], style))
    return runs


def _plain_bar(text: str, cells: int) -> str:
    """Fill the blanks under a bar with dots where tints cannot be told apart."""
    if not cells:
        return text
    return text[:-cells] + text[-cells:].replace(" ", "░")


def _price(row: Row, columns: Columns, palette: Palette, ground: str) -> list[tuple[str, Style]]:
    role = {Side.BUY: "bid", Side.SELL: "ask", None: "faint"}[row.side]
    role = "stale" if row.is_stale else role
    cursor = "▸" if row.is_cursor else " "
    mark = {Side.BUY: LAST_UP, Side.SELL: LAST_DOWN, None: " "}[row.last]
    on = "last" if row.last and not row.is_stale else ground
    role = "text" if row.last and not row.is_stale else role
    is_bold = row.is_best or row.last is not None
    mark_role = {Side.BUY: "profit", Side.SELL: "loss", None: role}[row.last]
    return [
        (cursor, palette.style("accent", on)),
        (mark, palette.style("stale" if row.is_stale else mark_role, on)),
        (fit_right(row.price, columns.price - 4), palette.style(role, on, bold=is_bold)),
        ("  ", palette.style(role, on)),
    ]


def spread_line(
    left: str, middle: str, right: str, columns: Columns, palette: Palette, role: str
) -> Runs:
    """Draw the line between the sides: imbalance, spread, last price."""
    style = palette.style(role, "spread_ground")
    edge = palette.style("muted", "spread_ground")
    side = max(0, (columns.width - max(columns.price, len(middle) + 2)) // 2)
    center = columns.width - 2 * side
    return (
        (fit(left, side), edge),
        (fit_center(middle, center), style),
        (fit_right(f"{right} ", side), edge),
    )


def column_titles(columns: Columns, palette: Palette) -> Runs:
    """Draw the names of the columns."""
    cumulative = fit_right("cum", columns.cumulative) if columns.cumulative else ""
    left = cumulative + fit_right("bid", columns.size - 1) + " "
    right = " " + fit("ask", columns.size - 1)
    right += fit("cum", columns.cumulative) if columns.cumulative else ""
    return ((left + fit_center("price", columns.price) + right, palette.style("faint")),)
