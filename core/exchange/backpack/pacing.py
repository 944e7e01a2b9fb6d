"""Spaces REST queries under the venue's limits (5.3). Orders and cancels never wait here."""

import msgspec

_NS: int = 1_000_000_000


class PacingLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in seconds."""

    query_secs: float = 0.1
    history_secs: float = 2.1
    """Between two reads of candles: 30 a minute are allowed."""
    first_pause_secs: float = 10.0
    longest_pause_secs: float = 60.0


class QueryPacer:
    """Hands out the instants at which queries may leave, in order."""

    def __init__(self, limits: PacingLimits | None = None) -> None:
        self._limits = limits or PacingLimits()
        self._query_free_at = 0
        self._history_free_at = 0
        self._pause_secs = 0.0

    def reserve(self, monotonic: int, *, is_history: bool) -> int:
        """Take the next free instant (monotonic ns)."""
        at = max(monotonic, self._query_free_at)
        if is_history:
            at = max(at, self._history_free_at)
            self._history_free_at = at + int(self._limits.history_secs * _NS)
            self._query_free_at = max(self._query_free_at, monotonic)
            return at
        self._query_free_at = at + int(self._limits.query_secs * _NS)
        return at

    def too_many(self, monotonic: int) -> None:
        """Stop for a while after a 429, longer each time."""
        longest, first = self._limits.longest_pause_secs, self._limits.first_pause_secs
        self._pause_secs = min(longest, max(first, self._pause_secs * 2))
        self._query_free_at = monotonic + int(self._pause_secs * _NS)

    def went_well(self) -> None:
        """Forget earlier trouble."""
        self._pause_secs = 0.0
