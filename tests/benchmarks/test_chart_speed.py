"""One full redraw of the candle chart: working it out, and drawing it.

Prints a table; asserts no times, only that the picture is whole. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_chart_speed.py`.
"""

import gc
import time
from collections.abc import Callable
from statistics import median

import pytest

from tests.tui.chart_app import AT, sol_market
from tui.render.candles import candle_rows, picture_of, picture_rows
from tui.render.chart_spec import USUAL_ZOOM, ZOOMS, Chart, Lower, Preset
from tui.render.spark import braille_spark, sparkline
from tui.theme import fallback, palette_of

pytestmark = pytest.mark.benchmark_only

PALETTE = palette_of(fallback())
ROUNDS = 30


def _timed(call: Callable[[], object]) -> float:
    """Return the median us of a call."""
    gc.collect()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start) / 1_000)
    return median(taken)


def _chart(width: int, height: int, count: int, zoom: int, *, is_full: bool) -> Chart:
    market = sol_market()
    view = market.candles("1m", count, AT)
    return Chart(
        candles=view.candles,
        interval_ns=view.interval_ns,
        decimals=view.price_decimals,
        width=width,
        height=height,
        zoom=ZOOMS[zoom],
        overlays=market.overlays("1m", count, AT),
        preset=Preset.ALL if is_full else Preset.AVERAGES,
        lower=Lower.MACD if is_full else Lower.NONE,
        fills=view.fills,
        orders=view.orders,
        alert_prices=view.alert_prices,
        cursor=10 if is_full else None,
        now=AT,
    )


def test_full_redraw_of_the_chart() -> None:
    """Pane of 120x40, whole bodies of 120x40 and 200x60, and 400 candles joined two by two."""
    shapes = {
        "pane 56x15, averages": _chart(56, 15, 60, USUAL_ZOOM, is_full=False),
        "body 118x35, averages": _chart(118, 35, 120, USUAL_ZOOM, is_full=False),
        "body 118x35, all and MACD": _chart(118, 35, 120, USUAL_ZOOM, is_full=True),
        "body 198x55, all and MACD": _chart(198, 55, 200, USUAL_ZOOM, is_full=True),
        "body 198x55, 400 candles": _chart(198, 55, 400, USUAL_ZOOM + 1, is_full=True),
    }
    print()
    for title, chart in shapes.items():
        picture = picture_of(chart)
        assert picture is not None
        assert len(candle_rows(chart, PALETTE)) == chart.height
        work = _timed(lambda chart=chart: picture_of(chart))  # type: ignore[misc]
        draw = _timed(lambda picture=picture: picture_rows(picture, PALETTE))  # type: ignore[misc]
        print(f"{title:<28} worked out {work:>7.0f} us, drawn {draw:>7.0f} us")


def test_sparklines() -> None:
    """Sixty values into 24 cells."""
    values = [100 + n % 17 for n in range(60)]
    blocks, dots = _timed(lambda: sparkline(values, 24)), _timed(lambda: braille_spark(values, 24))
    print(f"\nsparkline of 60 values: blocks {blocks:.0f} us, braille {dots:.0f} us")
    assert len(sparkline(values, 24)) == 24
