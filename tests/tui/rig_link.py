"""A cockpit on a real Desk: the Link of a Rig, in virtual time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest
from core.runtime.link import LinkClosed
from tests.core.runtime.rig import Rig
from tests.tui.flight import ManualClock
from tui.app import Cockpit
from tui.screens.panes import Panes


class RigLink:
    """Answers from a Rig; each frame lets a tenth of a second pass and shows a fresh book."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.price = "100"
        self.is_dead = False
        self.is_frozen = False
        """True lets time pass without a new book."""
        self.receipts: list[Receipt] = []

    async def frame(self, request: FrameRequest) -> Frame:
        """Let time pass, then answer."""
        if self.is_dead:
            raise LinkClosed("the engine process ended with code 1")
        self.rig.run(0.1)
        if not self.is_frozen:
            self.rig.show(self.price)
        return self.rig.engine.frames.frame(request, self.rig.at)

    async def command(self, command: Command) -> Receipt:
        """Hand the command to the Desk."""
        if self.is_dead:
            raise LinkClosed("the engine process ended with code 1")
        receipt = self.rig.command(command)
        self.receipts.append(receipt)
        return receipt

    async def close(self) -> None:
        """Do nothing."""


class RealFlight:
    """Cockpit, pilot, Rig and clock."""

    def __init__(self, app: Cockpit, pilot: Pilot[Any], link: RigLink, clock: ManualClock) -> None:
        self.app = app
        self.pilot = pilot
        self.link = link
        self.rig = link.rig
        self.clock = clock

    @property
    def panes(self) -> Panes:
        """Return the panes of the main screen."""
        return self.app.main.panes

    async def draw(self, times: int = 1, *, secs: float = 0.1) -> None:
        """Draw frames."""
        for _ in range(times):
            self.clock.now += secs
            await self.app.draw_frame()
        await self.pilot.pause()

    async def settle(self) -> None:
        """Let commands finish."""
        await self.pilot.pause()
        sending = [w for w in self.app.workers if w.group in {"commands", "answers"}]
        if sending:
            await self.app.workers.wait_for_complete(sending)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, a frame after each."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()
            await self.draw()


@asynccontextmanager
async def flying_for_real(*, size: tuple[int, int] = (120, 40)) -> AsyncIterator[RealFlight]:
    """Open a cockpit on a calm market around 100."""
    link, clock = RigLink(Rig().open_markets()), ManualClock()
    app = Cockpit(link, frame_hz=0, clock=clock)
    async with app.run_test(size=size, notifications=True) as pilot:
        flight = RealFlight(app, pilot, link, clock)
        await pilot.pause()
        await flight.draw(4)
        yield flight
