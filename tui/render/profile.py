"""Volume by price as bars: sold and bought end to end, the value area bright."""

from typing import Final

import msgspec
from rich.style import Style

from core.domain.study_views import ProfileBar, ProfileView
from tui.render.numbers import price_text
from tui.render.palette import Palette, Runs
from tui.render.study import Block, blank, exact, sized
from tui.render.text import fit_right

_PARTS: Final = " ▏▎▍▌▋▊▉█"
_SIZES: Final = 8
_ROOM_FOR_SIZES: Final = 34


class ProfileFrame(msgspec.Struct, frozen=True, gc=False):
    """Which rows of a profile are on screen."""

    first: int
    count: int


def frame_around(view: ProfileView, cursor: int, height: int) -> ProfileFrame:
    """Show rows around the cursor, the whole profile where it fits."""
    count = min(len(view.rows), max(0, height))
    first = max(0, min(cursor - height // 2, len(view.rows) - count))
    return ProfileFrame(first, count)


def profile_rows(
    view: ProfileView, width: int, height: int, palette: Palette, *, cursor: int | None
) -> Block:
    """Draw a row a price, highest first."""
    at = row_of_control(view) if cursor is None else cursor
    frame = frame_around(view, at, height)
    shown = view.rows[frame.first : frame.first + frame.count]
    most = max((bar.sold + bar.bought for bar in view.rows), default=0)
    cells = max((len(price_text(bar.price, view.price_decimals)) for bar in shown), default=1) + 1
    rows = []
    for index, bar in enumerate(shown, frame.first):
        is_cursor = cursor is not None and index == cursor
        rows.append(_bar_row(view, bar, most, (width, cells), palette, is_cursor=is_cursor))
    return [*rows, *[blank(width, palette)] * (height - len(rows))]


def row_of_control(view: ProfileView) -> int:
    """Return the index of the row of most volume; the middle where there is none."""
    for index, bar in enumerate(view.rows):
        if bar.price == view.point_of_control:
            return index
    return len(view.rows) // 2


def is_valued(view: ProfileView, price: int) -> bool:
    """Whether a price lies in the value area."""
    low, high = view.value_low, view.value_high
    return low is not None and high is not None and low <= price <= high


def _bar_row(
    view: ProfileView,
    bar: ProfileBar,
    most: int,
    cells: tuple[int, int],
    palette: Palette,
    *,
    is_cursor: bool,
) -> Runs:
    width, price_cells = cells
    ground = "cursor" if is_cursor else "panel"
    is_control = bar.price == view.point_of_control
    valued = is_valued(view, bar.price)
    sizes = _SIZES if width >= _ROOM_FOR_SIZES else 0
    room = max(0, width - price_cells - 3 - sizes)
    price = fit_right(price_text(bar.price, view.price_decimals), price_cells)
    mark = "◆" if is_control else "≡" if bar.price in view.clusters else " "
    role = "own" if is_control else "text" if valued else "muted"
    total = bar.sold + bar.bought
    runs = [
        (price, palette.style(role, ground, bold=is_control)),
        (mark, palette.style("own" if is_control else "accent", ground)),
        (_edge(view, bar.price), palette.style("accent" if valued else "faint", ground)),
        *_bars(bar, most, room, palette, ground, is_valued=valued),
    ]
    if sizes:
        text = fit_right(sized(total), sizes)
        runs.append((text, palette.style("text_soft" if valued else "faint", ground)))
    done = exact(runs, width - 1, palette)
    return (*done, (" ", palette.style("text", ground)))


def _edge(view: ProfileView, price: int) -> str:
    """Draw the bracket of the value area."""
    if not is_valued(view, price):
        return " "
    return "┌" if price == view.value_high else "└" if price == view.value_low else "│"


def _bars(
    bar: ProfileBar,
    most: int,
    room: int,
    palette: Palette,
    ground: str,
    *,
    is_valued: bool,
) -> list[tuple[str, Style]]:
    """Draw sold, then bought, to an eighth of a cell at the end."""
    total = bar.sold + bar.bought
    if total <= 0 or most <= 0 or room <= 0:
        return [(" " * room, palette.style("text", ground))]
    eighths = max(1, total * room * 8 // most)
    full, part = divmod(eighths, 8)
    sold = min(full, round(full * bar.sold / total))
    tint = {"ask": "loss_soft", "bid": "profit_soft"} if is_valued else _FAR
    tail = _PARTS[part] if part and full < room else ""
    last = "bid" if bar.bought >= bar.sold or full else "ask"
    solid = {"ask": "▓", "bid": "█"} if palette.is_plain else {"ask": "█", "bid": "█"}
    return [
        (solid["ask"] * sold, palette.style(tint["ask"], ground)),
        (solid["bid"] * (full - sold) + tail, palette.style(tint[last], ground)),
        (" " * (room - full - len(tail)), palette.style("text", ground)),
    ]


_FAR: Final = {"ask": "ask_bar", "bid": "bid_bar"}
"""Outside the value area the bars recede."""


def bar_text(view: ProfileView, index: int) -> str:
    """Say what traded at one row, and its share of everything."""
    bar = view.rows[index]
    total = sum(row.sold + row.bought for row in view.rows)
    own = bar.sold + bar.bought
    share = f" {own / total * 100:.1f}%" if total else ""
    price = price_text(bar.price, view.price_decimals)
    return f"{price} sold {sized(bar.sold)} bought {sized(bar.bought)}{share}"
