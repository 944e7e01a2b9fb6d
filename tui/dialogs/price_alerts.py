"""The alerts a person set on prices: type one, see all, remove any."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.domain.commands import Command, Receipt, RemovePriceAlert, SetPriceAlert
from core.domain.ids import InstrumentId, venue_of
from core.domain.price_alert_text import EXAMPLES, AlertTextWrong, parse_price_alert
from core.domain.price_alert_writing import price_alert_text
from core.domain.study_views import PriceAlertRow, PriceAlertsView
from tui.dialogs.price_alert_typing import completed, named_market
from tui.render.numbers import clock_text, market_name
from tui.render.text import clean, fit, fit_right

Send = Callable[[Command], Awaitable[Receipt | None]]
Follow = Callable[[Callable[[PriceAlertsView], None] | None], None]
_VALUE_CELLS = 11
_STATE_CELLS = 16
_MARKET_CELLS = 16
_MILLION = 1e6


class PriceAlerts(ModalScreen[None]):
    """Enter sets what is typed, Tab completes it, arrows go to the list, Delete removes a row.

    Args:
        catalogue: Every market an alert can be on.
        text: What the field begins with.
        send: Gives the engine a command and returns its receipt.
        follow: Takes who is shown the alerts as they change, None when nobody is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="alerts-close"),
        Binding("down", "move(1)", "Down", id="alerts-down", priority=True),
        Binding("up", "move(-1)", "Up", id="alerts-up", priority=True),
        Binding("tab", "complete", "Complete", id="alerts-complete", priority=True),
        Binding("delete,backspace", "remove", "Remove", id="alerts-remove"),
    ]
    DEFAULT_CSS = """
    PriceAlerts { align: center middle; background: $background 60%; }
    PriceAlerts > Vertical {
        width: 96; max-width: 98%; height: 22; max-height: 95%; padding: 0 1;
        border: round $accent; border-title-color: $text; background: $surface;
    }
    PriceAlerts Input { height: 1; padding: 0 1; background: $panel; margin: 1 0 0 0; }
    PriceAlerts .note { height: 2; padding: 0 1; color: $muted; }
    PriceAlerts .note.wrong { color: $warning; }
    PriceAlerts OptionList { height: 1fr; border: none; background: $surface; padding: 0; }
    """

    def __init__(
        self, catalogue: tuple[InstrumentId, ...], text: str, send: Send, follow: Follow
    ) -> None:
        super().__init__()
        self._catalogue = catalogue
        self._text = text
        self._send = send
        self._follow = follow
        self._rows: tuple[PriceAlertRow, ...] = ()

    def compose(self) -> ComposeResult:
        """Show the field, what is right or wrong with it, and the list."""
        with Vertical() as body:
            body.border_title = "Price alerts"
            body.border_subtitle = "enter sets · tab completes · ↓ list · del removes · esc leaves"
            yield Input(self._text, placeholder="SOL_USDC_PERP price above 141.20", compact=True)
            yield Static(Content(""), classes="note")
            yield OptionList()

    def on_mount(self) -> None:
        """Begin to type, and to follow the alerts."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.select_on_focus = False
        field.focus()
        field.cursor_position = len(self._text)
        self._judge(self._text)
        self._follow(self.show)

    def on_unmount(self) -> None:
        """Follow no longer, however the dialog ended."""
        self._follow(None)

    # -- the field ---------------------------------------------------------------------------

    @on(Input.Changed)
    def judge(self, message: Input.Changed) -> None:
        """Say while it is typed what Enter would set, or what is wrong."""
        self._judge(message.value)

    def _judge(self, text: str) -> None:
        try:
            command = self._command(text)
        except AlertTextWrong as wrong:
            self._note(f"{wrong.title}: {wrong.detail}", is_wrong=bool(text.strip()))
            return
        alert = command.alert
        times = "" if alert.is_repeating else ", once"
        self._note(f"✓ {clean(alert.instrument)} {price_alert_text(alert)}{times}")

    def _command(self, text: str) -> SetPriceAlert:
        """Read the text with its market named in full. Raises AlertTextWrong."""
        return SetPriceAlert(alert=named_market(parse_price_alert(text), self._catalogue))

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Set what is typed, if it is right."""
        try:
            command = self._command(message.value)
        except AlertTextWrong:
            return
        self._tell(command, is_set=True)

    @work(group="commands", exit_on_error=False)
    async def _tell(self, command: Command, *, is_set: bool) -> None:
        receipt = await self._send(command)
        if receipt is None or not self.is_attached:
            return
        if receipt.is_accepted and is_set:
            self.query_one(Input).value = ""
        self.call_after_refresh(self._note, clean(receipt.text), is_wrong=not receipt.is_accepted)

    def _note(self, text: str, *, is_wrong: bool = False) -> None:
        note = self.query_one(".note", Static)
        note.set_class(is_wrong, "wrong")
        note.update(Content(text))

    def action_complete(self) -> None:
        """Complete the market, or the kind of alert by an example."""
        field = self.query_one(Input)
        if field.has_focus:
            field.value = completed(field.value, self._catalogue)
            field.cursor_position = len(field.value)
        else:
            field.focus()

    # -- the list ----------------------------------------------------------------------------

    def show(self, view: PriceAlertsView) -> None:
        """Show the alerts; the cursor stays where it was."""
        if not self.is_attached:
            return
        options = self.query_one(OptionList)
        width = max(40, options.size.width - 1)
        prompts = [Content.assemble(*row_texts(row, width)) for row in view.rows]
        is_same = [row.alert_id for row in view.rows] == [row.alert_id for row in self._rows]
        if is_same and options.option_count:
            for index, prompt in enumerate(prompts):
                options.replace_option_prompt_at_index(index, prompt)
        else:
            held = options.highlighted
            options.clear_options()
            ids = [row.alert_id for row in view.rows]
            pairs = zip(ids, prompts, strict=True)
            options.add_options([Option(prompt, id=alert_id) for alert_id, prompt in pairs])
            if not ids:
                options.add_options(_suggestions())
            if held is not None and ids:
                options.highlighted = min(held, len(ids) - 1)
        self._rows = view.rows

    def action_move(self, rows: int) -> None:
        """Go down from the field to the list, up from its first row to the field."""
        field, options = self.query_one(Input), self.query_one(OptionList)
        if field.has_focus:
            if rows > 0 and self._rows:
                options.focus()
                options.highlighted = options.highlighted or 0
        elif rows < 0 and not options.highlighted:
            field.focus()
        elif rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_remove(self) -> None:
        """Remove the alert under the cursor."""
        options = self.query_one(OptionList)
        if not options.has_focus or options.highlighted is None or not self._rows:
            return
        row = self._rows[min(options.highlighted, len(self._rows) - 1)]
        self._tell(RemovePriceAlert(alert_id=row.alert_id), is_set=False)

    @on(OptionList.OptionSelected)
    def type_again(self, message: OptionList.OptionSelected) -> None:
        """Put an alert into the field, to set one like it."""
        row = self._rows[message.option_index]
        field = self.query_one(Input)
        field.value = f"{row.instrument} {row.text}"
        field.cursor_position = len(field.value)
        field.focus()

    def action_close(self) -> None:
        """Go back to the prices."""
        self.dismiss(None)


def _suggestions() -> list[Option]:
    """Show one alert of each kind where none is set."""
    lines = ["No alerts yet. After the market, type such as:", *EXAMPLES.values()]
    return [
        Option(Content.styled(f"{'   ' if index else ''}{line}", "$muted"), disabled=True)
        for index, line in enumerate(lines)
    ]


def row_texts(row: PriceAlertRow, width: int) -> list[tuple[str, str]]:
    """Write one alert: whether it is armed, market and condition, its number now, its firings."""
    room = max(8, width - 2 - _MARKET_CELLS - _VALUE_CELLS - _STATE_CELLS - 2)
    mark = ("● ", "$success") if row.is_armed else ("○ ", "$muted")
    return [
        mark,
        (_market(row.instrument), "$muted"),
        (fit(clean(row.text), room), "$foreground" if row.is_armed else "$muted"),
        (fit_right(_number(row.value_now), _VALUE_CELLS), "$foreground"),
        (f"  {fit(_state(row), _STATE_CELLS)}", "$key" if row.fired else "$muted"),
    ]


def _market(instrument: InstrumentId) -> str:
    name = f"{market_name(clean(instrument))} {clean(venue_of(instrument))}"
    return fit(name, _MARKET_CELLS - 1) + " "


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.0f}" if abs(value) >= _MILLION else f"{value:,.6g}"


def _state(row: PriceAlertRow) -> str:
    if row.last_fired_at is None:
        return "armed"
    times = f"fired {row.fired}x" if row.is_armed else "fired, off"
    return f"{times} {clock_text(row.last_fired_at)[:5]}"
