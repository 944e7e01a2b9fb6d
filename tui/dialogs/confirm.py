"""A question with two answers; Escape and Enter take the safe one."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Confirm(ModalScreen[bool]):
    """Asks before something that cannot be taken back; `y` is yes, everything else no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm-yes"),
        Binding("n,escape,enter,q", "answer(False)", "No", id="confirm-no"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical {
        width: 64; max-width: 95%; height: auto; max-height: 95%; padding: 1 2;
        border: heavy $danger; background: $surface;
    }
    Confirm .title { text-style: bold; color: $danger; }
    Confirm .keys { margin-top: 1; color: $key; text-style: bold; }
    """

    def __init__(self, title: str, *lines: str, yes: str = "yes", no: str = "no") -> None:
        super().__init__()
        self._texts = (title, *lines)
        self._keys = f"y  {yes}      n / Esc  {no}"

    def compose(self) -> ComposeResult:
        """Show the question and its keys."""
        with Vertical():
            yield Static(Content(self._texts[0]), classes="title")
            for line in self._texts[1:]:
                yield Static(Content(line))
            yield Static(Content(self._keys), classes="keys")

    def action_answer(self, is_yes: bool) -> None:  # noqa: FBT001 - Textual passes it by place
        """Close with the answer."""
        self.dismiss(is_yes)
