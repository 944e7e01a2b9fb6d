"""How an account is read: what is asked in which order, and how long to wait after a failure."""

from enum import StrEnum
from typing import Final

from core.domain.events import QueryKind

_SECOND: Final = 1_000_000_000
LONGEST_BACKOFF_NS: Final = 60 * _SECOND
"""How long a venue that is silent altogether is left alone."""
LONGEST_WITH_LIFE_NS: Final = 20 * _SECOND
"""Where it answers other questions: books are right within 30 s of its return."""
_STATE: Final = (QueryKind.BALANCES, QueryKind.POSITIONS, QueryKind.OPEN_ORDERS)
HISTORY: Final = (QueryKind.FILLS, QueryKind.SETTLEMENTS)


class Reading(StrEnum):
    """How thoroughly an account is read."""

    OPENING = "opening"
    LIGHT = "light"
    DEEP = "deep"
    BLOCKING = "blocking"


STAGES: Final[dict[Reading, tuple[tuple[QueryKind, ...], ...]]] = {
    Reading.OPENING: (_STATE, HISTORY),
    Reading.LIGHT: (_STATE,),
    Reading.DEEP: (HISTORY, _STATE),
    Reading.BLOCKING: (HISTORY, _STATE),
}


def backoff_ns(failures: int, *, has_life: bool) -> int:
    """Return how long to wait after so many failures in a row; twice as long each time."""
    longest = LONGEST_WITH_LIFE_NS if has_life else LONGEST_BACKOFF_NS
    return min(longest, _SECOND << min(failures - 1, 10))
