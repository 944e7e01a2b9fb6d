"""Touch metrics, the whole set with the curve, and a live-candle tick beside TA-Lib.

Prints a table; asserts no times, only that both ways say the same. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_analysis_speed.py`.
"""

import gc
import random
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest
import talib
from talib import stream

from core.analysis.curve import depth_profile
from core.analysis.depth import touch_metrics
from core.analysis.flow import cvd, flow_between
from core.analysis.indicators import indicator_history
from core.analysis.live import LiveIndicators
from core.analysis.profile import volume_profile
from core.analysis.units import Level
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import CandleRow, TapeRow

pytestmark = pytest.mark.benchmark_only

LEVELS = 1_000
CANDLES = 1_000
PRINTS = 10_000
ROUNDS = 7
NOTIONALS = [UNIT * thousand * 1_000 for thousand in (1, 10, 50, 100, 250)]
Rows = list[tuple[str, float, str]]


def _timed(call: Callable[[], object], times: int) -> float:
    """Return the median us a call."""
    gc.collect()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        for _ in range(times):
            call()
        taken.append((time.perf_counter_ns() - start) / times / 1_000)
    return median(taken)


def _book() -> tuple[list[Level], list[Level]]:
    """Make 1,000 levels a side, one tick of 0.1 apart, half a coin each on average."""
    chance, tick = random.Random(7), UNIT // 10
    best = 617_000 * tick
    sizes = [chance.randint(1, 10_000) * UNIT // 10_000 for _ in range(2 * LEVELS)]
    bids = [(best - n * tick, sizes[n]) for n in range(LEVELS)]
    asks = [(best + (n + 1) * tick, sizes[LEVELS + n]) for n in range(LEVELS)]
    return bids, asks


def _candles() -> list[CandleRow]:
    chance, price, rows = random.Random(7), 60_000.0, []
    for number in range(CANDLES):
        close = price * (1 + chance.gauss(0, 0.001))
        high, low = max(price, close) * 1.0005, min(price, close) * 0.9995
        rows.append(CandleRow(number, price, high, low, close, 1.0))
        price = close
    return rows


def _prints() -> list[TapeRow]:
    chance, sides = random.Random(7), list(Side)
    return [
        TapeRow(n, n, (61_700 + chance.randint(-99, 99)) * UNIT, UNIT, chance.choice(sides))
        for n in range(PRINTS)
    ]


def _depth_rows() -> Rows:
    bids, asks = _book()

    def touch() -> object:
        return touch_metrics(bids, asks, tick=UNIT // 10, notionals=NOTIONALS)

    def everything() -> object:
        return touch(), depth_profile(bids, asks)

    found = touch_metrics(bids, asks, notionals=NOTIONALS)
    assert None not in found.buy_slippage_bps + found.sell_slippage_bps
    return [
        ("touch: spread, microprice, imbalance 20, 5+5 slippages", _timed(touch, 500), "40"),
        ("whole set: touch, both curves, 5 bands", _timed(everything, 100), "150"),
    ]


def _indicator_rows() -> Rows:
    rows = _candles()
    live = LiveIndicators()
    live.commit_all(rows[:-1])
    columns = [[row.high, row.low, row.close] for row in rows]
    high, low, close = np.array(columns, dtype=np.float64).T.copy()

    def tick() -> object:
        return live.values(rows[-1])

    def talib_stream() -> object:
        return (
            stream.EMA(close, 20),
            stream.RSI(close, 14),
            stream.MACD(close, 12, 26, 9),
            stream.BBANDS(close, 20, 2.0, 2.0),
            stream.ATR(high, low, close, 14),
        )

    assert live.values(rows[-1]).ema == pytest.approx(talib.EMA(close, 20)[-1])
    return [
        ("live candle: one tick, five indicators", _timed(tick, 5_000), "5"),
        ("TA-Lib stream API: the same five", _timed(talib_stream, 500), "anchor"),
        ("history of ten columns, 1,000 candles", _timed(lambda: indicator_history(rows), 20), "-"),
    ]


def _flow_rows() -> Rows:
    prints = _prints()
    return [
        ("flow of 10,000 prints", _timed(lambda: flow_between(prints, 0, PRINTS), 5), "-"),
        ("CVD of 10,000 prints", _timed(lambda: cvd(prints), 5), "-"),
        ("volume profile of 10,000 prints", _timed(lambda: volume_profile(prints, UNIT), 5), "-"),
    ]


def test_analysis_beside_talib(capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what each question costs."""
    rows = [*_depth_rows(), *_indicator_rows(), *_flow_rows()]

    with capsys.disabled():
        print(f"\nanalysis, us a call, median of {ROUNDS} rounds; {LEVELS} levels a side")
        for name, value, goal in rows:
            print(f"  {name:<56} {value:9.2f}   goal {goal}")
