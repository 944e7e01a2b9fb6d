"""One estimate of the venue's time, for signatures and ages. No clock, no socket.

It runs on the monotonic clock: when the wall clock steps, signatures stay right.
"""

from collections import deque
from typing import Final

import msgspec

SAMPLES: Final = 5
GOOD_OFFSET_NS: Final = 500_000_000
GOOD_BOUND_NS: Final = 250_000_000
STEP_NS: Final = 250_000_000
_RESOLUTION_NS: Final = 1_000_000
"""The venue tells whole milliseconds."""


class _Sample(msgspec.Struct, frozen=True, gc=False):
    base_ns: int
    """Venue time at monotonic zero."""
    bound_ns: int


class VenueClock:
    """The median of the newest five comparisons, each taken at the middle of its round trip."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES)
        self._best: _Sample | None = None
        self._wall_base = 0

    def compare(self, *, sent_at: int, received_at: int, venue_ns: int, wall_ns: int) -> None:
        """Take one comparison; instants of sending and receiving are monotonic.

        Args:
            sent_at: When the question left.
            received_at: When the answer came.
            venue_ns: What it said.
            wall_ns: The wall clock when it came.
        """
        half = (received_at - sent_at) // 2
        sample = _Sample(venue_ns - sent_at - half, half + _RESOLUTION_NS)
        self._samples.append(sample)
        ranked = sorted(self._samples, key=lambda each: each.base_ns)
        self._best = ranked[(len(ranked) - 1) // 2]
        self._wall_base = wall_ns - received_at

    def doubt(self) -> None:
        """Let the next comparison count alone: the venue called our time wrong."""
        self._samples.clear()

    @property
    def bound_ns(self) -> int | None:
        """How wrong the estimate may be; None before the first comparison."""
        return None if self._best is None else self._best.bound_ns

    def now(self, monotonic: int, wall_ns: int) -> int:
        """Return the venue's time; the wall clock before the first comparison."""
        return wall_ns if self._best is None else self._best.base_ns + monotonic

    def offset_ns(self, monotonic: int, wall_ns: int) -> int:
        """Return the venue's time minus the wall clock."""
        return self.now(monotonic, wall_ns) - wall_ns

    def has_stepped(self, monotonic: int, wall_ns: int) -> bool:
        """Whether the machine's two clocks moved apart since: a step, or a sleep."""
        if self._best is None:
            return False
        return abs(wall_ns - monotonic - self._wall_base) > STEP_NS

    def is_good(self, monotonic: int, wall_ns: int) -> bool:
        """Whether entries may rely on it (rule R22)."""
        if self._best is None or self._best.bound_ns > GOOD_BOUND_NS:
            return False
        return abs(self.offset_ns(monotonic, wall_ns)) <= GOOD_OFFSET_NS
