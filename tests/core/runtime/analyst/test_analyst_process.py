"""The analyst as a process: answers, deaths, deadlines, and no orphan."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.domain.events import AnalysisDone
from core.domain.jobs import TrendJob
from core.domain.study_views import TrendView
from core.runtime.analyst.inline import InlineAnalyst, NoAnalyst
from core.runtime.analyst.outside import AnalystLimits, AnalystProcess
from core.runtime.clock import SystemClock
from tests.core.builders import SOL_PERP

ROOT = Path(__file__).resolve().parents[4]
FAST = AnalystLimits(job_secs=20.0, first_wait_secs=0.01, longest_wait_secs=0.05)
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


def job(topic: str = "trend/one", at: int = 1) -> TrendJob:
    """Make a small job."""
    return TrendJob(
        topic=topic, at=at, instrument=SOL_PERP, price_decimals=2, minutes=(), columns=()
    )


class Told:
    """Collects answers."""

    def __init__(self) -> None:
        self.answers: list[AnalysisDone] = []
        self._came = asyncio.Event()

    def __call__(self, answer: AnalysisDone) -> None:
        """Take one."""
        self.answers.append(answer)
        self._came.set()

    async def until(self, count: int) -> list[AnalysisDone]:
        """Wait for so many answers."""
        async with asyncio.timeout(30):
            while len(self.answers) < count:
                self._came.clear()
                await self._came.wait()
        return self.answers


@pytest.fixture
async def told() -> Told:
    """Return an empty collection."""
    return Told()


@pytest.fixture
async def analyst(told: Told) -> AsyncIterator[AnalystProcess]:
    """Open an analyst."""
    async with AnalystProcess(SystemClock(), told, FAST) as opened:
        yield opened


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, secs: float = 15.0) -> bool:
    """Wait for a process to end."""
    end = time.monotonic() + secs
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(pid)


async def test_process_is_started_at_the_first_job_and_answers(
    told: Told, analyst: AnalystProcess
) -> None:
    """Nothing runs before; then the answer is the one of the same function called here."""
    assert analyst.pid is None
    here = Told()
    InlineAnalyst(SystemClock(), here).submit(job())

    analyst.submit(job())
    (answer,) = await told.until(1)

    assert isinstance(answer.view, TrendView)
    assert answer.view == here.answers[0].view
    assert analyst.pid is not None


async def test_newer_job_of_a_topic_replaces_one_that_waits(
    told: Told, analyst: AnalystProcess
) -> None:
    """Of many jobs handed in at once the newest of each topic is answered."""
    for at in range(1, 6):
        analyst.submit(job("trend/one", at))
        analyst.submit(job("trend/two", at))

    answers = await told.until(2)
    await asyncio.sleep(0.1)

    views = {a.topic: a.view.computed_at for a in answers if isinstance(a.view, TrendView)}
    assert views == {"trend/one": 5, "trend/two": 5}
    assert analyst.statistics().replaced == 8


async def test_a_process_that_died_idle_is_told_in_the_log(
    told: Told, analyst: AnalystProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """It had no job to lose, and is replaced without a pause; the log says it ended."""
    analyst.submit(job())
    await told.until(1)
    first = analyst.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert analyst._child is not None
    await analyst._child.wait()

    analyst.submit(job())
    await told.until(2)

    assert told.answers[-1].view is not None
    assert [record.msg for record in caplog.records] == ["analyst.ended"]


async def test_killed_process_is_told_and_replaced(told: Told, analyst: AnalystProcess) -> None:
    """A death costs the job it had, is said, and the next job has a new process."""
    analyst.submit(job())
    await told.until(1)
    first = analyst.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until_gone(first)

    while len(told.answers) < 6 and not (told.answers[1:] and told.answers[-1].view):
        analyst.submit(job())
        await told.until(len(told.answers) + 1)

    assert told.answers[-1].view is not None
    assert analyst.pid not in {None, first}
    assert analyst.statistics().starts == 2


async def test_job_past_its_deadline_ends_the_process(told: Told) -> None:
    """A process that never answers is killed and the Desk is told why."""
    limits = AnalystLimits(job_secs=0.3, first_wait_secs=0.01, longest_wait_secs=0.05)
    async with AnalystProcess(SystemClock(), told, limits, SLEEPER) as analyst:
        analyst.submit(job())
        await asyncio.sleep(0.15)
        pid = analyst.pid
        (answer,) = await told.until(1)

    assert pid is not None
    assert answer.view is None
    assert "0.3 s" in answer.error
    assert wait_until_gone(pid)


async def test_program_that_is_not_there_is_told_each_time(told: Told) -> None:
    """What cannot be started is an answer without a view, not a silence and not a crash."""
    async with AnalystProcess(SystemClock(), told, FAST, ("/nowhere/analyst",)) as analyst:
        analyst.submit(job())
        await told.until(1)
        analyst.submit(job())
        answers = await told.until(2)

    assert all(answer.view is None and answer.error for answer in answers)


async def test_process_ends_with_its_engine(told: Told) -> None:
    """Leaving the block ends the child."""
    async with AnalystProcess(SystemClock(), told, FAST) as analyst:
        analyst.submit(job())
        await told.until(1)
        pid = analyst.pid

    assert pid is not None
    assert not is_alive(pid)


ENGINE = """
import asyncio, sys
from core.runtime.analyst.outside import AnalystProcess
from core.runtime.clock import SystemClock
from tests.core.runtime.analyst.test_analyst_process import Told, job

async def main():
    told = Told()
    async with AnalystProcess(SystemClock(), told) as analyst:
        analyst.submit(job())
        await told.until(1)
        print(analyst.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_process_does_not_outlive_a_killed_engine() -> None:
    """The engine dies without a word; its analyst sees the pipe close and goes."""
    command = [sys.executable, "-c", textwrap.dedent(ENGINE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as engine:
        assert engine.stdout is not None
        pid = int(engine.stdout.readline())
        assert is_alive(pid)
        engine.kill()
        engine.wait()

    assert wait_until_gone(pid)


async def test_bad_job_is_an_answer_and_the_process_lives_on(
    told: Told, analyst: AnalystProcess
) -> None:
    """A snapshot that breaks the mathematics costs itself only."""
    from core.domain.jobs import BookSample, HeatmapJob

    broken = HeatmapJob(
        topic="heatmap/broken",
        at=1,
        instrument=SOL_PERP,
        price_decimals=2,
        size_decimals=2,
        rows=0,
        start_ts=0,
        step_ns=1,
        base_step=1,
        samples=(BookSample(0, 1, 2, b"", b""),),
        prints=(),
    )
    analyst.submit(broken)
    analyst.submit(job())
    answers = await told.until(2)

    assert answers[0].view is None
    assert answers[0].error
    assert answers[1].view is not None
    assert analyst.statistics().starts == 1


def test_engine_loads_no_array_library() -> None:
    """Numpy and TA-Lib are the analyst's alone."""
    code = (
        "import core.runtime.engine_process, sys;"
        "print([m for m in ('numpy', 'talib') if m in sys.modules])"
    )
    probe = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert probe.stdout.strip() == "[]"


def test_run_without_an_analyst_ignores_jobs() -> None:
    """Nothing is said, nothing breaks."""
    NoAnalyst().submit(job())
