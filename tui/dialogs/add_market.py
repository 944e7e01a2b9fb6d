"""Search a market in the catalogue and watch it."""

from difflib import get_close_matches
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.domain.ids import InstrumentId
from tui.render.text import clean

_MOST: Final = 200
_NEAR: Final = 4


class AddMarket(ModalScreen[InstrumentId | None]):
    """Type to search, arrows to choose, Enter to watch, Escape to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="add-close"),
        Binding("down", "move(1)", "Down", id="add-down", priority=True),
        Binding("up", "move(-1)", "Up", id="add-up", priority=True),
    ]
    DEFAULT_CSS = """
    AddMarket { align: center middle; background: $background 60%; }
    AddMarket > Vertical {
        width: 60; max-width: 98%; height: 20; max-height: 95%; padding: 0 1;
        border: round $accent; border-title-color: $text; background: $surface;
    }
    AddMarket Input { height: 1; padding: 0 1; background: $panel; margin: 1 0; }
    AddMarket OptionList { height: 1fr; border: none; background: $surface; padding: 0; }
    AddMarket .note { height: auto; color: $warning; }
    """

    def __init__(
        self, catalogue: tuple[InstrumentId, ...], watched: frozenset[InstrumentId]
    ) -> None:
        super().__init__()
        self._catalogue = catalogue
        self._watched = watched

    def compose(self) -> ComposeResult:
        """Show the field, the matches and a line for what is wrong."""
        with Vertical() as body:
            body.border_title = "Add a market"
            body.border_subtitle = "enter watches · esc leaves"
            yield Input(placeholder="symbol or venue:symbol", id="query", compact=True)
            yield OptionList(id="matches")
            yield Static(Content(""), classes="note")

    def on_mount(self) -> None:
        """Show everything that could be added."""
        self._list("")
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    @on(Input.Changed)
    def search(self, message: Input.Changed) -> None:
        """Show the markets whose name holds every typed word."""
        self._note("")
        self._list(message.value)

    def _list(self, query: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        found = matches(query, self._catalogue)[:_MOST]
        options.add_options([Option(self._prompt(name), id=name) for name in found])
        if found:
            options.highlighted = 0

    def _prompt(self, name: InstrumentId) -> Content:
        venue, _, symbol = name.partition(":")
        mark = "  watched" if name in self._watched else ""
        return Content.assemble(
            (f"{clean(symbol):<24}", "$foreground"), (clean(venue), "$muted"), (mark, "$key")
        )

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Watch the chosen match, or say that there is none."""
        options = self.query_one(OptionList)
        if options.highlighted is not None and options.option_count:
            self._watch(options.get_option_at_index(options.highlighted).id)
        else:
            self._note(unknown_text(message.value, self._catalogue))

    @on(OptionList.OptionSelected)
    def select(self, message: OptionList.OptionSelected) -> None:
        """Watch the clicked match."""
        self._watch(message.option_id)

    def _watch(self, name: str | None) -> None:
        if name is None:
            return
        if name in self._watched:
            self._note(f"{clean(name)} is on the watchlist already.")
        else:
            self.dismiss(InstrumentId(name))

    def _note(self, text: str) -> None:
        self.query_one(".note", Static).update(Content(text))

    def action_move(self, rows: int) -> None:
        """Move the choice while the field keeps the focus."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_close(self) -> None:
        """Leave without adding."""
        self.dismiss(None)


def matches(query: str, catalogue: tuple[InstrumentId, ...]) -> list[InstrumentId]:
    """Return the markets whose name holds every word of the query; best starts first."""
    words = query.upper().replace("/", "_").replace("-", "_").split()
    found = [name for name in catalogue if all(word in name.upper() for word in words)]
    if not words:
        return found
    return sorted(found, key=lambda name: not name.partition(":")[2].upper().startswith(words[0]))


def unknown_text(query: str, catalogue: tuple[InstrumentId, ...]) -> str:
    """Say in one sentence that a market is not known, naming it and its near ones."""
    if not catalogue:
        return "The engine has not listed its markets yet: try again in a moment."
    by_symbol = {name.partition(":")[2].upper(): name for name in catalogue}
    wanted = query.strip().upper().rpartition(":")[2]
    near = get_close_matches(wanted, by_symbol, n=_NEAR, cutoff=0.4)
    shown = clean(query.strip(), 40)
    if not near:
        return f"No venue lists {shown!r}."
    return f"No venue lists {shown!r}; near it: {', '.join(clean(name) for name in near)}."
