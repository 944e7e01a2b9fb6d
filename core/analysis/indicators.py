"""The classic indicators over history, by TA-Lib; the one module that speaks with it.

Candles without trades are no prices: indicators step from traded candle to traded candle, and the
answer is None at the others, as it is during warm-up. The live candle is in `core.analysis.live`.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import talib
from numpy.typing import NDArray

from core.analysis.anchored import DayVwap
from core.analysis.live import FAST_EMA, OVERLAY_PERIODS
from core.analysis.periods import DEFAULT_PERIODS, Periods
from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow

Column = NDArray[np.float64]
Values = list[float | None]
"""One value a candle given, oldest first."""


class IndicatorHistory(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Indicators of each candle, None where there is none.

    Averages, MACD, bands and ATR in quote units; RSI and ADX from 0 to 100.
    """

    ema: Values
    rsi: Values
    macd: Values
    macd_signal: Values
    macd_histogram: Values
    bollinger_upper: Values
    bollinger_middle: Values
    bollinger_lower: Values
    atr: Values
    adx: Values


class Traded(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The candles that traded, packed. float64, oldest first; `places` are their indices."""

    places: list[int]
    size: int
    high: Column
    low: Column
    close: Column

    def spread(self, packed: Column) -> Values:
        """Put one value a traded candle back to its place; NaN becomes None."""
        found: Values = [None] * self.size
        for place, value in zip(self.places, packed.tolist(), strict=True):
            if value == value:  # noqa: PLR0124 - only NaN differs from itself
                found[place] = value
        return found


def traded(rows: Sequence[CandleRow]) -> Traded:
    """Pack the candles that traded."""
    places, high, low, close = [], [], [], []
    for place, row in enumerate(rows):
        if row.high is None or row.low is None or row.close is None:
            continue
        places.append(place)
        high.append(row.high)
        low.append(row.low)
        close.append(row.close)
    columns = [np.array(values, dtype=np.float64) for values in (high, low, close)]
    return Traded(places=places, size=len(rows), high=columns[0], low=columns[1], close=columns[2])


def indicator_history(
    rows: Sequence[CandleRow], periods: Periods = DEFAULT_PERIODS
) -> IndicatorHistory:
    """Compute every indicator over candles, oldest first.

    Sources: RSI, ATR and ADX after Wilder (1978), MACD after Appel, bands after Bollinger with the
    deviation of the population; warm-up and seeds as TA-Lib has them.
    """
    packed = traded(rows)
    if not packed.places:
        return _nothing(len(rows))
    high, low, close, spread = packed.high, packed.low, packed.close, packed.spread
    macd, signal, histogram = talib.MACD(
        close, periods.macd_fast, periods.macd_slow, periods.macd_signal
    )
    deviations = periods.bollinger_deviations
    upper, middle, lower = talib.BBANDS(close, periods.bollinger, deviations, deviations)
    return IndicatorHistory(
        ema=spread(talib.EMA(close, periods.ema)),
        rsi=spread(talib.RSI(close, periods.rsi)),
        macd=spread(macd),
        macd_signal=spread(signal),
        macd_histogram=spread(histogram),
        bollinger_upper=spread(upper),
        bollinger_middle=spread(middle),
        bollinger_lower=spread(lower),
        atr=spread(talib.ATR(high, low, close, periods.atr)),
        adx=spread(talib.ADX(high, low, close, periods.adx)),
    )


def _nothing(count: int) -> IndicatorHistory:
    columns: dict[str, Values] = {
        name: [None] * count for name in IndicatorHistory.__struct_fields__
    }
    return IndicatorHistory(**columns)


def ema_history(rows: Sequence[CandleRow], period: int) -> Values:
    """Compute one exponential average of closes."""
    packed = traded(rows)
    return packed.spread(talib.EMA(packed.close, period)) if packed.places else [None] * len(rows)


def adx_history(rows: Sequence[CandleRow], period: int = DEFAULT_PERIODS.adx) -> Values:
    """Compute the directional index alone."""
    packed = traded(rows)
    if not packed.places:
        return [None] * len(rows)
    return packed.spread(talib.ADX(packed.high, packed.low, packed.close, period))


def newest(values: Values) -> float | None:
    """Return the last value that is there."""
    return next((value for value in reversed(values) if value is not None), None)


def overlay_history(rows: Sequence[CandleRow], seed: VwapSeed | None = None) -> tuple[Values, ...]:
    """Compute every line of `core.analysis.live.OVERLAY_NAMES` over closed candles, in its order.

    A candle without trades has no value; the VWAP there would be the one before.
    """
    found = indicator_history(rows, OVERLAY_PERIODS)
    return (
        ema_history(rows, FAST_EMA),
        found.ema,
        vwap_history(rows, seed),
        *(found.bollinger_upper, found.bollinger_middle, found.bollinger_lower),
        found.rsi,
        *(found.macd, found.macd_signal, found.macd_histogram),
        *(found.atr, found.adx),
    )


def vwap_history(rows: Sequence[CandleRow], seed: VwapSeed | None = None) -> Values:
    """Compute the average since midnight UTC; None before a day's begin is known."""
    vwap, found = DayVwap(seed), []
    for row in rows:
        found.append(None if row.close is None else vwap.value(row))
        vwap.commit(row)
    return found
