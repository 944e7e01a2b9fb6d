"""One clear sentence over everything: the engine is gone, or the terminal is too small."""

from collections.abc import Iterable

from tui.render.palette import Palette, Runs
from tui.render.text import fit_center, wrapped
from tui.widgets.surface import Surface


class Notice(Surface):
    """Lines of text in the middle of its region; the first one is the headline."""

    DEFAULT_CSS = """
    Notice { layer: sheet; }
    """

    def __init__(self, palette: Palette, *, id: str, role: str = "text") -> None:  # noqa: A002
        super().__init__(palette, id=id)
        self.role = role
        self.lines: tuple[str, ...] = ()

    def show(self, *lines: str) -> None:
        """Draw these lines."""
        self.lines = lines
        self.forget()
        self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the lines centred, broken where they are too long."""
        drawn = [
            (text, number == 0)
            for number, line in enumerate(self.lines)
            for text in wrapped(line, max(1, width - 2), height)
        ][:height]
        above = (height - len(drawn)) // 2
        ground = "panel" if self.role == "text" else "sheet"
        for row in range(height):
            index = row - above
            text, is_head = drawn[index] if 0 <= index < len(drawn) else ("", False)
            role = self.role if is_head else "text_soft"
            style = self.palette.style(role, ground, bold=is_head)
            yield row, ((fit_center(text, width), style),)
