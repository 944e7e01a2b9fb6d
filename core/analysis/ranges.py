"""Incremental indicators of candle ranges that equal TA-Lib: ATR and ADX, both after Wilder (1978).

`value` says what the indicator would be were the live candle to close now; `commit` closes it.
"""


def true_range(high: float, low: float, last_close: float) -> float:
    """Return the range with the gap from the last close in it."""
    return max(high, last_close) - min(low, last_close)


class LiveAtr:
    """Average true range, quote units."""

    __slots__ = ("_average", "_last_close", "_seen", "period")

    def __init__(self, period: int) -> None:
        self.period = period
        self._last_close: float | None = None
        self._average = 0.0
        self._seen = 0

    def _averaged(self, high: float, low: float) -> float:
        """Return the average with one more candle; the sum while warming up."""
        if self._last_close is None:
            return 0.0
        reach, count = true_range(high, low, self._last_close), self.period
        if self._seen > count:
            return (self._average * (count - 1) + reach) / count
        total = self._average + reach
        return total / count if self._seen == count else total

    def value(self, high: float, low: float) -> float | None:
        """Return the average with one more candle."""
        return None if self._seen < self.period else self._averaged(high, low)

    def commit(self, high: float, low: float, close: float) -> None:
        """Take a candle."""
        self._average = self._averaged(high, low)
        self._last_close = close
        self._seen += 1


class LiveAdx:
    """Average directional index, 0 to 100: how strong a trend is, not where to."""

    __slots__ = ("_adx", "_close", "_high", "_low", "_minus", "_plus", "_range", "_seen", "period")

    def __init__(self, period: int) -> None:
        self.period = period
        self._high = self._low = self._close = 0.0
        self._plus = self._minus = self._range = 0.0
        self._adx = 0.0
        self._seen = 0

    def _smoothed(self, high: float, low: float) -> tuple[float, float, float]:
        """Return up moves, down moves and true range with one more candle."""
        up, down = high - self._high, self._low - low
        plus = up if up > 0 and up > down else 0.0
        minus = down if down > 0 and down > up else 0.0
        reach = true_range(high, low, self._close)
        if self._seen < self.period:
            return self._plus + plus, self._minus + minus, self._range + reach
        kept = 1.0 - 1.0 / self.period
        return self._plus * kept + plus, self._minus * kept + minus, self._range * kept + reach

    def _averaged(self, plus: float, minus: float, reach: float) -> float:
        """Return the index, or the sum of what it averages while warming up."""
        count, total = self.period, plus + minus
        directional = 100.0 * abs(plus - minus) / total if total > 0 and reach > 0 else None
        if self._seen < 2 * count:
            summed = self._adx + (directional or 0.0)
            return summed / count if self._seen == 2 * count - 1 else summed
        if directional is None:
            return self._adx
        return (self._adx * (count - 1) + directional) / count

    def value(self, high: float, low: float) -> float | None:
        """Return the index with one more candle."""
        if self._seen < 2 * self.period - 1:
            return None
        return self._averaged(*self._smoothed(high, low))

    def commit(self, high: float, low: float, close: float) -> None:
        """Take a candle."""
        if self._seen:
            smoothed = self._smoothed(high, low)
            if self._seen >= self.period:
                self._adx = self._averaged(*smoothed)
            self._plus, self._minus, self._range = smoothed
        self._high, self._low, self._close = high, low, close
        self._seen += 1
