"""Where a ladder's grid stands: when it may follow the market, and when nothing on it may move."""

from typing import Final

import msgspec

from core.domain.views import LadderView
from tui.render.grid import Grid

TITLE_LINES: Final = 1


class Away(msgspec.Struct, frozen=True, gc=False):
    """Where the touch went while the grid stood still."""

    is_above: bool
    rows: int
    """From the middle of the grid."""

    def __str__(self) -> str:
        word = "row" if self.rows == 1 else "rows"
        return f"market {'above' if self.is_above else 'below'} {self.rows} {word}"


class Stand:
    """The grid, the spread line in it, the cursor.

    While a person's cursor is in the grid, and always in static mode, the grid is held: neither a
    price nor the spread line changes its place, so that a price clicked is the price aimed at. In
    dynamic mode without a cursor the grid follows as soon as the touch leaves its middle third.
    """

    def __init__(self) -> None:
        self.grid: Grid | None = None
        self.cursor_price: int | None = None
        self.is_static = False
        self.split = 0
        """Index of the row above the spread line, -1 to rows - 1."""

    @property
    def is_held(self) -> bool:
        """Whether nothing may move by itself."""
        return self.is_static or self.cursor_price is not None

    def clear(self) -> None:
        """Forget grid and cursor; the mode stays."""
        self.grid = self.cursor_price = None

    def place(self, view: LadderView, rows: int) -> None:
        """Let the grid follow a new view, as far as it may."""
        middle = touch_of(view)
        if middle is None or view.row_step <= 0:
            return
        grid = self.grid
        if grid is None or grid.step != view.row_step:
            self.cursor_price = None
            self._lay(Grid.centred(middle, view.row_step, rows), view)
        elif grid.rows != rows:
            self._resize(grid, view, middle, rows)
        elif not self.is_held:
            is_central = grid.is_central(middle)
            self._lay(grid if is_central else Grid.centred(middle, grid.step, rows), view)

    def _resize(self, grid: Grid, view: LadderView, middle: int, rows: int) -> None:
        """Keep the price in the middle when held; a cursor that no longer fits is dropped."""
        keep = grid.price_at(grid.rows // 2) if self.is_held else middle
        self._lay(Grid.centred(keep, grid.step, rows), view)
        assert self.grid is not None
        if self.cursor_price is not None and not self.grid.holds(
            self.grid.index_of(self.cursor_price)
        ):
            self.cursor_price = None

    def _lay(self, grid: Grid, view: LadderView) -> None:
        self.grid = grid
        self.split = grid.spread_after(view.best_bid, view.best_ask)

    def center(self, view: LadderView | None, rows: int) -> None:
        """Bring the touch to the middle and drop the cursor."""
        self.clear()
        if view is not None:
            self.place(view, rows)

    def move_cursor(self, rows: int, view: LadderView) -> None:
        """Move the cursor; at an edge the grid scrolls under it, because the person scrolls."""
        grid = self.grid
        if grid is None:
            return
        index = self._start(rows, view, grid)
        if not grid.holds(index):
            edge = 0 if index < 0 else grid.rows - 1
            grid = grid.moved(index - edge)
            self._lay(grid, view)
            index = edge
        self.cursor_price = grid.price_at(index)

    def _start(self, rows: int, view: LadderView, grid: Grid) -> int:
        """Return where the cursor goes; the first step puts it on the touch."""
        if self.cursor_price is not None:
            return grid.index_of(self.cursor_price) + rows
        touch = view.best_ask if rows < 0 else view.best_bid
        index = grid.rows // 2 if touch is None else grid.index_of(touch)
        return max(0, min(index, grid.rows - 1))

    def line_of(self, index: int) -> int:
        """Return the line of a grid row, counted below the frame."""
        return TITLE_LINES + index + (index > self.split)

    @property
    def spread_line(self) -> int:
        """The line the spread is written on."""
        return TITLE_LINES + self.split + 1

    def price_on(self, line: int) -> int | None:
        """Return the price on a line below the frame; None off the grid and on the spread."""
        if self.grid is None or line == self.spread_line:
            return None
        index = line - TITLE_LINES - (line > self.spread_line)
        price = self.grid.price_at(index)
        return price if self.grid.holds(index) and price > 0 else None

    def away(self, view: LadderView | None) -> Away | None:
        """Say where the touch went when it left the middle third of a held grid."""
        grid = self.grid
        middle = touch_of(view) if view is not None else None
        if grid is None or middle is None or not self.is_held or grid.is_central(middle):
            return None
        rows = grid.index_of(middle) - grid.rows // 2
        return Away(rows < 0, abs(rows))


def touch_of(view: LadderView) -> int | None:
    """Return the middle of the touch, or the one side there is."""
    prices = [price for price in (view.best_bid, view.best_ask) if price is not None]
    return sum(prices) // len(prices) if prices else None
