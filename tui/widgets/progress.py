"""Start-up work, step by step, until it is done."""

from collections.abc import Iterable

from core.domain.views import ProgressView
from tui.render.gauge import gauge_text
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, fit_right
from tui.widgets.pane import Pane, Titles


class Progress(Pane, can_focus=False):
    """One gauge a step; it steps aside when no step is left."""

    DEFAULT_CSS = """
    Progress { layer: sheet; }
    """

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = ProgressView(steps=())

    def show(self, view: ProgressView) -> None:
        """Draw the steps."""
        self.view = view
        self.redraw()

    def title(self) -> Titles:
        """Return what is going on."""
        return [("Starting", "text")]

    def status(self) -> Titles:
        """Return how many steps are done."""
        done = sum(step.fraction >= 1 for step in self.view.steps)
        return [(f"{done} of {len(self.view.steps)}", "muted")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw a label, a gauge and a percentage a step."""
        steps = self.view.steps
        label_cells = width // 2
        for row in range(height):
            if row >= len(steps):
                yield row, ((" " * width, self.palette.style("text")),)
                continue
            step = steps[row]
            role = "danger" if step.is_failed else "ok" if step.fraction >= 1 else "accent"
            glyph = "✕" if step.is_failed else "✓" if step.fraction >= 1 else "◌"
            filled, empty = gauge_text(step.fraction, max(0, width - label_cells - 9))
            tail = "failed" if step.is_failed else f"{step.fraction * 100:.0f}%"
            yield (
                row,
                (
                    (f" {glyph} ", self.palette.style(role)),
                    (fit(clean(step.label), label_cells - 2), self.palette.style("text")),
                    (filled, self.palette.style(role, "gauge")),
                    (empty, self.palette.style(role, "gauge")),
                    (fit_right(tail, 7) + " ", self.palette.style(role)),
                ),
            )
