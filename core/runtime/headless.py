"""Runs without a screen: play or trade for a while, end in order, print one summary."""

import asyncio
import logging
import time
from typing import Any, Final

from core.domain.commands import StopAll
from core.domain.events import TimerFired
from core.domain.facts import Mode
from core.runtime.analyst.inline import InlineAnalyst
from core.runtime.launch import Launch
from core.runtime.logs import RingHandler
from core.runtime.runs import Run, open_run
from core.runtime.shell import Shell
from core.runtime.summary import replay_summary, trading_summary

log = logging.getLogger(__name__)
SETTLE_SECS: Final = 20.0
CLOSE_SECS: Final = 30.0


async def run_headless(launch: Launch, for_secs: float, ring: RingHandler) -> dict[str, Any]:
    """Run a launch without a screen and return its summary."""
    async with open_run(launch) as run:
        run.shell.analyst = InlineAnalyst(run.shell.clock, run.shell.publish)
        if run.replay is not None:
            run.replay.run_at_full_speed()
            return replay_summary(run.shell, run.replay, ring.exceptions)
        begun = time.monotonic()
        await _live_for(run, for_secs)
        await end_in_order(run.shell)
        return trading_summary(run.shell, ring.exceptions, time.monotonic() - begun)


async def _live_for(run: Run, secs: float) -> None:
    """Let the run go on; an end of its pump is an error of ours and is raised."""
    done, _ = await asyncio.wait({run.pump}, timeout=secs)
    for task in done:
        task.result()


async def end_in_order(shell: Shell) -> bool:
    """Strategies off, own orders cancelled, nothing in flight, then compare; True if matched.

    Anything not finished by its deadline is left to the next start, which proves it.
    """
    if shell.engine.settings.mode is Mode.REPLAY:
        return True
    await shell.command(StopAll(), "end of run")
    await _until(lambda: not shell.engine.rooms.trading.orders.live(), CLOSE_SECS)
    await shell.drained()
    wanted = {r.account: r.compared for r in shell.engine.rooms.reconcilers}
    for reconciler in shell.engine.rooms.reconcilers:
        now = shell.clock.now()
        shell.publish(TimerFired(ts_event=now, ts_recv=now, key=reconciler.timer, due=now))

    def is_compared() -> bool:
        return all(
            r.compared > wanted[r.account] and r.last_matched and not r.is_running
            for r in shell.engine.rooms.reconcilers
        )

    matched = await _until(is_compared, SETTLE_SECS)
    await shell.drained()
    if not matched:
        log.warning("run.ended_unmatched")
    return matched


async def _until(condition: Any, secs: float) -> bool:
    end = time.monotonic() + secs
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True
