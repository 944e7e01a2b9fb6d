"""The candle chart as rows: prices with overlays and marks, volume, a study, time."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tui.render.chart_axis import time_row
from tui.render.chart_canvas import Canvas, Dots, with_axis
from tui.render.chart_glyphs import closes_of, direction, draw_candles, draw_curve
from tui.render.chart_lower import lower_rows, volume_rows
from tui.render.chart_marks import (
    Tag,
    Tags,
    add_countdown,
    axis_runs,
    draw_fills,
    draw_holes,
    draw_levels,
    fills_of,
    levels_of,
)
from tui.render.chart_scale import Scale, labels_of, price_label, scale_of
from tui.render.chart_spec import (
    LINE_ROLES,
    LOWER_LINES,
    PRESET_LINES,
    Chart,
    Layout,
    layout_of,
)
from tui.render.chart_time import Buckets, Window, buckets_of, line_values, slots, window_of
from tui.render.palette import Palette, Runs

__all__ = [
    "Chart",
    "Picture",
    "Scale",
    "candle_rows",
    "direction",
    "labels_of",
    "picture_of",
    "scale_of",
    "slots",
]
_BLANKS: Final = frozenset(" ·┈┄╌╶")
"""Glyphs that a crosshair may replace."""
_CANDLE_INKS: Final = frozenset({"profit", "loss"})
_GROUNDS: Final = {
    "ema_fast": "ema_fast_ground", "ema_slow": "ema_slow_ground", "vwap": "vwap_ground",
}  # fmt: skip
Lines = Mapping[str, list[float | None]]


class Picture(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A chart worked out: what stands where, before any colour."""

    chart: Chart
    layout: Layout
    window: Window
    buckets: Buckets
    lines: Lines
    scale: Scale

    @property
    def slot(self) -> int:
        """The slot that is read out: the crosshair's, else the newest with a candle."""
        cursor = self.chart.cursor
        if cursor is not None:
            return cursor
        shown = (n for n in range(self.window.slots - 1, -1, -1) if self.buckets[n] is not None)
        return next(shown, self.window.slots - 1)

    @property
    def last(self) -> float | None:
        """The newest close there is, shown or not."""
        closes = (row.close for row in reversed(self.chart.candles) if row.close is not None)
        return next(closes, None)

    @property
    def cursor_row(self) -> int | None:
        """The row of the crosshair: a person's, else that of the close."""
        if self.chart.cursor is None:
            return None
        if self.chart.cursor_row is not None:
            return max(0, min(self.chart.cursor_row, self.scale.rows - 1))
        bucket = self.buckets[self.chart.cursor]
        return None if bucket is None or bucket.close is None else self.scale.row(bucket.close)


def picture_of(chart: Chart) -> Picture | None:
    """Work a chart out; None where no price is known in the time shown, or there is no room."""
    window, layout = window_of(chart), layout_of(chart)
    if window is None:
        return None
    buckets = buckets_of(chart.candles, window)
    names = PRESET_LINES[chart.preset]
    lines = line_values(chart.overlays, (*names, *LOWER_LINES[chart.lower]), window)
    over = [lines[name] for name in names if name in lines]
    scale = scale_of(buckets, layout.price, chart.decimals, over)
    if chart.locked is not None and layout.price > 0:
        scale = Scale(*chart.locked, layout.price)
    if scale is None:
        return None
    if chart.cursor is not None:
        chart = msgspec.structs.replace(chart, cursor=max(0, min(chart.cursor, window.slots - 1)))
    return Picture(
        chart=chart, layout=layout, window=window, buckets=buckets, lines=lines, scale=scale
    )


def candle_rows(chart: Chart, palette: Palette) -> list[Runs]:
    """Draw the whole chart; blank rows where there is nothing to draw."""
    picture = picture_of(chart)
    if picture is None:
        blank = ((" " * chart.width, palette.style("muted")),) if chart.width > 0 else ()
        return [blank] * max(0, chart.height)
    return picture_rows(picture, palette)


def picture_rows(picture: Picture, palette: Palette) -> list[Runs]:
    """Draw a chart that was worked out."""
    chart, layout, window = picture.chart, picture.layout, picture.window
    return [
        *_price_rows(picture, palette),
        *volume_rows(chart, picture.buckets, window, layout.volume, palette),
        *lower_rows(chart, picture.lines, window, layout.lower, palette, slot=picture.slot),
        time_row(chart, window, palette),
    ]


def _price_rows(picture: Picture, palette: Palette) -> list[Runs]:
    chart, scale, window = picture.chart, picture.scale, picture.window
    canvas = Canvas(chart.columns, scale.rows)
    last = picture.last
    tags = draw_levels(canvas, levels_of(chart, scale, last), scale)
    add_countdown(tags, chart, None if last is None else scale.row(last), scale.rows)
    if not picture.layout.volume:
        draw_holes(canvas, scale.rows - 1, picture.buckets, window)
    dots = _curves(canvas, picture)
    if not chart.is_line:
        draw_candles(canvas, picture.buckets, window, scale)
        if not palette.is_plain:
            _shine_through(canvas, dots)
    draw_fills(canvas, fills_of(chart.fills, window, scale), window)
    _draw_crosshair(canvas, picture, tags)
    cells = chart.axis_cells
    return [
        with_axis(canvas.runs(row, palette), axis_runs(tags.get(row), cells, palette))
        for row in range(scale.rows)
    ]


def _shine_through(canvas: Canvas, dots: Dots) -> None:
    """Put candles that hide a curve on a ground of its colour: neither is lost."""
    for (row, column), role in dots.roles.items():
        ink = canvas.inks[row][column]
        if ink in _CANDLE_INKS and isinstance(ink, str) and role in _GROUNDS:
            canvas.inks[row][column] = (ink, _GROUNDS[role])


def _curves(canvas: Canvas, picture: Picture) -> Dots:
    """Draw the curves over the level lines, and return their dots."""
    dots = Dots(canvas.width, canvas.height)
    window, scale = picture.window, picture.scale
    if picture.chart.is_line:
        draw_curve(dots, closes_of(picture.buckets), window, scale, "close_line")
    for name in PRESET_LINES[picture.chart.preset]:
        if name in picture.lines:
            draw_curve(dots, picture.lines[name], window, scale, LINE_ROLES[name])
    dots.draw(canvas)
    return dots


def _draw_crosshair(canvas: Canvas, picture: Picture, tags: Tags) -> None:
    """Draw a cross through blank cells, and put what it crosses on another ground."""
    chart = picture.chart
    if chart.cursor is None:
        return
    column = picture.window.column(chart.cursor)
    cross = picture.cursor_row
    if cross is not None:
        for across in range(canvas.width):
            _cross(canvas, cross, across, "╌")
        price = price_label(picture.scale.price(cross), chart.decimals, chart.axis_cells - 1)
        if chart.cursor_row is None:
            bucket = picture.buckets[chart.cursor]
            assert bucket is not None
            assert bucket.close is not None
            price = price_label(bucket.close, chart.decimals, chart.axis_cells - 1)
        tags[cross] = Tag(text=price, role="text", ground="cursor", is_bold=True)
    for row in range(canvas.height):
        _cross(canvas, row, column, "╎")


def _cross(canvas: Canvas, row: int, column: int, glyph: str) -> None:
    ink = canvas.inks[row][column]
    if canvas.glyphs[row][column] in _BLANKS:
        canvas.put(row, column, glyph, "accent")
    elif isinstance(ink, str):
        canvas.inks[row][column] = (ink, "cursor")
