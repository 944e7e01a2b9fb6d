"""The alert sheet: asks for one decision while the prices behind it stay live."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from textual import events

from core.domain.alert import Severity
from core.domain.views import AlertsView, OpenAlert
from tui.render.alerts import (
    SEVERITY_MARK,
    SEVERITY_ROLE,
    OptionKey,
    SheetState,
    option_keys,
    sheet_rows,
)
from tui.render.palette import Palette, Runs
from tui.widgets.alert_line import remaining_ms
from tui.widgets.messages import AlertChosen, SheetHidden
from tui.widgets.pane import Pane, Titles

GUARD_SECS: Final = 0.5
"""Keys this soon after an alert appears were meant for something else."""
_RECEIPT_SECS: Final = 3.0
_TOKEN_CHARS: Final = 20
_PASSED_ON: Final = frozenset({"ctrl+k", "ctrl+q", "ctrl+p", "tab", "shift+tab", "f1", "f2"})


class AlertSheet(Pane):
    """One alert of the queue with its options; Escape hides it and answers nothing."""

    DEFAULT_CSS = """
    AlertSheet { layer: sheet; }
    """

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(palette, id=id)
        self.view = AlertsView(open=())
        self.is_open = False
        self.note = ""
        self.receipt = ""
        self._clock = clock
        self._engine_at = 0
        self._alert: OpenAlert | None = None
        self._seen: frozenset[str] = frozenset()
        self._guarded_until = 0.0
        self._receipt_until = 0.0
        self._is_waiting = False
        self._is_called = False
        self._typing: OptionKey | None = None
        self._typed = ""

    # -- what it shows ---------------------------------------------------------------------

    def show(self, view: AlertsView, engine_at: int) -> bool:
        """Take the open alerts; return whether the sheet should come up for a new one."""
        self.view, self._engine_at = view, engine_at
        names = frozenset(i.alert.alert_id for i in self._questions() if is_urgent(i))
        is_new = bool(names - self._seen)
        self._seen = names
        if not self.receipt:
            self._take_first(is_new=is_new)
        self.redraw()
        return is_new

    def _questions(self) -> tuple[OpenAlert, ...]:
        """Alerts that have something to choose; what asks stands before what is told."""
        found = [item for item in self.view.open if item.alert.options]
        return tuple(sorted(found, key=lambda item: not is_urgent(item)))

    def _take_first(self, *, is_new: bool) -> None:
        """Keep the alert that is shown while it is open, otherwise take the most urgent."""
        questions = self._questions()
        held = self._alert.alert.alert_id if self._alert else None
        same = next((item for item in questions if item.alert.alert_id == held), None)
        makes_way = is_new or not self._is_called
        if same is not None and not is_urgent(same) and makes_way and is_urgent(questions[0]):
            same = None  # what is only told makes way for what asks
        if same is not None:
            self._alert = same
            if is_new and not self.is_open:
                self._guard()
            return
        self._alert = questions[0] if questions else None
        self._typing, self._typed = None, ""
        self.note, self._is_waiting = "", False
        if self._alert is not None:
            self.cursor = self._safe_index()
            self._guard()

    def turn_to(self, alert_id: str) -> bool:
        """Show another open alert, as a person asked; False where it has nothing to choose."""
        found = next((i for i in self._questions() if i.alert.alert_id == alert_id), None)
        if found is None or self._is_waiting:
            return False
        self._alert, self._typing, self._typed, self.note = found, None, "", ""
        self.receipt = ""
        self._is_called = True
        self.cursor = self._safe_index()
        self._guard()
        self.redraw()
        return True

    def _guard(self) -> None:
        self._guarded_until = self._clock() + GUARD_SECS

    @property
    def has_question(self) -> bool:
        """Whether there is an alert or a receipt to show."""
        return self._alert is not None or bool(self.receipt)

    @property
    def keeps_place(self) -> bool:
        """Whether an open sheet stays: for what asks, or while a person reads what is told."""
        return self.has_question and (
            bool(self.receipt)
            or self._is_called
            or (self._alert is not None and is_urgent(self._alert))
        )

    def came_up(self, *, is_called: bool) -> None:
        """Start the guard: the sheet has just appeared, by itself or called by a person."""
        self.is_open = True
        self._is_called = is_called
        self._guard()
        self.redraw()

    def tick(self, engine_at: int) -> None:
        """Let the countdown run and a receipt go after a while."""
        self._engine_at = engine_at
        if self.receipt and self._clock() >= self._receipt_until:
            self._drop_receipt()
        self.redraw()

    def show_receipt(self, text: str) -> None:
        """Show what the engine said to the answer."""
        self._is_waiting = False
        self.receipt = text or "done"
        self._receipt_until = self._clock() + _RECEIPT_SECS
        self.redraw()

    def show_refusal(self, text: str) -> None:
        """Say that the answer did not count."""
        self._is_waiting = False
        self.note = text
        self.redraw()

    def _drop_receipt(self) -> None:
        self.receipt = ""
        self._alert = None
        self._take_first(is_new=True)

    def title(self) -> Titles:
        """Return severity and scope."""
        if self._alert is None:
            return [("Alert", "text")]
        alert = self._alert.alert
        mark = SEVERITY_MARK[alert.severity]
        return [(f"{mark} {alert.severity.upper()}", SEVERITY_ROLE[alert.severity])]

    def status(self) -> Titles:
        """Return the place in the queue."""
        if self._alert is None:
            return []
        place, count = self._place()
        repeats = self._alert.repeats
        texts = [(f"seen {repeats}x · ", "muted")] if repeats > 1 else []
        return [*texts, (f"{place} of {count}", "text")]

    def _place(self) -> tuple[int, int]:
        names = [item.alert.alert_id for item in self._questions()]
        held = self._alert.alert.alert_id if self._alert else None
        return (names.index(held) + 1 if held in names else 1, max(1, len(names)))

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the alert."""
        if self._alert is None:
            return
        place, count = self._place()
        state = SheetState(
            open=self._alert,
            place=place,
            count=count,
            remaining_ms=remaining_ms(self._alert.alert.deadline, self._engine_at),
            chosen=self.cursor,
            note=self.note,
            receipt=self.receipt,
            is_focused=self.has_focus,
        )
        yield from enumerate(sheet_rows(state, width, height, self.palette))

    # -- what a person does ----------------------------------------------------------------

    def _options(self) -> tuple[OptionKey, ...]:
        return option_keys(self._alert.alert) if self._alert else ()

    def _safe_index(self) -> int:
        """Return the option the cursor starts on: the safe default, else one without risk."""
        options = self._options()
        assert self._alert is not None
        calm = [index for index, item in enumerate(options) if not item.option.adds_risk]
        default = self._alert.alert.safe_default
        return next((i for i in calm if options[i].option.key == default), (calm or [-1])[0])

    def action_move_cursor(self, rows: int) -> None:
        """Move among the options that add no risk."""
        calm = [i for i, item in enumerate(self._options()) if not item.option.adds_risk]
        if self.cursor in calm:
            index = max(0, min(calm.index(self.cursor) + rows, len(calm) - 1))
            self.cursor = calm[index]
            self.redraw()

    def action_move_aside(self, direction: int) -> None:
        """Go nowhere: the sheet stands over its neighbours."""

    def on_key(self, event: events.Key) -> None:
        """Choose an option; every other key that could act elsewhere is swallowed."""
        if event.key in _PASSED_ON:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape" and self._typing is not None:
            self._stop_typing()
        elif event.key == "escape":
            self._hide()
        elif self._clock() >= self._guarded_until:
            self._answer_key(event)

    def _answer_key(self, event: events.Key) -> None:
        if self.receipt:
            self._drop_receipt()
            self.redraw()
        elif self._typing is not None:
            self._type_key(self._typing, event)
        elif event.key == "enter":
            options = self._options()
            if 0 <= self.cursor < len(options) and not options[self.cursor].option.adds_risk:
                self._choose(options[self.cursor])
        elif event.key in {"up", "down"}:
            self.action_move_cursor(-1 if event.key == "up" else 1)
        else:
            char = (event.character or "").lower()
            for item in self._options():
                if item.key == char:
                    self._pick(item)

    def _pick(self, item: OptionKey) -> None:
        """Choose an option, or ask for the amount it has to be chosen with."""
        if not item.option.token:
            self._choose(item)
            return
        self._typing, self._typed = item, ""
        self._show_typing(item)

    def _type_key(self, item: OptionKey, event: events.Key) -> None:
        """Take one key of the amount; Enter compares, Escape gives up."""
        char = event.character or ""
        if event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.key == "enter":
            self._finish_typing(item)
            return
        elif len(char) == 1 and char in "0123456789." and len(self._typed) < _TOKEN_CHARS:
            self._typed += char
        self._show_typing(item)

    def _finish_typing(self, item: OptionKey) -> None:
        if self._typed == item.option.token:
            self._typing = None
            self._choose(item, self._typed)
            return
        self._typed = ""
        self.note = f"not {item.option.token}: type it again, or esc"
        self.redraw()

    def _stop_typing(self) -> None:
        self._typing, self._typed, self.note = None, "", ""
        self.redraw()

    def _show_typing(self, item: OptionKey) -> None:
        token = item.option.token
        self.note = f"{item.option.label}: type {token} and enter ▸ {self._typed}_"
        self.redraw()

    def _choose(self, item: OptionKey, typed: str = "") -> None:
        if self._is_waiting or self._alert is None:
            return
        self._is_waiting = True
        self.note = f"{item.option.label}: waiting for the engine…"
        self.post_message(AlertChosen(self._alert.alert.alert_id, item.option.key, typed))
        self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """Refuse text that was not typed."""
        event.stop()
        event.prevent_default()
        self.note = "pasted text is refused: press the key of an option"
        self.redraw()

    def _hide(self) -> None:
        if self.receipt:
            self._drop_receipt()
        self.is_open = False
        self.post_message(SheetHidden())


def is_urgent(item: OpenAlert) -> bool:
    """Whether an alert asks for a decision; INFO is told and waits to be acknowledged."""
    return item.alert.severity is not Severity.INFO
