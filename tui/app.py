"""The application: holds the link, draws frames, sends commands, asks questions."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from core.domain.commands import (
    AddToWatchlist,
    AnswerAlert,
    Command,
    Kill,
    PauseReplay,
    Receipt,
    RemoveFromWatchlist,
    ResumeTrading,
    SetReplaySpeed,
    StepReplay,
    SwitchStrategy,
)
from core.domain.ids import AlertId, InstrumentId
from core.domain.kill import KillLevel
from core.domain.views import ALERTS, AlertsView
from core.runtime.config import Attention
from core.runtime.link import Link, LinkClosed
from tui.actions import BY_ID, SCREEN_PLACES
from tui.dialogs.ticket import TicketSent
from tui.render.palette import Palette
from tui.render.text import clean
from tui.screens.alarm import Alarm
from tui.screens.main import MainScreen
from tui.screens.output import call_attention, is_output_waiting, is_plain_terminal
from tui.screens.pace import Pace
from tui.theme import (
    DEFAULT_THEME,
    LoadedTheme,
    fallback,
    known_themes,
    palette_of,
    textual_theme,
    theme_variables,
)
from tui.widgets.messages import (
    ActionChosen,
    AlertChosen,
    LimitChosen,
    MarketRemoved,
    StrategyChosen,
    TradeWished,
)
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from textual.command import Provider

_LOG = logging.getLogger(__name__)
_COVERED_SECS = 0.5
_SLOW_SECS = 2.0


def cockpit_commands() -> "type[Provider]":
    """Return the palette's provider; imported when the palette opens, not for the first paint."""
    from tui.screens.commands import CockpitCommands  # noqa: PLC0415

    return CockpitCommands


class Cockpit(App[None]):
    """The trading cockpit on one engine.

    Args:
        link: The way to the engine; closed when the cockpit ends.
        theme: Name of a theme; an unknown one falls back to the default and says so.
        frame_hz: Frames asked for in a second; 0 leaves drawing to `draw_frame()`.
        themes: Themes to choose from; by default those shipped and the person's own.
        mode_text: Word of the badge, by default the mode the engine tells.
        clock: Monotonic seconds, for guards and throttles.
        trip: Trips the engine's kill switch without its link.
    """

    COMMANDS: ClassVar = {cockpit_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        # Above every dialog and field: nothing may swallow the kill switch.
        Binding("ctrl+k", "kill_chord", "Kill switch", id="kill-chord", priority=True, show=False),
    ]
    ENABLE_COMMAND_PALETTE = True
    ESCAPE_TO_MINIMIZE = False
    TITLE = "Wingman"
    CSS = """
    Toast { padding: 0 1; width: 52; background: $surface; }
    ToastRack { margin-bottom: 2; }
    CommandPalette { background: $background 60%; }
    CommandPalette SearchIcon { display: none; }
    """

    def __init__(
        self,
        link: Link,
        *,
        theme: str = DEFAULT_THEME,
        frame_hz: float = 10.0,
        themes: dict[str, LoadedTheme] | None = None,
        mode_text: str = "",
        clock: Callable[[], float] = time.monotonic,
        trip: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._trip = trip
        self.link = link
        self.frame_hz = frame_hz
        self.themes, self.theme_faults = known_themes(themes)
        self.is_gone = False
        self._monotonic = clock
        self._asked_at: float | None = None
        self._answered_at: float | None = None
        self._pace = Pace()
        self.attention = Attention.NONE
        """How grave alerts call, beside the sheet."""
        self._alarm = Alarm(lambda text: call_attention(self, text, self.attention))
        self._wished_theme = theme
        for known in self.themes.values():
            self.register_theme(textual_theme(known))
        chosen = theme if theme in self.themes else DEFAULT_THEME
        self.palette = palette_of(self.themes[chosen])
        self.main = MainScreen(self.palette, mode_text=mode_text, toast=self.toast, clock=clock)
        self.theme = chosen

    def _palette(self, name: str) -> Palette:
        return palette_of(self.themes[name], is_plain=is_plain_terminal(self))

    def get_default_screen(self) -> Screen[None]:
        """Open with the main screen."""
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every variable of ours a value under any theme."""
        return theme_variables(fallback())

    def on_mount(self) -> None:
        """Say what is wrong with themes, then follow the engine."""
        if self._wished_theme not in self.themes:
            known = ", ".join(self.themes)
            self.toast(
                f"There is no theme {self._wished_theme!r}; known are {known}.", "warning", "Theme"
            )
        if self.theme_faults:
            self.toast("; ".join(map(str, self.theme_faults)), "warning", "Theme")
        if is_plain_terminal(self):
            self.use_theme(self.theme)
        if self.frame_hz > 0:
            self.follow_engine()
            self.set_interval(1.0, self._watch_engine, name="engine-watch")

    async def on_unmount(self) -> None:
        """Let go of the engine."""
        await self.link.close()

    # -- frames ----------------------------------------------------------------------------

    @work(group="frames", exclusive=True, exit_on_error=False)
    async def follow_engine(self) -> None:
        """Ask for a frame, draw it, wait for the next beat; skip while the terminal is behind."""
        period = 1.0 / self.frame_hz
        while not self.is_gone:
            started = self._monotonic()
            if not is_output_waiting(self):
                await self.draw_frame()
            beat = _COVERED_SECS if self.is_covered else period
            await asyncio.sleep(max(0.001, started + beat - self._monotonic()))

    @property
    def is_covered(self) -> bool:
        """Whether a dialog lies over the panes."""
        return len(self.screen_stack) > 1

    async def draw_frame(self) -> None:
        """Ask the engine once and draw the answer; a dead link ends in a banner."""
        if self.is_gone:
            return
        self._asked_at = self._monotonic()
        try:
            frame = await self.link.frame(self.main.request(is_covered=self.is_covered))
            self._answered_at = self._monotonic()
            if self.main.take(frame):
                self._make_way_for_alert()
            if isinstance(view := frame.views.get(ALERTS), AlertsView):
                self._alarm.take(view)
        except LinkClosed as error:
            self.lose_engine(str(error))
        except Exception as error:  # noqa: BLE001 - the worker's outer edge: whatever the link raised is its end
            _LOG.exception("cockpit.frame_failed")
            self.lose_engine(f"{type(error).__name__}: {error}")
        finally:
            self._asked_at = None

    def _watch_engine(self) -> None:
        """Say so when the engine does not answer; what is shown grows old meanwhile."""
        silent_secs = self._monotonic() - (self._answered_at or self._monotonic())
        is_asking = self.is_gone or self._asked_at is not None
        if is_asking and silent_secs > _SLOW_SECS and not is_output_waiting(self):
            self.main.grow_old(silent_secs)
        asked = self._asked_at
        waited = self._monotonic() - asked if asked is not None else 0.0
        if not self.is_gone:
            note = f"NO ANSWER {waited:.0f}s" if waited > _SLOW_SECS else ""
            self.main.panes.header.show_note(note)

    def _make_way_for_alert(self) -> None:
        """Close dialogs that need no answer, so that a new alert is seen."""
        from tui.dialogs.confirm import Confirm  # noqa: PLC0415 - not needed for the first paint
        from tui.dialogs.kill import KillDialog, Rearm  # noqa: PLC0415 - as above

        while self.is_covered and not isinstance(self.screen, Confirm | KillDialog | Rearm):
            self.pop_screen()

    def lose_engine(self, reason: str) -> None:
        """Tell that the engine is gone; nothing is drawn or sent any more."""
        if self.is_gone:
            return
        self.is_gone = True
        self.main.disarm()
        _LOG.error("cockpit.engine_gone", extra={"reason": reason})
        self.main.show_gone(
            "The engine is gone.",
            "What you see is old and nothing can be sent from here.",
            "Press q to leave, then start wingman again: the journal brings everything back.",
            clean(reason),
        )

    # -- commands --------------------------------------------------------------------------

    async def send(self, command: Command) -> Receipt | None:
        """Send a command and return the receipt; None when the engine is gone."""
        if self.is_gone:
            self.toast("The engine is gone: nothing was sent.", "error", "Not sent")
            return None
        try:
            return await self.link.command(command)
        except LinkClosed as error:
            self.lose_engine(str(error))
        except Exception as error:  # noqa: BLE001 - the worker's outer edge: shown instead of ending the app
            _LOG.exception("cockpit.command_failed")
            self.toast(f"{type(error).__name__}: {error}", "error", "Command failed")
        return None

    @work(group="commands", exit_on_error=False)
    async def send_soon(self, command: Command, *, is_quiet: bool = False) -> None:
        """Send a command and show its receipt."""
        receipt = await self.send(command)
        if receipt is not None and not receipt.is_accepted:
            self.toast(receipt.text or "The engine refused.", "error", "Refused")
        elif receipt is not None and not is_quiet:
            self.main.panes.alert_line.show_event(receipt.text or "done")

    def toast(self, text: str, severity: str, title: str) -> None:
        """Show words that pass by; they are data, never markup."""
        level: SeverityLevel = "information"
        if severity in {"warning", "error"}:
            level = "warning" if severity == "warning" else "error"
        self.notify(clean(text), title=title, severity=level, timeout=4, markup=False)

    # -- strategies and stops --------------------------------------------------------------

    def action_toggle_strategy(self, slot: int) -> None:
        """Switch the strategy in a slot."""
        row = self.main.panes.strategies.in_slot(slot)
        if row is None:
            self.toast(f"There is no strategy in slot {slot}.", "information", "Strategies")
            return
        self.send_soon(SwitchStrategy(strategy=row.strategy, is_on=row.state != "on"))

    @on(StrategyChosen)
    def switch_strategy(self, message: StrategyChosen) -> None:
        """Switch the strategy a person pointed at."""
        self.send_soon(SwitchStrategy(strategy=message.strategy, is_on=message.is_on))

    @work(group="questions", exclusive=True, exit_on_error=False)
    async def action_stop_all(self) -> None:
        """Ask for the level of the kill switch, then work it; the chord twice halts."""
        from tui.dialogs.kill import KillDialog  # noqa: PLC0415

        level = await self.push_screen_wait(KillDialog())
        if level is not None:
            self.work_kill(level)

    def action_kill_chord(self) -> None:
        """Open the kill switch from anywhere; a second time it halts."""
        from tui.dialogs.kill import KillDialog  # noqa: PLC0415

        if isinstance(self.screen, KillDialog):
            self.screen.dismiss(KillLevel.HALT)
        else:
            self.action_stop_all()

    def work_kill(self, level: KillLevel) -> None:
        """Trip the engine's latch by its signal, for its loop may hang, then send the command."""
        if level.trips and self._trip is not None:
            self._trip()
        self.send_soon(Kill(level=level))

    @work(group="questions", exclusive=True, exit_on_error=False)
    async def action_resume(self) -> None:
        """Ask, then allow entries again."""
        from tui.dialogs.confirm import Confirm  # noqa: PLC0415
        from tui.dialogs.kill import Rearm  # noqa: PLC0415

        kill = self.main.panes.kill.view
        if kill.level is not None:
            typed = await self.push_screen_wait(Rearm(kill.rearm_word, kill.reason))
            if typed:
                self.send_soon(ResumeTrading(typed=typed))
            return
        question = Confirm(
            "Resume trading?",
            "Entries are allowed again. Strategies stay off until you switch them on.",
            yes="resume",
            no="stay stopped",
        )
        if await self.push_screen_wait(question):
            self.send_soon(ResumeTrading())

    @on(AlertChosen)
    @work(group="answers", exit_on_error=False)
    async def answer_alert(self, message: AlertChosen) -> None:
        """Send an answer and show its receipt in the sheet."""
        answer = AnswerAlert(
            alert_id=AlertId(message.alert_id), option=message.option, typed=message.typed
        )
        receipt = await self.send(answer)
        sheet = self.main.panes.sheet
        if receipt is None:
            sheet.show_refusal("the answer was not sent")
        elif receipt.is_accepted:
            sheet.show_receipt(receipt.text)
        else:
            sheet.show_refusal(f"refused: {receipt.text}")

    @on(LimitChosen)
    def change_limit(self, message: LimitChosen) -> None:
        """Ask for a new value of a limit."""
        from tui.dialogs.limits import ChangeLimit  # noqa: PLC0415 - not for the first paint

        view = self.main.panes.limits.view
        if view is not None:
            self.push_screen(ChangeLimit(view, message.name, self.send, clock=self._monotonic))

    # -- orders ----------------------------------------------------------------------------

    @on(TradeWished)
    def send_wish(self, message: TradeWished) -> None:
        """Send what a key of a ladder or a table asks for."""
        self.send_soon(message.command)

    @on(TicketSent)
    @work(group="answers", exit_on_error=False)
    async def send_ticket(self, message: TicketSent) -> None:
        """Send a ticket; it stays open with the reason when it is refused."""
        receipt = await self.send(message.command)
        ticket = self.main.panes.ticket
        if receipt is None:
            ticket.say("not sent: the engine does not answer", "danger")
        elif receipt.is_accepted:
            self.main.close_ticket()
            self.main.panes.alert_line.show_event(clean(receipt.text))
        else:
            ticket.say(clean(receipt.text), "danger")

    # -- markets ---------------------------------------------------------------------------

    @work(group="questions", exclusive=True, exit_on_error=False)
    async def action_add_market(self) -> None:
        """Ask which market to watch."""
        from tui.dialogs.add_market import AddMarket  # noqa: PLC0415

        view = self.main.panes.watchlist.view
        watched = frozenset(row.instrument for row in view.rows)
        chosen = await self.push_screen_wait(AddMarket(view.catalogue, watched))
        if chosen is not None:
            self.watch_market(chosen)

    def watch_market(self, instrument: InstrumentId) -> None:
        """Add a market to the watchlist."""
        self.send_soon(AddToWatchlist(instrument=instrument))

    @on(MarketRemoved)
    def forget_market(self, message: MarketRemoved) -> None:
        """Take a market from the watchlist."""
        self.send_soon(RemoveFromWatchlist(instrument=message.instrument))

    def action_price_alerts(self) -> None:
        """Show the alerts on prices, and type one for the price under the cursor."""
        from tui.dialogs.price_alerts import PriceAlerts  # noqa: PLC0415

        catalogue = self.main.panes.watchlist.view.catalogue
        follow = self.main.follow_price_alerts
        self.push_screen(PriceAlerts(catalogue, self.main.alert_prefill, self.send, follow))

    # -- replay ----------------------------------------------------------------------------

    @property
    def _replay_text(self) -> str:
        view = self.main.panes.header.view
        return view.replay if view is not None else ""

    def action_replay_pause(self) -> None:
        """Hold the replay or go on."""
        self.send_soon(PauseReplay(is_paused=self._pace.toggled(self._replay_text)))

    def action_replay_step(self) -> None:
        """Let one frame through."""
        self.send_soon(StepReplay(), is_quiet=True)

    def action_replay_speed(self, step: int) -> None:
        """Play faster or slower."""
        self.send_soon(SetReplaySpeed(speed=self._pace.stepped(self._replay_text, step)))

    # -- the cockpit itself ----------------------------------------------------------------

    def action_open_help(self) -> None:
        """Show every key."""
        from tui.dialogs.help import Help  # noqa: PLC0415

        self.push_screen(Help())

    def action_explain(self) -> None:
        """Tell what the numbers of the focused pane are; a pane without any shows the keys."""
        from tui.dialogs.explain import Explain  # noqa: PLC0415

        pane = self.main.focused
        numbers = pane.explain() if isinstance(pane, Pane) else ()
        if not numbers or not isinstance(pane, Pane):
            self.action_open_help()
            return
        self.push_screen(Explain("".join(text for text, _ in pane.title()), numbers))

    def action_open_palette(self) -> None:
        """Find anything by name."""
        self.action_command_palette()

    def action_next_theme(self) -> None:
        """Take the next theme."""
        names = list(self.themes)
        index = names.index(self.theme) + 1 if self.theme in names else 0
        self.use_theme(names[index % len(names)])

    def use_theme(self, name: str) -> None:
        """Draw everything in other colours."""
        self.theme = name
        self.palette = self._palette(name)
        for pane in self.main.panes.all:
            pane.use_palette(self.palette)

    @on(ActionChosen)
    async def run_chosen(self, message: ActionChosen) -> None:
        """Run an action whose key was clicked."""
        await self.run_action_id(message.action_id)

    async def run_action_id(self, action_id: str) -> None:
        """Run an action of the registry where the focus is."""
        action = BY_ID[action_id]
        is_wide = action.place in SCREEN_PLACES
        await self.run_action(action.action, self.main if is_wide else self.main.focused)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch off keys that mean nothing now."""
        return self.main.check_action(action, parameters)

    def leave_now(self) -> None:
        """Leave without a question, from whatever thread: a signal said so."""
        self.call_later(self.exit)

    async def action_quit(self) -> None:
        """Leave, asking first when something is open."""
        self.action_leave()

    @work(group="questions", exclusive=True, exit_on_error=False)
    async def action_leave(self) -> None:
        """Close this cockpit; ask first when positions or orders are open."""
        from tui.dialogs.confirm import Confirm  # noqa: PLC0415

        account = self.main.panes.account
        if account.is_exposed and not self.is_gone:
            count = len(account.view.positions)
            question = Confirm(
                "Leave the cockpit?",
                f"{count} position{'' if count == 1 else 's'} and {account.working} working "
                f"order{'' if account.working == 1 else 's'} are open.",
                "They are not closed by leaving; the engine follows its policy.",
                yes="leave",
                no="stay",
            )
            if not await self.push_screen_wait(question):
                return
        self.exit()
