"""The line of rooms and of the pages of the room."""

from collections.abc import Iterable

from textual import events

from tui.render.palette import Palette, Runs
from tui.render.text import width_of
from tui.widgets.messages import ActionChosen
from tui.widgets.surface import Surface


class RoomTabs(Surface):
    """Rooms at the left with their keys, pages at the right; both can be clicked."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.rooms: tuple[tuple[str, str, str], ...] = ()
        """Key, title and action id of each room."""
        self.room = 0
        self.pages: tuple[str, ...] = ()
        self.page = 0
        self._spans: list[tuple[int, int, str]] = []

    def show(
        self, rooms: tuple[tuple[str, str, str], ...], room: int, pages: tuple[str, ...], page: int
    ) -> None:
        """Draw the names, one of each kind chosen."""
        self.rooms, self.room, self.pages, self.page = rooms, room, pages, page
        self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the line; pages stay readable where rooms have to be shortened."""
        del height
        right = self._page_runs()
        room = width - sum(width_of(text) for text, _, _ in right)
        left = self._room_runs(room)
        gap = room - sum(width_of(text) for text, _, _ in left)
        runs = [*left, (" " * max(0, gap), "faint", ""), *right]
        self._spans = []
        used = 0
        for text, _, action in runs:
            cells = width_of(text)
            if action:
                self._spans.append((used, used + cells, action))
            used += cells
        yield (
            0,
            tuple(
                (text, self.palette.style(role, "background", bold=role == "accent"))
                for text, role, _ in runs
            ),
        )

    def _room_runs(self, width: int) -> list[tuple[str, str, str]]:
        """Name every room with its key; where that is too long, the others by their keys only."""
        runs: list[tuple[str, str, str]] = []
        for is_short in (False, True):
            runs = []
            for index, (key, title, action) in enumerate(self.rooms):
                is_here = index == self.room
                name = title if is_here or not is_short else ""
                text = f" [{name}] " if is_here else f" {key} {name} " if name else f" {key}"
                runs.append((text, "accent" if is_here else "muted", action))
            if sum(width_of(text) for text, _, _ in runs) <= width:
                return runs
        return [run for index, run in enumerate(runs) if index == self.room]

    def _page_runs(self) -> list[tuple[str, str, str]]:
        if not self.pages:
            return []
        runs = [("v ", "faint", "next-page")]
        for index, name in enumerate(self.pages):
            is_here = index == self.page
            role = "accent" if is_here else "muted"
            runs.append((f"[{name}]" if is_here else f" {name} ", role, "next-page"))
        return runs

    def on_click(self, event: events.Click) -> None:
        """Go where a person points."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(ActionChosen(action))
                return
