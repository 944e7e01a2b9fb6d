"""Lines over candles: the live ones are those of the history, and both are TA-Lib's numbers."""

import numpy as np
import pytest
import talib

from core.analysis.anchored import DAY_NS, DayVwap
from core.analysis.indicators import overlay_history, vwap_history
from core.analysis.live import OVERLAY_NAMES, LiveOverlays
from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow
from tests.core.analysis.candles import STEP_NS, walk

MINUTES_A_DAY = DAY_NS // STEP_NS


def _moved(rows: list[CandleRow], minutes: int) -> list[CandleRow]:
    return [
        CandleRow(r.start_ts + minutes * STEP_NS, r.open, r.high, r.low, r.close, r.volume)
        for r in rows
    ]


def test_live_values_are_those_of_the_history() -> None:
    """At every candle of a walk with holes over a day's end, all twelve lines agree."""
    rows = _moved(walk(400, empty=0.1), MINUTES_A_DAY - 200)
    history, live = overlay_history(rows), LiveOverlays()

    for place, row in enumerate(rows):
        found = live.values(row)
        for name, value, column in zip(OVERLAY_NAMES, found, history, strict=True):
            expected = column[place]
            assert (value is None) == (expected is None), (name, place)
            assert value is None or value == pytest.approx(expected, rel=1e-9, abs=1e-9)
        live.commit(row)


def test_lines_are_talibs() -> None:
    """Each named line is the library's, at the end of a series without holes."""
    rows = walk(300)
    columns = [[row.high, row.low, row.close] for row in rows]
    high, low, close = np.array(columns, dtype=np.float64).T.copy()
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    expected = {
        "ema9": talib.EMA(close, 9),
        "ema21": talib.EMA(close, 21),
        "bb_upper": upper,
        "bb_middle": middle,
        "bb_lower": lower,
        "rsi": talib.RSI(close, 14),
        "macd": macd,
        "macd_signal": signal,
        "macd_hist": histogram,
        "atr": talib.ATR(high, low, close, 14),
        "adx": talib.ADX(high, low, close, 14),
    }

    live = LiveOverlays()
    for row in rows[:-1]:
        live.commit(row)
    found = dict(zip(OVERLAY_NAMES, live.values(rows[-1]), strict=True))

    for name, column in expected.items():
        assert found[name] == pytest.approx(column[-1], rel=1e-9, abs=1e-9), name


def test_vwap_begins_anew_at_midnight_utc() -> None:
    """From midnight on it is the day's average, summed by hand; before it is not known."""
    rows = _moved(walk(100), MINUTES_A_DAY - 40)

    found = vwap_history(rows)

    money = volume = 0.0
    for place, row in enumerate(rows):
        if place < 40:
            assert found[place] is None
            continue
        assert row.high is not None
        assert row.low is not None
        assert row.close is not None
        money += (row.high + row.low + row.close) / 3 * row.volume
        volume += row.volume
        assert found[place] == pytest.approx(money / volume)


def test_vwap_goes_on_from_what_the_day_held_before() -> None:
    """A seed stands for the part of the day before the series; candles before it stay unknown."""
    rows = _moved(walk(60), 600)
    seed = VwapSeed(rows[10].start_ts, money=1_000_000.0, volume=17.0)

    found = vwap_history(rows, seed)

    first = rows[10]
    assert found[:10] == [None] * 10
    assert first.high is not None
    assert first.low is not None
    assert first.close is not None
    typical = (first.high + first.low + first.close) / 3
    expected = (1_000_000.0 + typical * first.volume) / (17.0 + first.volume)
    assert found[10] == pytest.approx(expected)


def test_candle_without_trades_changes_no_line() -> None:
    """An empty candle has no values, and the next is as if it were not there."""
    rows = walk(80)
    empty = CandleRow(80 * STEP_NS, None, None, None, None, 0.0)
    with_hole, without = LiveOverlays(), LiveOverlays()
    for row in rows[:-1]:
        with_hole.commit(row)
        without.commit(row)

    assert with_hole.values(empty) == (None,) * len(OVERLAY_NAMES)
    with_hole.commit(empty)

    assert with_hole.values(rows[-1]) == without.values(rows[-1])


def test_day_of_no_volume_has_no_vwap() -> None:
    """Prices without volume are no average."""
    vwap = DayVwap()
    row = CandleRow(0, 1.0, 1.0, 1.0, 1.0, 0.0)

    assert vwap.value(row) is None
