"""Candles with volume as rows of box characters; half a cell is the smallest step of a price."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
from rich.style import Style

from core.domain.views import CandleRow
from tui.render.palette import Palette, Runs, joined
from tui.render.spark import BLOCKS
from tui.render.text import fit, fit_right

_GLYPHS: Final = {
    "  ": " ", "ww": "│", "bb": "┃", " w": "╷", "w ": "╵",
    " b": "╻", "b ": "╹", "wb": "╽", "bw": "╿",
}  # fmt: skip
_DOWN: Final = {"bb": "┇"}
"""Falling bodies are dashed, rising ones solid: the direction shows without colour."""
_NS: Final = 1_000_000_000
_DAY: Final = 86_400
_TIME_STEPS: Final = (1, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10080, 20160, 43200)


class Chart(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything a candle pane draws, and its size in cells."""

    candles: Sequence[CandleRow]
    interval_ns: int
    decimals: int
    width: int
    height: int
    cursor: int | None = None
    """Column of the crosshair."""

    @property
    def axis_cells(self) -> int:
        """Cells of the price axis, its leading space included."""
        highs = [candle.high for candle in self.candles if candle.high is not None]
        digits = len(f"{max(highs):,.{self.decimals}f}") if highs else 6
        return max(7, digits + 1)

    @property
    def columns(self) -> int:
        """Cells left for candles."""
        return max(0, self.width - self.axis_cells)


class Scale(msgspec.Struct, frozen=True, gc=False):
    """Prices to half rows: 0 is the upper half of the first row."""

    low: float
    high: float
    rows: int

    def half(self, price: float) -> int:
        """Return the half row of a price."""
        share = (self.high - price) / (self.high - self.low)
        return max(0, min(int(share * self.rows * 2), self.rows * 2 - 1))

    def price(self, row: int) -> float:
        """Return the price in the middle of a row."""
        return self.high - (row + 0.5) / self.rows * (self.high - self.low)


def slots(chart: Chart) -> list[CandleRow | None]:
    """Spread candles over time: one column a bucket, None where one is missing."""
    columns = chart.columns
    if not chart.candles or columns <= 0 or chart.interval_ns <= 0:
        return [None] * max(0, columns)
    newest = chart.candles[-1].start_ts
    row: list[CandleRow | None] = [None] * columns
    for candle in chart.candles:
        column = columns - 1 - (newest - candle.start_ts) // chart.interval_ns
        if 0 <= column < columns:
            row[column] = candle
    return row


def scale_of(buckets: Sequence[CandleRow | None], rows: int, decimals: int) -> Scale | None:
    """Choose a scale around all candles, on round prices so that it moves rarely."""
    lows = [bucket.low for bucket in buckets if bucket and bucket.low is not None]
    highs = [bucket.high for bucket in buckets if bucket and bucket.high is not None]
    if not lows or not highs or rows <= 0:
        return None
    low, high = min(lows), max(highs)
    reach = max(high - low, 10.0**-decimals * rows / 2, abs(high) * 1e-6)
    step = 10.0 ** math.floor(math.log10(reach)) / 10
    return Scale(
        math.floor((low - reach * 0.02) / step) * step,
        math.ceil((high + reach * 0.02) / step) * step,
        rows,
    )


def candle_rows(chart: Chart, palette: Palette) -> list[Runs]:
    """Draw the whole chart: prices above, volume below, time at the bottom."""
    volume_rows = 0 if chart.height < 8 else max(2, chart.height // 6)  # noqa: PLR2004
    price_rows = chart.height - volume_rows - 1
    buckets = slots(chart)
    scale = scale_of(buckets, price_rows, chart.decimals)
    if scale is None:
        empty = ((" " * chart.width, palette.style("muted")),)
        return [empty] * chart.height
    labels = _labels(scale)
    last = next((b.close for b in reversed(buckets) if b and b.close is not None), None)
    last_row = scale.half(last) // 2 if last is not None else -1
    rows = [
        _price_row(chart, scale, row, buckets, palette, _Row(row in labels, row == last_row, last))
        for row in range(price_rows)
    ]
    rows += _volume_rows(chart, buckets, volume_rows, palette)
    rows.append(_time_row(chart, buckets, palette))
    return rows


class _Row(msgspec.Struct, frozen=True, gc=False):
    is_labelled: bool
    is_last: bool
    last: float | None


def _labels(scale: Scale) -> frozenset[int]:
    every = 2 if scale.rows < 12 else 3  # noqa: PLR2004 - about five labels at the usual heights
    return frozenset(range(every // 2, scale.rows, every))


def _price_row(
    chart: Chart,
    scale: Scale,
    row: int,
    buckets: Sequence[CandleRow | None],
    palette: Palette,
    mark: _Row,
) -> Runs:
    blank = "╌" if mark.is_last else "·" if mark.is_labelled else " "
    blank_style = palette.style("last_line" if mark.is_last else "grid")
    runs: list[tuple[str, Style]] = []
    for column, bucket in enumerate(buckets):
        glyph = _glyph(bucket, scale, row)
        if glyph != " " and bucket is not None:
            runs.append((glyph, palette.style(direction(bucket))))
        elif column == chart.cursor:
            runs.append(("╎", palette.style("accent")))
        else:
            is_dotted = mark.is_last or column % 4 == 0
            runs.append((blank if is_dotted else " ", blank_style))
    runs.append(_axis_label(chart, scale, row, palette, mark))
    return joined(runs)


def _axis_label(
    chart: Chart, scale: Scale, row: int, palette: Palette, mark: _Row
) -> tuple[str, Style]:
    cells = chart.axis_cells
    if mark.is_last and mark.last is not None:
        text = f"{mark.last:,.{chart.decimals}f}"
        return "▸" + fit_right(text, cells - 1), palette.style("text", "last", bold=True)
    if mark.is_labelled:
        text = f"{scale.price(row):,.{chart.decimals}f}"
        return fit_right(text, cells), palette.style("muted")
    return " " * cells, palette.style("muted")


def direction(bucket: CandleRow) -> str:
    """Name the colour role of a candle."""
    assert bucket.open is not None
    assert bucket.close is not None
    return "profit" if bucket.close >= bucket.open else "loss"


def _glyph(bucket: CandleRow | None, scale: Scale, row: int) -> str:
    if bucket is None or bucket.open is None or bucket.close is None:
        return " "
    assert bucket.high is not None
    assert bucket.low is not None
    wick = (scale.half(bucket.high), scale.half(bucket.low))
    if wick[1] < row * 2 or wick[0] > row * 2 + 1:
        return " "
    body = sorted((scale.half(bucket.open), scale.half(bucket.close)))
    halves = "".join(
        "b" if body[0] <= half <= body[1] else "w" if wick[0] <= half <= wick[1] else " "
        for half in (row * 2, row * 2 + 1)
    )
    if bucket.close < bucket.open:
        return _DOWN.get(halves, _GLYPHS[halves])
    return _GLYPHS[halves]


def _volume_rows(
    chart: Chart, buckets: Sequence[CandleRow | None], rows: int, palette: Palette
) -> list[Runs]:
    most = max((bucket.volume for bucket in buckets if bucket), default=0.0)
    eighths = [
        math.ceil(bucket.volume / most * rows * 8) if bucket and most > 0 else 0
        for bucket in buckets
    ]
    lines = []
    for row in range(rows):
        below = (rows - 1 - row) * 8
        runs: list[tuple[str, Style]] = []
        for column, bucket in enumerate(buckets):
            filled = min(8, max(0, eighths[column] - below))
            if filled and bucket is not None and bucket.open is not None:
                style = palette.style(f"{direction(bucket)}_soft")
                runs.append((BLOCKS[filled - 1], style))
            else:
                cursor = "╎" if column == chart.cursor else " "
                runs.append((cursor, palette.style("accent")))
        label = fit_right(_volume_label(most), chart.axis_cells) if row == 0 else ""
        runs.append((fit(label, chart.axis_cells), palette.style("faint")))
        lines.append(joined(runs))
    return lines


def _volume_label(most: float) -> str:
    from tui.render.numbers import compact  # noqa: PLC0415 - used once a redraw

    return f"v {compact(most)}"


def _time_row(chart: Chart, buckets: Sequence[CandleRow | None], palette: Palette) -> Runs:
    minutes = max(1, chart.interval_ns // (60 * _NS))
    step = next((s for s in _TIME_STEPS if s >= minutes * 10), _TIME_STEPS[-1])
    newest = chart.candles[-1].start_ts
    text = [" "] * chart.columns
    free_from = 0
    first = next((column for column, bucket in enumerate(buckets) if bucket), chart.columns)
    for column in range(chart.columns):
        start = newest - (chart.columns - 1 - column) * chart.interval_ns
        if start // (60 * _NS) % step == 0 and column >= free_from:
            label = _time_label(start // _NS, step)
            if column + len(label) <= chart.columns:
                text[column : column + len(label)] = label
                free_from = column + len(label) + 2
        elif buckets[column] is None and column >= max(first, free_from):
            text[column] = "·"
    line = fit("".join(text), chart.columns)
    return ((line + " " * chart.axis_cells, palette.style("faint")),)


def _time_label(seconds: int, step: int) -> str:
    if step >= 1440 or seconds % _DAY == 0:  # noqa: PLR2004 - minutes of a day
        days = _civil(seconds // _DAY)
        return f"{days[1]:02d}-{days[2]:02d}"
    return f"{seconds % _DAY // 3600:02d}:{seconds // 60 % 60:02d}"


def _civil(days: int) -> tuple[int, int, int]:
    from datetime import UTC, datetime  # noqa: PLC0415 - used once a redraw

    moment = datetime.fromtimestamp(days * _DAY, tz=UTC)
    return moment.year, moment.month, moment.day
