"""Candles for tests of indicators: random walks with holes."""

import random

from core.domain.views import CandleRow

STEP_NS = 60_000_000_000


def row(number: int, *prices: float | None, volume: float = 1.0) -> CandleRow:
    """Write one candle; without prices it did not trade."""
    o, h, low, c = prices or (None, None, None, None)
    return CandleRow(number * STEP_NS, o, h, low, c, volume)


def walk(count: int, seed: int = 1, start: float = 60_000.0, empty: float = 0.0) -> list[CandleRow]:
    """Make a random walk; a share of the candles holds no trade."""
    chance = random.Random(seed)
    price, found = start, []
    for number in range(count):
        if chance.random() < empty:
            found.append(row(number, volume=0.0))
            continue
        first = price
        price *= 1 + chance.gauss(0, 0.002)
        high = max(first, price) * (1 + abs(chance.gauss(0, 0.001)))
        low = min(first, price) * (1 - abs(chance.gauss(0, 0.001)))
        found.append(row(number, first, high, low, price, volume=chance.lognormvariate(0, 0.5)))
    return found
