"""How equity is divided, and what was lost."""

from collections.abc import Iterable

from core.domain.risk_views import CapitalView
from tui.render.capital import capital_block
from tui.render.palette import Palette, Runs
from tui.render.study import message
from tui.widgets.pane import Pane, Titles


class Capital(Pane):
    """Equity, reserve, unit value, losses against their limits, and every allocation."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view: CapitalView | None = None

    def show(self, view: CapitalView) -> None:
        """Draw the capital."""
        self.view = view
        self.redraw()

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("Capital", "text")]

    def status(self) -> Titles:
        """Return the day the losses are counted in."""
        return [(f"{self.view.day} UTC", "muted")] if self.view else [("◌ waiting", "info")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the view, or what it waits for."""
        if self.view is None:
            yield from enumerate(message("waiting for the books", width, height, self.palette))
            return
        yield from enumerate(capital_block(self.view, width, height, self.palette))
