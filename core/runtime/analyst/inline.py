"""An analyst in this very thread: for tests, and for runs without a screen at full speed."""

from collections.abc import Callable

from core.domain.events import AnalysisDone
from core.domain.jobs import Job
from core.runtime.clock import Clock


class InlineAnalyst:
    """Solves each job at once and publishes the answer."""

    def __init__(self, clock: Clock, publish: Callable[[AnalysisDone], None]) -> None:
        self._clock = clock
        self._publish = publish

    def submit(self, job: Job) -> None:
        """Solve a job now."""
        from core.runtime.analyst.work import solved  # noqa: PLC0415  array libraries

        answer, now = solved(job), self._clock.now()
        self._publish(
            AnalysisDone(
                ts_event=now,
                ts_recv=now,
                topic=answer.topic,
                view=answer.view,
                error=answer.error,
            )
        )


class NoAnalyst:
    """Stands where a run has none: jobs vanish, and what they would show stays away."""

    def submit(self, job: Job) -> None:
        """Ignore."""
