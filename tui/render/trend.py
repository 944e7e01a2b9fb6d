"""The trend over several intervals: a verdict in words, and the numbers behind it."""

import math
from typing import Final

from core.domain.study_views import PriceZone, RegimeRow, TrendView
from tui.render.palette import Palette, Runs
from tui.render.study import (
    Block,
    Cell,
    Column,
    exact,
    fixed,
    heading,
    row_of,
    share_of,
    sign_role,
    tall,
    that_fit,
    title_row,
)
from tui.render.text import clean, fit, fit_right, wrapped

GLYPHS: Final = {"up": ("▲", "profit"), "down": ("▼", "loss"), "range": ("◆", "info")}
_UNKNOWN: Final = ("·", "muted")
_OVERBOUGHT: Final = 70.0
_OVERSOLD: Final = 30.0
_TRENDING: Final = 20.0
_LOUD: Final = 2.0
_HEAVY_TOUCHES: Final = 4
_METER: Final = 11


def trend_rows(
    view: TrendView, width: int, height: int, palette: Palette, *, cursor: int | None
) -> Block:
    """Draw verdict, a row an interval, the reason of one of them, and the price zones."""
    rows = [*_head(view, width, palette), *_table(view, width, palette, cursor)]
    room = height - len(rows)
    if room < len(view.rows) + 1 and cursor is None and view.rows:
        rows += _one_reason(view.rows[0], width, min(room, 2), palette)
    elif cursor is not None and cursor < len(view.rows):
        rows += _one_reason(view.rows[cursor], width, min(room, 3), palette)
    else:
        rows += _reasons(view, width, palette)
    room = height - len(rows)
    if room > 1:
        rows += _zones(view, width, room, palette)
    return tall(rows, width, height, palette)


def _head(view: TrendView, width: int, palette: Palette) -> Block:
    first = clean(view.head).partition(" ")[0].strip(":,;").lower()
    glyph, role = GLYPHS.get(first, _UNKNOWN)
    text = fit(clean(view.head), max(0, width - 2)) if view.head else "no verdict yet"
    runs = [(f"{glyph} ", palette.style(role)), (text, palette.style("text", bold=True))]
    return [exact(runs, width, palette)]


_COLUMNS: Final = (
    Column("", 5, is_left=True), Column("regime", 10, is_left=True), Column("RSI", 6),
    Column(" 0    50 100", 13, is_left=True), Column("ADX", 6), Column("ATR%", 7),
    Column("vol%", 6), Column("park%", 7), Column("g-k%", 6), Column("volume", 8),
    Column("gaps", 5), Column("  data", 18, is_left=True),
)  # fmt: skip
_DROPPED: Final = (8, 7, 10, 11, 6, 3, 9, 5)
"""In this order columns make room."""
_METER_COLUMN: Final = 3


def _table(view: TrendView, width: int, palette: Palette, cursor: int | None) -> Block:
    kept = that_fit(_COLUMNS, _DROPPED, width)
    shown = [_COLUMNS[index] for index in kept]
    rows = [title_row(shown, width, palette)]
    for number, row in enumerate(view.rows):
        ground = "cursor" if number == cursor else "panel"
        cells = _cells(row)
        drawn: list[Runs] = []
        for index in kept:
            if index == _METER_COLUMN:
                drawn.append(_meter(row.rsi, palette, ground))
            else:
                text, role = cells[index]
                style = palette.style(role, ground)
                drawn.append(((_COLUMNS[index].fitted(text), style),))
        used = sum(_COLUMNS[index].cells for index in kept)
        runs = [run for part in drawn for run in part]
        runs.append((" " * max(0, width - used), palette.style("text", ground)))
        rows.append(exact(runs, width, palette))
    return rows


def _cells(row: RegimeRow) -> list[Cell]:
    glyph, role = GLYPHS.get(row.regime, _UNKNOWN)
    score = row.volume_score
    is_loud = score is not None and abs(score) >= _LOUD
    return [
        (clean(row.interval, 4), "text"),
        (f"{glyph} {clean(row.regime, 8)}", role),
        (fixed(row.rsi, 1), _rsi_role(row.rsi)),
        ("", "muted"),
        (fixed(row.adx, 1), "text" if (row.adx or 0.0) >= _TRENDING else "muted"),
        (fixed(row.atr_pct, 2), "text_soft"),
        (fixed(row.volatility_pct, 0), "text_soft"),
        (fixed(row.parkinson_pct, 0), "muted"),
        (fixed(row.garman_klass_pct, 0), "muted"),
        (f"{fixed(score, 1, is_signed=True)}{'!' if is_loud else ' '}",
         "warning" if is_loud else "text_soft"),
        (str(row.gaps) if row.gaps else "", "warning"),
        (f"  {clean(row.quality, 60)}", "warning"),
    ]  # fmt: skip


def _rsi_role(rsi: float | None) -> str:
    if rsi is None:
        return "muted"
    return "loss" if rsi >= _OVERBOUGHT else "profit" if rsi <= _OVERSOLD else "text_soft"


def _meter(rsi: float | None, palette: Palette, ground: str) -> Runs:
    """Draw where 0 to 100 stands, the usual bounds of 30 and 70 marked."""
    line = list("───┬───┬───")
    if rsi is None or not math.isfinite(rsi):
        return ((f" {''.join(line)} ", palette.style("grid", ground)),)
    place = max(0, min(_METER - 1, round(rsi / 100 * (_METER - 1))))
    before, after = "".join(line[:place]), "".join(line[place + 1 :])
    grid = palette.style("grid", ground)
    return (
        (f" {before}", grid),
        ("●", palette.style(_rsi_role(rsi), ground)),
        (f"{after} ", grid),
    )


def _reasons(view: TrendView, width: int, palette: Palette) -> Block:
    rows = [heading("why", width, palette)]
    for row in view.rows:
        _, role = GLYPHS.get(row.regime, _UNKNOWN)
        cells: list[Cell] = [
            (fit(clean(row.interval, 4), 5), role),
            (clean(row.reason) or "no reason given", "text_soft"),
        ]
        rows.append(row_of(cells, width, palette))
    return rows


def _one_reason(row: RegimeRow, width: int, room: int, palette: Palette) -> Block:
    if room <= 0:
        return []
    _, role = GLYPHS.get(row.regime, _UNKNOWN)
    lines = wrapped(clean(row.reason), max(1, width - 5), max(1, room))
    return [
        row_of(
            [(fit(clean(row.interval, 4) if index == 0 else "", 5), role), (line, "text_soft")],
            width,
            palette,
        )
        for index, line in enumerate(lines)
    ][:room]


def _zones(view: TrendView, width: int, room: int, palette: Palette) -> Block:
    rows = [heading("support and resistance", width, palette, right="touches")]
    if not view.zones:
        return [*rows, row_of([("no swing points yet", "faint")], width, palette)]
    most = max(zone.touches for zone in view.zones)
    for zone in _nearest(view, room - 1):
        role = "bid" if zone.is_support else "ask"
        name = "▔ resistance" if not zone.is_support else "▁ support"
        price = fit_right(fixed(zone.price, view.price_decimals), 12)
        bar = max(0, min(width - 32, 30))
        filled = round(share_of(zone.touches, most) * bar)
        is_heavy = zone.touches >= _HEAVY_TOUCHES
        cells = [
            (fit(name, 13), palette.style(role)),
            (price, palette.style("text", bold=is_heavy)),
            (f"  {'━' * filled}", palette.style(f"{role}_bar")),
            (f" {zone.touches}", palette.style("muted")),
        ]
        rows.append(exact(cells, width, palette))
    return rows


def _nearest(view: TrendView, count: int) -> list[PriceZone]:
    """Return the zones on both sides of the price, highest first, the far ones left out."""
    zones = sorted(view.zones, key=_zone_price, reverse=True)
    above = sum(not zone.is_support for zone in zones)
    first = max(0, min(above - count // 2, len(zones) - count))
    return zones[first : first + count]


def _zone_price(zone: PriceZone) -> float:
    return zone.price if math.isfinite(zone.price) else 0.0


def agreement_role(view: TrendView) -> str:
    """Choose the role of the verdict: that of the direction most intervals share."""
    score = sum({"up": 1, "down": -1}.get(row.regime, 0) for row in view.rows)
    return sign_role(float(score))
