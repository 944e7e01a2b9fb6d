"""One grid row of a ladder: the price between two mirrored sides of columns."""

from itertools import pairwise
from typing import Final

import msgspec
from rich.style import Style

from core.domain.order import Side
from tui.render.ladder_columns import Columns
from tui.render.palette import Palette, Runs, joined
from tui.render.text import fit, fit_right

OWN: Final = "◆"
LAST_UP: Final = "▲"
LAST_DOWN: Final = "▼"
LARGE: Final = "■"
ALERT: Final = "!"
_ALERT_LINE: Final = "╌"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"
_LONGEST: Final = 5
"""Cells of a number: at the right of the price too, the numbers of a column end in one line."""
_Parts = list[tuple[str, Style]]


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
    """Our working size at this price, and the queue ahead of it."""
    last: Side | None = None
    """Aggressor side when the last trade was here."""
    is_cursor: bool = False
    is_stale: bool = False
    own_side: Side | None = None
    sold: str = ""
    """Traded at the bid."""
    bought: str = ""
    """Traded at the ask."""
    stacked: str = ""
    pulled: str = ""
    volume: int = 0
    """Eighths of a cell of the profile bar."""
    is_peak: bool = False
    """Whether most volume on view was traded here."""
    is_large: bool = False
    is_alert: bool = False


def ladder_row(row: Row, columns: Columns, palette: Palette) -> Runs:
    """Draw one grid row."""
    ground = "cursor" if row.is_cursor else "panel"
    left = _half(row, Side.BUY, columns, palette, ground)
    right = _half(row, Side.SELL, columns, palette, ground)
    right.reverse()
    profile = _profile(row, columns, palette, ground)
    return joined([*left, *_price(row, columns, palette, ground), *profile, *right])


def _half(row: Row, side: Side, columns: Columns, palette: Palette, ground: str) -> _Parts:
    """Return the parts of one side from the outer edge to the price."""
    if columns.side <= 0:
        return []
    is_here = row.side is side
    parts: _Parts = []
    if columns.own:
        parts.append(_own(row, side, columns.own, palette, ground))
    if columns.changes and is_here:
        parts += _changes(row, side, columns.changes, palette, ground)
    elif columns.changes:
        parts.append((" " * columns.changes, palette.style("muted", ground)))
    if columns.traded:
        text, role = (row.sold, "loss_soft") if side is Side.BUY else (row.bought, "profit_soft")
        parts.append(_number(row, side, text, role, columns.traded, palette, ground))
    if is_here:
        return parts + _levels(row, columns, palette, ground)
    return [*parts, _empty_half(row, side, columns, palette, ground)]


def _empty_half(
    row: Row, side: Side, columns: Columns, palette: Palette, ground: str
) -> tuple[str, Style]:
    """Draw the half without a level: an own order where it has no column, or an alert's line."""
    cells = columns.book
    if row.own and not columns.own and (row.side is not None or row.own_side is side):
        text = _own_fitting(row.own, cells)
        if len(text) < cells:
            text = f"{text} " if side is Side.BUY else f" {text}"
        text = fit_right(text, cells) if side is Side.BUY else fit(text, cells)
        return text, palette.style("own", ground, bold=True)
    if row.is_alert and cells > 1:
        return f" {_ALERT_LINE * (cells - 2)} ", palette.style("alert_level", ground)
    return " " * cells, palette.style("muted", ground)


def _own_fitting(own: str, cells: int) -> str:
    """Write an own order with its queue, closer where it is tight, without it where it must be."""
    texts = (f"{OWN} {own}", f"{OWN}{own.replace(' ', '')}", f"{OWN} {own.partition(' ')[0]}")
    return next((text for text in texts if len(text) <= cells), texts[-1])


def _own(row: Row, side: Side, cells: int, palette: Palette, ground: str) -> tuple[str, Style]:
    if not row.own or row.own_side is not side:
        return " " * cells, palette.style("muted", ground)
    text = f"{OWN} {row.own}"
    text = fit(f" {text}", cells) if side is Side.BUY else fit_right(f"{text} ", cells)
    return text, palette.style("own", ground, bold=True)


def _changes(row: Row, side: Side, cells: int, palette: Palette, ground: str) -> _Parts:
    """Draw stacked and pulled size of the row's own side."""
    first = cells // 2
    return [
        _number(row, side, row.stacked, "text_soft", first, palette, ground),
        _number(row, side, row.pulled, "muted", cells - first, palette, ground),
    ]


def _number(
    row: Row, side: Side, text: str, role: str, cells: int, palette: Palette, ground: str
) -> tuple[str, Style]:
    """Return a right-aligned number, a blank on its outer side; blanks join in one style."""
    if not text:
        return " " * cells, palette.style("muted", ground)
    if side is Side.SELL and len(text) < cells:
        text = f"{text} "
    return _right(text, cells), palette.style(_fresh(row, role), ground)


def _right(text: str, cells: int) -> str:
    """Align a number to the right; numbers have one cell a character, so counting is enough."""
    return text.rjust(cells) if len(text) <= cells else fit_right(text, cells)


def _fresh(row: Row, role: str) -> str:
    return "stale" if row.is_stale else role


def _levels(row: Row, columns: Columns, palette: Palette, ground: str) -> _Parts:
    """Draw cumulative and size over their bars, from the outer edge to the price."""
    is_bid = row.side is Side.BUY
    name = "bid" if is_bid else "ask"
    text = _level_text(row, columns, is_bid=is_bid)
    if palette.is_plain:
        text = _plain_bar(text, row.bar, is_bid=is_bid)
    total = columns.book
    bar_from, depth_from = max(0, total - row.bar), max(0, total - row.depth)
    first = min(depth_from, bar_from)
    runs: _Parts = []
    for start, end in pairwise(sorted({0, columns.cumulative, first, bar_from, total})):
        is_size = start >= columns.cumulative
        on = ground
        if start >= first and not row.is_stale:
            on = f"{name}_bar" if start >= bar_from else f"{name}_depth"
        role = _fresh(row, name if is_size else "muted")
        is_bold = is_size and (row.is_best or row.is_large)
        piece = text[start:end] if is_bid else text[total - end : total - start]
        runs.append((piece, palette.style(role, on, bold=is_bold)))
    return runs


def _level_text(row: Row, columns: Columns, *, is_bid: bool) -> str:
    """Write cumulative and size as they stand; a large lot is marked beside the price."""
    mark = LARGE if row.is_large else " "
    if columns.size < 2:  # noqa: PLR2004 - no room for a digit and its mark
        return " " * columns.book
    if is_bid:
        size = _right(row.size, columns.size - 1) + mark
        return _right(row.cumulative, columns.cumulative) + size if columns.cumulative else size
    near = min(_LONGEST, columns.size - 1)
    size = (mark + _right(row.size, near)).ljust(columns.size)
    if not columns.cumulative:
        return size
    return size + _right(row.cumulative, _LONGEST).ljust(columns.cumulative)


def _plain_bar(text: str, cells: int, *, is_bid: bool) -> str:
    """Fill the blanks under a bar with dots where tints cannot be told apart."""
    if not cells:
        return text
    if is_bid:
        return text[:-cells] + text[-cells:].replace(" ", "░")
    return text[:cells].replace(" ", "░") + text[cells:]


def _price(row: Row, columns: Columns, palette: Palette, ground: str) -> _Parts:
    role = {Side.BUY: "bid", Side.SELL: "ask", None: "faint"}[row.side]
    is_last = row.last is not None and not row.is_stale
    on = "last" if is_last else ground
    role = "text" if is_last else _fresh(row, role)
    mark = {Side.BUY: LAST_UP, Side.SELL: LAST_DOWN, None: " "}[row.last]
    mark_role = {Side.BUY: "profit", Side.SELL: "loss", None: "muted"}[row.last]
    is_bold = row.is_best or row.last is not None
    after = (ALERT, "alert_level") if row.is_alert else (" ", "muted")
    if row.own and columns.own and not row.is_alert:
        after = (OWN, "own")
    return [
        ("▸" if row.is_cursor else " ", palette.style("accent" if row.is_cursor else "muted", on)),
        (mark, palette.style(mark_role if is_last or not row.last else "stale", on)),
        (_right(row.price, columns.price_cells), palette.style(role, on, bold=is_bold)),
        (after[0], palette.style(after[1], on)),
    ]


def _profile(row: Row, columns: Columns, palette: Palette, ground: str) -> _Parts:
    """Draw the volume traded at the price."""
    if not columns.profile:
        return []
    if not row.volume:
        return [(" " * columns.profile, palette.style("muted", ground))]
    whole, part = divmod(row.volume, 8)
    text = _FULL * whole + (_EIGHTHS[part] if part else "")
    role = _fresh(row, "volume_peak" if row.is_peak else "volume")
    style = palette.style(role, ground)
    blank = " " * (columns.profile - len(text))
    return [(text, style), (blank, palette.style("muted", ground))]
