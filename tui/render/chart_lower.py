"""The rows under the prices: volume, and RSI, MACD or ATR with ADX."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from rich.style import Style

from tui.render.chart_canvas import DOTS_ACROSS, DOTS_DOWN, Canvas, Dots, with_axis
from tui.render.chart_glyphs import direction, draw_curve
from tui.render.chart_marks import draw_holes
from tui.render.chart_scale import Scale, amount_text, price_label
from tui.render.chart_spec import LINE_ROLES, LINE_TITLES, LOWER_LINES, Chart, Lower
from tui.render.chart_time import Buckets, Window
from tui.render.palette import Palette, Runs
from tui.render.spark import BLOCKS
from tui.render.text import fit, fit_right

Lines = Mapping[str, list[float | None]]
_RSI_GUIDES: Final = (70.0, 50.0, 30.0)
_ADX_GUIDES: Final = (50.0, 25.0)
_WIDE: Final = 3


def volume_rows(
    chart: Chart, buckets: Buckets, window: Window, rows: int, palette: Palette
) -> list[Runs]:
    """Draw volumes as bars of eighths, and mark the holes at their foot."""
    if not rows:
        return []
    canvas = Canvas(chart.columns, rows)
    volumes = [_volume(bucket.volume) if bucket else 0.0 for bucket in buckets]
    most = max(volumes, default=0.0)
    draw_holes(canvas, rows - 1, buckets, window)
    for slot, bucket in enumerate(buckets):
        if bucket is not None and bucket.open is not None and most > 0:
            eighths = math.ceil(volumes[slot] / most * rows * 8)
            _draw_bar(canvas, window, slot, eighths, f"{direction(bucket)}_soft")
    label = fit_right(f"v {amount_text(most)}", chart.axis_cells)
    blank = " " * chart.axis_cells
    style = palette.style("faint")
    return [
        with_axis(canvas.runs(row, palette), [(fit(blank if row else label, len(blank)), style)])
        for row in range(rows)
    ]


def _volume(volume: float) -> float:
    return max(0.0, volume) if math.isfinite(volume) else 0.0


def _draw_bar(canvas: Canvas, window: Window, slot: int, eighths: int, ink: str) -> None:
    center = window.column(slot)
    columns = (center, center + 1) if window.cells >= _WIDE else (center,)
    row = canvas.height - 1
    while eighths > 0 and row >= 0:
        glyph = BLOCKS[min(8, eighths) - 1]
        for column in columns:
            canvas.put(row, column, glyph, ink)
        eighths, row = eighths - 8, row - 1


class _Study(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Curves of one scale in the lower pane."""

    names: tuple[str, ...]
    low: float
    high: float
    guides: tuple[float, ...] = ()


def lower_rows(
    chart: Chart, lines: Lines, window: Window, rows: int, palette: Palette, *, slot: int
) -> list[Runs]:
    """Draw the chosen study: a title row with its values, then curves.

    Args:
        chart: What is drawn.
        lines: Values by name, one a slot.
        window: The slots.
        rows: Rows to fill, the title's included.
        palette: Colours.
        slot: Whose values the title names.
    """
    if rows <= 1:
        return []
    title = _title_row(chart, lines, palette, slot)
    canvas, dots = Canvas(chart.columns, rows - 1), Dots(chart.columns, rows - 1)
    labels: dict[int, str] = {}
    for study in _studies(chart.lower, lines):
        scale = Scale(study.low, study.high, rows - 1)
        labels.update(_draw_guides(canvas, study, scale))
        if "macd_hist" in study.names:
            _draw_histogram(dots, lines["macd_hist"], window, scale)
        for name in study.names:
            if name != "macd_hist":
                draw_curve(dots, lines[name], window, scale, LINE_ROLES[name])
    dots.draw(canvas)
    style, cells = palette.style("faint"), chart.axis_cells
    return [title] + [
        with_axis(canvas.runs(row, palette), [(fit_right(labels.get(row, ""), cells), style)])
        for row in range(rows - 1)
    ]


def _title_row(chart: Chart, lines: Lines, palette: Palette, slot: int) -> Runs:
    border = palette.style("border")
    runs: list[tuple[str, Style]] = [("─ ", border)]
    room = chart.width - 2
    for name in LOWER_LINES[chart.lower]:
        value = lines[name][slot] if name in lines and 0 <= slot < len(lines[name]) else None
        text = f"{LINE_TITLES[name]} {study_value(name, value, chart.decimals)} "
        if len(text) > room:
            break
        runs.append((text, palette.style(LINE_ROLES[name])))
        room -= len(text)
    runs.append(("─" * room, border))
    return tuple(runs) if chart.width >= 2 else ((" " * chart.width, border),)  # noqa: PLR2004


def study_value(name: str, value: float | None, decimals: int) -> str:
    """Write a value of a study; what is not there is a dash."""
    if value is None:
        return "—"
    if name in {"rsi", "adx"}:
        return f"{value:.1f}"
    return price_label(value, min(10, decimals + 1), 12)


def _studies(lower: Lower, lines: Lines) -> list[_Study]:
    """Return the scales of a study, each with its curves; nothing where there are no values."""
    names = tuple(name for name in LOWER_LINES[lower] if name in lines)
    if lower is Lower.RSI:
        low, high = _reach(lines, names)
        return [_Study(names=names, low=min(20.0, low), high=max(80.0, high), guides=_RSI_GUIDES)]
    if lower is Lower.MACD:
        low, high = _reach(lines, names)
        return [_Study(names=names, low=min(0.0, low), high=max(0.0, high), guides=(0.0,))]
    found = []
    for name in names:
        low, high = _reach(lines, (name,))
        is_adx = name == "adx"
        guides = _ADX_GUIDES if is_adx else ()
        low, high = (min(0.0, low), max(60.0, high)) if is_adx else (low, high)
        found.append(_Study(names=(name,), low=low, high=high, guides=guides))
    return found


def _reach(lines: Lines, names: Sequence[str]) -> tuple[float, float]:
    values = [value for name in names for value in lines[name] if value is not None]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    pad = (high - low) * 0.05 or abs(high) * 1e-6 or 1e-9
    is_sound = math.isfinite(high - low + 2 * pad)
    return (low - pad, high + pad) if is_sound else (0.0, 1.0)


def _draw_guides(canvas: Canvas, study: _Study, scale: Scale) -> dict[int, str]:
    labels: dict[int, str] = {}
    for guide in study.guides:
        row = scale.row(guide)
        if row is not None and row not in labels:
            canvas.line(row, "·", "grid", every=2)
            labels[row] = f"{guide:g}"
    return labels


def _draw_histogram(
    dots: Dots, values: Sequence[float | None], window: Window, scale: Scale
) -> None:
    """Draw bars of dots from zero; they share cells with the curves above them."""
    zero = scale.part(0.0, DOTS_DOWN)
    for slot, end in enumerate(scale.parts(values, DOTS_DOWN)):
        if end is not None:
            role = "profit_soft" if end <= zero else "loss_soft"
            x = window.column(slot) * DOTS_ACROSS
            dots.plot(x, min(zero, end), max(zero, end), role)
