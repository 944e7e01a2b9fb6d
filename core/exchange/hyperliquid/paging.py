"""Reads a wallet's fills of a period page by page, without losing those of one millisecond.

A full page may be cut anywhere, so the next one starts at the *same* millisecond as the last row.
"Last time + 1" loses the rest of that millisecond: a fault seen in real histories. Sans-IO.
"""

from collections.abc import Iterable

from core.exchange.hyperliquid.constants import PAGE_ROWS
from core.exchange.hyperliquid.fills import FillKey, WalletFill, oldest_first


class FillPager:
    """Pages one wallet's fills from one instant to another, both inclusive, in ms.

    Attributes:
        fills: What came, each once, oldest first.
        cut_at: Milliseconds that hold more rows than a page: their rest cannot be read.
    """

    def __init__(self, since_ms: int, until_ms: int, page_rows: int = PAGE_ROWS) -> None:
        self.fills: list[WalletFill] = []
        self.cut_at: list[int] = []
        self._seen: set[FillKey] = set()
        self._page_rows = page_rows
        self._until = until_ms
        self._next: int | None = max(0, since_ms)

    def next_window(self) -> tuple[int, int] | None:
        """Return `startTime` and `endTime` of the next page, None when all is read."""
        return None if self._next is None else (self._next, self._until)

    def answered(self, page: Iterable[WalletFill]) -> None:
        """Take the page that was asked for."""
        assert self._next is not None
        rows = oldest_first(page)
        for row in rows:
            if row.key not in self._seen:
                self._seen.add(row.key)
                self.fills.append(row)
        self._next = self._after(rows, self._next)

    def _after(self, rows: list[WalletFill], asked: int) -> int | None:
        if len(rows) < self._page_rows:
            return None
        last = rows[-1].time_ms
        if last > asked:
            return last
        self.cut_at.append(asked)
        return asked + 1 if asked < self._until else None
