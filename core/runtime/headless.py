"""Runs without a screen: play or trade for a while, end in order, print one summary."""

import asyncio
import logging
import time
from typing import Any, Final

from core.domain.commands import EndRun
from core.domain.events import TimerFired
from core.domain.facts import Mode
from core.runtime.analyst.inline import InlineAnalyst
from core.runtime.crash import EXIT_ASKED, EXIT_CANCELLED, EXIT_COMPARED
from core.runtime.kill.signals import SignalDoor
from core.runtime.launch import Launch
from core.runtime.logs import RingHandler
from core.runtime.runs import Run, open_run
from core.runtime.shell import Shell
from core.runtime.summary import replay_summary, trading_summary

log = logging.getLogger(__name__)
SETTLE_SECS: Final = 20.0
CLOSE_SECS: Final = 30.0
ORDERLY_SECS: Final = 8.0
"""How long an engine that was told to go may take for its orderly end (F59: ten in all)."""
_OWN_SHARE: Final = 0.75


async def run_headless(launch: Launch, for_secs: float, ring: RingHandler) -> dict[str, Any]:
    """Run a launch without a screen and return its summary."""
    async with open_run(launch) as run:
        run.shell.analyst = InlineAnalyst(run.shell.clock, run.shell.publish)
        if run.replay is not None:
            run.replay.run_at_full_speed()
            return replay_summary(run.shell, run.replay, ring.exceptions)
        begun = time.monotonic()
        with SignalDoor() as door:
            asked = asyncio.Event()
            door.ends_run(asyncio.get_running_loop(), asked)
            door.kills(run.shell)
            await _live_for(run, for_secs, asked)
        if asked.is_set():
            await ended_within(run.shell)
        else:
            await end_in_order(run.shell)
        return trading_summary(run.shell, ring.exceptions, time.monotonic() - begun)


async def _live_for(run: Run, secs: float, asked: asyncio.Event) -> None:
    """Let the run go on until a signal; an end of its pump is an error of ours and is raised."""
    asking = asyncio.create_task(asked.wait(), name="signals")
    try:
        await asyncio.wait({run.pump, asking}, timeout=secs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
    if run.pump.done():
        run.pump.result()


async def ended_within(shell: Shell, secs: float = ORDERLY_SECS) -> bool:
    """End in order, but in any case soon; True if the ledger matched at the end."""
    try:
        async with asyncio.timeout(secs):
            return await end_in_order(shell, within_secs=secs * _OWN_SHARE)
    except TimeoutError:
        log.warning("run.not_ended_in_order", extra={"secs": secs})
        return False


async def end_in_order(shell: Shell, within_secs: float = CLOSE_SECS + SETTLE_SECS) -> bool:
    """Strategies off, own orders cancelled, nothing in flight, then compare; True if matched.

    Anything not finished by its deadline is left to the next start, which proves it.
    """
    if shell.engine.settings.mode is Mode.REPLAY:
        return True
    give_up = time.monotonic() + within_secs
    await shell.command(EndRun(), "end of run")
    shell.crash(EXIT_ASKED)
    await _until(lambda: not shell.engine.rooms.trading.orders.live(), CLOSE_SECS, give_up)
    shell.crash(EXIT_CANCELLED)
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

    matched = await _until(is_compared, SETTLE_SECS, give_up)
    shell.crash(EXIT_COMPARED)
    await shell.drained()
    if not matched:
        log.warning("run.ended_unmatched")
    return matched


async def _until(condition: Any, secs: float, give_up: float) -> bool:
    """Wait for a condition so long, and never beyond the instant to give up at."""
    end = min(time.monotonic() + secs, give_up)
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True
