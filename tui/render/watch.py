"""One market of the watchlist in one row."""

import msgspec

from core.domain.views import BookState, WatchRow
from tui.render.numbers import NOTHING, market_name, percent_text, price_text, venue_mark
from tui.render.palette import Palette, Runs
from tui.render.spark import sparkline
from tui.render.text import clean, fit, fit_right

_STALE = frozenset({BookState.STALE, BookState.INVALID})


class WatchMark(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What else the row says: where the market is shown, and the cursor."""

    ladders: str = " "
    """An angle for the left or right ladder, a double one for both."""
    is_cursor: bool = False
    is_focused: bool = False


def watch_row(row: WatchRow, mark: WatchMark, width: int, palette: Palette) -> Runs:
    """Draw market, venue, price, change and curve."""
    ground = "cursor" if mark.is_cursor and mark.is_focused else "panel"
    is_stale = row.book_state in _STALE
    change = row.change_pct
    role = "muted" if not change else "profit" if change > 0 else "loss"
    text_role = "stale" if is_stale else "text"
    spark = max(0, min(24, width - 30))
    funding = 9 if width >= 56 else 0  # noqa: PLR2004 - wide panes add the funding rate
    price_cells = width - 2 - 12 - 7 - spark - funding
    pointer = "▸" if mark.is_cursor else " "
    return (
        (pointer, palette.style("accent" if mark.is_focused else "muted", ground)),
        (mark.ladders, palette.style("accent", ground)),
        (
            fit(clean(market_name(row.instrument)), 9),
            palette.style(text_role, ground, bold=mark.is_cursor),
        ),
        (" " + fit(clean(venue_mark(row.instrument)), 2), palette.style("faint", ground)),
        (
            fit_right(_price(row, price_cells, is_stale=is_stale), price_cells),
            palette.style(text_role, ground),
        ),
        (fit_right(_change(change), 7), palette.style(role, ground)),
        (_funding(row, funding), palette.style("muted", ground)),
        (_spark(row, spark), palette.style(f"{role}_soft" if change else "muted", ground)),
    )


def _price(row: WatchRow, cells: int, *, is_stale: bool) -> str:
    text = price_text(row.last_price, row.price_decimals)
    if len(text) > cells:
        text = text.replace(",", "")[:cells]
    return f"≈{text}" if is_stale and len(text) < cells else text


def _change(change: float | None) -> str:
    return percent_text(change).rstrip("%") if change is not None else NOTHING


def _funding(row: WatchRow, cells: int) -> str:
    if not cells:
        return ""
    text = NOTHING if row.funding_pct is None else f"{row.funding_pct:+.4f}"
    return fit_right(text, cells)


def _spark(row: WatchRow, cells: int) -> str:
    return f" {sparkline(row.spark, cells - 1)}" if cells > 1 else " " * cells


def watch_titles(width: int, palette: Palette) -> Runs:
    """Draw the names of the columns."""
    spark = max(0, min(24, width - 30))
    funding = 9 if width >= 56 else 0  # noqa: PLR2004
    price_cells = width - 2 - 12 - 7 - spark - funding
    text = "  " + fit("market", 12) + fit_right("last", price_cells) + fit_right("24h %", 7)
    text += fit_right("funding", funding) if funding else ""
    return ((fit(text, width), palette.style("faint")),)
