"""What the screen looks like: few states a person can name, each at a fixed size and moment."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from core.domain.facts import Mode, TradingState
from core.domain.views import BookState
from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import ManualClock
from tui.app import Cockpit

Snap = Callable[..., bool]


def _drawn(frames: int = 3, *keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what has to happen before the picture is taken."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, Cockpit)
        clock = app._monotonic
        assert isinstance(clock, ManualClock)
        await pilot.pause()
        for _ in range(frames):
            clock.now += 1
            await app.draw_frame()
            await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return run


def _cockpit(link: FakeLink | None = None, theme: str = "wingman-dark") -> Cockpit:
    return Cockpit(link or FakeLink(), theme=theme, frame_hz=0, clock=ManualClock())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["small", "normal", "large"])
def test_main_screen(snap_compare: Snap, size: tuple[int, int]) -> None:
    """The main screen at its three sizes."""
    assert snap_compare(_cockpit(), terminal_size=size, run_before=_drawn())


@pytest.mark.parametrize("theme", ["wingman-light", "wingman-redup"])
def test_main_screen_in_other_colours(snap_compare: Snap, theme: str) -> None:
    """The main screen in the other themes."""
    assert snap_compare(_cockpit(theme=theme), terminal_size=(120, 40), run_before=_drawn())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["small", "normal"])
def test_alert_sheet(snap_compare: Snap, size: tuple[int, int]) -> None:
    """The alert sheet over the main screen."""
    link = FakeLink()
    link.raise_alert(big_order_alert(link))
    assert snap_compare(_cockpit(link), terminal_size=size, run_before=_drawn())


def test_halted_replay_with_a_stale_book(snap_compare: Snap) -> None:
    """Replay, a halted account and a book that is old, all at once."""
    link = FakeLink(mode=Mode.REPLAY)
    link.replay = "paused 00:12 / 20:00"
    link.trading_state = TradingState.HALTED
    link.markets[link.watched[0]].book_state = BookState.STALE
    assert snap_compare(_cockpit(link), terminal_size=(120, 40), run_before=_drawn())


def test_help_screen(snap_compare: Snap) -> None:
    """The keys and what they do."""
    assert snap_compare(_cockpit(), terminal_size=(120, 40), run_before=_drawn(3, "f1"))


def test_dead_engine(snap_compare: Snap) -> None:
    """The engine is gone."""
    link = FakeLink()

    async def run(pilot: Pilot[Any]) -> None:
        await _drawn()(pilot)
        link.is_dead = True
        await _drawn(1)(pilot)

    assert snap_compare(_cockpit(link), terminal_size=(120, 40), run_before=run)
