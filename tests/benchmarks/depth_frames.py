"""Generates depth frames of the size and shape of Backpack's: one walk that never crosses."""

import random
from typing import Final

import msgspec

SYMBOL: Final = "BTC_USDC_PERP"
FIRST_ID: Final = 1_000_000
LEVELS: Final = 1_000
TICKS_PER_UNIT: Final = 10
_SIZE_STEPS: Final = 2_000_000
_LEVEL_COUNTS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 8)
"""Levels of a frame; 4.9 on average."""
Text = list[list[str]]


class FrameSource:
    """A book of 1,000 levels a side and the frames that move it."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._mid = 866_000
        self.bids = {self._mid - 1 - n: self._size() for n in range(LEVELS)}
        self.asks = {self._mid + 1 + n: self._size() for n in range(LEVELS)}
        self.last_id = FIRST_ID

    def _size(self) -> str:
        return f"{self._rng.randrange(1, _SIZE_STEPS) / 100_000:.5f}"

    def snapshot(self) -> tuple[Text, Text]:
        """Return bids ascending and asks ascending, as the REST book gives them."""
        return _texts(self.bids), _texts(self.asks)

    def frame(self) -> bytes:
        """Move the book and return the frame that says so."""
        count = self._rng.choice(_LEVEL_COUNTS)
        bids: dict[int, str] = {}
        asks: dict[int, str] = {}
        for _ in range(count):
            if self._rng.random() < 0.5:
                self._touch_side(self.bids, bids, -1)
            else:
                self._touch_side(self.asks, asks, 1)
        self.last_id += 1
        data = {
            "E": 1_790_915_525_103_070 + self.last_id,
            "T": 1_790_915_525_102_951 + self.last_id,
            "U": self.last_id,
            "a": [[_price(tick), size] for tick, size in asks.items()],
            "b": [[_price(tick), size] for tick, size in bids.items()],
            "e": "depth",
            "s": SYMBOL,
            "u": self.last_id,
        }
        return msgspec.json.encode({"data": data, "stream": f"depth.{SYMBOL}"})

    def _touch_side(self, side: dict[int, str], changed: dict[int, str], sign: int) -> None:
        distance = min(int(self._rng.expovariate(0.08)), LEVELS - 1)
        tick = self._mid + sign * (1 + distance)
        if tick in side and self._rng.random() < 0.4:
            del side[tick]
            changed[tick] = "0.00000"
            return
        side[tick] = changed[tick] = self._size()


def _price(tick: int) -> str:
    return f"{tick // TICKS_PER_UNIT}.{tick % TICKS_PER_UNIT}"


def _texts(side: dict[int, str]) -> Text:
    return [[_price(tick), side[tick]] for tick in sorted(side)]
