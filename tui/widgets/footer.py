"""The keys that work here."""

from collections.abc import Iterable

from textual import events

from tui.actions import Action
from tui.render.palette import Palette, Runs
from tui.render.text import width_of
from tui.widgets.messages import ActionChosen
from tui.widgets.surface import Surface


class Footer(Surface):
    """Keys of the focused pane first, then those of the cockpit, as many as fit."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.actions: tuple[Action, ...] = ()
        self._spans: list[tuple[int, int, str]] = []

    def show(self, actions: tuple[Action, ...]) -> None:
        """Draw these keys."""
        if actions != self.actions:
            self.actions = actions
            self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw key and title of each action."""
        del height
        runs = []
        used = 0
        self._spans = []
        for action in self.actions:
            key, title = f" {action.shown}", f" {action.title} "
            cells = width_of(key) + width_of(title)
            if used + cells > width:
                continue
            role = "danger" if action.is_dangerous else "key"
            runs.append((key, self.palette.style(role, "header", bold=True)))
            runs.append((title, self.palette.style("text_soft", "header")))
            self._spans.append((used, used + cells, action.id))
            used += cells
        runs.append((" " * (width - used), self.palette.style("muted", "header")))
        yield 0, tuple(runs)

    def action_at(self, x: int) -> str | None:
        """Return the id of the action drawn at a column."""
        return next((name for start, end, name in self._spans if start <= x < end), None)

    def on_click(self, event: events.Click) -> None:
        """Ask for the clicked action."""
        if (name := self.action_at(event.x)) is not None:
            self.post_message(ActionChosen(name))
