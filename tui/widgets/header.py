"""The one line that is always there."""

from collections.abc import Iterable

from core.domain.views import HeaderView
from tui.render.header import header_row
from tui.render.palette import Palette, Runs
from tui.widgets.surface import Surface


class Header(Surface):
    """Mode, data age, worth, trading state, alerts, clock."""

    def __init__(self, palette: Palette, *, id: str, mode_text: str = "") -> None:  # noqa: A002
        super().__init__(palette, id=id)
        self.mode_text = mode_text
        self.view: HeaderView | None = None
        self.note = ""

    def show(self, view: HeaderView) -> None:
        """Draw what the engine says of itself."""
        self.view = view
        self.redraw()

    def show_note(self, note: str) -> None:
        """Say something urgent about the engine; empty takes it away."""
        if note != self.note:
            self.note = note
            self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the line."""
        del height
        yield (
            0,
            header_row(self.view, width, self.palette, mode_text=self.mode_text, note=self.note),
        )
