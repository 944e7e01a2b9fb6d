"""How many requests a minute may see, and who may have the last of them (rule R16). No clock.

A token comes back a minute after it was taken, so that no minute, wherever it begins, sees more
than the bucket holds. Cancels and reconciliation own tokens that nobody else can take.
"""

from enum import StrEnum
from typing import Final

import msgspec

from core.exchange.bucket import Bucket

_NS: Final = 1_000_000_000


class Lane(StrEnum):
    """Whose request it is."""

    ENTRY = "entry"
    CANCEL = "cancel"
    RECONCILE = "reconcile"
    QUERY = "query"
    HISTORY = "history"


class BudgetLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Requests in any span; the venue's own bounds are 2,000 and 30 a minute."""

    total: int = 1_600
    entries: int = 800
    cancel_reserve: int = 300
    reconcile_reserve: int = 200
    history: int = 24
    span_secs: float = 60.0

    @property
    def shared(self) -> int:
        """What everybody may use."""
        return self.total - self.cancel_reserve - self.reconcile_reserve


class Budget:
    """The requests of one account."""

    def __init__(self, limits: BudgetLimits | None = None) -> None:
        self._limits = limits or BudgetLimits()
        span_ns = int(self._limits.span_secs * _NS)
        most = {Lane.ENTRY: self._limits.entries, Lane.HISTORY: self._limits.history}
        self._buckets = {lane: Bucket(most.get(lane, self._limits.total), span_ns) for lane in Lane}

    def left(self, lane: Lane, monotonic: int) -> int:
        """Return how many requests a lane could send at once."""
        limits = self._limits
        used = {each: bucket.used(monotonic) for each, bucket in self._buckets.items()}
        own = {
            Lane.CANCEL: max(0, limits.cancel_reserve - used[Lane.CANCEL]),
            Lane.RECONCILE: max(0, limits.reconcile_reserve - used[Lane.RECONCILE]),
        }
        left = limits.shared - self._shared_use(used) + own.get(lane, 0)
        return min(left, self._buckets[lane].left(monotonic))

    def _shared_use(self, used: dict[Lane, int]) -> int:
        limits = self._limits
        return (
            used[Lane.ENTRY]
            + used[Lane.QUERY]
            + used[Lane.HISTORY]
            + max(0, used[Lane.CANCEL] - limits.cancel_reserve)
            + max(0, used[Lane.RECONCILE] - limits.reconcile_reserve)
        )

    def wait_ns(self, lane: Lane, monotonic: int) -> int:
        """Return how long to wait before asking again; 0 if a request may leave now."""
        if self.left(lane, monotonic) > 0:
            return 0
        returns = [each.next_return() for each in self._buckets.values()]
        soonest = min((at for at in returns if at is not None), default=monotonic + _NS)
        return max(1, soonest - monotonic)

    def take(self, lane: Lane, monotonic: int) -> None:
        """Count a request that leaves now."""
        self._buckets[lane].take(monotonic)
