"""What the cursor of a pane points at, as the beginning of a price alert."""

from textual.widget import Widget

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, symbol_of
from tui.widgets.candles import Candles
from tui.widgets.ladder import Ladder


def alert_prefill(
    focused: Widget | None, ladder: Ladder, candles: Candles, catalogue: tuple[InstrumentId, ...]
) -> str:
    """Write market, direction and price under the crosshair or the ladder's cursor."""
    if focused is candles and candles.instrument is not None:
        return _written(candles.instrument, _crosshair(candles), catalogue)
    if ladder.instrument is None:
        return ""
    return _written(ladder.instrument, _row(ladder), catalogue)


def short_name(instrument: InstrumentId, catalogue: tuple[InstrumentId, ...]) -> str:
    """Return the symbol where one venue alone has it, else venue and symbol."""
    symbol = symbol_of(instrument)
    return symbol if sum(symbol_of(name) == symbol for name in catalogue) == 1 else instrument


def _written(
    instrument: InstrumentId, aimed: tuple[str, str] | None, catalogue: tuple[InstrumentId, ...]
) -> str:
    direction, price = aimed or ("above", "")
    return f"{short_name(instrument, catalogue)} price {direction} {price}"


def _row(ladder: Ladder) -> tuple[str, str] | None:
    view, price = ladder.view, ladder.cursor_price
    if view is None or price is None:
        return None
    last = view.last_price or view.best_bid or price
    return _direction(price, last), f"{price / UNIT:.{view.price_decimals}f}"


def _crosshair(candles: Candles) -> tuple[str, str] | None:
    picture = candles.picture()
    if picture is None or picture.cursor_row is None:
        return None
    price = picture.scale.price(picture.cursor_row)
    last = price if picture.last is None else picture.last
    return _direction(price, last), f"{price:.{picture.chart.decimals}f}"


def _direction(price: float, last: float) -> str:
    return "below" if price < last else "above"
