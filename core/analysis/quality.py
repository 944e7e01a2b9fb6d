"""What is wrong with a candle series, said before anything is computed from it."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from core.domain.views import CandleRow


class Gap(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Buckets that nobody sent: the first one missing, and how many."""

    start_ts: int
    count: int


class Quality(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Flags of a series; instants are candle starts, ns.

    Attributes:
        gaps: Buckets between candles that are not there.
        empty: Candles without prices: sent or filled in, but nothing traded.
        flat: Candles with prices and no volume: a venue's way of saying the same.
        repeated: Starts that occur again.
        unordered: Starts before their predecessor's.
        off_grid: Starts that are no multiple of the interval from the first.
        misplaced: High below, or low above, one of the other prices; or a price not above 0.
        negative: Volumes below 0.
        complete: Share of the buckets from first to last that hold prices, 0 to 1.
    """

    gaps: tuple[Gap, ...]
    empty: int
    flat: int
    repeated: tuple[int, ...]
    unordered: tuple[int, ...]
    off_grid: tuple[int, ...]
    misplaced: tuple[int, ...]
    negative: tuple[int, ...]
    complete: float | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong; gaps and empty candles are data, not faults."""
        return not (
            self.repeated or self.unordered or self.off_grid or self.misplaced or self.negative
        )

    @property
    def missing(self) -> int:
        """Buckets that are not there."""
        return sum(gap.count for gap in self.gaps)


def quality_of(rows: Sequence[CandleRow], interval_ns: int) -> Quality:
    """Look through a series as it came, oldest first."""
    starts = [row.start_ts for row in rows]
    steps = list(pairwise(starts))
    return Quality(
        gaps=tuple(
            Gap(a + interval_ns, (b - a - 1) // interval_ns)
            for a, b in steps
            if b - a > interval_ns
        ),
        empty=sum(row.close is None for row in rows),
        flat=sum(row.close is not None and row.volume == 0 for row in rows),
        repeated=tuple(b for a, b in steps if a == b),
        unordered=tuple(b for a, b in steps if b < a),
        off_grid=tuple(start for start in starts if (start - starts[0]) % interval_ns),
        misplaced=tuple(row.start_ts for row in rows if _is_misplaced(row)),
        negative=tuple(row.start_ts for row in rows if row.volume < 0),
        complete=_complete(rows, interval_ns),
    )


def _is_misplaced(row: CandleRow) -> bool:
    prices = (row.open, row.high, row.low, row.close)
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return bool(known)
    return known[1] < max(known) or known[2] > min(known) or min(known) <= 0


def _complete(rows: Sequence[CandleRow], interval_ns: int) -> float | None:
    priced = {row.start_ts for row in rows if row.close is not None}
    if not rows:
        return None
    starts = [row.start_ts for row in rows]
    return len(priced) / ((max(starts) - min(starts)) // interval_ns + 1)
