"""The kill switch at the keyboard: one key a level, and the word that arms again."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.domain.kill import KillLevel
from tui.render.text import clean

LEVELS: Final[tuple[tuple[str, KillLevel, str, str], ...]] = (
    ("0", KillLevel.PAUSE, "Pause", "strategies off, their orders cancelled"),
    ("1", KillLevel.REDUCE, "Reduce", "the account may only reduce"),
    ("2", KillLevel.HALT, "Halt", "nothing new; risky orders cancelled, foreign too"),
    ("3", KillLevel.FLATTEN, "Flatten", "halt, then close positions inside the collar"),
    ("4", KillLevel.SEVER, "Sever", "halt, then the engine ends"),
)
"""Key, level, name, and what it does."""


class KillDialog(ModalScreen[KillLevel | None]):
    """Asks which level; every level takes away risk, so one key is enough."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"choose('{level}')", name) for key, level, name, _ in LEVELS),
        Binding("escape,q,n,enter", "leave", "Go on", id="kill-leave"),
    ]
    DEFAULT_CSS = """
    KillDialog { align: center middle; background: $background 60%; }
    KillDialog > Vertical {
        width: 76; max-width: 98%; height: auto; max-height: 95%; padding: 1 2;
        border: heavy $danger; background: $surface;
    }
    KillDialog .title { text-style: bold; color: $danger; }
    KillDialog .keys { margin-top: 1; color: $key; text-style: bold; }
    """

    def compose(self) -> ComposeResult:
        """Show every level with its key."""
        with Vertical():
            yield Static(Content("Kill switch"), classes="title")
            for key, level, name, words in LEVELS:
                line = Content.assemble(
                    (f" {key} ", "$key bold"), (f" {level} {name:8}", "bold"), f" {words}"
                )
                yield Static(line)
            yield Static(Content("2 or ^k again halts now      Esc goes on"), classes="keys")

    def action_choose(self, level: str) -> None:
        """Close with a level."""
        self.dismiss(KillLevel(level))

    def action_leave(self) -> None:
        """Close without one."""
        self.dismiss(None)


class Rearm(ModalScreen[str]):
    """Asks for the word that arms the account again; the empty text is a no.

    Args:
        word: What has to be typed.
        reason: Why the switch tripped.
        guard: Whether keys count yet; the first half second of them does not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stay halted", id="rearm-leave"),
    ]
    DEFAULT_CSS = """
    Rearm { align: center middle; background: $background 60%; }
    Rearm > Vertical {
        width: 68; max-width: 98%; height: auto; max-height: 95%; padding: 1 2;
        border: heavy $danger; background: $surface;
    }
    Rearm .title { text-style: bold; color: $danger; }
    """

    def __init__(self, word: str, reason: str) -> None:
        super().__init__()
        self._word = word
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Show why, and ask for the word."""
        with Vertical():
            yield Static(Content("Arm the account again?"), classes="title")
            yield Static(Content(f"Tripped: {clean(self._reason, 200)}"))
            yield Static(
                Content("Entries are allowed once ledger and venue match; strategies stay off.")
            )
            yield Static(Content(f"Type {clean(self._word, 80)} and Enter. Esc stays halted."))
            yield _Typed(placeholder="the account")

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Close with what was typed; the engine judges it."""
        self.dismiss(message.value.strip())

    def action_leave(self) -> None:
        """Stay halted."""
        self.dismiss("")


class _Typed(Input):
    """A field that takes typing and refuses pasting: a re-arming is meant by hand."""

    def action_paste(self) -> None:
        """Refuse."""

    def _on_paste(self, event: object) -> None:
        """Refuse what the terminal pastes."""
        stop = getattr(event, "stop", None)
        if stop is not None:
            stop()
        prevent = getattr(event, "prevent_default", None)
        if prevent is not None:
            prevent()
