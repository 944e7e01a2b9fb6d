"""Risk and journal rooms flown on a whole Desk: limits changed, alerts shown and acknowledged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from core.domain.alert import Severity
from core.domain.facts import AlertEnded, LimitsChanged
from core.risk import alerts
from core.risk.limits import RiskLimits
from tests.core.runtime.rig import Rig
from tests.tui import fake_risk
from tests.tui.flight import ManualClock
from tests.tui.risk_link import RiskLink
from tui.app import Cockpit
from tui.dialogs.limits import ChangeLimit, TypedInput
from tui.screens.panes import Panes


class RigFlight:
    """A cockpit on a rig, its pilot and its clock."""

    def __init__(self, app: Cockpit, pilot: Pilot[Any], link: RiskLink, clock: ManualClock) -> None:
        self.app, self.pilot, self.link, self.clock = app, pilot, link, clock

    @property
    def rig(self) -> Rig:
        """The Desk behind."""
        return self.link.rig

    @property
    def limits(self) -> RiskLimits:
        """The limits in force."""
        return self.rig.rooms.risk.limits

    @property
    def panes(self) -> Panes:
        """The panes of the main screen."""
        return self.app.main.panes

    async def draw(self, times: int = 2) -> None:
        """Draw frames, a second apart."""
        for _ in range(times):
            self.clock.now += 1.0
            await self.app.draw_frame()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and let what they start finish."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()
        sending = [w for w in self.app.workers if w.group in {"commands", "answers"}]
        if sending:
            await self.app.workers.wait_for_complete(sending)
        await self.pilot.pause()

    async def choose(self, name: str) -> None:
        """Go to the risk room and ask to change a limit."""
        await self.press("f8")
        await self.draw(5)
        pane = self.panes.limits
        place = next(i for i, row in enumerate(pane.items) if row.name == name)
        pane.focus()
        pane.action_move_cursor(place - pane.cursor)
        await self.press("enter")
        self.clock.now += 1.0

    @property
    def dialog(self) -> ChangeLimit:
        """The open dialog."""
        assert isinstance(self.app.screen, ChangeLimit)
        return self.app.screen

    @property
    def note(self) -> str:
        """What the dialog says of the value."""
        return str(self.dialog.query_one(".note", Static).content)

    @property
    def field(self) -> TypedInput:
        """The dialog's field."""
        return self.dialog.query_one(TypedInput)

    def is_asking(self) -> bool:
        """Whether a dialog is open; a call, so that checkers do not remember."""
        return self.app.is_covered


@asynccontextmanager
async def flying(size: tuple[int, int] = (120, 40)) -> AsyncIterator[RigFlight]:
    """Open a cockpit on a rig."""
    link, clock = RiskLink(), ManualClock()
    app = Cockpit(link, frame_hz=0, clock=clock)
    async with app.run_test(size=size) as pilot:
        flight = RigFlight(app, pilot, link, clock)
        await pilot.pause()
        await flight.draw(2)
        yield flight


# ---- changing limits -----------------------------------------------------------------------------


async def test_a_tighter_limit_is_taken_at_once_and_shown() -> None:
    """One Enter; the room shows it with a star and what the file says."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press(*"1.5")
        assert "risk.max_leverage: 2 -> 1.5 (tighter). Enter changes it at once." in flight.note

        await flight.press("enter")

        assert not flight.is_asking()
        assert flight.limits.max_leverage == 1.5
        await flight.draw(6)
        assert "the file says 2" in flight.panes.limits.all_text


async def test_a_looser_limit_takes_the_name_and_the_value_typed() -> None:
    """Enter alone, a wrong word, or the value alone change nothing."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press("3", "enter")
        flight.clock.now += 1.0
        assert "Type: max_leverage 3" in flight.note

        await flight.press("enter")
        await flight.press(*"max_leverage 4", "enter")
        await flight.press("3", "enter")
        assert flight.limits.max_leverage == 2
        assert "That is not it" in flight.note
        assert not flight.link.commands

        await flight.press(*"max_leverage 3", "enter")
        assert flight.limits.max_leverage == 3
        assert not flight.is_asking()


async def test_pasted_words_loosen_nothing() -> None:
    """Neither by the terminal nor by the clipboard of the field."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press("3", "enter")
        flight.clock.now += 1.0

        flight.field.post_message(events.Paste("max_leverage 3"))
        await flight.pilot.pause()
        assert flight.field.value == ""
        assert "pasted text is refused" in flight.note
        flight.app.copy_to_clipboard("max_leverage 3")
        await flight.press("ctrl+v", "enter")

        assert flight.limits.max_leverage == 2
        assert not flight.rig.of(LimitsChanged)


async def test_keys_typed_ahead_of_the_words_do_not_count() -> None:
    """In the first half second nothing is taken."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press("3", "enter", *"max_leverage 3", "enter")

        assert flight.field.value == ""
        assert flight.limits.max_leverage == 2


async def test_the_hard_cap_and_the_reserve_are_never_loosened() -> None:
    """The sentence says where it can be done; Enter sends nothing."""
    async with flying() as flight:
        for name, value in (("risk.max_order_notional", "9000"), ("capital.reserve_pct", "20")):
            if name == "capital.reserve_pct":
                await flight.choose(name)
                await flight.press(*"30", "enter")
            await flight.choose(name)
            sent = len(flight.link.commands)
            await flight.press(*value, "enter")
            assert "can only be tightened while the engine runs" in flight.note
            assert len(flight.link.commands) == sent
            await flight.press("escape")
        assert flight.limits.max_order_notional == 5_000
        assert flight.rig.rooms.capital.limits.reserve_pct == 30


async def test_what_is_wrong_is_said_while_it_is_typed() -> None:
    """Range, kind and sameness, each with the path."""
    async with flying() as flight:
        await flight.choose("risk.max_open_orders")
        for typed, said in (("0", "must be >= 1"), ("2.5", "whole number"), ("20", "already")):
            await flight.press("home", "shift+end", "delete", *typed)
            assert said in flight.note
            assert "risk.max_open_orders" in flight.note
        await flight.press("enter")
        assert flight.is_asking()
        await flight.press("escape")
        assert not flight.is_asking()


async def test_escape_goes_back_from_the_words_to_the_value() -> None:
    """A second one leaves."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press("3", "enter", "escape")
        assert "New value" in flight.note
        await flight.press("escape")
        assert not flight.is_asking()


async def test_the_engine_judges_by_its_own_limits() -> None:
    """Tightened elsewhere meanwhile, the dialog's tighter value is looser there: refused."""
    async with flying() as flight:
        await flight.choose("risk.max_leverage")
        await flight.press(*"1.5")
        other = RiskLink(flight.rig, cockpit="other")
        await other.command(_tighter("max_leverage", "1"))

        await flight.press("enter")

        assert flight.limits.max_leverage == 1
        assert "refused: risk.max_leverage: 1 -> 1.5 (looser)" in flight.note


def _tighter(name: str, value: str) -> Any:
    from core.domain.commands import ChangeLimits

    return ChangeLimits(values=((name, value),))


# ---- alerts and the journal ----------------------------------------------------------------------


async def test_enter_in_the_queue_brings_that_alerts_sheet() -> None:
    """Not the most urgent one: the one under the cursor."""
    async with flying() as flight:
        for number, title in ((1, "First question"), (2, "Second question")):
            raised = alerts.raising(
                fake_risk.alert(number, Severity.WARNING, title, secs=None), flight.rig.at
            )
            flight.rig.engine.desk.absorb(raised, flight.rig.at, [])
        await flight.draw()
        await flight.press("escape", "f8")
        await flight.draw(4)
        queue = flight.panes.alert_queue
        queue.focus()
        second = next(i for i, row in enumerate(queue.items) if "Second" in row.alert.title)
        queue.action_move_cursor(second - queue.cursor)

        await flight.press("enter")

        assert flight.panes.sheet.is_open
        assert "Second question" in flight.panes.sheet.all_text


async def test_a_told_alert_is_acknowledged_in_the_queue_and_stands_in_the_history() -> None:
    """With who did it."""
    async with flying((200, 60)) as flight:
        told = fake_risk.alert(4, Severity.INFO, "SOL is above 141.20")
        flight.rig.engine.desk.absorb(alerts.raising(told, flight.rig.at), flight.rig.at, [])
        await flight.press("f8")
        await flight.draw(4)
        flight.panes.alert_queue.focus()

        await flight.press("x")
        await flight.draw(4)

        ended = [f for f in flight.rig.of(AlertEnded) if isinstance(f, AlertEnded)]
        assert [(f.option, f.by) for f in ended] == [("ack", "cockpit")]
        assert "Acknowledge by cockpit" in flight.panes.alert_queue.all_text


async def test_the_journal_shows_what_the_gate_saw() -> None:
    """A copied fill: the decision and the verdict, with the numbers on Enter."""
    async with flying() as flight:
        flight.rig.show("100")
        flight.rig.leader(quantity="10")
        await flight.press("f9")
        await flight.draw()
        decisions = flight.panes.decisions
        decisions.focus()
        assert "passed" in decisions.all_text
        assert "copied" in decisions.all_text
        await flight.press("slash", *"gate", "enter", "enter")
        assert "limit_price" in decisions.all_text
        assert flight.panes.decisions.items[-1].code == "gate"
