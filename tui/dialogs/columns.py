"""Choose the columns of a ladder by hand."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.render.ladder_columns import EVERY, MEANING, Column, Columns


class ChooseColumns(ModalScreen[frozenset[Column] | None]):
    """Space switches a column, Enter takes the choice, Escape leaves all as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="columns-close"),
        Binding("enter", "take", "Take", id="columns-take", priority=True),
        Binding("space,x", "switch", "Switch", id="columns-switch", priority=True),
        Binding("a", "everything", "All", id="columns-all"),
        Binding("j", "move(1)", "Down", id="columns-down"),
        Binding("k", "move(-1)", "Up", id="columns-up"),
    ]
    DEFAULT_CSS = """
    ChooseColumns { align: center middle; background: $background 60%; }
    ChooseColumns > Vertical {
        width: 66; max-width: 98%; height: auto; max-height: 95%; padding: 1 1 0 1;
        border: round $accent; border-title-color: $text; background: $surface;
    }
    ChooseColumns OptionList {
        height: auto; border: none; background: $surface; padding: 0;
    }
    ChooseColumns OptionList:focus { border: none; }
    ChooseColumns .note { height: 2; margin-top: 1; color: $text-muted; }
    """

    def __init__(self, wanted: frozenset[Column], width: int, price_cells: int) -> None:
        super().__init__()
        self._wanted = wanted | {Column.SIZE}
        self._ladder = (width, price_cells)

    def compose(self) -> ComposeResult:
        """Show a line for each column, and what of the choice fits."""
        with Vertical() as body:
            body.border_title = "Columns of the ladder"
            body.border_subtitle = "space switches · a all · enter takes · esc leaves"
            yield OptionList(*[Option(self._prompt(column), id=column) for column in Column])
            yield Static(self._note(), classes="note")

    def on_mount(self) -> None:
        """Let the arrows move at once."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def _prompt(self, column: Column) -> Content:
        is_on = column in self._wanted
        box = ("[x] ", "bold $key") if is_on else ("[ ] ", "$muted")
        role = "$foreground" if is_on else "$muted"
        return Content.assemble(box, (f"{column:<12}", role), (MEANING[column], "$muted"))

    def _note(self) -> Content:
        width, price_cells = self._ladder
        shown = Columns.of(width, price_cells, self._wanted).shown
        missing = [column for column in Column if column in self._wanted - shown]
        if not missing:
            return Content(f"All of them fit in the {width} cells of this ladder.")
        names = ", ".join(missing)
        return Content(f"At {width} cells there is no room for: {names}. Zoom (z) gives more.")

    def action_switch(self) -> None:
        """Switch the column under the cursor; the size is always there."""
        index = self.query_one(OptionList).highlighted
        column = list(Column)[index] if index is not None else Column.SIZE
        if column is not Column.SIZE:
            self._use(self._wanted ^ {column})

    def action_everything(self) -> None:
        """Switch every column on."""
        self._use(EVERY)

    def _use(self, wanted: frozenset[Column]) -> None:
        self._wanted = wanted
        options = self.query_one(OptionList)
        for index, column in enumerate(Column):
            options.replace_option_prompt_at_index(index, self._prompt(column))
        self.query_one(".note", Static).update(self._note())

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_take(self) -> None:
        """Close with the choice."""
        self.dismiss(self._wanted)

    def action_close(self) -> None:
        """Close without one."""
        self.dismiss(None)
