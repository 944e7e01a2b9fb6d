"""A cockpit in flight for tests: no frame timer, an injected clock, frames drawn on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from tests.tui.fake_link import FakeLink
from tui.app import Cockpit
from tui.screens.panes import Panes


class ManualClock:
    """Monotonic seconds that move when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


class Flight:
    """The cockpit, its pilot, its engine and its clock."""

    def __init__(self, app: Cockpit, pilot: Pilot[Any], link: FakeLink, clock: ManualClock) -> None:
        self.app = app
        self.pilot = pilot
        self.link = link
        self.clock = clock

    @property
    def panes(self) -> Panes:
        """Return the panes of the main screen."""
        return self.app.main.panes

    async def settle(self) -> None:
        """Let workers and messages finish."""
        await self.pilot.pause()
        sending = [w for w in self.app.workers if w.group in {"commands", "answers"}]
        if sending:
            await self.app.workers.wait_for_complete(sending)
        await self.pilot.pause()

    async def draw(self, times: int = 1, *, secs: float = 1.0) -> None:
        """Draw frames, a second apart."""
        for _ in range(times):
            self.clock.now += secs
            await self.app.draw_frame()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and let what they start finish; then draw."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()
        await self.draw()

    def is_shown(self, pane: str) -> bool:
        """Whether the pane of this id is displayed; a call, so that checkers do not remember."""
        return self.app.main.query_one(f"#{pane}").display

    def is_asking(self) -> bool:
        """Whether a dialog is open."""
        return self.app.is_covered

    @property
    def focused(self) -> str | None:
        """Return the id of the pane with the focus."""
        focused = self.app.screen.focused
        return focused.id if focused else None

    @property
    def screen_text(self) -> str:
        """Return what stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def flying(
    link: FakeLink | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    frames: int = 3,
    theme: str = "wingman-dark",
) -> AsyncIterator[Flight]:
    """Open a cockpit on a fake engine and draw some frames."""
    link = link or FakeLink()
    clock = ManualClock()
    app = Cockpit(link, theme=theme, frame_hz=0, clock=clock)
    async with app.run_test(size=size, notifications=True) as pilot:
        flight = Flight(app, pilot, link, clock)
        await pilot.pause()
        await flight.draw(frames)
        yield flight
