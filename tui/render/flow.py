"""One market's prints in numbers and as a curve: delta, averages, sweeps, impact."""

from collections.abc import Sequence
from typing import Final

from core.domain.order import Side
from core.domain.study_views import FlowView, FlowWindow, SweepRow
from tui.render.flow_curve import flow_curve
from tui.render.numbers import NOTHING, clock_text, price_text
from tui.render.palette import Palette, Runs
from tui.render.study import (
    Block,
    Cell,
    Column,
    balance_bar,
    beside,
    exact,
    fixed,
    heading,
    round_text,
    row_of,
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
    size, count = sized(sweep.size), f"×{sweep.prints}"  # noqa: RUF001
    room = width - len(lead) - len(f"{mark} {size} {count} ")
    tries = ((way, clock), (way, clock[3:]), (first, clock[3:]), (first, ""))
    way, clock = next((a, b) for a, b in tries if len(a) + len(b) <= room or not b)
    cells: list[Cell] = [
        (lead, "muted"),
        (f"{mark}{way} ", role),
        (f"{size} ", "text"),
        (f"{count} ", "muted"),
        (clock, "faint"),
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


def nothing_known(view: FlowView) -> bool:
    """Whether there is neither a print nor a window to show."""
    return not view.series and all(window.trades == 0 for window in view.windows)


def since_text(view: FlowView) -> str:
    """Say from when on prints are counted."""
    return NOTHING if view.since is None else f"since {clock_text(view.since)}"
