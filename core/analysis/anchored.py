"""Average price since midnight UTC, from candles: the anchor most desks trade around.

Candles carry no money, so each counts with its typical price, (high + low + close) / 3.
"""

from typing import Final

from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow

DAY_NS: Final = 86_400 * 1_000_000_000


def typical_price(row: CandleRow) -> float | None:
    """Return (high + low + close) / 3, None where nothing traded."""
    if row.high is None or row.low is None or row.close is None:
        return None
    return (row.high + row.low + row.close) / 3


class DayVwap:
    """Volume-weighted typical price of the day so far; None while the day's begin is not known.

    Args:
        seed: What the first day held before the first candle.
    """

    __slots__ = ("_day", "_is_known", "_last_ts", "_money", "_seed", "_volume")

    def __init__(self, seed: VwapSeed | None = None) -> None:
        self._seed = seed
        self._day: int | None = None
        self._is_known = False
        self._last_ts: int | None = None
        self._money = self._volume = 0.0

    def _begun(self, row: CandleRow) -> tuple[bool, float, float]:
        """Return whether the day is known, its money and volume, before this candle."""
        day, seed = row.start_ts // DAY_NS, self._seed
        if seed is not None and seed.start_ts == row.start_ts:
            return True, seed.money, seed.volume
        if day != self._day:
            return self._last_ts is not None or row.start_ts % DAY_NS == 0, 0.0, 0.0
        return self._is_known, self._money, self._volume

    def value(self, row: CandleRow) -> float | None:
        """Return the average with one more candle."""
        is_known, money, volume = self._begun(row)
        price = typical_price(row)
        if price is not None:
            money, volume = money + price * row.volume, volume + row.volume
        return money / volume if is_known and volume > 0 else None

    def commit(self, row: CandleRow) -> None:
        """Take a candle; candles come in order, oldest first."""
        self._is_known, self._money, self._volume = self._begun(row)
        price = typical_price(row)
        if price is not None:
            self._money += price * row.volume
            self._volume += row.volume
        self._day, self._last_ts = row.start_ts // DAY_NS, row.start_ts
