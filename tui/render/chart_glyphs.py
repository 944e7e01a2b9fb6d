"""One candle as glyphs: half a row is the smallest step; width grows with the zoom."""

from collections.abc import Sequence
from typing import Final

from core.domain.views import CandleRow
from tui.render.chart_canvas import DOTS_ACROSS, DOTS_DOWN, Canvas, Dots
from tui.render.chart_scale import Scale
from tui.render.chart_time import Buckets, Window

_THIN: Final = {
    "  ": " ", "ww": "│", "bb": "┃", " w": "╷", "w ": "╵",
    " b": "╻", "b ": "╹", "wb": "╽", "bw": "╿",
}  # fmt: skip
_THICK: Final = {**_THIN, "bb": "█", " b": "▄", "b ": "▀"}
_WIDEST: Final = {**_THICK, "wb": "█", "bw": "█"}
_LEFT: Final = {"bb": "▐", " b": "▗", "b ": "▝", "wb": "▗", "bw": "▝"}
_RIGHT: Final = {"bb": "▌", " b": "▖", "b ": "▘", "wb": "▖", "bw": "▘"}
_FALLING: Final = {1: "┇", 2: "▓", 3: "▓"}
"""Falling bodies are dashed or grey, rising ones solid: the direction shows without colour."""
_WIDE: Final = 3


def direction(bucket: CandleRow) -> str:
    """Name the colour role of a candle."""
    assert bucket.open is not None
    assert bucket.close is not None
    return "profit" if bucket.close >= bucket.open else "loss"


def draw_candles(canvas: Canvas, buckets: Buckets, window: Window, scale: Scale) -> None:
    """Draw every candle over what is there."""
    for slot, bucket in enumerate(buckets):
        if bucket is not None and bucket.open is not None:
            _draw_candle(canvas, bucket, window.column(slot), window.cells, scale)


def _draw_candle(canvas: Canvas, bucket: CandleRow, column: int, cells: int, scale: Scale) -> None:
    if bucket.open is None or bucket.high is None or bucket.low is None or bucket.close is None:
        return
    high, low = scale.part(bucket.high, 2), scale.part(bucket.low, 2)
    body = sorted((scale.part(bucket.open, 2), scale.part(bucket.close, 2)))
    ink = direction(bucket)
    glyphs = _glyphs(cells, is_falling=bucket.close < bucket.open)
    for row in range(max(0, high // 2), min(scale.rows - 1, low // 2) + 1):
        halves = _half(row * 2, high, low, body) + _half(row * 2 + 1, high, low, body)
        canvas.put(row, column, glyphs[halves], ink)
        if cells >= _WIDE and halves in _LEFT:
            canvas.put(row, column - 1, _LEFT[halves], ink)
            canvas.put(row, column + 1, _RIGHT[halves], ink)


def _glyphs(cells: int, *, is_falling: bool) -> dict[str, str]:
    glyphs = _THIN if cells == 1 else _THICK if cells < _WIDE else _WIDEST
    return glyphs | {"bb": _FALLING[min(cells, _WIDE)]} if is_falling else glyphs


def _half(half: int, high: int, low: int, body: Sequence[int]) -> str:
    if body[0] <= half <= body[1]:
        return "b"
    return "w" if high <= half <= low else " "


def draw_curve(
    dots: Dots, values: Sequence[float | None], window: Window, scale: Scale, role: str
) -> None:
    """Draw values as one curve; a slot without a value leaves a hole."""
    before: tuple[int, int] | None = None
    for slot, place in enumerate(scale.parts(values, DOTS_DOWN)):
        if place is None:
            before = None
            continue
        point = window.column(slot) * DOTS_ACROSS, place
        if before is None:
            dots.plot(point[0], place, place, role)
        else:
            dots.stroke(before, point, role)
        before = point


def closes_of(buckets: Buckets) -> list[float | None]:
    """Return the close of each slot."""
    return [None if bucket is None else bucket.close for bucket in buckets]
