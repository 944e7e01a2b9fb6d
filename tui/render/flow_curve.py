"""Cumulative delta and price as lines over bars of delta."""

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.style import Style

from core.domain.study_views import FlowView, SeriesPoint
from tui.render.braille import Braille, heights_of, held, reach_of
from tui.render.numbers import clock_text
from tui.render.palette import Palette, Runs, joined
from tui.render.spark import BLOCKS
from tui.render.study import (
    Block,
    Cell,
    blank,
    exact,
    fixed,
    row_of,
    share_of,
    short,
    sign_role,
)
from tui.render.text import fit_right

_AXIS: Final = 9
_NS: Final = 1_000_000_000


class _Span(msgspec.Struct, frozen=True, gc=False):
    """Seconds the picture covers."""

    start: int
    end: int


def _span(points: Sequence[SeriesPoint], columns: int) -> _Span:
    """Cover whole seconds a dot column, so that a second stays in its column."""
    end = points[-1].second + 1
    length = max(1, end - points[0].second)
    per_column = max(1, -(-length // max(1, columns)))
    end = -(-end // per_column) * per_column
    return _Span(end - per_column * columns, end)


def flow_curve(view: FlowView, width: int, height: int, palette: Palette) -> Block:
    """Draw cumulative delta and price as lines, the delta of each column as bars below."""
    columns = max(1, width - _AXIS)
    if not view.series or height < 3 or width < _AXIS + 4:  # noqa: PLR2004 - room for one line
        text = "no prints yet" if not view.series else ""
        return [row_of([(text, "muted")], width, palette)] * min(1, height) + [
            blank(width, palette)
        ] * max(0, height - 1)
    span = _span(view.series, columns)
    bars = 0 if height < 6 else 2 if height < 14 else 4  # noqa: PLR2004 - rows of delta bars
    lines = height - bars - 2
    rows = [_legend(view, width, palette)]
    rows += _lines(view.series, span, columns, lines, palette, width)
    if bars:
        rows += _bars(view.series, span, columns, bars, palette, width)
    rows.append(_times(span, columns, width, palette))
    return rows


def _legend(view: FlowView, width: int, palette: Palette) -> Runs:
    last = view.series[-1]
    cvd = last.cumulative
    price = fixed(last.price, view.price_decimals)
    cells: list[Cell] = [
        ("━ ", sign_role(cvd, "bid", "ask")),
        ("CVD ", "text_soft"),
        (short(cvd, is_signed=True), sign_role(cvd, "bid", "ask")),
        ("  ┄ ", "accent"),
        ("price ", "text_soft"),
        (price, "accent"),
    ]
    return row_of(cells, width, palette)


def _lines(
    series: Sequence[SeriesPoint],
    span: _Span,
    columns: int,
    height: int,
    palette: Palette,
    width: int,
) -> Block:
    """Draw both lines on one field; where they meet, the delta is in front."""
    prices = held([(p.second, p.price) for p in series], span.start, span.end, columns * 2)
    deltas = held([(p.second, p.cumulative) for p in series], span.start, span.end, columns * 2)
    back, front = Braille(columns, height), Braille(columns, height)
    low, high = reach_of(deltas) or (0.0, 0.0)
    price_reach = reach_of(prices)
    if price_reach is not None:
        back.curve(heights_of(prices, *price_reach, height * 4))
    front.curve(heights_of(deltas, low, high, height * 4))
    role = sign_role(deltas[-1], "bid", "ask") if deltas else "muted"
    zero = heights_of([0.0], low, high, height * 4)[0]
    zero_row = None if zero is None else zero // 4
    labels = {0: short(high, is_signed=True), height - 1: short(low, is_signed=True)}
    return [
        exact(
            [
                *_woven(back, front, row, role, palette, has_zero=row == zero_row),
                (fit_right(labels.get(row, ""), _AXIS), palette.style("muted")),
            ],
            width,
            palette,
        )
        for row in range(height)
    ]


def _woven(
    back: Braille,
    front: Braille,
    row: int,
    role: str,
    palette: Palette,
    *,
    has_zero: bool,
) -> Runs:
    styles = (palette.style("grid"), palette.style("accent"), palette.style(role, bold=True))
    air = "╌" if has_zero else " "
    runs: list[tuple[str, Style]] = []
    held, text = 0, ""
    for near, far in zip(front.text(row), back.text(row), strict=True):
        kind = 2 if near != " " else 1 if far != " " else 0
        if kind != held:
            if text:
                runs.append((text, styles[held]))
            held, text = kind, ""
        text += near if kind == 2 else far if kind else air  # noqa: PLR2004 - both lines
    if text:
        runs.append((text, styles[held]))
    return tuple(runs)


def _bars(
    series: Sequence[SeriesPoint],
    span: _Span,
    columns: int,
    height: int,
    palette: Palette,
    width: int,
) -> Block:
    """Draw the delta of each column: bought above the middle, sold below."""
    sums = [0.0] * columns
    per_column = (span.end - span.start) / columns
    for point in series:
        index = int((point.second - span.start) / per_column)
        if 0 <= index < columns:
            sums[index] += point.delta
    most = max((abs(value) for value in sums), default=0.0)
    half = height // 2
    full = half * 8
    eighths = [
        round(share_of(abs(value), most) * full) * (1 if value > 0 else -1) for value in sums
    ]
    up, down = _bar_cells(palette)
    rows = []
    for row in range(half):
        below = (half - 1 - row) * 8
        runs = [up[max(0, min(8, level - below))] for level in eighths]
        label = short(most, is_signed=True) if row == 0 else ""
        rows.append(_bar_row(runs, label, width, palette))
    for row in range(half):
        runs = [down[max(0, min(8, -level - row * 8))] for level in eighths]
        label = short(-most) if row == half - 1 and half > 1 else ""
        rows.append(_bar_row(runs, label, width, palette))
    return rows


def _bar_row(runs: list[tuple[str, Style]], label: str, width: int, palette: Palette) -> Runs:
    tail = (fit_right(label, _AXIS), palette.style("faint"))
    return exact([*joined(runs), tail], width, palette)


def _bar_cells(palette: Palette) -> tuple[list[tuple[str, Style]], list[tuple[str, Style]]]:
    """Return cells by eighths: bars that stand, and bars that hang from the top.

    A hanging bar is the block below it in the panel's colour on the bar's.
    """
    air = (" ", palette.style("text"))
    stand, hang = palette.style("profit_soft"), palette.style("panel", "loss_soft")
    full = ("█", palette.style("loss_soft"))
    standing = [air, *((block, stand) for block in BLOCKS)]
    hanging = [air, *((BLOCKS[7 - eighths], hang) for eighths in range(1, 8)), full]
    return standing, hanging


def _times(span: _Span, columns: int, width: int, palette: Palette) -> Runs:
    """Draw begin, middle and end of the picture."""
    text = list(" " * columns)
    for place in (0, columns // 2, columns):
        second = span.start + (span.end - span.start) * place // max(1, columns)
        label = clock_text(second * _NS)
        start = min(max(0, place - len(label) // 2), columns - len(label))
        if start >= 0 and (place != columns // 2 or columns >= 3 * len(label) + 4):
            text[start : start + len(label)] = label
    return row_of([("".join(text)[:columns], "faint")], width, palette)
