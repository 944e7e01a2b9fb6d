"""A framed surface with a title that can have the focus."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType

from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.palette import Palette, Runs
from tui.render.text import fit, width_of
from tui.widgets.messages import FocusAside
from tui.widgets.surface import Surface

_LIGHT = "╭─╮│╰╯"
_HEAVY = "┏━┓┃┗┛"
"""The focused pane has heavy lines, so that focus shows without colour."""
Titles = list[tuple[str, str]]
"""Texts with their colour roles."""


class Pane(Surface, can_focus=True):
    """A pane of the cockpit: frame, title at the left, state at the right, rows inside."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.PANE)]
    places: ClassVar[tuple[Place, ...]] = (Place.PANE,)
    """Where the keys of the focused pane are listed."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.cursor = 0

    @abstractmethod
    def title(self) -> Titles:
        """Return the texts at the left of the upper line."""

    def status(self) -> Titles:
        """Return the texts at the right of the upper line."""
        return []

    def hint(self) -> Titles:
        """Return the texts at the right of the lower line."""
        return []

    @abstractmethod
    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Yield the rows inside the frame."""

    def explain(self) -> tuple[Explained, ...]:
        """Return what can be said of the numbers shown, most important first."""
        return ()

    @property
    def inner_height(self) -> int:
        """Rows inside the frame."""
        return max(0, self.size.height - 2)

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the frame around the rows."""
        if width < 4 or height < 3:  # noqa: PLR2004 - no room for a frame
            return
        line = _HEAVY if self.has_focus else _LIGHT
        style = self.palette.style("border_focus" if self.has_focus else "border")
        yield 0, self._edge(line[0], line[1], line[2], width, self.title(), self.status())
        side = (line[3], style)
        for row, runs in self.rows(width - 2, height - 2):
            if row < height - 2:
                yield row + 1, (side, *runs, side)
        yield height - 1, self._edge(line[4], line[1], line[5], width, [], self.hint())

    def _edge(
        self, left: str, line: str, right: str, width: int, title: Titles, status: Titles
    ) -> Runs:
        style = self.palette.style("border_focus" if self.has_focus else "border")
        lead, lead_cells = self._label(title, style)
        trail, trail_cells = self._label(status, style)
        if lead_cells + trail_cells > width - 4:
            trail, trail_cells = (), 0
        if lead_cells > width - 4:
            text = "".join(text for text, _ in lead)
            lead = ((fit(text, width - 4), self.palette.style("text", bold=True)),)
            lead_cells = width - 4
        fill = width - 4 - lead_cells - trail_cells
        return ((left + line, style), *lead, (line * fill, style), *trail, (line + right, style))

    def _label(self, texts: Titles, border: Style) -> tuple[Runs, int]:
        if not texts:
            return (), 0
        runs = [(" ", border)]
        for text, role in texts:
            is_bold = role in {"text", "title"}
            runs.append((text, self.palette.style(role, bold=is_bold)))
        runs.append((" ", border))
        return tuple(runs), sum(width_of(text) for text, _ in runs)

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - Textual passes it by place
        """Show whether the keys go here."""
        super().watch_has_focus(has_focus)
        self.on_forget()
        self.redraw()

    def row_count(self) -> int:
        """Return how many rows the cursor can be on; 0 for panes without one."""
        return 0

    def action_move_cursor(self, rows: int) -> None:
        """Move the cursor, staying on the list."""
        count = self.row_count()
        if count:
            self.cursor = max(0, min(self.cursor + rows, count - 1))
            self.redraw()

    def action_move_aside(self, direction: int) -> None:
        """Ask for the focus to go to the neighbour."""
        self.post_message(FocusAside(direction))
