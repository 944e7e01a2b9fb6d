"""The kill switch at the keyboard, and the pane that follows it."""

import pytest

from core.domain.commands import Kill, ResumeTrading
from core.domain.facts import TradingState
from core.domain.ids import AccountId, Symbol
from core.domain.kill import KillLevel, KillMarket, KillPhase, KillProgress
from core.domain.views import KillView
from tests.tui.fake_link import FakeLink
from tests.tui.flight import flying
from tui.app import Cockpit
from tui.dialogs.kill import KillDialog, Rearm
from tui.widgets.kill import kill_lines

ACCOUNT = AccountId("alpha:main")


def progress(**changes: object) -> KillProgress:
    """Make the progress of one account."""
    told = {
        "account": ACCOUNT,
        "phase": KillPhase.CANCELLING,
        "open_orders": 4,
        "cancels": 12,
        "elapsed_ms": 700,
        "markets": (KillMarket(symbol=Symbol("SOL_USDC_PERP"), resting=3, conditional=1),),
    }
    return KillProgress(**(told | changes))  # type: ignore[arg-type]


def tripped(*accounts: KillProgress) -> KillView:
    """Make the view of a kill."""
    return KillView(
        level=KillLevel.HALT, by="signal", reason="SIGUSR1", accounts=accounts, rearm_word=ACCOUNT
    )


def linked(view: KillView) -> FakeLink:
    """Make an engine with a kill."""
    link = FakeLink()
    link.builders["kill"] = lambda _: view
    link.trading_state = TradingState.HALTED
    return link


@pytest.mark.parametrize(
    ("key", "level"), [(str(number), level) for number, level in enumerate(KillLevel)]
)
async def test_every_level_has_one_key(key: str, level: KillLevel) -> None:
    """The chord, one key, and it is sent; nothing is typed."""
    async with flying() as flight:
        await flight.press("ctrl+k")
        assert isinstance(flight.app.screen, KillDialog)
        assert f"{level} " in flight.screen_text

        await flight.press(key)

        assert flight.link.commands == [Kill(level=level)]
        assert not flight.is_asking()


async def test_chord_twice_halts() -> None:
    """No look at the screen needed."""
    async with flying() as flight:
        await flight.press("ctrl+k", "ctrl+k")

        assert flight.link.commands == [Kill(level=KillLevel.HALT)]


@pytest.mark.parametrize("opener", ["f1", "a", "ctrl+p", "A"])
async def test_chord_opens_above_every_dialog_and_field(opener: str) -> None:
    """Nothing swallows it, not even a field that takes text."""
    async with flying() as flight:
        await flight.press(opener)
        assert flight.is_asking()

        await flight.press("ctrl+k", "2")

        assert flight.link.commands == [Kill(level=KillLevel.HALT)]


async def test_levels_from_k2_trip_the_engine_without_its_link() -> None:
    """The signal goes first: an engine whose loop hangs answers no command."""
    done: list[str] = []
    link = FakeLink()
    app = Cockpit(link, frame_hz=0, trip=lambda: done.append("trip"))
    async with app.run_test(size=(120, 40)) as pilot:
        for key in ("0", "1"):
            await pilot.press("ctrl+k", key)
            await pilot.pause()
        assert done == []
        for key in ("2", "3", "4"):
            await pilot.press("ctrl+k", key)
            await pilot.pause()

        assert done == ["trip"] * 3


async def test_arming_again_needs_the_word_typed() -> None:
    """`r` asks for it; the engine judges it; Escape stays halted."""
    link = linked(tripped(progress(phase=KillPhase.DONE, open_orders=0, proven_ms=300)))
    async with flying(link) as flight:
        await flight.press("r", "escape")
        assert link.commands == []

        await flight.press("r")
        assert isinstance(flight.app.screen, Rearm)
        assert "alpha:main" in flight.screen_text
        await flight.pilot.press(*"alpha")
        await flight.pilot.press("colon")
        await flight.pilot.press(*"main")
        await flight.press("enter")

        assert link.commands == [ResumeTrading(typed="alpha:main")]


async def test_word_is_not_pasted() -> None:
    """A re-arming is meant by hand."""
    from textual.events import Paste
    from textual.widgets import Input

    async with flying(linked(tripped())) as flight:
        await flight.press("r")
        field = flight.app.screen.query_one(Input)
        field.post_message(Paste("alpha:main"))
        await flight.settle()

        assert field.value == ""


async def test_pane_follows_a_kill_and_goes_when_it_is_over() -> None:
    """Docked over the panes until there is nothing to watch for."""
    views = {"now": tripped(progress())}
    link = linked(views["now"])
    link.builders["kill"] = lambda _: views["now"]
    async with flying(link) as flight:
        working = flight.screen_text
        shown = flight.is_shown("kill")
        views["now"] = tripped(progress(phase=KillPhase.DONE, open_orders=0, proven_ms=420))
        link.advance(100)
        await flight.draw()

        assert shown
        assert "4 open" in working
        assert "SOL_USDC_PERP: 3 resting, 1 conditional" in working
        assert not flight.is_shown("kill")


def test_lines_tell_unknown_orders_apart_from_proven_zero() -> None:
    """Zero resting is proven; what may still come is said beside it."""
    told = progress(phase=KillPhase.WATCHING, open_orders=0, proven_ms=640, unknown=2, markets=())

    text = "\n".join(line for line, _ in kill_lines(tripped(told)))

    assert "zero risky orders proven after 0.64 s" in text
    assert "2 without a proven outcome" in text


def test_lines_tell_trouble_and_hide_while_armed() -> None:
    """Trouble in red; nothing while nothing happened."""
    lines = kill_lines(tripped(progress(trouble="HTTP 500", open_orders=None)))

    assert ("   HTTP 500", "danger") in lines
    assert "asking what is open" in lines[0][0]
    assert kill_lines(KillView()) == []
