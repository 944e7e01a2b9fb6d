"""Incremental averages of closes that equal TA-Lib: EMA, RSI, MACD, Bollinger bands.

Each holds the state after the last closed candle. `value(close)` says what the indicator would be
were the live candle to close now, and changes nothing; `commit(close)` closes it.
"""

from collections import deque
from math import sqrt


class LiveEma:
    """Exponential average, seeded with the plain average of its first `period` values."""

    __slots__ = ("_need", "_seen", "_skip", "_sum", "_value", "_weight", "period")

    def __init__(self, period: int, skip: int = 0) -> None:
        self.period = period
        self._weight = 2.0 / (period + 1)
        self._skip, self._need = skip, skip + period
        self._seen, self._sum = 0, 0.0
        self._value: float | None = None

    def value(self, number: float) -> float | None:
        """Return the average with one more value."""
        held = self._value
        if held is not None:
            return (number - held) * self._weight + held
        return (self._sum + number) / self.period if self._seen == self._need - 1 else None

    def commit(self, number: float) -> float | None:
        """Take a value."""
        self._value = self.value(number)
        if self._seen >= self._skip:
            self._sum += number
        self._seen += 1
        return self._value


class LiveRsi:
    """Relative strength index after Wilder, 0 to 100; 0 if the price never moved, as in TA-Lib."""

    __slots__ = ("_gain", "_last", "_loss", "_seen", "period")

    def __init__(self, period: int) -> None:
        self.period = period
        self._last: float | None = None
        self._gain = self._loss = 0.0
        self._seen = 0

    def _moved(self, close: float) -> tuple[float, float]:
        """Return the average gain and loss with one more close; sums while warming up."""
        if self._last is None:
            return 0.0, 0.0
        change, count = close - self._last, self.period
        gain, loss = (change, 0.0) if change > 0 else (0.0, -change)
        if self._seen <= count:
            gain, loss = self._gain + gain, self._loss + loss
            return (gain / count, loss / count) if self._seen == count else (gain, loss)
        kept = count - 1
        return (self._gain * kept + gain) / count, (self._loss * kept + loss) / count

    def value(self, close: float) -> float | None:
        """Return the index with one more close."""
        if self._seen < self.period:
            return None
        gain, loss = self._moved(close)
        return 100.0 * (gain / (gain + loss)) if gain + loss > 0 else 0.0

    def commit(self, close: float) -> None:
        """Take a close."""
        self._gain, self._loss = self._moved(close)
        self._last = close
        self._seen += 1


class LiveMacd:
    """Difference of two averages, its own average, and the distance of both."""

    __slots__ = ("_fast", "_signal", "_slow")

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self._fast, self._slow = LiveEma(fast, skip=slow - fast), LiveEma(slow)
        self._signal = LiveEma(signal)

    def value(self, close: float) -> tuple[float, float, float] | None:
        """Return MACD, signal and histogram with one more close."""
        fast, slow = self._fast.value(close), self._slow.value(close)
        if fast is None or slow is None:
            return None
        macd = fast - slow
        signal = self._signal.value(macd)
        return None if signal is None else (macd, signal, macd - signal)

    def commit(self, close: float) -> None:
        """Take a close."""
        fast, slow = self._fast.commit(close), self._slow.commit(close)
        if fast is not None and slow is not None:
            self._signal.commit(fast - slow)


class LiveBollinger:
    """Plain average with bands of so many deviations of the population."""

    __slots__ = ("_base", "_closes", "_squares", "_sum", "deviations", "period")

    def __init__(self, period: int, deviations: float) -> None:
        self.period, self.deviations = period, deviations
        self._closes: deque[float] = deque(maxlen=period - 1)
        self._base = self._sum = self._squares = 0.0

    def value(self, close: float) -> tuple[float, float, float] | None:
        """Return upper band, average and lower band with one more close."""
        count = self.period
        if len(self._closes) < count - 1:
            return None
        offset = close - self._base
        mean = (self._sum + offset) / count
        variance = (self._squares + offset * offset) / count - mean * mean
        reach = self.deviations * sqrt(variance) if variance > 0 else 0.0
        middle = self._base + mean
        return middle + reach, middle, middle - reach

    def commit(self, close: float) -> None:
        """Take a close; sums are anew round it, so that errors never pile up."""
        self._closes.append(close)
        self._base = close
        offsets = [number - close for number in self._closes]
        self._sum = sum(offsets)
        self._squares = sum(offset * offset for offset in offsets)
