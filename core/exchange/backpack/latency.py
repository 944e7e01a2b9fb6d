"""How long round trips take: the newest few hundred, as quantiles. No clock."""

from collections import deque
from typing import Final

import msgspec

KEPT: Final = 512
_NS_PER_MS: Final = 1_000_000


class Quantiles(msgspec.Struct, frozen=True, gc=False):
    """Round trips in ms; None before the first."""

    count: int
    p50_ms: float | None
    p99_ms: float | None


class LatencyMeter:
    """Keeps the newest round trips."""

    def __init__(self) -> None:
        self._kept: deque[int] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, round_trip_ns: int) -> None:
        """Add one."""
        self._kept.append(round_trip_ns)
        self._count += 1

    def quantiles(self) -> Quantiles:
        """Return the middle and the slow end of what is kept."""
        ranked = sorted(self._kept)
        if not ranked:
            return Quantiles(self._count, None, None)
        slow = ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]
        return Quantiles(self._count, ranked[len(ranked) // 2] / _NS_PER_MS, slow / _NS_PER_MS)
