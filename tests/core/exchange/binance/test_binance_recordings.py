"""Real recordings through codec and market room, against a naive builder of exact decimals."""

import json
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, VenueId
from core.domain.views import BookState
from core.exchange.replay import ReplayDecoder
from core.market.counters import MarketCounters
from core.market.recording import Recording
from core.market.room import MarketRoom

L2 = Path(__file__).parents[4] / ".." / "shared" / "fixtures" / "market" / "l2"
RECORDINGS = [
    ("binance-spot", "binance-spot_btcusdt_2024-08-08.tslog.gz", "BTCUSDT", 41_249),
    ("binance-usdm", "binance-usdm_btcusdt_2024-08-08.tslog.gz", "BTCUSDT", 93_954),
    ("binance-usdm", "binance-usdm_ethusdt_2024-08-08.tslog.gz", "ETHUSDT", 74_655),
]
needs_recordings = pytest.mark.skipif(not L2.is_dir(), reason="recorded market data is not here")


class NaiveBook:
    """Buffers diffs, loads the snapshot, applies everything after it; dictionaries of Decimal."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.crossed = 0
        self._early: list[dict[str, Any]] = []
        self._is_loaded = False

    def take(self, line: dict[str, Any]) -> None:
        """Take one parsed line of a recording."""
        if "lastUpdateId" in line:
            self._load(line)
        elif line["data"].get("e") == "depthUpdate":
            self._diff(line["data"])

    def _load(self, line: dict[str, Any]) -> None:
        self._set(self.bids, line["bids"])
        self._set(self.asks, line["asks"])
        self._is_loaded = True
        for diff in self._early:
            if diff["u"] > line["lastUpdateId"]:
                self._diff(diff)

    def _diff(self, diff: dict[str, Any]) -> None:
        if not self._is_loaded:
            self._early.append(diff)
            return
        self._set(self.bids, diff["b"])
        self._set(self.asks, diff["a"])

    @staticmethod
    def _set(side: dict[Decimal, Decimal], levels: list[list[str]]) -> None:
        for price, size in levels:
            amount = Decimal(size)
            if amount:
                side[Decimal(price)] = amount
            else:
                side.pop(Decimal(price), None)

    def top(self) -> tuple[int, int, int, int]:
        """Return best bid, best ask and their sizes in units."""
        bid, ask = max(self.bids), min(self.asks)
        numbers = (bid, ask, self.bids[bid], self.asks[ask])
        first, second, third, fourth = (int(number * UNIT) for number in numbers)
        return first, second, third, fourth


def replayed(kind: str, path: Path) -> tuple[MarketRoom, NaiveBook, Recording, int]:
    """Run one recording through both; return them with the engine time of the end."""
    decoder = ReplayDecoder(kind, VenueId(kind))
    room, naive, recording = MarketRoom(count(1), can_query=False), NaiveBook(), Recording(path)
    handlers = room.handlers()
    at = 0
    for recv_ns, message in recording:
        at = max(at, recv_ns)
        for body in decoder.decode(message, recv_ns):
            assert handlers[type(body)](body, at) == ()
        if b"depthUpdate" in message or b"lastUpdateId" in message:
            naive.take(json.loads(message))
    return room, naive, recording, at


def trouble(counters: MarketCounters) -> dict[str, int]:
    """Return every counter that is not zero and should be."""
    return {
        name: value for name, value in counters.as_dict().items() if value and name != "snapshots"
    }


@needs_recordings
@pytest.mark.parametrize(("kind", "name", "symbol", "lines"), RECORDINGS, ids=str)
def test_recording_ends_with_the_top_of_a_naive_book(
    kind: str, name: str, symbol: str, lines: int
) -> None:
    """No gap, no crossing, nothing unknown; and the snapshot quirk handled."""
    room, naive, recording, at = replayed(kind, L2 / name)

    touch = room.touch(InstrumentId(f"{kind}:{symbol}"), at)

    assert (recording.lines, recording.broken_lines, recording.fault) == (lines, 0, "")
    assert trouble(room.counters) == {}
    assert room.counters.snapshots == 1
    assert touch is not None
    assert touch.book_state is BookState.VALID
    assert (touch.best_bid, touch.best_ask, touch.bid_size, touch.ask_size) == naive.top()
