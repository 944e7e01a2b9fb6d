"""The lines of a ladder that are no price: column names, the spread, the split of the book."""

from collections.abc import Iterable
from typing import Final

import msgspec
from rich.style import Style

from core.domain.order import Side
from core.domain.views import BookState, LadderView
from tui.render.ladder_columns import Columns
from tui.render.numbers import price_text
from tui.render.palette import Palette, Runs, joined
from tui.render.text import fit, fit_center, fit_right, width_of

STALE_STATES: Final = frozenset({BookState.STALE, BookState.INVALID, BookState.SYNCING})
_GAUGE: Final = 9
"""Cells from best bid to best ask in the gauge of the microprice."""
_NUMBER: Final = 5
"""Cells of a number right of the price."""


def column_titles(columns: Columns, palette: Palette) -> Runs:
    """Draw the names of the columns over their numbers."""
    left = _titles(columns, "own", "stk", "pull", "sells", "cum", "bid")
    size = fit(" " + fit_right("ask", _NUMBER), columns.size) if columns.size else ""
    cum = fit(fit_right("cum", _NUMBER), columns.cumulative) if columns.cumulative else ""
    traded = fit_right("buys ", columns.traded) if columns.traded else ""
    first = columns.changes // 2
    changes = fit_right("pull ", columns.changes - first) + fit_right("stk ", first)
    right = size + cum + traded + (changes if columns.changes else "")
    right += fit_right("own ", columns.own) if columns.own else ""
    middle = fit_center("price", columns.price) + fit("volume", columns.profile)
    return ((left + middle + right, palette.style("faint")),)


def _titles(columns: Columns, *names: str) -> str:
    own, stacked, pulled, sold, cumulative, size = names
    first = columns.changes // 2
    text = fit(f" {own}", columns.own) if columns.own else ""
    if columns.changes:
        text += fit_right(stacked, first) + fit_right(pulled, columns.changes - first)
    text += fit_right(sold, columns.traded) if columns.traded else ""
    text += fit_right(cumulative, columns.cumulative) if columns.cumulative else ""
    return text + (fit_right(size, columns.size - 1) + " " if columns.size else "")


class SpreadLine(msgspec.Struct, frozen=True, gc=False):
    """What the line between the sides says, quantised to its digits."""

    left: str
    middle: str
    right: str
    role: str
    mark: int | None = None
    """Cell of the gauge where the microprice stands."""


def spread_of(view: LadderView, *, has_split: bool) -> SpreadLine:
    """Say spread, microprice and last price; without the split's line also the balance."""
    if view.best_bid is None or view.best_ask is None:
        missing = "no bids" if view.best_bid is None else "no asks"
        return SpreadLine("", missing, _last_text(view), "warning")
    spread = price_text(view.best_ask - view.best_bid, view.price_decimals)
    middle = f"{spread} · {_bps_text(view.spread_bps)}"
    left = _micro_text(view) if has_split else _balance(view.imbalance)
    role = "stale" if view.book_state in STALE_STATES else "spread"
    return SpreadLine(left, middle, _last_text(view), role, _micro_mark(view))


def _bps_text(bps: float | None) -> str:
    if bps is None:
        return "— bps"
    return "<0.1 bps" if 0 < bps < 0.05 else f"{bps:.1f} bps"  # noqa: PLR2004 - rounds to none


def _last_text(view: LadderView) -> str:
    arrow = {Side.BUY: "▲ ", Side.SELL: "▼ ", None: ""}[view.last_side]
    return arrow + price_text(view.last_price, view.price_decimals) if view.last_price else ""


def _micro_text(view: LadderView) -> str:
    """Write the microprice with one digit more than prices have."""
    if view.microprice is None:
        return ""
    return f"µ {price_text(view.microprice, min(10, view.price_decimals + 1))}"


def _micro_mark(view: LadderView) -> int | None:
    bid, ask, micro = view.best_bid, view.best_ask, view.microprice
    if bid is None or ask is None or micro is None or ask <= bid:
        return None
    return max(0, min(round((micro - bid) / (ask - bid) * (_GAUGE - 1)), _GAUGE - 1))


def _balance(imbalance: float | None) -> str:
    """Name the heavier side, coarsely: a digit that changes at every frame tells nothing."""
    if imbalance is None:
        return ""
    percent = round(imbalance * 10) * 10
    return f"bids +{percent}%" if percent > 0 else f"asks +{-percent}%" if percent else "even"


def spread_runs(line: SpreadLine, columns: Columns, palette: Palette) -> Runs:
    """Draw the line: microprice with its place between the touch, spread, last price."""
    width = columns.width
    style = palette.style(line.role, "spread_ground")
    edge = palette.style("stale" if line.role == "stale" else "text_soft", "spread_ground")
    center = min(width, max(columns.price, width_of(line.middle) + 2))
    side = (width - center) // 2
    gauge = _gauge(line.mark)
    left = f" {line.left}"
    if line.left.startswith("µ") and gauge:
        if width_of(left) + len(gauge) + 2 <= side:
            left = f"{left}  {gauge}"
        elif width_of(left) > side:
            left = f" {gauge}"
    right = f"{line.right} "
    return joined(
        [
            (fit(left, side) if width_of(left) <= side else " " * side, edge),
            (fit_center(line.middle, width - 2 * side), style),
            (fit_right(right, side) if width_of(right) <= side else " " * side, edge),
        ]
    )


def _gauge(mark: int | None) -> str:
    """Draw where the microprice stands from best bid (left) to best ask (right)."""
    if mark is None:
        return ""
    cells = ["├", *"─" * (_GAUGE - 2), "┤"]
    cells[mark] = "●"
    return "".join(cells)


def split_runs(imbalance: float | None, width: int, palette: Palette, *, is_stale: bool) -> Runs:
    """Draw the shares of bids and asks in the size shown, exact to half a cell and a percent."""
    if imbalance is None:
        return ((fit_center("no size on either side", width), palette.style("muted")),)
    share = max(0.0, min((1 + imbalance) / 2, 1.0))
    percent = round(share * 100)
    left, right = f"bids {percent}%", f"{100 - percent}% asks"
    room = width - len(left) - len(right) - 4
    bid, ask = ("stale", "stale") if is_stale else ("bid", "ask")
    ends = ((f" {left} ", palette.style(bid)), (f" {right} ", palette.style(ask)))
    if room < 2:  # noqa: PLR2004 - no bar without two cells
        return joined([(fit(f" {left} · {right}", width), palette.style(bid))])
    return joined([ends[0], *_split_bar(share, room, bid, ask, palette), ends[1]])


def _split_bar(
    share: float, room: int, bid: str, ask: str, palette: Palette
) -> list[tuple[str, Style]]:
    halves = round(share * room * 2)
    whole, part = divmod(halves, 2)
    if palette.is_plain:
        return [("█" * whole, palette.style(bid)), ("░" * (room - whole), palette.style(ask))]
    cells = [("━" * whole, palette.style(bid))]
    if part:
        cells.append(("╸", palette.style(bid)))
    return [*cells, ("━" * (room - whole - part), palette.style(ask))]


def empty_runs(text: str, width: int, height: int, palette: Palette) -> Iterable[tuple[int, Runs]]:
    """Draw what is missing in the middle of an empty pane."""
    for number in range(height):
        line = fit_center(text if number == height // 2 else "", width)
        yield number, ((line, palette.style("muted")),)


def fitting(texts: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Return the first texts that fit into so many cells with two blanks between them."""
    found: list[tuple[str, str]] = []
    cells = 0
    for text, role in texts:
        gap = "  " if found else ""
        cells += len(gap) + width_of(text)
        if cells > most:
            break
        found.append((gap + text, role))
    return found
