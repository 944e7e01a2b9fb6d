"""An order-book ladder on a fixed price grid."""

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec
from textual import events

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.views import BookState, LadderLevel, LadderView, ladder_topic
from tui.actions import Place
from tui.render.grid import Grid
from tui.render.ladder import Columns, Row, column_titles, ladder_row, spread_line
from tui.render.numbers import (
    age_text,
    fixed_size,
    market_name,
    nice_ceiling,
    price_text,
    size_decimals,
)
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit_center
from tui.widgets.pane import Pane, Titles

GROUPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
_STALE_STATES: Final = frozenset({BookState.STALE, BookState.INVALID, BookState.SYNCING})
_STATE_ROLE: Final = {
    BookState.EMPTY: ("○", "muted"),
    BookState.SYNCING: ("◌", "info"),
    BookState.VALID: ("●", "ok"),
    BookState.STALE: ("◍", "warning"),
    BookState.INVALID: ("✕", "danger"),
}
_NS_PER_MS: Final = 1_000_000
_FILLED: Final = 0.6
"""A grid with fewer levels than this on its rows is grouped coarser at first sight."""
_MOST_SPREAD_ROWS: Final = 5
"""So is one whose spread takes more rows than this."""


class Ladder(Pane):
    """Both sides of a book around a line with the spread.

    The grid stands still: it moves only when the touch leaves the middle third of the rows, and
    never while a person has put the cursor into it.
    """

    places: ClassVar = (Place.LADDER, Place.PANE)

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.instrument: InstrumentId | None = None
        self.group = GROUPS[0]
        self.view: LadderView | None = None
        self.grid: Grid | None = None
        self.cursor_price: int | None = None
        self._is_group_chosen = False
        self._shown_at = 0
        self._engine_at = 0
        self._scales = (1.0, 1.0)
        self._shown_rows: dict[int, tuple[Row, Columns]] = {}

    def on_forget(self) -> None:
        """Drop the rows that need not be drawn again."""
        self._shown_rows.clear()

    # -- what is drawn ---------------------------------------------------------------------

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        rows = self._grid_rows()
        return ladder_topic(self.instrument, rows, self.group) if self.instrument else None

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market, at its finest grouping first."""
        if instrument != self.instrument:
            self.instrument, self.view, self.grid = instrument, None, None
            self.group, self._is_group_chosen = GROUPS[0], False
            self.cursor_price = None
            self._scales = (1.0, 1.0)
            self.forget()
            self.redraw()

    def show(self, view: LadderView, engine_at: int) -> None:
        """Draw the book."""
        if view.instrument != self.instrument:
            return
        self.view, self._shown_at, self._engine_at = view, engine_at, engine_at
        self._choose_group(view)
        self._place_grid(view)
        self._scales = self._chosen_scales(view)
        self.redraw()

    def tick(self, engine_at: int) -> None:
        """Let the age grow where no new view came."""
        before = age_text(self.age_ms)
        self._engine_at = engine_at
        if age_text(self.age_ms) != before:
            self.redraw()

    @property
    def age_ms(self) -> int | None:
        """Age of the book now: as told, and the time since."""
        if self.view is None or self.view.age_ms is None:
            return None
        return self.view.age_ms + max(0, self._engine_at - self._shown_at) // _NS_PER_MS

    def title(self) -> Titles:
        """Return market and venue."""
        if self.instrument is None:
            return [("Ladder", "text")]
        venue, _, symbol = self.instrument.partition(":")
        name = clean(symbol)
        if len(name) + len(venue) > self.size.width - 18:
            name = clean(market_name(self.instrument))
        return [(name, "text"), (f" {clean(venue, 12)}", "muted")]

    def status(self) -> Titles:
        """Return whether the book may be trusted, and its age once that matters."""
        if self.view is None:
            return [("◌ waiting", "info")] if self.instrument else []
        state = self.view.book_state
        glyph, role = _STATE_ROLE[state]
        age = age_text(self.age_ms)
        if state is BookState.VALID:
            return [(glyph, role), (f" {age}", "muted")]
        return [(f"{glyph} {state.upper()} {age}", role)]

    def hint(self) -> Titles:
        """Return the grouping, and where the market went while the cursor holds the grid."""
        if self.view is None:
            return []
        step = price_text(self.view.row_step, self.view.price_decimals)
        texts = [(f"{self.group}x = {step}", "muted")]
        if (away := self._touch_away()) is not None:
            texts.insert(0, (f"market {away} · c centres  ", "warning"))
        return texts

    # -- the grid --------------------------------------------------------------------------

    def _grid_rows(self) -> int:
        """Rows of prices: all but the column names and the spread line."""
        return max(1, self.inner_height - 2)

    def _choose_group(self, view: LadderView) -> None:
        """Once a market, take a grouping at which most rows hold size."""
        if self._is_group_chosen or not view.bids or not view.asks or view.row_step <= 0:
            return
        self._is_group_chosen = True
        span = max(
            abs(side[0].price - side[-1].price) // view.row_step + 1
            for side in (view.bids, view.asks)
        )
        count = min(len(view.bids), len(view.asks))
        spread = (view.asks[0].price - view.bids[0].price) // view.row_step
        wanted = max(span / count * _FILLED, spread / _MOST_SPREAD_ROWS) * self.group
        self.group = next((group for group in GROUPS if group >= wanted), GROUPS[-1])

    def change_group(self, direction: int) -> None:
        """Take a coarser (1) or finer (-1) grouping and centre."""
        index = GROUPS.index(self.group) + direction
        self.group = GROUPS[max(0, min(index, len(GROUPS) - 1))]
        self._is_group_chosen = True
        self.cursor_price = None
        self.redraw()

    def _touch(self, view: LadderView) -> int | None:
        prices = [price for price in (view.best_bid, view.best_ask) if price is not None]
        return sum(prices) // len(prices) if prices else None

    def _place_grid(self, view: LadderView) -> None:
        middle = self._touch(view)
        if middle is None or view.row_step <= 0:
            return
        rows = self._grid_rows()
        grid = self.grid
        is_other = grid is None or grid.step != view.row_step or grid.rows != rows
        if is_other:
            self.cursor_price = None
        if grid is None or is_other or (self.cursor_price is None and not grid.is_central(middle)):
            self.grid = Grid.centred(middle, view.row_step, rows)

    def _touch_away(self) -> str | None:
        middle = self._touch(self.view) if self.view else None
        if self.cursor_price is None or middle is None or self.grid is None:
            return None
        if self.grid.is_central(middle):
            return None
        return "above" if self.grid.index_of(middle) < self.grid.rows // 2 else "below"

    def center(self) -> None:
        """Bring the touch to the middle and drop the cursor."""
        self.cursor_price, self.grid = None, None
        if self.view is not None:
            self._place_grid(self.view)
        self.redraw()

    def on_resize(self) -> None:
        """Lay the grid anew for another height."""
        if self.view is not None:
            self._place_grid(self.view)
        super().on_resize()

    # -- the cursor ------------------------------------------------------------------------

    def action_move_cursor(self, rows: int) -> None:
        """Move the cursor by rows; at an edge the grid scrolls under it."""
        if self.grid is None or self.view is None:
            return
        if self.cursor_price is None:
            start = self.view.best_ask if rows < 0 else self.view.best_bid
            start = start if start is not None else self.grid.price_at(self.grid.rows // 2)
            index = self.grid.index_of(start)
        else:
            index = self.grid.index_of(self.cursor_price) + rows
        if not self.grid.holds(index):
            edge = 0 if index < 0 else self.grid.rows - 1
            self.grid = self.grid.moved(index - edge)
            index = edge
        self.cursor_price = self.grid.price_at(index)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked price."""
        price = self.price_at(event.y)
        if price is not None:
            self.cursor_price = price
            self.redraw()

    def price_at(self, y: int) -> int | None:
        """Return the price drawn on a line of the widget."""
        if self.grid is None or self.view is None:
            return None
        line = y - 2
        split = self._split()
        index = line if line <= split else line - 1
        if line == split + 1 or not self.grid.holds(index):
            return None
        return self.grid.price_at(index)

    def _split(self) -> int:
        assert self.grid is not None
        assert self.view is not None
        return self.grid.spread_after(self.view.best_bid, self.view.best_ask)

    # -- the rows --------------------------------------------------------------------------

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw column names, the grid, and the spread line within it."""
        view, grid = self.view, self.grid
        if view is None or grid is None:
            text = "waiting for the book" if self.instrument else "no market"
            for number in range(height):
                empty = fit_center(text if number == height // 2 else "", width)
                yield number, ((empty, self.palette.style("muted")),)
            return
        columns = Columns.of(width, len(price_text(grid.top, view.price_decimals)))
        yield 0, column_titles(columns, self.palette)
        split = self._split()
        self._shown_rows.pop(split + 2, None)
        yield split + 2, self._spread(view, columns)
        for index, row in enumerate(self._grid(view, grid, columns)):
            line = index + 1 if index <= split else index + 2
            if self._shown_rows.get(line) != (row, columns):
                self._shown_rows[line] = (row, columns)
                yield line, ladder_row(row, columns, self.palette)

    def _grid(self, view: LadderView, grid: Grid, columns: Columns) -> Iterable[Row]:
        bids = {grid.index_of(level.price): level for level in view.bids}
        asks = {grid.index_of_ask(level.price): level for level in view.asks}
        own = {_index(grid, order.price, order.side): order for order in view.own_orders}
        last = None
        if view.last_price is not None and view.last_side is not None:
            last = _index(grid, view.last_price, view.last_side.opposite)
        best = set()
        if view.best_bid is not None:
            best.add(_index(grid, view.best_bid, Side.BUY))
        if view.best_ask is not None:
            best.add(_index(grid, view.best_ask, Side.SELL))
        is_stale = view.book_state in _STALE_STATES
        decimals = size_decimals(int(self._scales[0]), view.size_decimals)
        cursor = None if self.cursor_price is None else grid.index_of(self.cursor_price)
        for index in range(grid.rows):
            level, side = asks.get(index), Side.SELL
            if level is None:
                level, side = bids.get(index), Side.BUY
            order = own.get(index)
            row = Row(
                price=price_text(grid.price_at(index), view.price_decimals),
                side=self._side_of(view, grid, index) if level is None else side,
                is_best=index in best,
                own=fixed_size(order.leaves, view.size_decimals) if order else "",
                last=view.last_side if index == last else None,
                is_cursor=index == cursor,
                is_stale=is_stale,
            )
            yield row if level is None else self._measured(row, level, columns, decimals)

    def _side_of(self, view: LadderView, grid: Grid, index: int) -> Side | None:
        """Name the side of an empty row."""
        price = grid.price_at(index)
        if view.best_bid is not None and price <= view.best_bid:
            return Side.BUY
        if view.best_ask is not None and price >= view.best_ask:
            return Side.SELL
        return None

    def _measured(self, row: Row, level: LadderLevel, columns: Columns, decimals: int) -> Row:
        """Quantise a level to what its row can show."""
        scale, depth_scale = self._scales
        coarse = max(0, decimals - 1) if level.cumulative >= UNIT else decimals
        return msgspec.structs.replace(
            row,
            size=fixed_size(level.size, decimals),
            cumulative=fixed_size(level.cumulative, coarse),
            bar=min(columns.side, round(level.size / scale * columns.side)),
            depth=min(columns.side, round(level.cumulative / depth_scale * columns.side)),
        )

    def _chosen_scales(self, view: LadderView) -> tuple[float, float]:
        """Keep the scales of the bars until they are clearly wrong."""
        grid = self.grid
        levels = [
            level
            for side in (view.bids, view.asks)
            for level in side
            if grid is None or grid.holds(grid.index_of(level.price))
        ]
        sizes = [level.size for level in levels]
        depths = [level.cumulative for level in levels]
        return (
            _kept(self._scales[0], max(sizes, default=0)),
            _kept(self._scales[1], max(depths, default=0)),
        )

    def _spread(self, view: LadderView, columns: Columns) -> Runs:
        is_stale = view.book_state in _STALE_STATES
        if view.best_bid is None or view.best_ask is None:
            return spread_line("", "one side is empty", "", columns, self.palette, "warning")
        spread = price_text(view.best_ask - view.best_bid, view.price_decimals)
        middle = f"{spread} · {view.spread_bps or 0:.1f} bps"
        balance = f" {_balance(view.imbalance)}"
        last = price_text(view.last_price, view.price_decimals)
        arrow = {Side.BUY: "▲", Side.SELL: "▼", None: " "}[view.last_side]
        role = "stale" if is_stale else "spread"
        return spread_line(balance, middle, f"{arrow} {last}", columns, self.palette, role)


def _index(grid: Grid, price: int, side: Side) -> int:
    """Return the row of a price resting on a side of the book."""
    return grid.index_of(price) if side is Side.BUY else grid.index_of_ask(price)


def _balance(imbalance: float | None) -> str:
    """Name the heavier side, coarsely: a digit that changes at every frame tells nothing."""
    if imbalance is None:
        return ""
    percent = round(imbalance * 10) * 10
    return f"bids +{percent}%" if percent > 0 else f"asks +{-percent}%" if percent else "even"


def _kept(scale: float, largest: int) -> float:
    return scale if scale * 0.5 <= largest <= scale else nice_ceiling(largest * 1.05)
