"""What the account, its markets and strategies may do, and what holds them back."""

from core.domain.risk_views import CapitalView, HoldRow
from tui.render.holds import hold_detail, hold_row, state_line
from tui.render.palette import Palette, Runs
from tui.render.study import heading
from tui.widgets.listing import ListPane
from tui.widgets.pane import Titles

_DETAIL_LINES = 4


class Holds(ListPane):
    """One row a hold; below, who may lift the one under the cursor and how."""

    empty = "nothing holds trading back"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view: CapitalView | None = None

    def show(self, view: CapitalView) -> None:
        """Draw states and holds."""
        self.view = view
        self.put(view.holds)

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("States and holds", "text")]

    def status(self) -> Titles:
        """Return how many holds there are."""
        count = len(self.items)
        return [(f"{count} hold{'' if count == 1 else 's'}", "warning")] if count else []

    def head(self, width: int) -> list[Runs]:
        """Draw the state of the account."""
        return [state_line(self.view, width, self.palette)] if self.view else []

    def more(self, width: int, room: int) -> list[Runs]:
        """Say who may lift the hold under the cursor."""
        if self.item is None or room < 2:  # noqa: PLR2004 - a heading and a line
            return []
        lines = min(_DETAIL_LINES, room - 1)
        detail = hold_detail(self.item, width, lines, self.palette)
        return [heading("How it ends", width, self.palette), *detail]

    def item_row(self, item: HoldRow, width: int, *, ground: str, pointer: str) -> Runs:
        """Draw one hold."""
        return hold_row(item, width, self.palette, ground=ground, pointer=pointer)
