"""One market's prints in numbers and as a curve: delta, averages, sweeps, impact."""

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.style import Style

from core.domain.order import Side
from core.domain.study_views import FlowView, FlowWindow, SeriesPoint, SweepRow
from tui.render.braille import Braille, heights_of, held, reach_of
from tui.render.numbers import NOTHING, clock_text, price_text
from tui.render.palette import Palette, Runs, joined
from tui.render.spark import BLOCKS
from tui.render.study import (
    Block,
    Cell,
    Column,
    balance_bar,
    beside,
    blank,
    exact,
    fixed,
    heading,
    round_text,
    row_of,
    share_of,
    short,
    sign_role,
    sized,
    span_text,
    table_row,
    tall,
    that_fit,
    title_row,
)
from tui.render.text import fit, fit_right, width_of

_LEAST_CURVE: Final = 7
_SIDE_BY_SIDE: Final = 92
_NUMBERS: Final = 30
_AXIS: Final = 9
_NS: Final = 1_000_000_000


def flow_rows(view: FlowView, width: int, height: int, palette: Palette) -> Block:
    """Draw what fits: the curve above, the windows below, sweeps and impact at the side."""
    if width >= _SIDE_BY_SIDE:
        main = width - _NUMBERS - 2
        numbers = [
            *_impact(view, _NUMBERS, palette),
            *_sweeps(view, _NUMBERS, palette),
        ]
        left = _curve_and_windows(view, main, height, palette)
        return beside(left, tall(numbers, _NUMBERS, height, palette), palette)
    return _curve_and_windows(view, width, height, palette, has_impact=True)


def _curve_and_windows(
    view: FlowView, width: int, height: int, palette: Palette, *, has_impact: bool = False
) -> Block:
    windows = _windows(view, width, palette)
    if height < len(windows) + 4:
        windows = windows[: max(2, height)]
    extra = _impact_line(view, width, palette) if has_impact else []
    room = height - len(windows) - len(extra)
    if room < _LEAST_CURVE:
        extra = []
        room = height - len(windows)
    picture = flow_curve(view, width, max(0, room), palette) if room >= 3 else []  # noqa: PLR2004
    return tall([*picture, *windows, *extra], width, height, palette)


# ---- the numbers --------------------------------------------------------------------------------


def window_text(window: FlowWindow) -> str:
    """Name a window."""
    return "all" if window.window_s is None else span_text(window.window_s)


def _columns(view: FlowView) -> list[Column]:
    longest = max((len(fixed(w.vwap, view.price_decimals)) for w in view.windows), default=6)
    price = max(6, longest) + 2
    return [
        Column("", 4, is_left=True), Column("volume", 7), Column("buy", 7), Column("sell", 7),
        Column("delta", 8), Column("", 11, is_left=True), Column("vwap", price),
        Column("twap", price), Column("per s", 6),
    ]  # fmt: skip


def _windows(view: FlowView, width: int, palette: Palette) -> Block:
    """Draw a row a window; narrow panes leave out bar, averages, then sides."""
    columns = _columns(view)
    kept = that_fit(columns, (7, 8, 5, 2, 3, 6), width)
    shown = [columns[index] for index in kept]
    missed = sum(window.missed for window in view.windows if window.window_s is None)
    note = f"{missed} prints missed" if missed else ""
    rows = [
        heading("windows", width, palette, right=note),
        title_row(shown, width, palette),
    ]
    for window in view.windows:
        cells = _window_cells(window, view.price_decimals)
        if 5 in kept:  # noqa: PLR2004 - the bar stands between two tables
            rows.append(_row_with_bar(window, columns, kept, cells, width, palette))
        else:
            rows.append(table_row(shown, [cells[index] for index in kept], width, palette))
    return rows


def _row_with_bar(
    window: FlowWindow,
    columns: Sequence[Column],
    kept: Sequence[int],
    cells: Sequence[Cell],
    width: int,
    palette: Palette,
) -> Runs:
    runs: list[Runs] = []
    for index in kept:
        column = columns[index]
        if index == 5:  # noqa: PLR2004
            gap = ((" ", palette.style("text")),)
            runs += [gap, balance_bar(window.delta_ratio, column.cells - 1, palette)]
        else:
            text, role = cells[index]
            runs.append(((column.fitted(text), palette.style(role)),))
    return exact([run for part in runs for run in part], width, palette)


def _window_cells(window: FlowWindow, decimals: int) -> list[Cell]:
    return [
        (window_text(window), "text_soft"),
        (short(window.volume), "text"),
        (short(window.buy), "bid"),
        (short(window.sell), "ask"),
        (short(window.delta, is_signed=True), sign_role(window.delta, "bid", "ask")),
        ("", "muted"),
        (fixed(window.vwap, decimals), "text_soft"),
        (fixed(window.twap, decimals), "muted"),
        (fixed(window.trades_per_s, 1), "muted"),
    ]


def _pair(label: str, value: str, note: str, width: int, palette: Palette) -> Runs:
    cells: list[Cell] = [
        (fit(label, 11), "muted"),
        (fit_right(value, 9), "text"),
        (f"  {note}", "faint"),
    ]
    return row_of(cells, width, palette)


def _impact(view: FlowView, width: int, palette: Palette) -> Block:
    """Draw what trading cost and moved, and what counts as large."""
    quantile = f"{round_text(view.large_quantile * 100)}% less"
    rows = [
        heading("impact", width, palette),
        _pair("effective", fixed(view.effective_bps, 2), "bps", width, palette),
        _pair("realised", fixed(view.realized_bps, 2), "bps", width, palette),
        _pair("impact", fixed(view.impact_bps, 2), "bps", width, palette),
        _pair(
            "Kyle λ",
            short(view.kyle_lambda),
            f"R² {fixed(view.kyle_r_squared, 2)}",
            width,
            palette,
        ),
        heading("sizes", width, palette),
        _pair("large from", sized(view.large_size), quantile, width, palette),
    ]
    for quantile_at, size in view.size_quantiles[:4]:
        rows.append(_pair(f"{round_text(quantile_at * 100)}%", short(size), "", width, palette))
    return rows


def _impact_line(view: FlowView, width: int, palette: Palette) -> Block:
    cells: list[Cell] = [
        ("effective ", "muted"), (fixed(view.effective_bps, 2), "text_soft"),
        ("  realised ", "muted"), (fixed(view.realized_bps, 2), "text_soft"),
        ("  λ ", "muted"), (short(view.kyle_lambda), "text_soft"),
        ("  large ≥ ", "muted"), (sized(view.large_size), "text_soft"),
    ]  # fmt: skip
    while sum(width_of(text) for text, _ in cells) > width and len(cells) > 2:  # noqa: PLR2004
        cells = cells[:-2]
    rows = [row_of(cells, width, palette)]
    if view.sweeps:
        newest = view.sweeps[-1]
        rows.insert(0, _sweep_row(newest, view.price_decimals, width, palette, lead="last sweep "))
    return rows


def _sweep_row(
    sweep: SweepRow, decimals: int, width: int, palette: Palette, *, lead: str = ""
) -> Runs:
    role = "bid" if sweep.side is Side.BUY else "ask"
    mark = "▲" if sweep.side is Side.BUY else "▼"
    first, last = price_text(sweep.first_price, decimals), price_text(sweep.last_price, decimals)
    way, clock = f"{first}→{last}", clock_text(sweep.ts_event)
    if len(way) > width - 14 - len(lead):
        way = first
    cells: list[Cell] = [
        (lead, "muted"),
        (f"{mark}{way} ", role),
        (f"{sized(sweep.size)} ", "text"),
        (f"×{sweep.prints} ", "muted"),  # noqa: RUF001
        (clock if width >= 52 else clock[3:], "faint"),  # noqa: PLR2004 - narrow: no hours
    ]
    return row_of(cells, width, palette)


def _sweeps(view: FlowView, width: int, palette: Palette) -> Block:
    rows = [heading("sweeps", width, palette, right="newest first")]
    if not view.sweeps:
        rows.append(row_of([("none seen", "faint")], width, palette))
    for sweep in reversed(view.sweeps):
        role = "bid" if sweep.side is Side.BUY else "ask"
        mark = "▲" if sweep.side is Side.BUY else "▼"
        last = price_text(sweep.last_price, view.price_decimals)
        cells: list[Cell] = [
            (f"{mark}{fit_right(last, 10)}", role),
            (fit_right(sized(sweep.size), 7), "text"),
            (fit_right(f"×{sweep.prints}", 4), "muted"),  # noqa: RUF001
            (f" {clock_text(sweep.ts_event)[3:]}", "faint"),
        ]
        rows.append(row_of(cells, width, palette))
    return rows


# ---- the curve ----------------------------------------------------------------------------------


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
    cvd = last.cumulative - view.series[0].cumulative + view.series[0].delta
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
    first = next((value for value in deltas if value is not None), 0.0)
    role = sign_role((deltas[-1] or 0.0) - first, "bid", "ask") if deltas else "muted"
    zero = heights_of([first], low, high, height * 4)[0]
    zero_row = None if zero is None else zero // 4
    labels = {
        0: short(high - first, is_signed=True),
        height - 1: short(low - first, is_signed=True),
    }
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


def nothing_known(view: FlowView) -> bool:
    """Whether there is neither a print nor a window to show."""
    return not view.series and all(window.trades == 0 for window in view.windows)


def since_text(view: FlowView) -> str:
    """Say from when on prints are counted."""
    return NOTHING if view.since is None else f"since {clock_text(view.since)}"
