"""The end of the engine's log."""

from collections.abc import Iterable
from typing import ClassVar

from core.domain.risk_views import LogLine, LogView
from tui.render.log import LEVELS, RANK, log_detail, log_row
from tui.render.palette import Palette, Runs
from tui.render.study import heading
from tui.render.text import clean
from tui.widgets.listing import SearchPane
from tui.widgets.pane import Titles


class LogTail(SearchPane):
    """The newest lines of the log; the file has the rest."""

    levels: ClassVar = LEVELS
    name_in_frame = "Log"
    empty = "nothing in the log"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view: LogView | None = None

    def show(self, view: LogView) -> None:
        """Take the newest lines."""
        self.view = view
        self.refill()

    def held(self) -> Iterable[LogLine]:
        """Return every line there is."""
        return self.view.lines if self.view is not None else ()

    def level_of(self, item: LogLine) -> int:
        """Return how bad a line is."""
        return RANK.get(item.level, 0)

    def text_of(self, item: LogLine) -> str:
        """Return what the filter looks in."""
        return item.text.lower()

    def hint(self) -> Titles:
        """Say where the whole log is."""
        if self.view is None:
            return []
        is_all = not self.view.lines or self.view.lines[0].serial == 1
        count = f"{len(self.view.lines)} lines"
        where = f" · whole log: {clean(self.view.path, 200)}" if self.view.path else ""
        return [(f"{count}{' from the start' if is_all else ''}{where}", "muted")]

    def more(self, width: int, room: int) -> list[Runs]:
        """Say the whole line under the cursor, once asked."""
        if not self.is_open or self.item is None or room < 3:  # noqa: PLR2004 - heading, two lines
            return []
        detail = log_detail(self.item, width, max(2, room // 2), self.palette)
        return [heading("The line", width, self.palette, right="⏎ closes"), *detail]

    def item_row(self, item: LogLine, width: int, *, ground: str, pointer: str) -> Runs:
        """Draw one line."""
        return log_row(item, width, self.palette, ground=ground, pointer=pointer)
