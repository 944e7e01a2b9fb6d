"""An order-book ladder on a fixed price grid, with the columns a person chose."""

import time
from collections.abc import Callable, Iterable
from typing import ClassVar, Final

import msgspec
from textual import events
from textual.binding import BindingType

from core.domain.ids import InstrumentId
from core.domain.views import BookState, LadderView, ladder_topic
from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.grid import Grid
from tui.render.ladder import Row, ladder_row
from tui.render.ladder_choice import AUTO, ColumnChoice
from tui.render.ladder_columns import Column, Columns
from tui.render.ladder_explain import explained_ladder
from tui.render.ladder_lines import (
    STALE_STATES,
    column_titles,
    empty_runs,
    fitting,
    split_runs,
    spread_of,
    spread_runs,
)
from tui.render.ladder_rows import (
    Drawing,
    Facts,
    Scales,
    drawing_of,
    facts_of,
    row_of,
    widest_price,
)
from tui.render.numbers import age_text, market_name, price_text
from tui.render.palette import Palette, Runs
from tui.render.text import clean
from tui.widgets.ladder_group import GROUPS, first_group
from tui.widgets.ladder_keys import ArmedPane
from tui.widgets.ladder_stand import Stand
from tui.widgets.pane import Titles

_STATE_ROLE: Final = {
    BookState.EMPTY: ("○", "muted"),
    BookState.SYNCING: ("◌", "info"),
    BookState.VALID: ("●", "ok"),
    BookState.STALE: ("◍", "warning"),
    BookState.INVALID: ("✕", "danger"),
}
_NS_PER_MS: Final = 1_000_000
_STALE_MS: Final = 5_000
"""As the engine judges books."""
_SPLIT_FROM: Final = 14
"""Rows inside the frame from which one of them is the split of the book."""


class Ladder(ArmedPane):
    """Both sides of a book around a line with the spread.

    What may move, and when, is the `Stand`'s; what a row says, `tui.render.ladder_rows`'.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.LADDER)]
    places: ClassVar = (Place.LADDER, Place.PANE)

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(palette, id=id, clock=clock)
        self.instrument: InstrumentId | None = None
        self.group = GROUPS[0]
        self.view: LadderView | None = None
        self.stand = Stand()
        self.choice = ColumnChoice()
        self._is_group_chosen = False
        self._shown_at = 0
        self._engine_at = 0
        self._scales = Scales()
        self._drawing: Drawing | None = None
        self._known_facts: dict[int, tuple[int, Facts]] = {}
        self._shown_rows: dict[int, Row] = {}

    def on_forget(self) -> None:
        """Drop the rows that need not be drawn again."""
        self._drawing = None
        self._known_facts.clear()
        self._shown_rows.clear()

    # -- what is drawn ---------------------------------------------------------------------

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        rows = self._grid_rows()
        return ladder_topic(self.instrument, rows, self.group) if self.instrument else None

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market, at its finest grouping first."""
        if instrument != self.instrument:
            self.instrument, self.view = instrument, None
            self.group, self._is_group_chosen = GROUPS[0], False
            self.stand.clear()
            self.arming.disarm()
            self._scales = Scales()
            self.forget()
            self.redraw()

    def show(self, view: LadderView, engine_at: int) -> None:
        """Draw the book."""
        if view.instrument != self.instrument:
            return
        self.view, self._shown_at, self._engine_at = view, engine_at, engine_at
        self._choose_group(view)
        self.stand.place(view, self._grid_rows())
        self.redraw()

    def tick(self, engine_at: int) -> None:
        """Let the age grow where no new view came."""
        before = age_text(self.age_ms)
        self._engine_at = engine_at
        if age_text(self.age_ms) != before:
            self.redraw()

    def grow_old(self, engine_at: int) -> None:
        """Let the age grow while the engine is silent: nobody else will call the book stale."""
        self.tick(engine_at)
        view = self.view
        if view is None or view.book_state is not BookState.VALID:
            return
        if (self.age_ms or 0) >= _STALE_MS:
            self.view = msgspec.structs.replace(view, book_state=BookState.STALE)
            self.redraw()

    @property
    def age_ms(self) -> int | None:
        """Age of the book now: as told, and the time since."""
        if self.view is None or self.view.age_ms is None:
            return None
        return self.view.age_ms + max(0, self._engine_at - self._shown_at) // _NS_PER_MS

    def explain(self) -> tuple[Explained, ...]:
        """Say what the touch and the row under the cursor are made of."""
        if self.view is None:
            return ()
        return explained_ladder(self.view, self.grid, self.cursor_price, self.age_ms)

    # -- the frame -------------------------------------------------------------------------

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
        """Return where the market went, the mode, the columns and the grouping, as far as fits."""
        view = self.view
        if view is None:
            return []
        texts: Titles = self.armed_hint()
        if (away := self.stand.away(view)) is not None:
            texts.append((f"{away} · c centres", "warning"))
        if self.stand.is_static:
            texts.append(("static", "accent"))
        if self.choice.name != AUTO:
            texts.append((self.choice.name, "text_soft"))
        step = price_text(view.row_step, view.price_decimals)
        texts.append((f"{self.group}x = {step}", "muted"))
        return fitting(texts, self.size.width - 6)

    # -- the grid --------------------------------------------------------------------------

    @property
    def grid(self) -> Grid | None:
        """The grid of prices, None before the first book."""
        return self.stand.grid

    @property
    def cursor_price(self) -> int | None:
        """The price a person aims at."""
        return self.stand.cursor_price

    @property
    def _has_split(self) -> bool:
        return self.inner_height >= _SPLIT_FROM

    def _grid_rows(self) -> int:
        """Rows of prices: all but column names, spread line and split."""
        return max(1, self.inner_height - 2 - self._has_split)

    def _choose_group(self, view: LadderView) -> None:
        """Once a market, take a grouping at which most rows hold size."""
        if self._is_group_chosen or not view.bids or not view.asks or view.row_step <= 0:
            return
        self._is_group_chosen = True
        self.group = first_group(view, self.group)

    def change_group(self, direction: int) -> None:
        """Take a coarser (1) or finer (-1) grouping and centre."""
        index = GROUPS.index(self.group) + direction
        self.group = GROUPS[max(0, min(index, len(GROUPS) - 1))]
        self._is_group_chosen = True
        self.stand.cursor_price = None
        self.redraw()

    def center(self) -> None:
        """Bring the touch to the middle and drop the cursor."""
        self.stand.center(self.view, self._grid_rows())
        self.redraw()

    def on_resize(self) -> None:
        """Lay the grid anew for another height."""
        if self.view is not None:
            self.stand.place(self.view, self._grid_rows())
        super().on_resize()

    def action_switch_static(self) -> None:
        """Let the grid follow the market, or hold it until a person centres it."""
        self.stand.is_static = not self.stand.is_static
        if self.view is not None:
            self.stand.place(self.view, self._grid_rows())
        self.redraw()

    # -- the columns -----------------------------------------------------------------------

    def action_next_columns(self) -> None:
        """Show the next set of columns; a person's own choice is one of them."""
        self.choice = self.choice.next()
        self.redraw()

    def choose_columns(self, columns: frozenset[Column] | None) -> None:
        """Show the columns a person picked; None leaves them as they are."""
        if columns is not None:
            self.choice = self.choice.with_picked(columns)
            self.redraw()

    def action_choose_columns(self) -> None:
        """Ask which columns to show."""
        from tui.dialogs.columns import ChooseColumns  # noqa: PLC0415 - not for the first paint

        columns = self._columns(self.size.width - 2)
        dialog = ChooseColumns(self.choice.wanted, columns.width, columns.price_cells)
        self.app.push_screen(dialog, self.choose_columns)

    def _columns(self, width: int) -> Columns:
        decimals = self.view.price_decimals if self.view is not None else 0
        cells = widest_price(self.grid, decimals) if self.grid is not None else 0
        return Columns.of(width, cells, self.choice.wanted)

    # -- the cursor ------------------------------------------------------------------------

    def action_move_cursor(self, rows: int) -> None:
        """Move the cursor by rows; at an edge the grid scrolls under it."""
        if self.view is not None:
            self.stand.move_cursor(rows, self.view)
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked price."""
        price = self.price_at(event.y)
        if price is not None:
            self.stand.cursor_price = price
            self.redraw()

    def price_at(self, y: int) -> int | None:
        """Return the price drawn on a line of the widget."""
        return self.stand.price_on(y - 1) if self.view is not None else None

    # -- the rows --------------------------------------------------------------------------

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw column names, the grid, the spread line within it, and the split below."""
        view, grid = self.view, self.grid
        if view is None or grid is None:
            text = "waiting for the book" if self.instrument else "no market"
            text = "the book is empty" if view is not None else text
            yield from empty_runs(text, width, height, self.palette)
            return
        self.arming.drawn = (grid, self.cursor_price)
        columns = self._columns(width)
        self._scales = self._scales.fitted(view, grid)
        yield 0, column_titles(columns, self.palette)
        spread_line = self.stand.spread_line
        self._known_facts.pop(spread_line, None)
        self._shown_rows.pop(spread_line, None)
        line = spread_of(view, has_split=self._has_split)
        yield spread_line, spread_runs(line, columns, self.palette)
        yield from self._changed_rows(view, grid, drawing_of(view, grid, columns, self._scales))
        if self._has_split:
            is_stale = view.book_state in STALE_STATES
            yield height - 1, split_runs(view.imbalance, width, self.palette, is_stale=is_stale)

    def _changed_rows(
        self, view: LadderView, grid: Grid, drawing: Drawing
    ) -> Iterable[tuple[int, Runs]]:
        """Write out only rows of which the view says something new, and draw those that differ."""
        if drawing != self._drawing:
            self._drawing = drawing
            self._known_facts.clear()
        known, shown, line_of = self._known_facts, self._shown_rows, self.stand.line_of
        for index, facts in enumerate(facts_of(view, grid, self.cursor_price)):
            line = line_of(index)
            if known.get(line) == (index, facts):
                continue
            known[line] = (index, facts)
            row = row_of(facts, index, drawing)
            if shown.get(line) != row:
                shown[line] = row
                yield line, ladder_row(row, drawing.columns, self.palette)
