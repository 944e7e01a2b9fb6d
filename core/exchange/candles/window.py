"""One window of candles, resolved whatever the venue leaves out. Sans-IO: asks out, rows in.

Every question keeps the rules venues are known to have: whole seconds on the grid, `0 < start < end
<= venue now`, and at most 1,000 rows whether or not the venue counts the bucket that starts at
`end`.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from core.domain.errors import DataInvalid
from core.exchange.candles.errors import CandlesRefused
from core.exchange.candles.intervals import Grid, Span, utc_text
from core.exchange.candles.model import Candle
from core.exchange.candles.port import KlineRow

WINDOW_BUCKETS: Final = 999
"""One less than the venue's 1,000 rows: its `endTime` may count as a bucket of its own."""
SETTLE_SECS: Final = 5
"""A bucket's numbers are final this long after its end."""


class _Piece(msgspec.Struct, frozen=True, gc=False):
    span: Span
    is_retry: bool = False
    """Asked for again: what does not come now does not exist."""
    is_half: bool = False
    """Half of a window that was refused: not halved again."""


class WindowRun:
    """Resolves one window.

    Args:
        symbol: The market, for errors.
        grid: The buckets.
        span: Whole buckets, at most 999.
        is_probe: Take holes as they are instead of asking again.
    """

    def __init__(self, symbol: str, grid: Grid, span: Span, *, is_probe: bool = False) -> None:
        self.span = span
        self._symbol = symbol
        self._grid = grid
        self._is_probe = is_probe
        self._todo = deque([_Piece(span)])
        self._found: dict[int, tuple[KlineRow, int]] = {}
        self._read_at = 0

    @property
    def interval(self) -> str:
        """The interval's name."""
        return self._grid.interval

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask."""
        return not self._todo

    def next_ask(self, now_secs: int) -> Span | None:
        """Return `startTime` and `endTime` of the next question, None if there is none."""
        while self._todo and self._todo[0].span.start >= now_secs:
            self._todo.popleft()
        if not self._todo:
            return None
        span = self._todo[0].span
        return Span(span.start, min(span.stop, now_secs))

    def answered(self, rows: Iterable[KlineRow], now_secs: int) -> None:
        """Take the answer to the last question, asked at this venue time.

        Raises:
            DataInvalid: when a candle starts where none can.
        """
        piece = self._todo.popleft()
        self._read_at = max(self._read_at, now_secs)
        fresh = {row.start_secs: row for row in rows if self._is_wanted(row, piece.span)}
        for start, row in fresh.items():
            self._found[start] = (row, now_secs)
        if not self._is_probe:
            self._todo.extendleft(reversed(self._missing(piece, fresh.keys(), now_secs)))

    def refused(self, ask: Span, said: str) -> None:
        """Halve what was refused, once.

        Raises:
            CandlesRefused: when it is a half already, or cannot be halved.
        """
        piece = self._todo.popleft()
        count = self._grid.count(piece.span)
        if piece.is_half or count <= 1:
            raise CandlesRefused(self._symbol, self._grid.interval, ask, said)
        halves = self._grid.windows(piece.span, (count + 1) // 2)
        self._todo.extendleft(
            _Piece(half, is_retry=piece.is_retry, is_half=True) for half in halves[::-1]
        )

    def candles(self) -> list[Candle]:
        """Return every bucket that has begun, oldest first; unknown ones hold None."""
        stop = min(self.span.stop, self._read_at)
        return [self._candle(each) for each in self._grid.starts(self.span) if each < stop]

    def final(self) -> Span | None:
        """Return the part whose numbers cannot change any more, None if there is none."""
        changing = [
            start
            for start in self._grid.starts(self.span)
            if self._grid.end(start) + SETTLE_SECS > self._read_of(start)
        ]
        stop = min(changing, default=self.span.stop)
        return Span(self.span.start, stop) if stop > self.span.start else None

    def _is_wanted(self, row: KlineRow, span: Span) -> bool:
        if not span.start <= row.start_secs < span.stop:
            return False
        if self._grid.floor(row.start_secs) != row.start_secs:
            detail = f"{self._grid.interval} of {self._symbol} at {utc_text(row.start_secs)}"
            raise DataInvalid("candle does not start on its interval", detail)
        return True

    def _missing(self, piece: _Piece, found: Iterable[int], now_secs: int) -> list[_Piece]:
        """Return what to ask again: the ends of a page cut short, and the holes inside."""
        have = frozenset(found)
        begun = Span(piece.span.start, min(piece.span.stop, self._grid.ceiling(now_secs)))
        holes = [start for start in self._grid.starts(begun) if start not in have]
        if not holes:
            return []
        if not have:
            return (
                [] if piece.is_retry else [_Piece(piece.span, is_retry=True, is_half=piece.is_half)]
            )
        first, last = min(have), max(have)
        spans = [
            self._hull([start for start in holes if start < first]),
            None if piece.is_retry else self._hull([s for s in holes if first < s < last]),
            self._hull([start for start in holes if start > last]),
        ]
        return [
            _Piece(span, is_retry=True, is_half=piece.is_half) for span in spans if span is not None
        ]

    def _hull(self, starts: list[int]) -> Span | None:
        return Span(starts[0], self._grid.end(starts[-1])) if starts else None

    def _read_of(self, start: int) -> int:
        found = self._found.get(start)
        return self._read_at if found is None else found[1]

    def _candle(self, start: int) -> Candle:
        end = self._grid.end(start)
        found = self._found.get(start)
        if found is None:
            return Candle(start_secs=start, end_secs=end, is_open=end > self._read_at)
        row, read_at = found
        return Candle(
            start_secs=start,
            end_secs=end,
            open=row.open,
            high=row.high,
            low=row.low,
            close=row.close,
            volume=row.volume,
            quote_volume=row.quote_volume,
            trades=row.trades,
            is_open=end > read_at,
        )
