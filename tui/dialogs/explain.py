"""What the numbers of a pane are: value, age, formula, inputs, source."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from core.domain.glossary import GLOSSARY
from tui.render.explain import Explained
from tui.render.numbers import age_text
from tui.render.text import clean, fit, fit_right, width_of, wrapped

_WIDTH: Final = 96
_TITLE_CELLS: Final = 26


class Explain(ModalScreen[None]):
    """The numbers of one pane in words; they stand still while they are read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close", id="explain-close"),
    ]
    DEFAULT_CSS = """
    Explain { align: center middle; background: $background 60%; }
    Explain > VerticalScroll {
        width: 96; max-width: 98%; height: auto; max-height: 90%; padding: 0 2;
        border: round $accent; border-title-color: $text; background: $surface;
        scrollbar-size-vertical: 1;
    }
    Explain Static { width: 1fr; height: auto; }
    """

    def __init__(self, name: str, numbers: Sequence[Explained]) -> None:
        super().__init__()
        self._pane_name = name
        self._numbers = tuple(numbers)

    def compose(self) -> ComposeResult:
        """Show one text with all numbers."""
        with VerticalScroll() as body:
            body.border_title = Content(clean(self._pane_name, 60))
            body.border_subtitle = "as they stood when you asked · esc closes · F1 shows the keys"
            yield Static()

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Break the words at the width there is."""
        body = min(_WIDTH, event.size.width * 98 // 100) - 7
        self.query_one(Static).update(explained_text(self._numbers, body))

    def action_close(self) -> None:
        """Go back to the prices."""
        self.dismiss(None)


def explained_text(numbers: Sequence[Explained], width: int) -> Content:
    """Write each number with its formula, inputs and source under it."""
    parts: list[tuple[str, str] | str] = []
    for number in numbers:
        parts += ["\n", *_lines(number, width)]
    return Content.assemble(*parts)


def _lines(number: Explained, width: int) -> list[tuple[str, str] | str]:
    meaning = GLOSSARY[number.key]
    age = f"{age_text(number.age_ms)} old" if number.age_ms is not None else ""
    title = f"{meaning.title}" + (f" ({meaning.unit})" if meaning.unit else "")
    cells = max(_TITLE_CELLS, width_of(title) + 2)
    value = clean(number.value)
    head: list[tuple[str, str] | str] = [
        (fit(title, cells), "bold $foreground"),
        (value, "bold $accent"),
        (fit_right(age, max(0, width - cells - width_of(value))), "$muted"),
        "\n",
    ]
    texts = [f"= {meaning.formula}"]
    texts += [f"from {clean(number.inputs, 400)}"] if number.inputs else []
    texts += [f"source: {meaning.source}"] if meaning.source else []
    for text in texts:
        for line in wrapped(text, max(20, width - 2)):
            head += [(f"  {line}", "$muted"), "\n"]
    return head
