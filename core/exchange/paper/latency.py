"""How long a message is under way: what was measured of the venue, with its spread."""

import random
from collections import deque
from typing import Final

_KEPT: Final = 32
_SPREAD: Final = 0.15


class Latency:
    """One way of a round trip, drawn from those measured lately.

    Args:
        first_ns: One way until something was measured.
        rng: Which of them, and how much slower or faster.
    """

    def __init__(self, first_ns: int, rng: random.Random) -> None:
        self._first_ns = first_ns
        self._rng = rng
        self._ways: deque[int] = deque(maxlen=_KEPT)

    @property
    def is_measured(self) -> bool:
        """Whether any round trip was measured."""
        return bool(self._ways)

    @property
    def typical_ns(self) -> int:
        """Median of one way."""
        return sorted(self._ways)[len(self._ways) // 2] if self._ways else self._first_ns

    def measured(self, one_way_ns: int) -> None:
        """Learn one way of a round trip."""
        self._ways.append(max(0, one_way_ns))

    def draw(self) -> int:
        """Return how long the next message takes, ns."""
        base = self._rng.choice(self._ways) if self._ways else self._first_ns
        return int(base * self._rng.uniform(1 - _SPREAD, 1 + _SPREAD))
