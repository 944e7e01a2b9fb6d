"""Every limit in a row: rule, words, use now, limit, share, where, and the day's highest."""

from typing import Final

from core.domain.risk_views import LimitRow
from tui.render.gauge import gauge_role, gauge_text
from tui.render.numbers import NOTHING, clock_text, market_name, money_text
from tui.render.palette import Palette, Runs
from tui.render.study import Column, exact, that_fit
from tui.render.text import clean, fit, fit_right, width_of, wrapped

NEAR: Final = 0.8
COLUMNS: Final = (
    Column("", 2, is_left=True),
    Column("Rule", 5, is_left=True),
    Column("Limit", 27, is_left=True),
    Column("", 11),
    Column("Now", 10),
    Column("Limit", 13),
    Column("Used", 6),
    Column("  By", 14, is_left=True),
    Column("Peak", 6),
    Column("at UTC", 7),
)
DROPPED: Final = (3, 9, 7)
"""What makes room: the gauge, when the peak was, who uses most."""
_GAUGE, _NAME = 3, 2
_MANY: Final = 1_000
_SCOPES: Final = {
    "order": "each order",
    "market": "each market",
    "strategy": "each strategy",
    "account": "the account",
    "setting": "a setting",
}


def columns_for(width: int) -> list[tuple[int, int]]:
    """Return the columns that fit with their widths; gauge and name take what is left."""
    kept = that_fit(COLUMNS, DROPPED, width)
    cells = {index: COLUMNS[index].cells for index in kept}
    left = max(0, width - sum(cells.values()))
    if _GAUGE in cells:
        cells[_GAUGE] += min(left, 18)
        left = max(0, left - 18)
    if 7 in cells:  # noqa: PLR2004 - who uses most
        cells[7] += min(left, 10)
        left = max(0, left - 10)
    cells[_NAME] = max(12, cells[_NAME] + min(left, 6, width))
    over = sum(cells.values()) - width
    if over > 0:
        cells[_NAME] = max(8, cells[_NAME] - over)
    return list(cells.items())


def titles(width: int, palette: Palette) -> Runs:
    """Draw the names of the columns."""
    runs = []
    for index, cells in columns_for(width):
        column = COLUMNS[index]
        text = fit(column.title, cells) if column.is_left else fit_right(column.title, cells)
        runs.append((text, palette.style("faint")))
    return exact(runs, width, palette)


def limit_row(row: LimitRow, width: int, palette: Palette, *, ground: str, pointer: str) -> Runs:
    """Draw one limit."""
    role = use_role(row)
    texts = {
        0: (pointer + mark_of(row), role if is_near(row) else "accent"),
        1: (row.rule, "muted"),
        2: (row.title, "text" if row.used is not None else "muted"),
        4: (number_text(row.used, row.unit), role if is_near(row) else "text"),
        5: (limit_text(row), "text_soft"),
        6: (share_text(row.fraction), role),
        7: ("  " + place_text(row.worst), "muted"),
        8: (share_text(row.peak_fraction), peak_role(row)),
        9: (NOTHING if row.peak_at is None else clock_text(row.peak_at)[:5], "faint"),
    }
    runs = []
    for index, cells in columns_for(width):
        if index == _GAUGE:
            filled, empty = gauge_text(row.fraction or 0.0, cells - 1)
            style = palette.style(role, "gauge" if row.fraction is not None else ground)
            runs += [(" ", palette.style(role, ground)), (filled, style), (empty, style)]
            continue
        text, text_role = texts[index]
        placed = fit(text, cells) if COLUMNS[index].is_left else fit_right(text, cells)
        is_bold = is_near(row) and index in {0, 4, 6}
        runs.append((placed, palette.style(text_role, ground, bold=is_bold)))
    used = sum(width_of(text) for text, _ in runs)
    runs.append((" " * max(0, width - used), palette.style("text", ground)))
    return exact(runs, width, palette)


def limit_detail(row: LimitRow, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Say what a limit is, where it is set, and what its rule did today."""
    way = "at least" if row.is_floor else "at most"
    scope = _SCOPES[row.scope]
    words = f"{row.name} = {clean(row.value, 200)}{unit_text(row)} · {scope}"
    if row.scope != "setting":
        words = f"{row.name}: {way} {clean(row.value, 200)}{unit_text(row)} · {scope}"
    parts = [words]
    if row.value != row.file_value:
        parts.append(f"the file says {clean(row.file_value, 200)}")
    if row.is_hard:
        parts.append("only tighter while the engine runs")
    if row.peak is not None:
        peak = f"peak today {number_text(row.peak, row.unit)}{unit_text(row)}"
        where = f" by {place_text(row.peak_worst)}" if row.peak_worst else ""
        parts.append(f"{peak} ({share_text(row.peak_fraction).strip()}){where}")
    if row.denied:
        parts.append(f"{row.rule} denied {row.denied} today")
    text = " · ".join(parts)
    return [
        exact([(line, palette.style("text_soft"))], width, palette)
        for line in wrapped(text, width, lines)
    ]


def is_near(row: LimitRow) -> bool:
    """Whether four fifths of a limit are used."""
    return row.fraction is not None and row.fraction >= NEAR


def use_role(row: LimitRow) -> str:
    """Choose the colour of a use."""
    return "muted" if row.fraction is None else gauge_role(row.fraction)


def peak_role(row: LimitRow) -> str:
    """Choose the colour of the day's peak: quiet while it was far from the limit."""
    role = "muted" if row.peak_fraction is None else gauge_role(row.peak_fraction)
    return "muted" if role == "accent" else role


def mark_of(row: LimitRow) -> str:
    """Mark a limit reached, near, or changed since the file was read."""
    if row.fraction is not None and row.fraction >= 1:
        return "■"
    return "!" if is_near(row) else "*" if row.value != row.file_value else " "


def share_text(fraction: float | None) -> str:
    """Write a share of a limit in percent; with a mark from four fifths on."""
    if fraction is None:
        return f"{NOTHING} "
    mark = "!" if fraction >= NEAR else " "
    return f"{'>' if fraction > 9.98 else ''}{fraction * 100:.0f}%{mark}"  # noqa: PLR2004


def number_text(text: str | None, unit: str) -> str:
    """Write a use or a limit; large ones with thousands and without cents."""
    if text is None:
        return NOTHING
    try:
        value = float(text)
    except ValueError:
        return clean(text, 40)
    if unit in {"x", "%"} and value >= _MANY:
        return f">{_MANY - 1}"
    if abs(value) >= _MANY or unit in {"ms", ""}:
        return f"{value:,.0f}"
    return money_text(text) if unit not in {"%", "x", "bps", "s"} else f"{value:g}"


def limit_text(row: LimitRow) -> str:
    """Write a limit with its unit, a least with its sign."""
    sign = "≥" if row.is_floor else ""
    if row.name.endswith("allocations_pct"):
        return "100 %"
    if row.is_floor and row.value == "0":
        return "off"
    number = number_text(row.value, row.unit)
    return f"{sign}{number}{unit_text(row)}"


def unit_text(row: LimitRow) -> str:
    """Write a limit's unit behind its number."""
    return f" {clean(row.unit, 6)}" if row.unit else ""


def place_text(name: str) -> str:
    """Write the market or strategy that uses most."""
    return market_name(clean(name, 40)) if ":" in name and "_" in name else clean(name, 40)
