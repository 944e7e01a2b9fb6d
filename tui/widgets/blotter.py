"""The base of the tables of the orders room: live rows, a line of totals, honest about its age."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from core.domain.ids import InstrumentId
from tui.render.numbers import age_text
from tui.render.palette import Runs
from tui.render.study import Block, message, row_of, tall
from tui.widgets.pane import Titles
from tui.widgets.table import TablePane

_View = TypeVar("_View")
_Row = TypeVar("_Row")


class BlotterPane(TablePane[_View, _Row]):
    """A table of orders, positions or fills."""

    stale_ms: ClassVar = 6_000
    nothing: ClassVar[str] = ""
    """What an empty table says."""

    @abstractmethod
    def totals(self, view: _View) -> str:
        """Return what all rows add up to."""

    @abstractmethod
    def identity(self, row: _Row) -> object:
        """Return what makes a row itself while others come and go."""

    def made_at(self, view: Any) -> int | None:
        """Return the instant the view was made."""
        made: int = view.made_at
        return made

    def clock_face(self) -> object:
        """Draw again each second: ages and countdowns move."""
        return self.engine_at // 1_000_000_000

    def follow(self, instrument: InstrumentId | None) -> None:
        """Show every market, whichever is followed."""

    def status(self) -> Titles:
        """Return the age once it matters, else the order of the rows."""
        if self.view is not None and self.is_stale:
            return [(f"◍ STALE {age_text(self.age_ms)}", "warning")]
        return super().status()

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the table, or what it waits for."""
        if self.view is None:
            text = "waiting for the engine"
            yield from enumerate(message(text, width, height, self.palette))
            return
        yield from enumerate(self.pictured(self.view, width, height))

    def pictured(self, view: _View, width: int, height: int) -> Block:
        """Draw the rows, and the totals at the foot."""
        if not self.listed(view):
            body = message(self.nothing, width, max(0, height - 1), self.palette)
        else:
            body = super().pictured(view, width, max(0, height - 1))
        foot = row_of([(f" {self.totals(view)}", "text_soft")], width, self.palette)
        return [*tall(body, width, max(0, height - 1), self.palette), foot][:height]

    def _hold(self, held: _Row | None) -> None:
        rows = self.ordered()
        if held is not None:
            wanted = self.identity(held)
            places = [i for i, row in enumerate(rows) if self.identity(row) == wanted]
            self.cursor = places[0] if places else self.cursor
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
