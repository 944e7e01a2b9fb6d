"""Small terminals: the names of the pages."""

from collections.abc import Iterable

from tui.render.palette import Palette, Runs
from tui.render.text import fit
from tui.widgets.surface import Surface


class PageTabs(Surface):
    """Which group of panes is shown."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.names: tuple[str, ...] = ()
        self.index = 0

    def show(self, names: tuple[str, ...], index: int) -> None:
        """Draw the names, one of them chosen."""
        self.names, self.index = names, index
        self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the tabs."""
        del height
        runs = []
        used = 0
        for index, name in enumerate(self.names):
            is_chosen = index == self.index
            text = f" [{name}] " if is_chosen else f"  {name}  "
            style = self.palette.style(
                "accent" if is_chosen else "muted", "background", bold=is_chosen
            )
            runs.append((text, style))
            used += len(text)
        tail = fit("  v next page", max(0, width - used))
        runs.append((tail, self.palette.style("faint", "background")))
        yield 0, tuple(runs)
