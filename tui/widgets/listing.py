"""Lists a person walks through: a cursor, a window of rows, a filter, following the newest."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.binding import BindingType

from tui.actions import Place, bindings_at
from tui.render.palette import Palette, Runs
from tui.render.study import blank, exact, message, row_of
from tui.render.text import clean
from tui.widgets.pane import Pane, Titles

_FILTER_CHARS: Final = 60
_PASSED_ON: Final = frozenset({"ctrl+k", "ctrl+q", "ctrl+p", "f1", "f2"})


class ListPane(Pane):
    """A list with a cursor; subclasses draw one item in a row and say more of it below."""

    empty: ClassVar[str] = "nothing here"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.items: Sequence[Any] = ()
        self._first = 0
        self._shown_rows = 0
        self._rows_above = 0

    @abstractmethod
    def item_row(self, item: Any, width: int, *, ground: str, pointer: str) -> Runs:
        """Draw one item."""

    def head(self, width: int) -> list[Runs]:
        """Draw what stands above the list."""
        del width
        return []

    def more(self, width: int, room: int) -> list[Runs]:
        """Draw what is said of the item under the cursor, in at most `room` rows."""
        del width, room
        return []

    @property
    def item(self) -> Any:
        """The item under the cursor; None in an empty list."""
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    def put(self, items: Sequence[Any]) -> None:
        """Show other items; the cursor stays on the list."""
        self.items = items
        self.cursor = max(0, min(self.cursor, len(items) - 1))
        self.redraw()

    def row_count(self) -> int:
        """Return how many items there are."""
        return len(self.items)

    def hint(self) -> Titles:
        """Return the place in a list longer than the pane."""
        if len(self.items) <= self._shown_rows:
            return []
        return [(f"{self.cursor + 1} of {len(self.items)}", "muted")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw head, the window around the cursor, and what is said of its item."""
        head = self.head(width)[:height]
        more = self.more(width, max(0, height - len(head) - 3))
        room = max(0, height - len(head) - len(more))
        self._shown_rows, self._rows_above = room, len(head)
        if self.items:
            body = self._window(width, room)
        else:
            body = message(self.empty, width, room, self.palette)
        yield from enumerate([*head, *body, *more])

    def _window(self, width: int, room: int) -> list[Runs]:
        self._first = max(0, min(self._first, self.cursor, len(self.items) - room))
        self._first = max(self._first, self.cursor - room + 1)
        drawn = []
        for index in range(self._first, min(len(self.items), self._first + room)):
            is_here = index == self.cursor
            ground = "cursor" if is_here and self.has_focus else "panel"
            pointer = "▸" if is_here else " "
            drawn.append(self.item_row(self.items[index], width, ground=ground, pointer=pointer))
        return [*drawn, *[blank(width, self.palette)] * (room - len(drawn))]

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row clicked."""
        index = self._first + event.y - 1 - self._rows_above
        if 0 <= event.y - 1 - self._rows_above < self._shown_rows and index < len(self.items):
            self.action_move_cursor(index - self.cursor)


class SearchPane(ListPane):
    """A list that grows at its end: typed filter, levels, and following the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.JOURNAL)]
    places: ClassVar = (Place.JOURNAL, Place.PANE)
    levels: ClassVar[tuple[str, ...]] = ("all",)
    name_in_frame: ClassVar[str] = ""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.sought = ""
        self.is_typing = False
        self.is_following = True
        self.is_open = False
        self.least = 0

    @abstractmethod
    def held(self) -> Iterable[Any]:
        """Return everything there is, oldest first."""

    @abstractmethod
    def level_of(self, item: Any) -> int:
        """Return the level of an item, a place in `levels`."""

    @abstractmethod
    def text_of(self, item: Any) -> str:
        """Return the lower-case text a filter looks in."""

    # -- filter, level, follow -----------------------------------------------------------------

    def suits(self, item: Any) -> bool:
        """Whether an item passes level and filter: every word of the filter stands in it."""
        if self.level_of(item) < self.least:
            return False
        text = self.text_of(item)
        return all(word in text for word in self.sought.lower().split())

    def refill(self) -> None:
        """Choose the items anew."""
        held = self.item
        self.items = [item for item in self.held() if self.suits(item)]
        if self.is_following or held is None:
            self.cursor = max(0, len(self.items) - 1)
        else:
            self.cursor = next(
                (i for i, item in enumerate(self.items) if item is held or item == held),
                min(self.cursor, max(0, len(self.items) - 1)),
            )
        self.redraw()

    def action_seek(self) -> None:
        """Type a filter."""
        self.is_typing = True
        self.redraw()

    def action_follow_newest(self) -> None:
        """Stay at the newest item, or let the list stand still."""
        self.is_following = not self.is_following
        self.refill()

    def action_next_level(self) -> None:
        """Show the next level and what is above it."""
        self.least = (self.least + 1) % len(self.levels)
        self.refill()

    def action_open_item(self) -> None:
        """Say everything of the item under the cursor, or less again."""
        self.is_open = not self.is_open
        self.redraw()

    def action_move_cursor(self, rows: int) -> None:
        """Move; away from the newest the list stands still, at it the list follows."""
        super().action_move_cursor(rows)
        self.is_following = self.cursor >= len(self.items) - 1
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """While a filter is typed, every key belongs to it."""
        if not self.is_typing or event.key in _PASSED_ON:
            return
        event.stop()
        event.prevent_default()
        if event.key in {"enter", "tab", "down"}:
            self.is_typing = False
        elif event.key == "escape":
            self.is_typing, self.sought = False, ""
        elif event.key == "backspace":
            self.sought = self.sought[:-1]
        elif event.is_printable and event.character:
            self.sought = (self.sought + event.character)[:_FILTER_CHARS]
        self.refill()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text into the filter, cleaned."""
        if self.is_typing:
            event.stop()
            self.sought = (self.sought + clean(event.text))[:_FILTER_CHARS]
            self.refill()

    def on_blur(self) -> None:
        """Typing ends where the focus goes."""
        self.is_typing = False
        self.redraw()

    # -- what is drawn -------------------------------------------------------------------------

    def title(self) -> Titles:
        """Return the name and the level."""
        level = self.levels[self.least]
        return [(self.name_in_frame, "text"), (f" {level}" if self.least else "", "warning")]

    def status(self) -> Titles:
        """Return whether the list follows."""
        return [("● follows", "ok") if self.is_following else ("‖ stands still", "warning")]

    def head(self, width: int) -> list[Runs]:
        """Draw the filter while there is one."""
        if not self.is_typing and not self.sought:
            return []
        end = "▏" if self.is_typing else ""
        count = f"  {len(self.items)} found"
        keys = "  enter keeps · esc clears" if self.is_typing else "  / changes"
        style = self.palette.style
        return [
            exact(
                [
                    ("/ ", style("key", bold=True)),
                    (clean(self.sought) + end, style("text", bold=True)),
                    (count, style("muted")),
                    (keys, style("faint")),
                ],
                width,
                self.palette,
            )
        ]

    def said(self, texts: Iterable[tuple[str, str]], width: int) -> list[Runs]:
        """Draw lines of a detail in their roles."""
        return [row_of([(text, role)], width, self.palette) for text, role in texts]
