"""Change one limit: judged while it is typed, tighter at once, looser only typed in full."""

import time
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.domain.commands import ChangeLimits, Command, Receipt
from core.domain.risk_views import LimitRow, LimitsView
from core.runtime.limit_judging import Judged, LimitWrong, judged, limits_of
from tui.render.limits import number_text, share_text, unit_text
from tui.render.text import clean

GUARD_SECS: Final = 0.5
"""Keys this soon after the words are asked for were meant for something else."""
PASTED: Final = "pasted text is refused: type it"
Send = Callable[[Command], Awaitable[Receipt | None]]


class TypedInput(Input):
    """A field that takes typed keys alone, and none in the moment after it was guarded."""

    def __init__(self, *, clock: Callable[[], float], refused: Callable[[str], None]) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._now = clock
        self._guarded_until = 0.0
        self._told = refused

    def guard(self) -> None:
        """Ignore keys for a moment."""
        self._guarded_until = self._now() + GUARD_SECS

    def on_key(self, event: events.Key) -> None:
        """Swallow keys that were typed ahead; Escape always works."""
        if event.key != "escape" and self._now() < self._guarded_until:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Refuse text that was not typed."""
        event.stop()
        event.prevent_default()
        self._told(PASTED)

    def action_paste(self) -> None:
        """Refuse the clipboard too."""
        self._told(PASTED)


class ChangeLimit(ModalScreen[None]):
    """Asks for a value; of a looser one asks for the name and the value, typed.

    Args:
        view: The limits as they are.
        name: Path of the one to change.
        send: Gives the engine a command and returns its receipt.
        clock: Monotonic seconds, for the guard.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="limit-back", priority=True),
    ]
    DEFAULT_CSS = """
    ChangeLimit { align: center middle; background: $background 60%; }
    ChangeLimit > Vertical {
        width: 76; max-width: 98%; height: auto; max-height: 95%; padding: 0 2;
        border: heavy $accent; border-title-color: $text; background: $surface;
    }
    ChangeLimit .facts { color: $muted; }
    ChangeLimit TypedInput { height: 1; padding: 0 1; background: $panel; margin: 1 0 0 0; }
    ChangeLimit .note { height: auto; min-height: 2; margin: 1 0 0 0; color: $muted; }
    ChangeLimit .note.wrong { color: $warning; }
    ChangeLimit .note.looser { color: $danger; text-style: bold; }
    ChangeLimit .note.good { color: $success; }
    """

    def __init__(
        self,
        view: LimitsView,
        name: str,
        send: Send,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._view = view
        self._limit = next(row for row in view.rows if row.name == name)
        self._send = send
        self._clock = clock
        self._asked: Judged | None = None
        """A looser value whose words are being typed."""
        self._is_sending = False

    def compose(self) -> ComposeResult:
        """Show what the limit is, the field, and what is said of the value."""
        with Vertical() as body:
            body.border_title = clean(self._limit.title)
            body.border_subtitle = "enter changes · esc leaves"
            for line in facts_of(self._limit):
                yield Static(Content(line), classes="facts")
            yield TypedInput(clock=self._clock, refused=self._refuse)
            yield Static(Content(""), classes="note")

    def on_mount(self) -> None:
        """Begin to type."""
        self.query_one(TypedInput).focus()
        self._say(self._first_words(), "")

    def _first_words(self) -> str:
        way = "more" if self._limit.is_floor else "less"
        if self._limit.is_hard:
            return f"New value. Only tighter ({way}) is possible while the engine runs."
        return "New value. Tighter is taken at once; looser has to be typed in full."

    # -- typing ----------------------------------------------------------------------------------

    @on(Input.Changed)
    def judge(self, message: Input.Changed) -> None:
        """Say while it is typed what would change, or what is wrong."""
        if self._asked is not None or self._is_sending:
            return
        if not message.value.strip():
            self._say(self._first_words(), "")
            return
        try:
            found = self._judged(message.value)
        except LimitWrong as wrong:
            self._say(str(wrong), "wrong")
            return
        hint = "Enter asks for the words" if found.token else "Enter changes it at once"
        self._say(f"{found.text}. {hint}.", "wrong" if found.token else "good")

    def _judged(self, text: str) -> Judged:
        """Judge as the engine will. Raises LimitWrong."""
        held = limits_of((row.name, row.value) for row in self._view.rows)
        return judged(held, ((self._limit.name, text),), self._view.sharing)

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Take a value, or the words that loosen."""
        if self._is_sending:
            return
        if self._asked is not None:
            self._finish(self._asked, message.value)
            return
        try:
            found = self._judged(message.value)
        except LimitWrong as wrong:
            self._say(str(wrong), "wrong")
            return
        if found.token:
            self._ask_words(found)
        else:
            self._change(found, "")

    def _ask_words(self, found: Judged) -> None:
        """Ask for the name and the new value; what was typed ahead does not count."""
        self._asked = found
        field = self.query_one(TypedInput)
        field.value = ""
        field.guard()
        self._say(f"{found.text}. This allows more risk. Type: {found.token}", "looser")

    def _finish(self, asked: Judged, typed: str) -> None:
        if " ".join(typed.split()) == asked.token:
            self._change(asked, typed)
            return
        field = self.query_one(TypedInput)
        field.value = ""
        self._say(f"That is not it. To loosen, type: {asked.token}", "looser")

    def _refuse(self, text: str) -> None:
        words = f" {self._asked.token}" if self._asked is not None else ""
        self._say(f"{text}{words}", "looser" if words else "wrong")

    # -- sending ---------------------------------------------------------------------------------

    @work(group="commands", exit_on_error=False)
    async def _change(self, found: Judged, typed: str) -> None:
        self._is_sending = True
        values = tuple((change.words.path, change.after) for change in found.changes)
        self._say("waiting for the engine…", "")
        receipt = await self._send(ChangeLimits(values=values, typed=typed))
        self._is_sending = False
        if not self.is_attached:
            return
        if receipt is not None and receipt.is_accepted:
            self.dismiss(None)
            return
        self._asked = None
        self.query_one(TypedInput).value = ""
        said = "it was not sent" if receipt is None else receipt.text
        self.call_after_refresh(self._say, f"refused: {clean(said)}", "wrong")

    def action_back(self) -> None:
        """Leave the words for the value, or the dialog."""
        if self._asked is None:
            self.dismiss(None)
            return
        self._asked = None
        self.query_one(TypedInput).value = ""
        self._say(self._first_words(), "")

    def _say(self, text: str, kind: str) -> None:
        note = self.query_one(".note", Static)
        for name in ("wrong", "looser", "good"):
            note.set_class(name == kind, name)
        note.update(Content(clean(text)))


def facts_of(row: LimitRow) -> list[str]:
    """Say what a limit is now."""
    unit = unit_text(row)
    lines = [f"{row.name} = {clean(row.value, 120)}{unit}"]
    if row.value != row.file_value:
        lines.append(f"the file says {clean(row.file_value, 120)}{unit}")
    used = f"now {number_text(row.used, row.unit)}{unit if row.used is not None else ''}"
    if row.fraction is not None:
        used += f" ({share_text(row.fraction).strip()})"
    if row.peak is not None:
        used += f" · peak today {number_text(row.peak, row.unit)}{unit}"
    return [*lines, used]
