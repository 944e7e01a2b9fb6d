"""Time as a parameter: the system's clock, and one that tests and the simulator move by hand."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for stamps, monotonic time for durations; both int ns."""

    def now(self) -> int:
        """Return UTC in ns since 1970."""

    def monotonic(self) -> int:
        """Return ns of a clock that never steps."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Return UTC in ns since 1970."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Return ns of the monotonic clock."""
        return time.monotonic_ns()


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start_ns: int) -> None:
        self._now = start_ns
        self._monotonic = 0

    def now(self) -> int:
        """Return UTC in ns since 1970."""
        return self._now

    def monotonic(self) -> int:
        """Return ns since this clock was made."""
        return self._monotonic

    def move_to(self, now_ns: int) -> None:
        """Move forward to an instant; going back is ignored."""
        step = max(0, now_ns - self._now)
        self._now += step
        self._monotonic += step
