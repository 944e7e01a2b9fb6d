"""Catches a private stream that is silent while the account moves. No clock, no socket.

An account may rest for hours, so silence alone proves nothing. What REST tells of an order since
the stream came up, the stream has to tell too, and soon.
"""

from decimal import Decimal
from typing import Final

from core.domain.ids import VenueOrderId

GRACE_NS: Final = 3_000_000_000
"""Around the start of a stream: what happened then may be told by nobody."""
PATIENCE_NS: Final = 3_000_000_000
REMEMBERED: Final = 4_000
_NEVER: Final = Decimal(-1)


class PrivateWitness:
    """Compares what REST told with what one connection told."""

    def __init__(self, patience_ns: int = PATIENCE_NS, grace_ns: int = GRACE_NS) -> None:
        self._patience_ns = patience_ns
        self._grace_ns = grace_ns
        self._counts_from: int | None = None
        self._told: dict[VenueOrderId, Decimal] = {}
        self._awaited: dict[VenueOrderId, tuple[Decimal, int]] = {}

    def connected(self, venue_ns: int) -> None:
        """Start with a fresh connection at this time of the venue."""
        self._counts_from = venue_ns + self._grace_ns
        self._told.clear()
        self._awaited.clear()

    def disconnected(self) -> None:
        """Expect nothing of a dead connection."""
        self._counts_from = None
        self._awaited.clear()

    def stream_told(self, order: VenueOrderId, filled: Decimal) -> None:
        """Note what the stream told of an order."""
        self._told[order] = max(filled, self._told.get(order, _NEVER))
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        awaited = self._awaited.get(order)
        if awaited is not None and awaited[0] <= filled:
            del self._awaited[order]

    def rest_told(
        self, order: VenueOrderId, filled: Decimal, *, happened_at: int, monotonic: int
    ) -> None:
        """Note what REST told of an order; `happened_at` is the venue's time."""
        if self._counts_from is None or happened_at < self._counts_from:
            return
        if self._told.get(order, _NEVER) < filled and order not in self._awaited:
            self._awaited[order] = (filled, monotonic + self._patience_ns)

    def next_deadline(self) -> int | None:
        """Return when silence about an order becomes a fault."""
        return min((due for _, due in self._awaited.values()), default=None)

    def fault(self, monotonic: int) -> str:
        """Say what the stream does not tell, empty if nothing."""
        for order, (_, due) in self._awaited.items():
            if due <= monotonic:
                return f"stream is silent about order {order}, which REST knows"
        return ""
