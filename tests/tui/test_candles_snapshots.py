"""What the chart looks like in the states a person can name, alone on a terminal."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from core.domain.study_views import OverlaysView
from core.domain.views import CandleRow, CandlesView
from tests.tui.chart_app import AT, ChartApp, app_on, sol_market
from tests.tui.fake_market import NS, FakeMarket

Snap = Callable[..., bool]
MINUTE = 60 * NS
NEWEST = AT // MINUTE * MINUTE


def _drawn(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what has to happen before the picture: answers, then keys with an answer each."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, ChartApp)
        await pilot.pause()
        app.pane.focus()
        for key in ("", *keys, ""):
            if key:
                await pilot.press(key)
            app.answer()
            await pilot.pause()

    return run


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        ((54, 20), ""),
        ((56, 15), "p"),
        ((120, 38), "e p p"),
        ((120, 38), "i i left left left up up p"),
        ((198, 56), "e e p p p"),
        ((90, 24), "u u b"),
        ((90, 24), "H y"),
        ((90, 24), "e e e right_square_bracket right_square_bracket"),
    ],
    ids=["page", "pane-rsi", "bands-macd", "wide-crosshair", "large-atr", "line", "past", "plain"],
)
def test_chart(snap_compare: Snap, size: tuple[int, int], keys: str) -> None:
    """The chart at its sizes, with keys pressed."""
    app = app_on(sol_market())
    assert snap_compare(app, terminal_size=size, run_before=_drawn(*keys.split()))


@pytest.mark.parametrize("theme", ["wingman-light", "wingman-redup"])
def test_chart_in_other_colours(snap_compare: Snap, theme: str) -> None:
    """The chart in the other themes."""
    app = app_on(sol_market(), theme=theme)
    assert snap_compare(app, terminal_size=(100, 30), run_before=_drawn("p"))


def _with(*candles: CandleRow, decimals: int = 2, is_loading: bool = False) -> ChartApp:
    """Open a chart on exactly these candles."""
    market = sol_market()
    empty = msgspec.structs.replace(market.candles("1m", 10, AT), fills=(), orders=())
    view = msgspec.structs.replace(
        empty, candles=candles, price_decimals=decimals, is_loading=is_loading, alert_prices=()
    )

    def views(_interval: str, _count: int) -> CandlesView:
        return view

    def overlays(_interval: str, _count: int) -> OverlaysView | None:
        return None

    app = ChartApp(views, overlays)
    app.pane.instrument = market.instrument
    return app


def _candle(back: int, price: float, reach: float, volume: float = 3.0) -> CandleRow:
    start = NEWEST - back * MINUTE
    return CandleRow(start, price, price + reach, price - reach, price + reach / 2, volume)


def test_states_without_a_picture(snap_compare: Snap) -> None:
    """No answer yet: history is loading."""
    app = ChartApp(lambda _i, _n: None)
    app.pane.instrument = sol_market().instrument
    assert snap_compare(app, terminal_size=(60, 12), run_before=_drawn())


def test_empty(snap_compare: Snap) -> None:
    """The engine has no candle."""
    assert snap_compare(_with(), terminal_size=(60, 12), run_before=_drawn())


def test_one_candle(snap_compare: Snap) -> None:
    """One candle, no indicator yet, more to come."""
    app = _with(_candle(0, 141.2, 0.3), is_loading=True)
    assert snap_compare(app, terminal_size=(60, 16), run_before=_drawn())


def test_all_prices_equal(snap_compare: Snap) -> None:
    """A market that does not move is a line, not a fault."""
    app = _with(*(_candle(back, 100.0, 0.0) for back in range(20, -1, -1)))
    assert snap_compare(app, terminal_size=(60, 16), run_before=_drawn())


def test_tiny_prices(snap_compare: Snap) -> None:
    """Eight decimals on the axis."""
    candles = [_candle(b, 0.00001234 + b % 5 * 2e-8, 4e-8, 9e9) for b in range(30, -1, -1)]
    app = _with(*candles, decimals=8)
    assert snap_compare(app, terminal_size=(60, 16), run_before=_drawn("left"))


def test_huge_numbers(snap_compare: Snap) -> None:
    """Billions a coin, quadrillions of volume."""
    candles = [_candle(b, 1.25e9 + b % 7 * 4e6, 9e6, 4e15) for b in range(30, -1, -1)]
    assert snap_compare(_with(*candles), terminal_size=(60, 16), run_before=_drawn("left"))


def test_holes(snap_compare: Snap) -> None:
    """Quiet minutes and missing ones, told apart at the foot."""
    candles = [
        CandleRow(NEWEST - back * MINUTE, None, None, None, None, 0.0)
        if back in {9, 10, 11}
        else _candle(back, 141.2 + back % 6 * 0.1, 0.2)
        for back in range(30, -1, -1)
        if back not in {18, 19, 20}
    ]
    assert snap_compare(_with(*candles), terminal_size=(60, 16), run_before=_drawn())


def test_a_market_with_dear_coins(snap_compare: Snap) -> None:
    """Five digits before the point, all overlays."""
    market = FakeMarket("alpha:BTC_USDC_PERP", 86_012.4, 0.1, 0.42, seed=7)
    assert snap_compare(app_on(market), terminal_size=(80, 24), run_before=_drawn("e", "e", "p"))
