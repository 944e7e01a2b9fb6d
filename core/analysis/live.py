"""Every indicator on the live candle: nothing of the past is computed again at a tick."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.analysis.anchored import DayVwap
from core.analysis.averages import LiveBollinger, LiveEma, LiveMacd, LiveRsi
from core.analysis.periods import DEFAULT_PERIODS, Periods
from core.analysis.ranges import LiveAdx, LiveAtr
from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow

FAST_EMA: Final = 9
SLOW_EMA: Final = 21
OVERLAY_PERIODS: Final = Periods(ema=SLOW_EMA)
OVERLAY_NAMES: Final = (
    *(f"ema{FAST_EMA}", f"ema{SLOW_EMA}", "vwap", "bb_upper", "bb_middle", "bb_lower"),
    *("rsi", "macd", "macd_signal", "macd_hist", "atr", "adx"),
)
"""Lines over candles, in the order in which their values stand."""
Overlays = tuple[float | None, ...]
"""One value a name of `OVERLAY_NAMES`."""


class IndicatorValues(msgspec.Struct, frozen=True, gc=False):
    """The indicators were the live candle to close now; None while warming up.

    Attributes:
        ema: Quote units.
        rsi: 0 to 100.
        macd: MACD, signal, histogram; quote units.
        bollinger: Upper, middle, lower; quote units.
        atr: Quote units.
    """

    ema: float | None
    rsi: float | None
    macd: tuple[float, float, float] | None
    bollinger: tuple[float, float, float] | None
    atr: float | None


NO_VALUES = IndicatorValues(None, None, None, None, None)


class LiveIndicators:
    """The states after the last closed candle; `values` looks one candle ahead."""

    __slots__ = ("_adx", "_atr", "_bollinger", "_ema", "_macd", "_rsi")

    def __init__(self, periods: Periods = DEFAULT_PERIODS) -> None:
        self._ema = LiveEma(periods.ema)
        self._rsi = LiveRsi(periods.rsi)
        self._macd = LiveMacd(periods.macd_fast, periods.macd_slow, periods.macd_signal)
        self._bollinger = LiveBollinger(periods.bollinger, periods.bollinger_deviations)
        self._atr = LiveAtr(periods.atr)
        self._adx = LiveAdx(periods.adx)

    def commit(self, row: CandleRow) -> None:
        """Close a candle; one without trades changes nothing."""
        high, low, close = row.high, row.low, row.close
        if high is None or low is None or close is None:
            return
        self._ema.commit(close)
        self._rsi.commit(close)
        self._macd.commit(close)
        self._bollinger.commit(close)
        self._atr.commit(high, low, close)
        self._adx.commit(high, low, close)

    def commit_all(self, rows: Iterable[CandleRow]) -> None:
        """Close candles, oldest first."""
        for row in rows:
            self.commit(row)

    def values(self, row: CandleRow) -> IndicatorValues:
        """Return five indicators with the live candle; nothing where it has no trade yet."""
        high, low, close = row.high, row.low, row.close
        if high is None or low is None or close is None:
            return NO_VALUES
        return IndicatorValues(
            self._ema.value(close),
            self._rsi.value(close),
            self._macd.value(close),
            self._bollinger.value(close),
            self._atr.value(high, low),
        )

    def adx(self, row: CandleRow) -> float | None:
        """Return the directional index with the live candle."""
        if row.high is None or row.low is None or row.close is None:
            return None
        return self._adx.value(row.high, row.low)


_NO_THREE: Final = (None, None, None)


class LiveOverlays:
    """Every line over the candles, for the live one: states after the last closed candle."""

    __slots__ = ("_fast", "_rest", "_vwap")

    def __init__(self, seed: VwapSeed | None = None) -> None:
        self._fast = LiveEma(FAST_EMA)
        self._rest = LiveIndicators(OVERLAY_PERIODS)
        self._vwap = DayVwap(seed)

    def commit(self, row: CandleRow) -> None:
        """Close a candle; one without trades changes nothing."""
        if row.close is not None:
            self._fast.commit(row.close)
        self._rest.commit(row)
        self._vwap.commit(row)

    def values(self, row: CandleRow) -> Overlays:
        """Return what each line would be were the live candle to close now."""
        if row.close is None:
            return (None,) * len(OVERLAY_NAMES)
        found = self._rest.values(row)
        return (
            self._fast.value(row.close),
            found.ema,
            self._vwap.value(row),
            *(found.bollinger or _NO_THREE),
            found.rsi,
            *(found.macd or _NO_THREE),
            found.atr,
            self._rest.adx(row),
        )
