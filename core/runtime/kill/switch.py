"""The kill switch of one engine: its own loop, its own sessions, and the latch.

`trip` may be called from any thread and by any trigger. It removes the latch in the caller's
thread, so that nothing new leaves, and wakes the loop that cancels. That loop needs no strategy,
screen, database, market data, nor the engine's loop.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

import msgspec

from core.domain.ids import AccountId
from core.domain.kill import KillLevel, KillPhase, KillProgress, KillTrouble, OpenRow, PossibleOrder
from core.runtime.clock import Clock
from core.runtime.crash import KILL_ASKED, KILL_LATCHED, CrashPoint, no_crash
from core.runtime.kill.carrying import Carrier, SteadyClock
from core.runtime.kill.latch import Latch
from core.runtime.kill.port import KillPort
from core.runtime.kill.run import KillRun

log = logging.getLogger(__name__)
POLL_SECS: Final = 0.025
WARM_SECS: Final = 10.0
TELL_SECS: Final = 0.2
_WARM_DEADLINE_SECS: Final = 5.0
SEVER_SECS: Final = 10.0
"""After so long K4 ends the engine even without proof; the latch and the watchdog stay."""
_RANK: Final = {KillLevel.HALT: 0, KillLevel.FLATTEN: 1, KillLevel.SEVER: 2}


class KillTarget(NamedTuple):
    """One account to kill."""

    account: AccountId
    open_port: Callable[[], KillPort]
    possible: Callable[[], tuple[PossibleOrder, ...]]
    """Own orders that may be live; called in the kill's own thread, may fail."""


class KillState(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the switch is doing."""

    level: KillLevel | None = None
    by: str = ""
    reason: str = ""
    block_us: int | None = None
    """From the call to the latch removed, microseconds."""
    accounts: tuple[KillProgress, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether no account has an open order that can increase exposure."""
        return bool(self.accounts) and all(a.proven_ms is not None for a in self.accounts)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to watch."""
        return all(a.phase is KillPhase.DONE for a in self.accounts)


class KillSwitch:
    """Trips, cancels, watches.

    Args:
        latch: The file on disk.
        targets: The accounts.
        clock: Time.
        tell: Takes every state; called in the kill's own thread.
        sever: Ends the engine; called once zero is proven at K4, or after ten seconds.
        rng: Jitter of pauses.
    """

    def __init__(
        self,
        latch: Latch,
        targets: tuple[KillTarget, ...],
        clock: Clock,
        *,
        tell: Callable[[KillState], None],
        sever: Callable[[], None],
        rng: Random,
    ) -> None:
        self.latch = latch
        self._targets = targets
        self._clock = SteadyClock(clock)
        self._tell = tell
        self._sever = sever
        self._rng = rng
        self.crash: CrashPoint = no_crash
        """Labelled points for tests."""
        self._lock = threading.Lock()
        self._state = KillState()
        self._armings = self._worked_for = 0
        """How often it was armed again, and for which of these the carriers work."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred: asyncio.Event | None = None
        self._carriers: list[Carrier] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._ports: list[KillPort] = []
        self._resting: dict[int, tuple[OpenRow, ...]] = {}
        """What rested when last seen: a head start that includes foreign orders."""
        self._severs_at: float | None = None
        self._told_at = 0.0

    # ---- from any thread -----------------------------------------------------------------------

    @property
    def state(self) -> KillState:
        """What the switch is doing now."""
        return self._state

    @property
    def may_send(self) -> bool:
        """Whether the latch lets orders leave."""
        return self.latch.is_armed

    def trip(self, level: KillLevel, by: str, reason: str) -> None:
        """Block at once, then cancel. Idempotent; a higher level adds to a lower one."""
        begun = time.monotonic_ns()
        self.crash(KILL_ASKED)
        try:
            self.latch.trip(f"{level} by {by}: {reason}")
        except OSError as error:
            log.exception("kill.latch_stuck")
            reason = f"{reason}; the latch file cannot be removed: {error}"
        block_us = (time.monotonic_ns() - begun) // 1_000
        self.crash(KILL_LATCHED)
        with self._lock:
            held = self._state.level
            if held is not None and _RANK[held] >= _RANK[level]:
                return
            first = self._state if held is not None else KillState(by=by, reason=reason)
            self._state = msgspec.structs.replace(
                first, level=level, block_us=first.block_us or block_us
            )
        log.warning("kill.tripped", extra={"level": level, "by": by, "reason": reason})
        self._stir()

    def arm(self, word: str) -> None:
        """Write the latch and stand ready again. Raises OSError."""
        self.latch.arm(word)
        with self._lock:
            self._state = KillState()
            self._armings += 1
        self._stir()

    def _stir(self) -> None:
        loop, stirred = self._loop, self._stirred
        if loop is None or stirred is None:
            return
        try:
            loop.call_soon_threadsafe(stirred.set)
        except RuntimeError:
            log.warning("kill.loop_closed")

    # ---- its own loop --------------------------------------------------------------------------

    async def serve(self) -> None:
        """Keep ready and carry out kills until cancelled."""
        self._loop, self._stirred = asyncio.get_running_loop(), asyncio.Event()
        self._carriers, self._tasks = [], []
        self._ports = [target.open_port() for target in self._targets]
        warming = asyncio.create_task(self._keep_warm(), name="kill warmth")
        was_armed = self.latch.is_armed
        try:
            while True:
                was_armed = self._look(was_armed=was_armed)
                self._work()
                self._tell_soon()
                await self._poll()
        finally:
            for task in (warming, *self._tasks):
                task.cancel()
            await asyncio.gather(warming, *self._tasks, return_exceptions=True)
            for port in self._ports:
                await port.close()

    def _look(self, *, was_armed: bool) -> bool:
        """See whether somebody removed the latch file."""
        is_armed = self.latch.is_armed
        if was_armed and not is_armed and self._state.level is None:
            self.trip(KillLevel.HALT, "latch", self.latch.why() or "the latch file was removed")
        return is_armed

    async def _poll(self) -> None:
        assert self._stirred is not None
        try:
            async with asyncio.timeout(POLL_SECS):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()

    def _work(self) -> None:
        with self._lock:
            level, arming = self._state.level, self._armings
        if level is None or arming != self._worked_for:
            self._drop()
            self._worked_for = arming
        if level is None:
            return
        if not self._carriers:
            self._begin()
        if level is KillLevel.FLATTEN:
            for carrier in self._carriers:
                carrier.run.take_all(self._clock.now())
        if level is KillLevel.SEVER and self._severs_at is None:
            self._severs_at = time.monotonic() + SEVER_SECS
        is_time = self._severs_at is not None and time.monotonic() >= self._severs_at
        if level is KillLevel.SEVER and (self._current().is_proven or is_time):
            self._severs_at = float("inf")
            sever, self._sever = self._sever, _nothing
            sever()

    def _begin(self) -> None:
        now = self._clock.now()
        for number, (target, port) in enumerate(zip(self._targets, self._ports, strict=True)):
            seen = tuple(PossibleOrder(row=row) for row in self._resting.get(number, ()))
            run = KillRun(target.account, now, (*_possible(target), *seen), self._rng)
            carrier = Carrier(run, port, self._clock, lambda _progress: self._tell_soon())
            self._carriers.append(carrier)
            name = f"kill {target.account}"
            self._tasks.append(asyncio.create_task(carrier.work_off(), name=name))

    def _drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._carriers, self._tasks = [], []

    def _current(self) -> KillState:
        now = self._clock.now()
        carriers = self._carriers if self._armings == self._worked_for else []
        told = tuple(carrier.run.progress(now) for carrier in carriers)
        return msgspec.structs.replace(self._state, accounts=told)

    def _tell_soon(self) -> None:
        """Tell what changed, at once where it matters, else five times a second."""
        with self._lock:
            old, new = self._state, self._current()
            self._state = new
        now = time.monotonic()
        if _gist(old) == _gist(new) and (not new.accounts or now - self._told_at < TELL_SECS):
            return
        self._told_at = now
        self._tell(new)

    async def _keep_warm(self) -> None:
        """Keep a connection open and the venue's time known, so that the first cancel is fast."""
        while True:
            for number, port in enumerate(self._ports):
                try:
                    await port.measure_clock(_WARM_DEADLINE_SECS)
                    rows = await port.open_orders(_WARM_DEADLINE_SECS)
                    # Conditional ones are asked for anew: one may have become protective since.
                    self._resting[number] = tuple(r for r in rows if not r.is_conditional)
                except KillTrouble as trouble:
                    log.info("kill.not_warm", extra={"reason": trouble.reason})
                except Exception:
                    # Warmth is a help, not a condition: the kill works without it.
                    log.exception("kill.warmth_failed")
            await asyncio.sleep(WARM_SECS)


class KillThread:
    """A thread that serves a switch with a loop of its own, again if that should ever end."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch
        self._stop: Callable[[], object] | None = None
        self._is_ended = False
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kill", daemon=True)

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self._thread.start()
        self._is_ready.wait(5.0)

    def close(self, secs: float = 2.0) -> None:
        """End it; what is not over goes on nowhere, so a kill is left to end first."""
        self._is_ended = True
        if self._stop is not None:
            self._stop()
        self._thread.join(secs)

    def _run(self) -> None:
        while not self._is_ended:
            try:
                asyncio.run(self._serve())
            except Exception:
                # The kill path has no one above it: it says so and stands up again.
                log.exception("kill.thread_broke")
                time.sleep(POLL_SECS)

    async def _serve(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._stop = lambda: loop.call_soon_threadsafe(task.cancel)
        loop.call_soon(self._is_ready.set)
        try:
            await self._switch.serve()
        except asyncio.CancelledError:
            if not self._is_ended:
                raise


def _possible(target: KillTarget) -> tuple[PossibleOrder, ...]:
    try:
        return target.possible()
    except Exception:
        # Only a head start: the venue's own list is asked anyway.
        log.exception("kill.no_head_start")
        return ()


def _gist(state: KillState) -> tuple[object, ...]:
    """Return what a change of is told at once."""
    parts = tuple(
        (a.phase, a.open_orders, a.unknown, a.late, a.trouble, a.is_emergency)
        for a in state.accounts
    )
    return (state.level, parts)


def _nothing() -> None:
    """Do nothing: the engine is ended once."""
