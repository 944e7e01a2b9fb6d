"""What the shell needs of an analyst, and the form of the pipe to one in another process."""

import struct
from typing import Final, Protocol

import msgspec

from core.domain.jobs import Job
from core.domain.study_views import StudyView

LENGTH: Final = struct.Struct("!I")
MAX_MESSAGE: Final = 64 * 1024 * 1024


class Analyst(Protocol):
    """Takes jobs; each is answered by one `AnalysisDone`, unless a newer of its topic replaced it.

    At most one job of a topic is being computed and one more waits.
    """

    def submit(self, job: Job) -> None:
        """Take a job; never waits."""


class Solved(msgspec.Struct, frozen=True, gc=False):
    """What comes back through the pipe."""

    topic: str
    view: StudyView | None
    error: str = ""
