"""What the Desk remembers of a market somebody looks at: samples of its book, and its prints.

Both are bounded. Samples: one every half second for five minutes and one every four seconds for an
hour, each with at most 128 rows a side: at most 1,500 samples of 4 kB, 6 MiB a market. Prints: the
newest 40,960, 40 bytes each, 1.6 MiB a market.
"""

from array import array
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import TradeSeen
from core.domain.fixed import scaled
from core.domain.ids import InstrumentId
from core.domain.jobs import BookSample, PrintColumns
from core.domain.order import Side
from core.domain.views import BookState
from core.market.room import MarketRoom

FINE_NS: Final = 500_000_000
COARSE_NS: Final = 4_000_000_000
FINE_SAMPLES: Final = 600
COARSE_SAMPLES: Final = 900
SIDE_ROWS: Final = 128
SIDE_LEVELS: Final = 1_000
"""Levels read a side, so that a sample stays well under a millisecond on the deepest book."""
CHUNK_PRINTS: Final = 1_024
CHUNKS: Final = 40
_GRID_BPS: Final = 2
"""Half a basis point is one part in 20,000: twice this many a basis point."""
_BPS: Final = 10_000
_HUGE: Final = 2**62
"""Prices from here on do not fit the columns: such a market is not sampled."""


class BookRing:
    """Samples of one book, oldest first, on one price grid."""

    __slots__ = ("_coarse", "_fine", "_instrument", "base_step")

    def __init__(self, instrument: InstrumentId) -> None:
        self._instrument = instrument
        self._fine: deque[BookSample] = deque(maxlen=FINE_SAMPLES)
        self._coarse: deque[BookSample] = deque(maxlen=COARSE_SAMPLES)
        self.base_step: int | None = None
        """Row height of the samples: a round number of ticks, about half a basis point."""

    def sample(self, market: MarketRoom, tick: int, at: int) -> None:
        """Look at the book once."""
        found = self._look(market, tick, at)
        self._fine.append(found)
        if not self._coarse or at - self._coarse[-1].at >= COARSE_NS:
            self._coarse.append(found)

    def _look(self, market: MarketRoom, tick: int, at: int) -> BookSample:
        touch = market.touch(self._instrument, at)
        mid = None if touch is None else touch.mid
        if touch is None or mid is None or touch.book_state is not BookState.VALID or mid > _HUGE:
            return BookSample(at, None, None, b"", b"")
        if self.base_step is None:
            self.base_step = round_step(tick, mid / (_GRID_BPS * _BPS))
        prices, sizes = array("q"), array("d")
        for side in (Side.BUY, Side.SELL):
            edges, held = market.depth_rows(
                self._instrument, side, self.base_step, SIDE_ROWS, SIDE_LEVELS
            )
            prices.extend(edges)
            sizes.extend(held)
        return BookSample(at, touch.best_bid, touch.best_ask, prices.tobytes(), sizes.tobytes())

    def columns(self, start: int, step_ns: int, count: int) -> tuple[BookSample | None, ...]:
        """Return the last sample of each column; a column between two samples keeps the former."""
        found: list[BookSample | None] = [None] * count
        for sample in self._since(start):
            place = (sample.at - start) // step_ns
            if place < count:
                found[place] = sample
        last: BookSample | None = None
        for place, held in enumerate(found):
            begins = start + place * step_ns
            if held is None and last is not None and begins - last.at <= COARSE_NS + FINE_NS:
                found[place] = last
            last = held or last
        return tuple(found)

    def _since(self, start: int) -> Iterator[BookSample]:
        """Yield samples from an instant on: coarse ones as far as the fine ones do not reach."""
        begin = self._fine[0].at if self._fine else start
        old = (sample for sample in self._coarse if start <= sample.at < begin)
        return chain(old, (sample for sample in self._fine if sample.at >= start))


def round_step(tick: int, least: float) -> int:
    """Return the smallest of 1, 2, 5, 10 ... ticks that is at least `least`."""
    scale = tick
    while True:
        for factor in (1, 2, 5):
            if scale * factor >= least:
                return scale * factor
        scale *= 10


class PrintRing:
    """Prints of one market, oldest first, in chunks that are frozen once they are full."""

    __slots__ = ("_chunks", "_evicted_ts", "_last_id", "_rows", "_sizes", "count")

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, int, PrintColumns]] = deque()
        self._rows: array[int] = array("q")
        self._sizes: array[float] = array("d")
        self._last_id: int | None = None
        self._evicted_ts: int | None = None
        self.count = 0
        """Prints ever taken."""

    @property
    def complete_from(self) -> int:
        """Venue time from which every print since the study began is held; 0 for all."""
        return 0 if self._evicted_ts is None else self._evicted_ts + 1

    def add(self, trade: TradeSeen, at: int) -> None:
        """Take one print; a repeat, or one that is no number, is left out."""
        if trade.trade_id == self._last_id:
            return
        try:
            price, size = scaled(trade.price), scaled(trade.size)
        except DataInvalid:
            return
        if price > _HUGE:
            return
        self._last_id = trade.trade_id
        self._rows.extend((trade.ts_event, at, price, trade.aggressor_side is Side.BUY))
        self._sizes.append(size)
        self.count += 1
        if len(self._sizes) == CHUNK_PRINTS:
            self._freeze()

    def _freeze(self) -> None:
        rows = self._rows
        newest = (max(rows[0::4]), rows[-3])
        self._chunks.append((*newest, PrintColumns(rows.tobytes(), self._sizes.tobytes())))
        self._rows, self._sizes = array("q"), array("d")
        if len(self._chunks) > CHUNKS:
            last_event, _, _ = self._chunks.popleft()
            self._evicted_ts = max(last_event, self._evicted_ts or 0)

    def since_event(self, ts_event: int) -> tuple[PrintColumns, ...]:
        """Return chunks that hold the prints from a venue time on, and perhaps a few before."""
        return (*(kept for event, _, kept in self._chunks if event >= ts_event), self._open())

    def since_at(self, at: int) -> tuple[PrintColumns, ...]:
        """Return chunks that hold the prints from an engine time on, and perhaps a few before."""
        return (*(kept for _, seen, kept in self._chunks if seen >= at), self._open())

    def _open(self) -> PrintColumns:
        return PrintColumns(self._rows.tobytes(), self._sizes.tobytes())
