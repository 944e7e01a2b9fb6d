"""The journal as it is written: decisions, verdicts of the gate, alerts, what people did."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from core.domain.views import ShownFact
from tui.render.decisions import LEVELS, Entry, entry_detail, entry_of, entry_row
from tui.render.numbers import clock_text
from tui.render.palette import Palette, Runs
from tui.render.study import heading
from tui.widgets.listing import SearchPane
from tui.widgets.pane import Titles

HELD: Final = 2_000
_DETAIL_LINES: Final = 14


class Decisions(SearchPane):
    """Lines of the newest facts, oldest first; what is older stands in the journal on disk."""

    levels: ClassVar = LEVELS
    name_in_frame = "Decisions"
    empty = "no lines"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self._held: deque[Entry] = deque(maxlen=HELD)
        self._newest = 0
        self._has_older = False

    def take(self, facts: Sequence[ShownFact]) -> None:
        """Take the facts of a frame."""
        fresh = [shown for shown in facts if shown.serial > self._newest]
        if not fresh:
            return
        if fresh[0].serial > self._newest + 1:
            self._has_older = True
        self._newest = fresh[-1].serial
        entries = [entry for entry in map(entry_of, fresh) if entry is not None]
        self._has_older = self._has_older or len(self._held) + len(entries) > HELD
        self._held.extend(entries)
        if entries:
            self.refill()

    def held(self) -> Iterable[Entry]:
        """Return every line there is."""
        return self._held

    def level_of(self, item: Entry) -> int:
        """Return how much a line matters."""
        return item.level

    def text_of(self, item: Entry) -> str:
        """Return what the filter looks in."""
        return item.sought

    def hint(self) -> Titles:
        """Say how far back the lines go, and where older ones are."""
        if not self._held:
            return []
        since = f"since {clock_text(self._held[0].at)}"
        older = " · older ones: wingman export" if self._has_older else " · from the start"
        return [(f"{len(self._held)} lines {since}{older}", "muted")]

    def more(self, width: int, room: int) -> list[Runs]:
        """Say everything of the line under the cursor, once asked."""
        if not self.is_open or self.item is None or room < 3:  # noqa: PLR2004 - heading, two lines
            return []
        lines = min(_DETAIL_LINES, room * 2 // 3)
        detail = entry_detail(self.item, width, lines, self.palette)
        return [heading("The numbers", width, self.palette, right="⏎ closes"), *detail]

    def item_row(self, item: Entry, width: int, *, ground: str, pointer: str) -> Runs:
        """Draw one line."""
        return entry_row(item, width, self.palette, ground=ground, pointer=pointer)
