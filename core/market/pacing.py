"""When to ask for a snapshot: one at a time a book, spaced a venue, backing off while it fails."""

import msgspec

from core.domain.ids import VenueId


class PacingLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in ns of engine time."""

    spacing_ns: int = 100_000_000
    """Between two snapshot queries of one venue."""
    quiet_ns: int = 1_000_000_000
    """A followed market without any frame asks after this long."""
    answer_ns: int = 6_000_000_000
    """A query without an answer is asked again after this long."""
    first_retry_ns: int = 250_000_000
    longest_retry_ns: int = 15_000_000_000


DEFAULT_PACING = PacingLimits()


class SnapshotPacer:
    """Decides when the next snapshot of each book may be asked for."""

    def __init__(self, limits: PacingLimits = DEFAULT_PACING) -> None:
        self.limits = limits
        self._venue_free_at: dict[VenueId, int] = {}
        self._attempts: dict[str, int] = {}
        self._book_free_at: dict[str, int] = {}
        self._open: dict[int, str] = {}

    def earliest(self, venue: VenueId, book: str) -> int:
        """Return the engine time from which this book may ask."""
        return max(self._venue_free_at.get(venue, 0), self._book_free_at.get(book, 0))

    def asked(self, venue: VenueId, book: str, query_id: int, at: int) -> None:
        """Note a query that leaves now."""
        self._venue_free_at[venue] = at + self.limits.spacing_ns
        self._attempts[book] = self._attempts.get(book, 0) + 1
        self._book_free_at[book] = at + self.limits.answer_ns
        self._open[query_id] = book

    def answered(self, book: str, at: int) -> None:
        """Note an answer; whether it helped, `joined` says."""
        self._close(book)
        self._book_free_at[book] = at + self._retry_ns(book)

    def failed(self, query_id: int, at: int) -> str | None:
        """Note a failed query; return the book it was for, None if it was not ours."""
        book = self._open.pop(query_id, None)
        if book is not None:
            self._book_free_at[book] = at + self._retry_ns(book)
        return book

    def joined(self, book: str) -> None:
        """Note that the book is valid: the next trouble starts from the shortest pause."""
        self._close(book)
        self._attempts.pop(book, None)
        self._book_free_at.pop(book, None)

    def _close(self, book: str) -> None:
        for query_id in [key for key, name in self._open.items() if name == book]:
            del self._open[query_id]

    def _retry_ns(self, book: str) -> int:
        attempts = min(self._attempts.get(book, 1), 16)
        pause = self.limits.first_retry_ns << (attempts - 1)
        return min(pause, self.limits.longest_retry_ns)
