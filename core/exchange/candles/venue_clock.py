"""The venue's time between two readings of it: never ahead, whatever the wall clock does."""

from typing import Final

from core.exchange.candles.port import SourceTime

_REREAD_NS: Final = 300_000_000_000
_NS: Final = 1_000_000_000
_DRIFT: Final = 10_000
"""One part in this many, lost or gained by our monotonic clock."""


class VenueClock:
    """Counts on from a reading with the monotonic clock, on the late side of its error."""

    def __init__(self) -> None:
        self._reading: SourceTime | None = None
        self._read_at = 0

    def needs_reading(self, monotonic: int) -> bool:
        """Whether there is no reading, or only an old one."""
        return self._reading is None or monotonic - self._read_at > _REREAD_NS

    def read(self, reading: SourceTime, monotonic: int) -> None:
        """Take a reading."""
        self._reading, self._read_at = reading, monotonic

    def doubt(self) -> None:
        """Forget the reading: the venue disagreed with what was built on it."""
        self._reading = None

    def now_ns(self, monotonic: int) -> int:
        """Return the earliest that the venue's clock can show."""
        assert self._reading is not None
        passed = monotonic - self._read_at
        return self._reading.venue_ns - self._reading.error_bound_ns + passed - passed // _DRIFT

    def likely_ns(self, monotonic: int) -> int:
        """Return what the venue's clock most likely showed at a monotonic instant."""
        assert self._reading is not None
        return self._reading.venue_ns + monotonic - self._read_at
