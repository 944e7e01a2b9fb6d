"""Frame bytes to a consistent book: ours against ccxt's websocket path, in one run.

Prints a table; asserts only that both books say the same. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_book_speed.py`.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any

import msgspec
import pytest

from core.domain.events import BookSnapshotSeen, DepthChanged
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, VenueId
from core.domain.order import Side
from core.exchange.backpack import wire
from core.exchange.backpack.codec import BackpackCodec
from core.market.room import MarketRoom
from tests.benchmarks.ccxt_book import CcxtBook
from tests.benchmarks.depth_frames import FIRST_ID, SYMBOL, FrameSource, Text

pytestmark = pytest.mark.benchmark_only

FRAMES = 20_000
ROUNDS = 5
VENUE = VenueId("here")
INSTRUMENT = InstrumentId(f"here:{SYMBOL}")


def _snapshot(bids: Text, asks: Text) -> BookSnapshotSeen:
    return BookSnapshotSeen(
        ts_event=1,
        ts_recv=1,
        instrument=INSTRUMENT,
        last_id=FIRST_ID,
        bids=[(price, size) for price, size in bids],
        asks=[(price, size) for price, size in asks],
    )


def _primed(source: FrameSource) -> MarketRoom:
    room = MarketRoom(count(1), can_query=False)
    room.handlers()[BookSnapshotSeen](_snapshot(*source.snapshot()), 1)
    return room


def _timed(take: Callable[[Any], object], frames: list[Any]) -> float:
    """Return us a frame."""
    gc.collect()
    start = time.perf_counter_ns()
    for frame in frames:
        take(frame)
    return (time.perf_counter_ns() - start) / 1_000 / len(frames)


class _Runs:
    """The ways from bytes to book, each on a book of its own."""

    def __init__(self, seed: int) -> None:
        source = FrameSource(seed)
        self.bids, self.asks = source.snapshot()
        self.room, self.watched = _primed(source), _primed(source)
        self.frames = [source.frame() for _ in range(FRAMES)]
        self.texts = [frame.decode() for frame in self.frames]

    async def ccxt(self) -> tuple[float, tuple[float, float]]:
        """Let ccxt take every frame."""
        book = CcxtBook(self.bids, self.asks, FIRST_ID)
        try:
            return _timed(book.take, self.texts), book.top()
        finally:
            await book.close()

    def ours(self) -> float:
        """Decode, check the sequence, apply, check for crossing."""
        decode, depth = BackpackCodec(VENUE).decode, self.room.handlers()[DepthChanged]

        def take(frame: bytes) -> None:
            for body in decode(frame, 1):
                depth(body, 1)

        return _timed(take, self.frames)

    def ours_watched(self) -> float:
        """The same, and the touch of both sides read after every frame."""
        decode, depth = BackpackCodec(VENUE).decode, self.watched.handlers()[DepthChanged]

        def take(frame: bytes) -> None:
            for body in decode(frame, 1):
                depth(body, 1)
            self.watched.depth_levels(INSTRUMENT, Side.BUY, 1)
            self.watched.depth_levels(INSTRUMENT, Side.SELL, 1)

        return _timed(take, self.frames)

    def typed_decode(self) -> float:
        """Only decode into a typed struct: the floor."""
        shape = msgspec.defstruct("Frame", [("data", wire.Depth)], gc=False)
        return _timed(msgspec.json.Decoder(shape).decode, self.frames)

    def handler(self, source: FrameSource) -> float:
        """Return the median us of the room's handler alone."""
        handler = _primed(source).handlers()[DepthChanged]
        decode = BackpackCodec(VENUE).decode
        bodies = [decode(source.frame(), 1)[0] for _ in range(FRAMES)]
        taken = []
        for body in bodies:
            start = time.perf_counter_ns()
            handler(body, 1)
            taken.append(time.perf_counter_ns() - start)
        return median(taken) / 1_000

    def top(self) -> tuple[float, float]:
        """Return our best bid and ask."""
        touch = self.room.touch(INSTRUMENT, 1)
        assert touch is not None
        assert touch.best_bid is not None
        assert touch.best_ask is not None
        return touch.best_bid / UNIT, touch.best_ask / UNIT


def test_bytes_to_book_beside_ccxt(capsys: pytest.CaptureFixture[str]) -> None:
    """Both end with the same top; the table says at what price."""
    rows: dict[str, list[float]] = {
        name: []
        for name in ("typed decode alone", "ours", "ours, touch read", "handler alone", "ccxt")
    }

    for seed in range(ROUNDS):
        runs = _Runs(seed)
        rows["typed decode alone"].append(runs.typed_decode())
        rows["ours"].append(runs.ours())
        rows["ours, touch read"].append(runs.ours_watched())
        rows["handler alone"].append(runs.handler(FrameSource(seed)))
        peer, peer_top = asyncio.run(runs.ccxt())
        rows["ccxt"].append(peer)
        assert runs.top() == peer_top
        assert runs.room.counters.gaps == runs.room.counters.crossed == 0

    with capsys.disabled():
        _print_table({name: median(values) for name, values in rows.items()})


def _print_table(rows: dict[str, float]) -> None:
    print(f"\nframe bytes to book, us a frame, median of {ROUNDS} x {FRAMES} frames")
    for name, value in rows.items():
        ratio = rows["ccxt"] / value
        print(f"  {name:<20} {value:8.2f}   ccxt is {ratio:5.1f} times")
