"""Indicators over history and on the live candle: both are TA-Lib's numbers."""

import numpy as np
import pytest
import talib

from core.analysis.indicators import indicator_history, newest
from core.analysis.live import NO_VALUES, LiveIndicators
from core.analysis.periods import Periods
from core.domain.views import CandleRow
from tests.core.analysis.candles import row, walk
from tests.core.analysis.recordings import MINUTE_NS, kraken, needs_recordings

NAMES = ("ema", "rsi", "atr", "adx")
RELATIVE = 1e-9


def assert_live_is_history(rows: list[CandleRow], periods: Periods) -> None:
    """At every candle, looking ahead with the live state gives what the history has there."""
    history, live = indicator_history(rows, periods), LiveIndicators(periods)
    for place, candle in enumerate(rows):
        values = live.values(candle)
        same(values.ema, history.ema[place])
        same(values.rsi, history.rsi[place])
        same(values.atr, history.atr[place])
        same(live.adx(candle), history.adx[place])
        macd = values.macd or (None, None, None)
        lines = (history.macd, history.macd_signal, history.macd_histogram)
        for found, line in zip(macd, lines, strict=True):
            same(found, line[place])
        bands = values.bollinger or (None, None, None)
        edges = (history.bollinger_upper, history.bollinger_middle, history.bollinger_lower)
        for found, line in zip(bands, edges, strict=True):
            same(found, line[place])
        live.commit(candle)


def same(found: float | None, wanted: float | None) -> None:
    """Equal to rounding, or both absent."""
    assert found == (None if wanted is None else pytest.approx(wanted, rel=RELATIVE, abs=1e-7))


@pytest.mark.parametrize("empty", [0.0, 0.3])
@pytest.mark.parametrize("start", [0.00001234, 1.0, 60_000.0])
def test_live_candle_equals_history(start: float, empty: float) -> None:
    """Candle by candle, tiny prices and holes included."""
    assert_live_is_history(walk(300, start=start, empty=empty), Periods())


@pytest.mark.parametrize(
    "periods",
    [
        Periods(ema=2, rsi=2, macd_fast=3, macd_slow=5, macd_signal=2, bollinger=2, atr=2, adx=2),
        Periods(ema=50, rsi=9, macd_fast=8, macd_slow=21, macd_signal=5, bollinger=34, adx=20),
    ],
)
def test_live_candle_equals_history_at_other_lengths(periods: Periods) -> None:
    """Seeds and warm-up follow the lengths."""
    assert_live_is_history(walk(200, seed=3), periods)


def test_live_candle_equals_history_where_the_price_stands_still() -> None:
    """No gains, no losses, no range: TA-Lib's own answers."""
    still = [row(n, 100.0, 100.0, 100.0, 100.0) for n in range(60)]

    assert_live_is_history(still, Periods())
    assert_live_is_history([*still, *walk(60, start=100.0)], Periods())


@needs_recordings
def test_live_candle_equals_history_on_recorded_candles() -> None:
    """The 721 Kraken minutes, 216 of them without a trade."""
    rows = []
    for start, *prices, _, volume, count in kraken("ohlc_xbtusdt_1m"):
        o, h, low, c = map(float, prices)
        known = CandleRow(start * 1_000_000_000, o, h, low, c, float(volume))
        rows.append(known if count else CandleRow(known.start_ts, None, None, None, None, 0.0))

    assert sum(candle.close is None for candle in rows) == 216
    assert rows[1].start_ts - rows[0].start_ts == MINUTE_NS
    assert_live_is_history(rows, Periods())


def test_tick_changes_nothing_of_the_past() -> None:
    """A thousand ticks of one live candle, and the next is as if there had been one."""
    rows, live, quiet = walk(60), LiveIndicators(), LiveIndicators()
    live.commit_all(rows[:-1])
    quiet.commit_all(rows[:-1])

    for tick in walk(1_000, seed=9):
        live.values(tick)

    assert live.values(rows[-1]) == quiet.values(rows[-1])


def test_history_is_talib_where_every_candle_traded() -> None:
    """Without holes the columns are TA-Lib's own."""
    rows = walk(120)
    closes = np.array([candle.close for candle in rows], dtype=np.float64)

    history = indicator_history(rows)

    wanted = talib.EMA(closes, 20)
    assert history.ema[:19] == [None] * 19
    assert history.ema[19:] == wanted[19:].tolist()
    assert newest(history.rsi) == talib.RSI(closes, 14)[-1]


def test_candle_without_trades_is_stepped_over() -> None:
    """Indicators with holes are those of the series without them, at the right places."""
    rows = walk(200, empty=0.4)
    full = indicator_history([candle for candle in rows if candle.close is not None])

    history = indicator_history(rows)

    for name in NAMES:
        values = getattr(history, name)
        kept = [v for v, c in zip(values, rows, strict=True) if c.close is not None]
        assert kept == getattr(full, name)
        assert all(v is None for v, c in zip(values, rows, strict=True) if c.close is None)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_short_series_have_no_indicators(count: int) -> None:
    """Too few candles, or none that traded, give None."""
    for rows in (walk(count), [row(n, volume=0.0) for n in range(count)]):
        history = indicator_history(rows)
        assert history.ema == history.adx == history.macd == [None] * count
        assert newest(history.rsi) is None
    assert LiveIndicators().values(row(0)) == NO_VALUES
    assert LiveIndicators().adx(row(0)) is None
