"""An app with nothing but the candle pane, fed by hand; for tests and pictures of the chart."""

from collections.abc import Callable

import msgspec
from textual.app import App, ComposeResult

from core.domain.order import Side
from core.domain.study_views import OverlaysView
from core.domain.views import CandlesView, OwnOrder
from tests.tui.fake_market import NS, FakeMarket
from tui.theme import load_themes, palette_of, textual_theme
from tui.widgets.candles import Candles

AT = 1_764_081_042 * NS
"""2025-11-25 14:30:42 UTC."""


def sol_market() -> FakeMarket:
    """Make the market of most pictures: own orders, an alert."""
    market = FakeMarket("alpha:SOL_USDC_PERP", 141.27, 0.01, 22.0, seed=7, drift=2.41)
    tick = market.tick
    market.own_orders = [
        OwnOrder(market.mid - 12 * tick, Side.BUY, 25 * 10**9),
        OwnOrder(market.mid + 31 * tick, Side.SELL, 12 * 10**9),
    ]
    market.alert_prices = [market.mid + 55 * tick]
    return market


class ChartApp(App[None]):
    """One candle pane over the whole terminal."""

    def __init__(
        self,
        candles: Callable[[str, int], CandlesView | None],
        overlays: Callable[[str, int], OverlaysView | None] | None = None,
        *,
        theme: str = "wingman-dark",
    ) -> None:
        super().__init__()
        loaded = load_themes()[0][theme]
        self.register_theme(textual_theme(loaded))
        self.theme = theme
        self.now = 100.0
        self.pane = Candles(palette_of(loaded), id="candles", clock=lambda: self.now)
        self._candles = candles
        self._overlays = overlays

    def compose(self) -> ComposeResult:
        """Give the pane."""
        yield self.pane

    def answer(self) -> None:
        """Answer what the pane asks for now, as an engine would, and let a second pass."""
        pane = self.pane
        self.now += 1
        pane.tick(AT)
        topic = pane.topic()
        if topic is None:
            return
        _, _, interval, count = topic.split("/")
        view = self._candles(interval, int(count))
        if view is not None:
            pane.show(view)
        over = self._overlays(interval, int(count)) if self._overlays else None
        if over is not None:
            pane.show_overlays(over)
        pane.draw_when_due(is_now=True)


def app_on(market: FakeMarket, *, theme: str = "wingman-dark", **changes: object) -> ChartApp:
    """Open a chart on a made-up market; `changes` replace fields of its candles view."""

    def candles(interval: str, count: int) -> CandlesView:
        return msgspec.structs.replace(market.candles(interval, count, AT), **changes)

    app = ChartApp(candles, lambda i, n: market.overlays(i, n, AT), theme=theme)
    app.pane.instrument = market.instrument
    return app
