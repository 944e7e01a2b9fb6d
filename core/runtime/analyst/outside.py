"""The engine's end of the analyst's process: started at the first job, restarted when it dies."""

import asyncio
import contextlib
import logging
import os
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from core.domain.codec import packed, unpacker
from core.domain.events import AnalysisDone
from core.domain.jobs import Job
from core.runtime.analyst.port import LENGTH, MAX_MESSAGE, Solved
from core.runtime.clock import Clock

log = logging.getLogger(__name__)
_DECODER: Final = unpacker(Solved)
_BROKEN: Final = (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError, ValueError)


class AnalystLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Bounds of the analyst's process."""

    job_secs: float = 10.0
    """A job that takes longer ends the process; the first one's start is in it."""
    first_wait_secs: float = 0.5
    longest_wait_secs: float = 30.0
    goodbye_secs: float = 1.0


class AnalystStatistics(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What became of the jobs, and how often the process was started."""

    solved: int
    replaced: int
    failed: int
    starts: int


class AnalystProcess:
    """Carries jobs to a child process, one at a time. Use `async with`; the child ends with it."""

    def __init__(
        self,
        clock: Clock,
        publish: Callable[[AnalysisDone], None],
        limits: AnalystLimits | None = None,
        command: tuple[str, ...] = (sys.executable, "-m", "core.runtime.analyst.process"),
    ) -> None:
        self._clock = clock
        self._publish = publish
        self._limits = limits or AnalystLimits()
        self._command = command
        self._waiting: dict[str, Job] = {}
        self._wake = asyncio.Event()
        self._child: Process | None = None
        self._carrier: asyncio.Task[None] | None = None
        self._solved = self._replaced = self._failed = self._starts = 0
        self._deaths = 0

    async def __aenter__(self) -> Self:
        self._carrier = asyncio.create_task(self._carry(), name="analyst")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._carrier is not None:
            self._carrier.cancel()
            await asyncio.gather(self._carrier, return_exceptions=True)
        await self._end_child()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        child = self._child
        return None if child is None or child.returncode is not None else child.pid

    def submit(self, job: Job) -> None:
        """Take a job; a newer one of its topic replaces one that waits."""
        self._replaced += job.topic in self._waiting
        self._waiting[job.topic] = job
        self._wake.set()

    def statistics(self) -> AnalystStatistics:
        """Return the counters for the diagnostics screen."""
        return AnalystStatistics(
            solved=self._solved, replaced=self._replaced, failed=self._failed, starts=self._starts
        )

    # ---- parts ---------------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Bring the jobs to the child, the one that waited longest first, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                topic = next(iter(self._waiting))
                await self._bring(self._waiting.pop(topic))

    async def _bring(self, job: Job) -> None:
        try:
            async with asyncio.timeout(self._limits.job_secs):
                answer = await self._answered(job)
        except TimeoutError:
            await self._lost(job, f"took more than {self._limits.job_secs:g} s")
        except _BROKEN as error:
            await self._lost(job, f"its process ended: {error!r}")
        else:
            self._deaths = 0
            self._solved += not answer.error
            self._failed += bool(answer.error)
            if answer.error:
                log.warning("analyst.failed", extra={"topic": job.topic, "error": answer.error})
            self._tell(answer)

    async def _answered(self, job: Job) -> Solved:
        child = await self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        body = packed(job)
        child.stdin.write(LENGTH.pack(len(body)))
        child.stdin.write(body)
        await child.stdin.drain()
        (length,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        if length > MAX_MESSAGE:
            raise ValueError(f"answer of {length} bytes, at most {MAX_MESSAGE} are taken")
        found: Solved = _DECODER.decode(await child.stdout.readexactly(length))
        return found

    async def _running(self) -> Process:
        if self._child is not None and self._child.returncode is not None:
            log.warning("analyst.ended", extra={"code": self._child.returncode})
            self._child = None
        if self._child is None:
            self._starts += 1
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment()
            )
        return self._child

    async def _lost(self, job: Job, reason: str) -> None:
        """Give the job up, end what is left of the child, and wait longer each time it happens."""
        self._failed += 1
        self._deaths += 1
        log.warning(
            "analyst.lost", extra={"topic": job.topic, "why": reason, "attempt": self._deaths}
        )
        self._tell(Solved(job.topic, None, reason))
        await self._end_child()
        limits = self._limits
        longest = min(limits.first_wait_secs * 2.0 ** (self._deaths - 1), limits.longest_wait_secs)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311  jitter

    def _tell(self, answer: Solved) -> None:
        now = self._clock.now()
        self._publish(
            AnalysisDone(
                ts_event=now,
                ts_recv=now,
                topic=answer.topic,
                view=answer.view,
                error=answer.error,
            )
        )

    async def _end_child(self) -> None:
        """Close the child's input, which ends it; end it the hard way if it does not hear."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        if self._deaths:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        try:
            async with asyncio.timeout(self._limits.goodbye_secs):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _environment() -> dict[str, str]:
    """Let the child find this very package, also from a checkout that is not installed."""
    root = str(Path(__file__).resolve().parents[3])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
