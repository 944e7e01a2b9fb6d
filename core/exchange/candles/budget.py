"""How often a venue may be asked: tokens, and pauses after trouble. Time is a parameter.

Whoever asks the same venue for history takes tokens from the same bucket (`port.Turns`).
"""

import random

import msgspec

from core.exchange.bucket import Bucket
from core.exchange.candles.port import Turns

_NS = 1_000_000_000


class BudgetLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Requests and durations in seconds. Venues allow 30 a minute: 24 of them are for candles.

    `requests` and `period_secs` count for a bucket of one's own only.
    """

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
    """Says when the next request may leave.

    Args:
        limits: Pauses after trouble, and the tokens of a bucket of its own.
        rng: Jitter of pauses.
        turns: Tokens shared with others who ask the same venue; a bucket of its own if None.

    Attributes:
        free_at: Before this instant (monotonic ns) nothing leaves.
    """

    def __init__(
        self, limits: BudgetLimits, rng: random.Random, turns: Turns | None = None
    ) -> None:
        self.limits = limits
        self._rng = rng
        self._turns = turns or Bucket(limits.requests, int(limits.period_secs * _NS))
        self.free_at = 0

    def wait_ns(self, monotonic: int) -> int:
        """Return how long the next request has to wait; 0 if it may leave now."""
        return max(0, self.free_at - monotonic, self._turns.wait_ns(monotonic))

    def take(self, monotonic: int) -> None:
        """Count a request that leaves now."""
        self._turns.take(monotonic)

    def left(self, monotonic: int) -> int:
        """Return how many requests may leave at once, pauses aside."""
        return max(0, self._turns.left(monotonic))

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
