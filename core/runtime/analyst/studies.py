"""What one topic of the analyst is in the Desk: when it wants a job, and what it shows of it."""

from collections.abc import Callable, Hashable
from typing import Final, Protocol

from core.domain.effects import Effect
from core.domain.jobs import Job
from core.domain.study_views import StudyView

SECOND: Final = 1_000_000_000
Shown = tuple[Hashable, Callable[[], StudyView]]
"""What a shown view depends on, and how it is built."""


class Study(Protocol):
    """One topic. `look` runs on its beat inside a Desk step; everything else is cheaper still."""

    period_ns: int
    """Engine time between two looks."""

    def begin(self, at: int) -> tuple[Effect, ...]:
        """Ask for what is missing; called again while somebody looks."""

    def look(self, at: int, *, may_ask: bool) -> Job | None:
        """Carry on; if asked to, return a job where the inputs changed since the last one."""

    def take(self, view: StudyView) -> None:
        """Take the analyst's answer."""

    def key(self, at: int) -> Hashable:
        """Return what the shown view depends on besides the answer."""

    def shown(self, at: int) -> StudyView | None:
        """Build what a cockpit sees; None while there is nothing."""

    def end(self) -> None:
        """Nobody looks any more."""
