"""How often a venue may be asked: a token bucket, and pauses after trouble. Time is a parameter.

Each token comes back a minute after it was spent, so that no minute ever holds more requests than
the bucket has tokens, wherever the minute begins.
"""

import random
from collections import deque

import msgspec

_NS = 1_000_000_000


class BudgetLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Requests and durations in seconds. Venues allow 30 a minute: 24 of them are for candles."""

    requests: int = 24
    period_secs: float = 60.0
    busy_pause_secs: float = 10.0
    """After a 429: doubled each time, up to the longest."""
    trouble_pause_secs: float = 1.0
    """After no answer or a 5xx: likewise, with full jitter."""
    longest_pause_secs: float = 60.0
    attempts: int = 8
    """Of one question, before giving up."""


class RequestBudget:
    """Hands out the instants at which requests may leave, in order.

    Attributes:
        free_at: Before this instant (monotonic ns) nothing leaves.
    """

    def __init__(self, limits: BudgetLimits, rng: random.Random) -> None:
        self.limits = limits
        self._rng = rng
        self._spent: deque[int] = deque(maxlen=limits.requests)
        self.free_at = 0

    def reserve(self, monotonic: int) -> int:
        """Take the next token; return when it may be used (monotonic ns)."""
        at = max(monotonic, self.free_at)
        if len(self._spent) == self.limits.requests:
            at = max(at, self._spent[0] + int(self.limits.period_secs * _NS) + 1)
        self._spent.append(at)
        self.free_at = max(self.free_at, at)
        return at

    def left(self, monotonic: int) -> int:
        """Return how many requests may leave at once."""
        period = int(self.limits.period_secs * _NS)
        return self.limits.requests - sum(1 for at in self._spent if monotonic - at <= period)

    def busy(self, monotonic: int, failures: int, told_secs: float | None) -> None:
        """Stop everybody after a 429; `failures` counts those in a row, this one included."""
        limits = self.limits
        own = min(limits.longest_pause_secs, limits.busy_pause_secs * 2 ** (failures - 1))
        self._hold(monotonic, own if told_secs is None else max(own, told_secs))

    def trouble(self, monotonic: int, failures: int) -> None:
        """Wait a little after no answer; `failures` as above."""
        limits = self.limits
        ceiling = min(limits.longest_pause_secs, limits.trouble_pause_secs * 2 ** (failures - 1))
        self._hold(monotonic, ceiling / 2 + self._rng.uniform(0.0, ceiling / 2))

    def _hold(self, monotonic: int, pause_secs: float) -> None:
        self.free_at = max(self.free_at, monotonic + int(pause_secs * _NS))
