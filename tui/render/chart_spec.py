"""What a candle chart is asked to draw: the view, the size, and a person's choices."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.study_views import OverlaysView
from core.domain.views import CandleRow, FillMark, OwnOrder


class Preset(StrEnum):
    """Which overlays lie over the candles."""

    PLAIN = "plain"
    AVERAGES = "averages"
    BANDS = "bands"
    ALL = "all"


class Lower(StrEnum):
    """What the pane under the volume shows."""

    NONE = "none"
    RSI = "RSI"
    MACD = "MACD"
    RANGE = "ATR ADX"


_AVERAGES: Final = ("ema9", "ema21", "vwap")
_BANDS: Final = ("bb_upper", "bb_middle", "bb_lower")
PRESET_LINES: Final[Mapping[Preset, tuple[str, ...]]] = {
    Preset.PLAIN: (),
    Preset.AVERAGES: _AVERAGES,
    Preset.BANDS: _BANDS,
    Preset.ALL: (*_AVERAGES, *_BANDS),
}
"""Names of `OverlayLine`; where two lines share a cell, the first one gives the colour."""
LOWER_LINES: Final[Mapping[Lower, tuple[str, ...]]] = {
    Lower.NONE: (),
    Lower.RSI: ("rsi",),
    Lower.MACD: ("macd", "macd_signal", "macd_hist"),
    Lower.RANGE: ("atr", "adx"),
}
LINE_ROLES: Final[Mapping[str, str]] = {
    "ema9": "ema_fast", "ema21": "ema_slow", "vwap": "vwap",
    "bb_upper": "band", "bb_middle": "band", "bb_lower": "band",
    "rsi": "study", "macd": "study", "macd_signal": "study_second",
    "macd_hist": "muted", "atr": "study", "adx": "study_second",
}  # fmt: skip
LINE_TITLES: Final[Mapping[str, str]] = {
    "ema9": "EMA9", "ema21": "EMA21", "vwap": "VWAP", "bb_upper": "BB+", "bb_middle": "BB",
    "bb_lower": "BB-", "rsi": "RSI 14", "macd": "MACD 12 26", "macd_signal": "signal 9",
    "macd_hist": "hist", "atr": "ATR 14", "adx": "ADX 14",
}  # fmt: skip
AXIS_LEAST: Final = 7
AXIS_MOST: Final = 15
_MARK_CELLS: Final = 1


class Zoom(msgspec.Struct, frozen=True, gc=False):
    """How wide a candle is: several cells a candle, or several candles a cell."""

    cells: int
    group: int

    @property
    def title(self) -> str:
        """Say it in a few cells; empty for the usual one to one."""
        if self.cells == self.group:
            return ""
        return f"×{self.cells}" if self.cells > 1 else f"÷{self.group}"  # noqa: RUF001 - the sign


ZOOMS: Final = (
    Zoom(3, 1), Zoom(2, 1), Zoom(1, 1), Zoom(1, 2), Zoom(1, 3), Zoom(1, 4), Zoom(1, 5), Zoom(1, 8),
)  # fmt: skip
"""Nearest first."""
USUAL_ZOOM: Final = 2


class Chart(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything a candle pane draws, and its size in cells."""

    candles: Sequence[CandleRow]
    interval_ns: int
    decimals: int
    width: int
    height: int
    cursor: int | None = None
    """Slot of the crosshair, 0 at the left."""
    cursor_row: int | None = None
    """Price row of the crosshair; None puts it on the close."""
    zoom: Zoom = ZOOMS[USUAL_ZOOM]
    end_ts: int | None = None
    """Start of the newest candle shown; None follows the newest there is."""
    overlays: OverlaysView | None = None
    preset: Preset = Preset.AVERAGES
    lower: Lower = Lower.NONE
    is_line: bool = False
    """Draw the closes as one line of dots instead of candles."""
    locked: tuple[float, float] | None = None
    """Low and high of a price scale that must not move."""
    fills: Sequence[FillMark] = ()
    orders: Sequence[OwnOrder] = ()
    alert_prices: Sequence[int] = ()
    now: int | None = None
    """Engine time, ns, for the time to the candle's close."""

    @property
    def axis_cells(self) -> int:
        """Cells of the price axis, its mark included."""
        highs = [candle.high for candle in self.candles if candle.high is not None]
        digits = len(f"{max(highs):,.{self.decimals}f}") if highs else AXIS_LEAST - _MARK_CELLS
        return max(AXIS_LEAST, min(digits + _MARK_CELLS, AXIS_MOST))

    @property
    def columns(self) -> int:
        """Cells left for candles."""
        return max(0, self.width - self.axis_cells)


class Layout(msgspec.Struct, frozen=True, gc=False):
    """Rows of the parts from top to bottom; the time row comes last."""

    price: int
    volume: int
    lower: int
    """With its title row; 0 where there is none."""


def layout_of(chart: Chart) -> Layout:
    """Share the rows out."""
    height = chart.height
    has_lower = chart.lower is not Lower.NONE and height >= 12  # noqa: PLR2004 - room for both
    lower = max(4, height // 4) if has_lower else 0
    volume = 0 if height < 8 else max(2, (height - lower) // 6)  # noqa: PLR2004 - prices first
    return Layout(max(0, height - 1 - volume - lower), volume, lower)
