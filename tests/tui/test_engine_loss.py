"""When the engine dies or is slow, the cockpit says so and stays."""

import asyncio

from core.domain.views import Frame, FrameRequest, ProgressStep
from tests.tui.fake_link import FakeLink
from tests.tui.flight import Flight, flying
from tui.app import Cockpit


async def test_a_dead_engine_is_a_banner_not_a_traceback() -> None:
    """The banner says what to do; keys that send say that nothing is sent."""
    async with flying() as flight:
        flight.link.is_dead = True
        await flight.draw()

        assert "The engine is gone." in flight.screen_text
        assert "ENGINE GONE" in flight.panes.header.row_text(0)
        await flight.pilot.press("1")
        await flight.settle()
        assert "nothing was sent" in flight.screen_text
        await flight.pilot.press("q")
        await flight.pilot.pause()
        assert flight.app._exit


async def test_a_command_finds_the_engine_dead_first() -> None:
    """A command on a dead link shows the banner too."""
    async with flying() as flight:
        flight.link.is_dead = True
        await flight.pilot.press("1")
        await flight.settle()

        assert flight.app.is_gone


async def test_whatever_the_link_raises_is_its_end() -> None:
    """An unexpected error of the link is shown, never raised through the app."""

    class Broken(FakeLink):
        async def frame(self, request: FrameRequest) -> Frame:
            raise RuntimeError(f"[/bold] {len(request.versions)} topics made no sense")

    async with flying(Broken()) as flight:
        assert flight.app.is_gone
        assert "[/bold] 8 topics made no sense" in flight.panes.gone.all_text


async def test_a_silent_engine_is_told_within_seconds() -> None:
    """While a request waits, the header counts."""
    async with flying() as flight:
        waiting = asyncio.Event()

        async def never(request: FrameRequest) -> Frame:
            await waiting.wait()
            raise AssertionError(request)

        flight.link.frame = never  # type: ignore[method-assign]
        asking = asyncio.create_task(flight.app.draw_frame())
        await asyncio.sleep(0)
        flight.clock.now += 4
        flight.app._watch_engine()
        assert "NO ANSWER 4s" in flight.panes.header.row_text(0)

        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_what_is_shown_grows_old_while_the_engine_is_silent() -> None:
    """No pane says it is fresh when nobody has answered for twelve seconds."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        assert "<1s" in ladder.row_text(0)
        asking = asyncio.create_task(_asked_in_vain(flight))
        await asyncio.sleep(0)
        flight.clock.now += 12
        flight.app._watch_engine()

        assert "STALE 12s" in ladder.row_text(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_what_a_dead_engine_showed_grows_old() -> None:
    """The banner goes with ages that are true; a frame of the flight may have passed as well."""
    async with flying() as flight:
        await flight.draw()
        ladder = flight.panes.ladder_left
        assert "STALE" not in ladder.row_text(0)
        flight.link.is_dead = True
        await flight.draw()
        for seconds in (3, 40):
            flight.clock.now += seconds
            flight.app._watch_engine()

        age = ladder.row_text(0).partition("STALE ")[2].partition("s")[0]
        assert int(age) in {43, 44}


async def _asked_in_vain(flight: Flight) -> None:
    async def never(request: FrameRequest) -> Frame:
        await asyncio.Event().wait()
        raise AssertionError(request)

    flight.link.frame = never  # type: ignore[method-assign]
    await flight.app.draw_frame()


async def test_progress_stands_over_the_panes_until_done() -> None:
    """Start-up work is shown step by step and steps aside."""
    link = FakeLink()
    link.steps = (
        ProgressStep(key="connect", label="connecting to alpha", fraction=1.0),
        ProgressStep(key="history", label="loading history", fraction=0.4),
        ProgressStep(key="books", label="order books", fraction=0.1, is_failed=True),
    )
    async with flying(link) as flight:
        text = flight.panes.progress.all_text
        assert flight.panes.progress.display
        assert "✓ connecting to alpha" in text
        assert "40%" in text
        assert "failed" in text

        link.steps = ()
        link.touch("progress")
        await flight.draw()
        assert not flight.panes.progress.display


async def test_the_frame_worker_follows_and_ends_with_the_engine() -> None:
    """With a frame rate the cockpit asks by itself, and stops when the link ends."""
    link = FakeLink()
    app = Cockpit(link, frame_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        while link.frames < 4:
            await pilot.pause(0.02)
        link.is_dead = True
        await app.workers.wait_for_complete([w for w in app.workers if w.group == "frames"])

        assert app.is_gone
