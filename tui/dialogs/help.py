"""Every key and what it does."""

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import ACTIONS, Action, Place
from tui.render.text import fit, wrapped

_WIDTH: Final = 100
_KEY_CELLS: Final = 6
_TITLE_CELLS: Final = 27
_INDENT: Final = _KEY_CELLS + 2 + _TITLE_CELLS
_WHERE = {
    Place.WATCHLIST: "watchlist",
    Place.STRATEGIES: "strategies",
    Place.REPLAY: "replay",
}


class Help(ModalScreen[None]):
    """The actions of the registry by group."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "Close", id="help-close"),
    ]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help > VerticalScroll {
        width: 100; max-width: 98%; height: 90%; padding: 0 2;
        border: round $accent; border-title-color: $text; background: $surface;
        scrollbar-size-vertical: 1;
    }
    Help Static { width: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Show one text with all groups."""
        with VerticalScroll() as body:
            body.border_title = "Keys"
            body.border_subtitle = "esc closes · j k scroll"
            yield Static()

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Break the explanations at the width there is."""
        body = min(_WIDTH, event.size.width * 98 // 100) - 7
        self.query_one(Static).update(help_text(body))

    def action_close(self) -> None:
        """Go back to the prices."""
        self.dismiss(None)


def help_text(width: int = 80) -> Content:
    """Write the registry as lines of key, title and explanation, broken with a hanging indent."""
    parts: list[tuple[str, str] | str] = []
    for group in dict.fromkeys(action.group for action in ACTIONS):
        parts.append((f"\n{group}\n", "bold $accent"))
        for action in _listed(group):
            key_style = "bold $danger" if action.is_dangerous else "bold $key"
            parts.append((f"{action.shown:>{_KEY_CELLS}}  ", key_style))
            parts.append((fit(_title(action), _TITLE_CELLS), "$foreground"))
            lines = wrapped(action.tooltip, max(12, width - _INDENT - 1))
            parts.append((" " + f"\n{' ' * (_INDENT + 1)}".join(lines), "$muted"))
            parts.append("\n")
    parts.append(("\nEvery number comes from the engine; this cockpit holds no truth.\n", "$muted"))
    return Content.assemble(*parts)


def _listed(group: str) -> list[Action]:
    """Return the group's actions, the nine strategy keys as one."""
    listed = [action for action in ACTIONS if action.group == group]
    slots = [action for action in listed if action.id.startswith("strategy-")]
    if not slots:
        return listed
    first = Action(
        id="strategy-1",
        keys="1",
        shown="1 … 9",
        title="Strategy on or off",
        tooltip=slots[0].tooltip,
        group=group,
    )
    return [first, *[action for action in listed if action not in slots]]


def _title(action: Action) -> str:
    where = _WHERE.get(action.place)
    return f"{action.title} ({where})" if where else action.title
