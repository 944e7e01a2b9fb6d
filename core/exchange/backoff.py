"""How long to wait before the next connection: capped exponential with full jitter."""

import random

import msgspec


class BackoffLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in seconds."""

    first_secs: float = 0.5
    longest_secs: float = 30.0
    reset_after_secs: float = 60.0
    """A connection that lived this long ends the count."""


class Backoff:
    """Counts failed attempts in a row.

    Attributes:
        attempts: Failures since the last connection that lived long enough.
    """

    def __init__(self, rng: random.Random, limits: BackoffLimits | None = None) -> None:
        self.attempts = 0
        self._rng = rng
        self._limits = limits or BackoffLimits()

    def pause_secs(self, lived_secs: float) -> float:
        """Return the pause after a connection that lived this long (0 if it never opened)."""
        if lived_secs >= self._limits.reset_after_secs:
            self.attempts = 0
        ceiling = min(self._limits.longest_secs, self._limits.first_secs * 2**self.attempts)
        self.attempts = min(self.attempts + 1, 30)
        return self._rng.uniform(0.0, ceiling)
