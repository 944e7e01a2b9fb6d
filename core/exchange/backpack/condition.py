"""Whether a venue shows stress: 503s, a status that is not Ok, answers far slower than usual.

No clock. Orders sent under stress may reach the engine much later (risk-and-faults section 5).
"""

from collections import deque
from typing import Final

import msgspec

_UNAVAILABLE: Final = 503
_NS_PER_SECOND: Final = 1_000_000_000
CALM_AFTER_NS: Final = 60 * _NS_PER_SECOND
"""Stress is over after so long without a sign of it."""
SLOWNESS: Final = 10
"""How many times the usual round trip an answer may take."""
LEAST_SLOW_NS: Final = 250_000_000
"""Answers faster than this are never called slow, however fast the usual ones are."""
_KEPT: Final = 101
_LEAST_KEPT: Final = 20


class Condition(msgspec.Struct, frozen=True, gc=False):
    """What is told of a venue when it changes."""

    is_stressed: bool
    is_open: bool
    detail: str


CALM: Final = Condition(is_stressed=False, is_open=True, detail="")


class ConditionWatch:
    """Turns round trips and statuses into one condition. Instants are monotonic, ns."""

    def __init__(self) -> None:
        self._usual: deque[int] = deque(maxlen=_KEPT)
        self._signed_at: int | None = None
        self._sign = ""
        self._told = CALM

    def answered(self, status: int, round_trip_ns: int, now: int) -> None:
        """Learn from one answer."""
        if status == _UNAVAILABLE:
            self._show("503", now)
        if not self._is_slow(round_trip_ns, now):
            self._usual.append(round_trip_ns)

    def unanswered(self, waited_ns: int, now: int) -> None:
        """Learn of a request that was never answered: a long wait is slow as well."""
        self._is_slow(waited_ns, now)

    def changed(self, now: int, closed_reason: str) -> Condition | None:
        """Return the condition where it differs from the one told last; empty reason: open."""
        if closed_reason:
            self._show(closed_reason, now)
        is_stressed = self._signed_at is not None and now - self._signed_at < CALM_AFTER_NS
        found = Condition(is_stressed, not closed_reason, self._sign if is_stressed else "")
        is_same = (found.is_stressed, found.is_open) == (self._told.is_stressed, self._told.is_open)
        if is_same:
            return None
        self._told = found
        return found

    def _is_slow(self, waited_ns: int, now: int) -> bool:
        usual = self._middle()
        if usual is None or waited_ns <= max(usual * SLOWNESS, LEAST_SLOW_NS):
            return False
        self._show(f"an answer took {waited_ns // 1_000_000} ms", now)
        return True

    def _show(self, sign: str, now: int) -> None:
        self._signed_at, self._sign = now, sign

    def _middle(self) -> int | None:
        if len(self._usual) < _LEAST_KEPT:
            return None
        return sorted(self._usual)[len(self._usual) // 2]
