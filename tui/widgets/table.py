"""Tables between markets: sorted by any column, the cursor stays on its row."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from textual import events
from textual.binding import BindingType

from core.domain.ids import InstrumentId
from tui.actions import Place, bindings_at
from tui.render.palette import Palette
from tui.render.study import Block, Cell, Column, message, table_row, that_fit, title_row
from tui.render.text import fit
from tui.widgets.messages import MarketChosen
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane

_View = TypeVar("_View")
_Row = TypeVar("_Row")


class Field(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One column of a table: what stands in it and what it is sorted by."""

    name: str
    cells: int
    sort_key: Callable[[Any], float | str | None] | None = None
    """None for a column that has no order of its own."""
    is_left: bool = False
    is_text: bool = False
    """Text is sorted rising at first, numbers falling."""


class TablePane(StudyPane[_View], Generic[_View, _Row]):
    """A table that drops columns when narrow; `s` sorts by the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.TABLE)]
    places: ClassVar[tuple[Place, ...]] = (Place.TABLE, Place.PANE)
    fields: ClassVar[tuple[Field, ...]] = ()
    nothing: ClassVar[str] = "no markets to compare"
    """What a table without rows says."""
    dropped: ClassVar[tuple[int, ...]] = ()
    """Columns that make room, in this order."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.sorted_by = 0
        self.is_rising = True
        self._first = 0

    def is_ours(self, view: Any) -> bool:
        """Take every view: the table is of all markets."""
        del view
        return True

    def follow(self, instrument: InstrumentId | None) -> None:
        """Mark the market's rows."""
        if instrument != self.instrument:
            self.instrument = instrument
            self.redraw()

    @abstractmethod
    def listed(self, view: _View) -> Sequence[_Row]:
        """Return the rows of a view."""

    @abstractmethod
    def markets_of(self, row: _Row) -> tuple[InstrumentId, ...]:
        """Return what the row is about; its first market is shown on enter."""

    @abstractmethod
    def texts(self, row: _Row) -> list[Cell]:
        """Return a text and a role for every column."""

    # -- order -----------------------------------------------------------------------------

    def ordered(self) -> list[_Row]:
        """Return the rows in their order; what is not known stands last either way."""
        if self.view is None:
            return []
        rows = list(self.listed(self.view))
        key = self.fields[self.sorted_by].sort_key
        if key is None:
            return rows
        known = [row for row in rows if _is_known(key(row))]
        unknown = [row for row in rows if not _is_known(key(row))]
        known.sort(key=key, reverse=not self.is_rising)  # type: ignore[arg-type]
        return known + unknown

    def action_sort_by(self, step: int) -> None:
        """Sort by the next column that has an order."""
        held = self.row_at_cursor()
        index = self.sorted_by
        for _ in self.fields:
            index = (index + step) % len(self.fields)
            if self.fields[index].sort_key is not None:
                break
        self.sorted_by, self.is_rising = index, self.fields[index].is_text
        self._hold(held)
        self.redraw()

    def action_sort_turn(self) -> None:
        """Turn the order around."""
        held = self.row_at_cursor()
        self.is_rising = not self.is_rising
        self._hold(held)
        self.redraw()

    def show(self, view: _View) -> None:
        """Draw other rows; the cursor stays on its row."""
        held = self.row_at_cursor()
        self.view = view
        self._hold(held)
        self.redraw()

    def _hold(self, held: _Row | None) -> None:
        rows = self.ordered()
        if held is not None:
            wanted = self.markets_of(held)
            places = [i for i, row in enumerate(rows) if self.markets_of(row) == wanted]
            self.cursor = places[0] if places else self.cursor
        self.cursor = max(0, min(self.cursor, len(rows) - 1))

    # -- the cursor ------------------------------------------------------------------------

    def row_count(self) -> int:
        """Return how many rows there are."""
        return len(self.listed(self.view)) if self.view is not None else 0

    def row_at_cursor(self) -> _Row | None:
        """Return the row under the cursor."""
        rows = self.ordered()
        return rows[self.cursor] if self.cursor < len(rows) else None

    def action_show_row(self) -> None:
        """Ask for the row's first market to be shown."""
        if (row := self.row_at_cursor()) is not None:
            self.post_message(MarketChosen(self.markets_of(row)[0], is_right=False))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row clicked."""
        index = self._first + event.y - 2
        if event.y >= 2 and index < self.row_count():  # noqa: PLR2004 - frame and titles
            self.cursor = index
            self.redraw()

    # -- what is drawn ---------------------------------------------------------------------

    def title(self) -> Titles:
        """Return the table's name."""
        return [(self.study, "text")]

    def status(self) -> Titles:
        """Return how many rows there are, and by what they are sorted."""
        if self.view is None:
            return [("◌ waiting", "info")]
        return [(f"by {self.fields[self.sorted_by].name or 'market'}", "muted")]

    def hint(self) -> Titles:
        """Return the place in a list longer than the pane."""
        hidden = self.row_count() - (self.inner_height - 1)
        return [(f"{self.cursor + 1} of {self.row_count()}", "muted")] if hidden > 0 else []

    def pictured(self, view: _View, width: int, height: int) -> Block:
        """Draw the names of the columns and the rows that fit."""
        if not self.listed(view):
            return message(self.nothing, width, height, self.palette)
        columns = [Column(f.name, f.cells, is_left=f.is_left) for f in self.fields]
        kept = that_fit(columns, self.dropped, width - 1)
        shown = [columns[index] for index in kept]
        mark = kept.index(self.sorted_by) if self.sorted_by in kept else None
        lead = Column("", 1)
        rows = [
            title_row(
                [lead, *shown],
                width,
                self.palette,
                sorted_by=None if mark is None else mark + 1,
                is_rising=self.is_rising,
            )
        ]
        room = max(0, height - 1)
        ordered = self.ordered()
        self._first = max(0, min(self._first, self.cursor, len(ordered) - room))
        self._first = max(self._first, self.cursor - room + 1)
        for index in range(self._first, min(len(ordered), self._first + room)):
            row = ordered[index]
            ground = "cursor" if index == self.cursor and self.has_focus else "panel"
            cells = self.texts(row)
            pointer = "▸" if index == self.cursor else " "
            pointed = [(pointer, "accent"), *(cells[i] for i in kept)]
            rows.append(table_row([lead, *shown], pointed, width, self.palette, ground=ground))
        empty = ((fit("", width), self.palette.style("text")),) if width > 0 else ()
        return [*rows[:height], *[empty] * (height - len(rows))]


def _is_known(value: float | str | None) -> bool:
    """Whether a value can be put in order."""
    if isinstance(value, str) or value is None:
        return value is not None
    return not math.isnan(value)
