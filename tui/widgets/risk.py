"""Limits and what they allow now."""

from collections.abc import Iterable

from core.domain.facts import TradingState
from core.domain.views import RiskView
from tui.render.palette import Palette, Runs
from tui.render.risk import denial_rows, gauge_row, state_row
from tui.widgets.pane import Pane, Titles

_STARTING = RiskView(
    trading_state=TradingState.STARTING, reason="", gauges=(), denied=0, last_denial=""
)


class Risk(Pane):
    """Trading state, one gauge a limit, the last denial."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = _STARTING

    def show(self, view: RiskView) -> None:
        """Draw the limits."""
        self.view = view
        self.redraw()

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("Risk", "text")]

    def status(self) -> Titles:
        """Return how many limits are near."""
        near = sum(gauge.fraction >= 0.8 for gauge in self.view.gauges)  # noqa: PLR2004
        return [(f"! {near} near", "warning")] if near else []

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw state, gauges, then the newest denial in what room is left."""
        drawn = [state_row(self.view, width, self.palette)]
        drawn += [gauge_row(gauge, width, self.palette) for gauge in self.view.gauges]
        drawn = drawn[: max(1, height - 1)]
        drawn += denial_rows(self.view, width, max(1, height - len(drawn)), self.palette)
        blank: Runs = ((" " * width, self.palette.style("muted")),)
        yield from enumerate((drawn + [blank] * height)[:height])
