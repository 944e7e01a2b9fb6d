"""From a view to the rows of a ladder: what stands on which row, quantised to what it can show.

Two steps, so that a frame costs what changed: `facts_of` puts the view's own values on the grid's
rows; only rows whose facts differ are written out by `row_of`.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from core.domain.order import Side
from core.domain.study_views import LadderNote
from core.domain.views import LadderLevel, LadderView
from tui.render.grid import Grid
from tui.render.ladder import Row
from tui.render.ladder_cells import short_cell, size_cell
from tui.render.ladder_columns import Columns
from tui.render.ladder_lines import STALE_STATES
from tui.render.numbers import fixed_size, nice_ceiling, price_text, size_decimals

_CURSOR, _BEST, _ALERT, _STALE = 1, 2, 4, 8
_EIGHTHS = 8
_LONGEST_OWN = 6
"""Cells of an own size; decimals that do not fit are in the account and in `explain`."""


class OwnMark(NamedTuple):
    """Working orders of ours on one row, of one side."""

    side: Side
    leaves: int
    ahead: int | None
    """Before the first of them; None where not known."""


class Facts(NamedTuple):
    """What the view says of one row."""

    level: LadderLevel | None
    side: Side | None
    note: LadderNote | None
    own: OwnMark | None
    last: Side | None
    flags: int


class Scales(msgspec.Struct, frozen=True, gc=False):
    """What a full bar means, in units of 10^-10; kept until clearly wrong."""

    size: float = 1.0
    depth: float = 1.0
    volume: float = 1.0

    def fitted(self, view: LadderView, grid: Grid) -> "Scales":
        """Return the scales for what a grid shows of a view."""
        top, bottom = grid.top + grid.step, grid.price_at(grid.rows)
        levels = [
            level for side in (view.bids, view.asks) for level in side if bottom < level.price < top
        ]
        volumes = [
            note.traded_bid + note.traded_ask for note in view.notes if bottom < note.price < top
        ]
        return Scales(
            _kept(self.size, max([level.size for level in levels], default=0)),
            _kept(self.depth, max([level.cumulative for level in levels], default=0)),
            _kept(self.volume, max(volumes, default=0)),
        )


def _kept(scale: float, largest: int) -> float:
    return scale if scale * 0.5 <= largest <= scale else nice_ceiling(largest * 1.05)


class Drawing(msgspec.Struct, frozen=True, gc=False):
    """What all rows of a frame share; when it changes every row is written anew."""

    grid: Grid
    columns: Columns
    scales: Scales
    price_decimals: int
    size_decimals: int
    """Of an exact size; the columns show as many as their scale asks for."""
    size_digits: int
    depth_digits: int
    volume_digits: int
    large_size: int | None
    peak: int | None
    """Index of the row with the most volume."""


def drawing_of(view: LadderView, grid: Grid, columns: Columns, scales: Scales) -> Drawing:
    """Gather what the rows of a frame share."""
    most = view.size_decimals
    return Drawing(
        grid=grid,
        columns=columns,
        scales=scales,
        price_decimals=view.price_decimals,
        size_decimals=most,
        size_digits=size_decimals(int(scales.size), most),
        depth_digits=size_decimals(int(scales.depth), most),
        volume_digits=size_decimals(int(scales.volume), most),
        large_size=view.large_size,
        peak=_peak(view, grid) if columns.profile else None,
    )


def _peak(view: LadderView, grid: Grid) -> int | None:
    on_view = [note for note in view.notes if grid.holds(grid.index_of(note.price))]
    most = max(on_view, key=lambda note: note.traded_bid + note.traded_ask, default=None)
    if most is None or not most.traded_bid + most.traded_ask:
        return None
    return grid.index_of(most.price)


def index_on_side(grid: Grid, price: int, side: Side) -> int:
    """Return the row of a price resting on a side of the book."""
    return grid.index_of(price) if side is Side.BUY else grid.index_of_ask(price)


def facts_of(view: LadderView, grid: Grid, cursor_price: int | None) -> list[Facts]:
    """Put what the view says on the rows of a grid, top first."""
    bids = {grid.index_of(level.price): level for level in view.bids}
    asks = {grid.index_of_ask(level.price): level for level in view.asks}
    notes = {grid.index_of(note.price): note for note in view.notes}
    own = _own_marks(view, grid)
    flags = _flags(view, grid, cursor_price)
    last = None
    if view.last_price is not None and view.last_side is not None:
        last = index_on_side(grid, view.last_price, view.last_side.opposite)
    base = _STALE if view.book_state in STALE_STATES else 0
    best_bid, best_ask = view.best_bid, view.best_ask
    facts = []
    price = grid.top
    for index in range(grid.rows):
        level, side = asks.get(index), None
        if level is not None:
            side = Side.SELL
        elif (level := bids.get(index)) is not None or (best_bid is not None and price <= best_bid):
            side = Side.BUY
        elif best_ask is not None and price >= best_ask:
            side = Side.SELL
        facts.append(
            Facts(
                level, side, notes.get(index), own.get(index),
                view.last_side if index == last else None, base | flags.get(index, 0),
            )
        )  # fmt: skip
        price -= grid.step
    return facts


def _flags(view: LadderView, grid: Grid, cursor_price: int | None) -> dict[int, int]:
    flags: dict[int, int] = {}

    def mark(index: int, flag: int) -> None:
        flags[index] = flags.get(index, 0) | flag

    if view.best_bid is not None:
        mark(grid.index_of(view.best_bid), _BEST)
    if view.best_ask is not None:
        mark(grid.index_of_ask(view.best_ask), _BEST)
    if cursor_price is not None:
        mark(grid.index_of(cursor_price), _CURSOR)
    for price in view.alert_prices:
        mark(grid.index_of(price), _ALERT)
    return flags


def _own_marks(view: LadderView, grid: Grid) -> dict[int, OwnMark]:
    """Add up our orders row by row; the queue is that before the first of them."""
    marks: dict[int, OwnMark] = {}
    for order in view.own_orders:
        index = index_on_side(grid, order.price, order.side)
        held = marks.get(index)
        if held is None or held.side is not order.side:
            marks[index] = OwnMark(order.side, order.leaves, order.ahead)
        else:
            known = [ahead for ahead in (held.ahead, order.ahead) if ahead is not None]
            leaves = held.leaves + order.leaves
            marks[index] = OwnMark(order.side, leaves, min(known, default=None))
    return marks


def row_of(facts: Facts, index: int, drawing: Drawing) -> Row:
    """Write a row out, quantised to the cells and digits it has."""
    level, side, note, own, last, flags = facts
    price = drawing.grid.price_at(index)
    columns, scales = drawing.columns, drawing.scales
    size = cumulative = ""
    bar = depth = 0
    is_large = False
    if level is not None:
        size = size_cell(level.size, drawing.size_digits)
        cumulative = size_cell(level.cumulative, drawing.depth_digits)
        bar = min(columns.book, round(level.size / scales.size * columns.book))
        depth = min(columns.book, round(level.cumulative / scales.depth * columns.book))
        is_large = drawing.large_size is not None and level.size >= drawing.large_size
    sold, bought, stacked, pulled, volume = _noted(note, drawing)
    return Row(
        price=price_text(price, drawing.price_decimals) if price > 0 else "",
        side=side, size=size, cumulative=cumulative, bar=bar, depth=depth,
        is_best=bool(flags & _BEST), own=own_text(own, drawing.size_decimals), last=last,
        is_cursor=bool(flags & _CURSOR), is_stale=bool(flags & _STALE),
        own_side=own.side if own else None, sold=sold, bought=bought, stacked=stacked,
        pulled=pulled, volume=volume, is_peak=index == drawing.peak, is_large=is_large,
        is_alert=bool(flags & _ALERT),
    )  # fmt: skip


def own_text(own: OwnMark | None, decimals: int) -> str:
    """Write our size, and the size ahead of it where it is known: `2.50 ▸340`."""
    if own is None:
        return ""
    leaves = fixed_size(own.leaves, decimals)
    while len(leaves) > _LONGEST_OWN and decimals > 0:
        decimals -= 1
        leaves = fixed_size(own.leaves, decimals)
    return leaves if own.ahead is None else f"{leaves} ▸{queue_cell(own.ahead)}"


def queue_cell(ahead: int) -> str:
    """Write the size ahead; an order that is the first has 0 before it."""
    return short_cell(ahead) if ahead else "0"


def _noted(note: LadderNote | None, drawing: Drawing) -> tuple[str, str, str, str, int]:
    """Return sold, bought, stacked and pulled as texts, and the profile bar in eighths."""
    if note is None:
        return "", "", "", "", 0
    decimals = drawing.volume_digits
    total = note.traded_bid + note.traded_ask
    cells = drawing.columns.profile * _EIGHTHS
    volume = max(1, round(total / drawing.scales.volume * cells)) if total and cells else 0
    return (
        size_cell(note.traded_bid, decimals) if note.traded_bid else "",
        size_cell(note.traded_ask, decimals) if note.traded_ask else "",
        f"+{short_cell(note.stacked)}" if note.stacked else "",
        f"-{short_cell(note.pulled)}" if note.pulled else "",
        min(volume, cells),
    )


def widest_price(grid: Grid, decimals: int) -> int:
    """Count the cells of the longest price on a grid."""
    return max(len(price_text(price, decimals)) for price in _ends(grid))


def _ends(grid: Grid) -> Iterable[int]:
    return (grid.top, max(0, grid.price_at(grid.rows - 1)))
