"""The base of everything that ticks: rows of runs, diffed against the screen, cached as strips."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.render.diff import changed_spans
from tui.render.palette import Palette, Runs


class _Paper(NamedTuple):
    """Cells of a row, and what the terminal asks of its colours."""

    width: int
    filters: list[LineFilter]


def _cells(runs: Runs) -> int:
    return sum([len(text) if text.isascii() else cell_len(text) for text, _ in runs])


class Surface(Widget):
    """A widget that draws whole rows itself and marks only the cells that changed.

    Subclasses answer `content(width, height)` with rows; `redraw()` compares them with what was
    drawn and marks the difference. Rendering never computes: it hands out cached strips.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Surface { background: $surface; }
    """

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.palette = palette
        self.marked_cells = 0
        """Cells marked as changed since start; for tests and measuring."""
        self._drawn_rows: dict[int, Runs] = {}
        self._drawn_strips: dict[int, Strip] = {}
        self._drawn_width = 0
        self._changed_regions: list[Region] = []

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Yield rows with their line numbers; lines left out keep what they show."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Bring the rows up to date and mark what changed. Costs nothing while hidden."""
        width, height = self.size
        if not width or not height or not self.display:
            return
        if width != self._drawn_width:
            self.forget()
            self._drawn_width = width
        for row, runs in self.content(width, height):
            if row < height:
                self._put(row, runs)
        if self._changed_regions:
            regions, self._changed_regions = self._changed_regions, []
            self.refresh(*regions)

    def _put(self, row: int, runs: Runs) -> None:
        old = self._drawn_rows.get(row)
        if old == runs:
            return
        self._drawn_rows[row] = runs
        self._drawn_strips.pop(row, None)
        if old is None:
            self._mark_whole(row, runs)
            return
        for start, end in changed_spans(old, runs):
            self.marked_cells += end - start
            self._changed_regions.append(Region(start, row, end - start, 1))

    def _mark_whole(self, row: int, runs: Runs) -> None:
        """Mark a row that was not drawn before."""
        cells = _cells(runs)
        if cells:
            self.marked_cells += cells
            self._changed_regions.append(Region(0, row, cells, 1))

    def forget(self) -> None:
        """Drop everything drawn: the next redraw is complete."""
        self._drawn_rows.clear()
        self._drawn_strips.clear()
        self.on_forget()

    def on_forget(self) -> None:
        """Drop what a subclass remembers of drawn rows."""

    def use_palette(self, palette: Palette) -> None:
        """Draw with other colours."""
        self.palette = palette
        self.forget()
        self.redraw()
        self.refresh()

    def on_resize(self) -> None:
        """Draw anew for the new size."""
        self.forget()
        self.redraw()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Hand out cached strips; borders and styles of the style sheet are not consulted."""
        paper = self._paper()
        strips = [self._strip(row, paper) for row in crop.line_range]
        if crop.column_span != (0, self._drawn_width):
            left, right = crop.column_span
            return [strip.crop(left, right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        return self._strip(y, self._paper())

    def _paper(self) -> _Paper:
        """Return what every row of a frame is built for: Textual looks all of it up each time."""
        found = self.get_line_filters()
        filters = [each for each in found if not isinstance(each, ANSIToTruecolor)]
        return _Paper(self.size.width, filters)  # our styles are true colours already

    def _strip(self, row: int, paper: _Paper) -> Strip:
        found = self._drawn_strips.get(row)
        if found is None:
            found = self._drawn_strips[row] = self._built(row, paper)
        return found

    def _built(self, row: int, paper: _Paper) -> Strip:
        runs = self._drawn_rows.get(row)
        if runs is None:
            return Strip.blank(paper.width, self.palette.style("text"))
        strip = Strip([Segment(text, style) for text, style in runs], _cells(runs))
        if strip.cell_length != paper.width:
            strip = strip.adjust_cell_length(paper.width, self.palette.style("text"))
        for line_filter in paper.filters:
            strip = strip.apply_filter(line_filter, self.background_colors[1])
        return strip

    def row_text(self, row: int) -> str:
        """Return the text of a drawn row, as a person reads it."""
        return "".join(text for text, _ in self._drawn_rows.get(row, ()))

    @property
    def all_text(self) -> str:
        """Return every drawn row."""
        return "\n".join(self.row_text(row) for row in sorted(self._drawn_rows))
