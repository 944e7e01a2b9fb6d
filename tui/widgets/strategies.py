"""The strategies of this run."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from core.domain.views import StrategiesView, StrategyRow
from tui.actions import Place, bindings_at
from tui.render.palette import Palette, Runs
from tui.render.strategies import strategy_lines
from tui.render.text import fit
from tui.widgets.messages import StrategyChosen
from tui.widgets.pane import Pane, Titles

_MOST_LINES = 5


class Strategies(Pane):
    """State word, result, counters and last decision of each strategy; keys 1 to 9 switch."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.STRATEGIES)]
    places: ClassVar = (Place.STRATEGIES, Place.PANE)

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = StrategiesView(rows=())

    def show(self, view: StrategiesView) -> None:
        """Draw the strategies."""
        self.view = view
        self.cursor = max(0, min(self.cursor, len(view.rows) - 1))
        self.redraw()

    def in_slot(self, slot: int) -> StrategyRow | None:
        """Return the strategy whose key is this digit."""
        return next((row for row in self.view.rows if row.slot == slot), None)

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("Strategies", "text")]

    def status(self) -> Titles:
        """Return how many are on."""
        rows = self.view.rows
        count = sum(row.state == "on" for row in rows)
        return [(f"{count} of {len(rows)} on", "muted")] if rows else []

    def row_count(self) -> int:
        """Return how many strategies there are."""
        return len(self.view.rows)

    def lines_each(self, height: int) -> int:
        """Return the rows of one strategy, so that as many as possible are shown in full."""
        return max(1, min(_MOST_LINES, height // max(1, self.row_count())))

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the strategies one below the other."""
        lines = self.lines_each(height)
        drawn = [
            line
            for index, row in enumerate(self.view.rows)
            for line in strategy_lines(
                row,
                width,
                lines,
                self.palette,
                is_cursor=index == self.cursor,
                is_focused=self.has_focus,
            )
        ]
        blank: Runs = ((" " * width, self.palette.style("muted")),)
        if not drawn:
            drawn = [((fit("no strategy in this run", width), self.palette.style("muted")),)]
        yield from enumerate((drawn + [blank] * height)[:height])

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the strategy."""
        index = (event.y - 1) // self.lines_each(self.inner_height)
        if 0 <= index < self.row_count():
            self.cursor = index
            self.redraw()

    def action_switch_strategy(self) -> None:
        """Ask for the strategy under the cursor to be switched."""
        if self.view.rows:
            row = self.view.rows[self.cursor]
            self.post_message(StrategyChosen(row.strategy, is_on=row.state != "on"))
