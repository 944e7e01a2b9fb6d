"""When requests may leave: budgets, spacing of queries, and pauses the venue asked for (5.3).

A refusal for too many requests, or trouble that lasts, stops everything but cancels: 10 s, doubling
to a minute, never less than the venue names. Cancels have a short pause of their own.
"""

import random
from typing import Final

import msgspec

from core.exchange.backpack.budget import Budget, BudgetLimits, Lane

_NS: Final = 1_000_000_000
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_FIRST_CANCEL_PAUSE_SECS: Final = 1.0
_LONGEST_CANCEL_PAUSE_SECS: Final = 8.0
_LONGEST_RETRY_AFTER_SECS: Final = 600.0
_UNLIMITED: Final = 1_000_000_000


class PacingLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in seconds."""

    query_secs: float = 0.1
    """Between two queries."""
    history_secs: float = 2.5
    """Between two reads of candles on average: the venue takes 30 a minute, we send 24."""
    first_pause_secs: float = 10.0
    longest_pause_secs: float = 60.0
    patience_secs: float = 15.0
    """How long a query waits for its turn before it is given up."""
    deadline_secs: float = 10.0
    """How long a request waits for its reply; a cancel at most 5 s of it."""
    retries: int = 2
    """How often a query or a cancel is tried again."""
    first_retry_secs: float = 0.4
    trouble_count: int = 3
    """Server errors in a row that count as trouble."""

    def budget(self) -> BudgetLimits:
        """Return the budget of a minute."""
        secs = self.history_secs
        return BudgetLimits(history=max(24, int(60 / secs)) if secs > 0 else _UNLIMITED)


class Pacer:
    """One account's requests in time.

    Attributes:
        pauses: How often the venue made us stop.
    """

    def __init__(self, limits: PacingLimits | None, rng: random.Random) -> None:
        self.limits = limits or PacingLimits()
        self.budget = Budget(self.limits.budget())
        self.pauses = 0
        self._rng = rng
        self._query_free_at = 0
        self._paused_until = 0
        self._pause_secs = 0.0
        self._cancel_free_at = 0
        self._cancel_pause_secs = 0.0
        self._errors_in_a_row = 0

    def wait_ns(self, lane: Lane, monotonic: int) -> int:
        """Return how long a request of this lane has to wait; 0 if it may leave now."""
        wait = self.budget.wait_ns(lane, monotonic)
        if lane is Lane.CANCEL:
            return max(wait, self._cancel_free_at - monotonic)
        wait = max(wait, self._paused_until - monotonic)
        return wait if lane is Lane.ENTRY else max(wait, self._query_free_at - monotonic)

    def take(self, lane: Lane, monotonic: int) -> None:
        """Count a request that leaves now."""
        self.budget.take(lane, monotonic)
        if lane not in {Lane.CANCEL, Lane.ENTRY}:
            self._query_free_at = monotonic + int(self.limits.query_secs * _NS)

    def paused_ns(self, monotonic: int) -> int:
        """Return how long the venue's pause still lasts."""
        return max(0, self._paused_until - monotonic)

    def told(self, lane: Lane, status: int, retry_after: str | None, monotonic: int) -> None:
        """Learn from a reply's status."""
        if status == _TOO_MANY:
            self._refused(lane, _seconds(retry_after), monotonic)
        elif status >= _SERVER_ERROR:
            self._errors_in_a_row += 1
            if self._errors_in_a_row >= self.limits.trouble_count:
                self._pause(_seconds(retry_after), monotonic)
        else:
            self._went_well(lane)

    def _refused(self, lane: Lane, at_least_secs: float, monotonic: int) -> None:
        self._pause(at_least_secs, monotonic)
        if lane is Lane.CANCEL:
            longer = max(_FIRST_CANCEL_PAUSE_SECS, self._cancel_pause_secs * 2)
            self._cancel_pause_secs = min(_LONGEST_CANCEL_PAUSE_SECS, longer)
            pause = self._cancel_pause_secs * self._rng.uniform(0.5, 1.0)
            self._cancel_free_at = monotonic + int(pause * _NS)

    def _pause(self, at_least_secs: float, monotonic: int) -> None:
        """Stop for a while, longer each time; replies that were under way do not lengthen it."""
        if monotonic < self._paused_until and not at_least_secs:
            return
        limits = self.limits
        longer = max(limits.first_pause_secs, self._pause_secs * 2)
        self._pause_secs = min(limits.longest_pause_secs, longer)
        pause = max(at_least_secs, self._pause_secs * self._rng.uniform(1.0, 1.25))
        self._paused_until = max(self._paused_until, monotonic + int(pause * _NS))
        self.pauses += 1

    def _went_well(self, lane: Lane) -> None:
        self._errors_in_a_row = 0
        if lane is Lane.CANCEL:
            self._cancel_pause_secs = 0.0
        else:
            self._pause_secs = 0.0

    def retry_secs(self, attempt: int) -> float:
        """Return the pause before another attempt, with full jitter."""
        return self._rng.uniform(0.0, self.limits.first_retry_secs * 2**attempt)


class LaneTurns:
    """The turns of one lane for somebody who waits by himself, such as the candle service."""

    def __init__(self, pacer: Pacer, lane: Lane) -> None:
        self._pacer = pacer
        self._lane = lane

    def wait_ns(self, monotonic: int) -> int:
        """Return how long a request of the lane has to wait; 0 if it may leave now."""
        return max(0, self._pacer.wait_ns(self._lane, monotonic))

    def take(self, monotonic: int) -> None:
        """Count a request that leaves now."""
        self._pacer.take(self._lane, monotonic)

    def left(self, monotonic: int) -> int:
        """Return how many requests of the lane the budget has left."""
        return self._pacer.budget.left(self._lane, monotonic)


def _seconds(retry_after: str | None) -> float:
    """Read `Retry-After`; a date, or nonsense, counts as nothing."""
    if retry_after is None or not retry_after.strip().isdecimal():
        return 0.0
    return min(_LONGEST_RETRY_AFTER_SECS, float(retry_after))
