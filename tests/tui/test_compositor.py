"""The exact update leaves the terminal showing what the compositor holds, with fewer bytes."""

import io
from typing import Any

import pyte
from rich.console import Console

from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import Flight, flying
from tui.screens.compositor import ExactCompositor, ExactUpdate


class Terminal:
    """A terminal emulator fed with what the compositor would send."""

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self.console = Console(
            file=io.StringIO(), force_terminal=True, color_system="truecolor", width=120, height=40
        )
        self.screen = pyte.Screen(120, 40)
        self.stream = pyte.Stream(self.screen)
        self.exact = self.plain = 0
        compositor = flight.app.main._compositor
        assert isinstance(compositor, ExactCompositor)
        self.compositor = compositor
        self.stream.feed(compositor.render_full_update().render_segments(self.console))
        original = compositor.render_update

        def recorded(**arguments: Any) -> Any:
            update = original(**arguments)
            if update is not None:
                self.feed(update)
            return update

        compositor.render_update = recorded  # type: ignore[method-assign,assignment]

    def feed(self, update: Any) -> None:
        """Show an update, counting the bytes of partial ones both ways."""
        text = update.render_segments(self.console)
        self.stream.feed(text)
        if isinstance(update, ExactUpdate):
            self.exact += len(text.encode())
            self.plain += len(super(ExactUpdate, update).render_segments(self.console).encode())

    async def assert_equal(self) -> None:
        """Compare every character and colour with a full drawing on a new terminal."""
        await self.flight.pilot.pause(0.05)
        fresh = pyte.Screen(120, 40)
        pyte.Stream(fresh).feed(self.compositor.render_full_update().render_segments(self.console))
        assert self.screen.display == fresh.display
        for y in range(40):
            for x in range(120):
                ours, theirs = self.screen.buffer[y][x], fresh.buffer[y][x]
                assert (ours.fg, ours.bg, ours.bold) == (theirs.fg, theirs.bg, theirs.bold)


async def test_exact_updates_leave_the_right_picture() -> None:
    """After frames, focus, an alert and its end, the terminal equals a full drawing."""
    link = FakeLink()
    async with flying(link) as flight:
        terminal = Terminal(flight)
        for _ in range(15):
            link.advance(300, prints=2.0)
            await flight.draw(secs=0.3)
        await terminal.assert_equal()
        await flight.press("tab", "j", "plus", "c")
        await terminal.assert_equal()
        for pane in flight.panes.focusable:
            pane.focus()
            await flight.draw()
        await terminal.assert_equal()

        assert terminal.exact < terminal.plain * 0.6


async def test_alert_ticks_are_exact_too() -> None:
    """Frames drawn while a sheet lies over panes are right."""
    link = FakeLink()
    async with flying(link) as flight:
        link.raise_alert(big_order_alert(link))
        await flight.draw()
        await flight.pilot.pause()
        terminal = Terminal(flight)
        for _ in range(6):
            link.advance(400, prints=2.0)
            await flight.draw(secs=0.4)
        await terminal.assert_equal()
