"""Reads a history page by page while it grows: nothing lost, nothing doubled. No clock, no socket.

Pages overlap. Where a page does not begin as expected, rows came in between; how many is told by
the total the venue names, or found by where the page meets what is known. If neither fits, or rows
came in where they were read already, the reading starts over.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from core.domain.errors import DataInvalid

OVERLAP: Final = 25
MOST_RESTARTS: Final = 4
_Row = TypeVar("_Row")


class Pager(Generic[_Row]):
    """One reading of one history.

    Args:
        key: What makes two rows the same row; equal rows of equal keys may both be real.
        limit: Rows a page.
        is_newest_first: Whether new rows come in at the front.
        overlap: Rows of the last page asked for again.

    Attributes:
        rows: What was read so far.
        is_complete: Whether the last page was short.
    """

    def __init__(
        self,
        key: Callable[[_Row], Hashable],
        limit: int,
        *,
        is_newest_first: bool,
        overlap: int = OVERLAP,
    ) -> None:
        self.rows: list[_Row] = []
        self.is_complete = False
        self._keys: list[Hashable] = []
        self._key = key
        self._limit = limit
        self._is_newest_first = is_newest_first
        self._overlap = min(overlap, limit // 2)
        self._shift = 0
        self._total: int | None = None
        self._restarts = 0

    @property
    def offset(self) -> int:
        """Where the next page begins."""
        return max(0, len(self.rows) - self._overlap) + self._shift if self.rows else 0

    def take(self, found: Sequence[_Row], total: int | None) -> None:
        """Take the page at `offset`, and the total its headers named.

        Raises:
            DataInvalid: when the history moves faster than it can be read.
        """
        keys = [self._key(row) for row in found]
        inserted = self._inserted(keys, total) if self.rows else 0
        self._total = total
        if inserted is None:
            self._restart()
            return
        known = len(self.rows) - self._first_known() + inserted
        self._shift += inserted
        self.rows += found[known:]
        self._keys += keys[known:]
        self.is_complete = len(found) < self._limit

    def _inserted(self, keys: list[Hashable], total: int | None) -> int | None:
        """Return how many rows came in at the front; None if the page does not fit."""
        if not self._is_newest_first:
            return 0 if self._fits(keys, 0) else None
        if total is not None and self._total is not None:
            told = total - self._total
            is_all_new = told - self._first_known() >= len(keys)
            if told >= 0 and (is_all_new or self._fits(keys, told)):
                return told
        return next((count for count in range(len(keys) + 1) if self._fits(keys, count)), None)

    def _fits(self, keys: list[Hashable], inserted: int) -> bool:
        """Whether a page is what it has to be if so many rows came in at the front."""
        start = self._first_known() - inserted
        known = self._keys[max(0, start) :]
        shown = keys[max(0, -start) :]
        if len(shown) >= len(known):
            return shown[: len(known)] == known
        return bool(shown) and len(keys) == self._limit and known[: len(shown)] == shown

    def _first_known(self) -> int:
        return max(0, len(self._keys) - self._overlap)

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > MOST_RESTARTS:
            raise DataInvalid("history moves faster than it can be read", f"{len(self.rows)} rows")
        self.rows, self._keys = [], []
        self._shift, self._total = 0, None
