"""One book in numbers and as a curve: what it costs, how deep it is, where walls stand."""

from collections.abc import Sequence
from typing import Final

from core.domain.order import Side
from core.domain.study_views import CostRow, DepthView
from tui.render.depth_curve import depth_curve
from tui.render.numbers import NOTHING, age_text, price_text
from tui.render.palette import Palette, Runs
from tui.render.study import (
    Block,
    Cell,
    Column,
    balance_bar,
    beside,
    curve_text,
    exact,
    fixed,
    heading,
    round_text,
    row_of,
    short,
    sign_role,
    sized,
    table_row,
    tall,
    title_row,
)
from tui.render.text import fit, fit_right

_WIDE: Final = 84
_LEFT: Final = 43
_PAIR: Final = 50
"""From here on the table of costs stands beside that of depths."""
_LEAST_CURVE: Final = 5
_LEAST_TABLE: Final = 3
"""Heading, titles and a row of numbers."""
_LABEL: Final = 11


def depth_rows(view: DepthView, width: int, height: int, palette: Palette) -> Block:
    """Draw everything that fits: numbers first, then the curve, then the tables."""
    if width >= _WIDE:
        return _wide(view, width, height, palette)
    numbers = _brief(view, width, palette)
    tables = _that_fit(_tables(view, width, palette), height - len(numbers) - _LEAST_CURVE)
    room = height - len(numbers) - len(tables)
    walls = _walls(view, width, palette) if room >= _LEAST_CURVE + 5 else []
    walls = walls[: max(0, room - _LEAST_CURVE - 2)]
    curve = depth_curve(view, width, max(0, room - len(walls)), palette)
    return tall([*numbers, *curve, *tables, *walls], width, height, palette)


def _wide(view: DepthView, width: int, height: int, palette: Palette) -> Block:
    right_width = width - _LEFT - 2
    left = [
        *_numbers(view, _LEFT, palette),
        *_bands(view, _LEFT, palette),
        *_walls(view, _LEFT, palette),
    ]
    costs = _costs(view, right_width, palette, is_full=True)
    curve = depth_curve(view, right_width, max(0, height - len(costs)), palette)
    right = [*curve, *costs]
    return beside(
        tall(left, _LEFT, height, palette), tall(right, right_width, height, palette), palette
    )


# ---- the key numbers ----------------------------------------------------------------------------


def _spread(view: DepthView) -> str:
    bps = f"{fixed(view.spread_bps, 2)} bps"
    if view.spread_ticks is None:
        return bps
    ticks = fixed(view.spread_ticks, 0 if view.spread_ticks >= 1 else 2)
    return f"{bps}  {ticks} tick{'' if ticks == '1' else 's'}"


def _labelled(
    label: str, cells: Sequence[Cell], spark: Sequence[float], width: int, palette: Palette
) -> Runs:
    used = _LABEL + sum(len(text) for text, _ in cells)
    curve = curve_text(spark, max(0, min(30, width - used - 2)))
    runs = [(fit(label, _LABEL), palette.style("muted"))]
    runs += [(text, palette.style(role, bold=role == "text")) for text, role in cells]
    runs.append(("  ", palette.style("text")))
    runs.append((curve, palette.style("last_line")))
    return exact(runs, width, palette)


def _numbers(view: DepthView, width: int, palette: Palette) -> Block:
    """Draw the key numbers one below the other, each with what it has of a past."""
    decimals = view.price_decimals
    fine = min(decimals + 2, 10)
    micro = view.microprice
    lean = None if micro is None or view.mid is None else micro - view.mid
    rows = [
        heading("touch", width, palette, right=f"liquidity {_score(view)}"),
        _labelled("mid", [(fixed(view.mid, decimals + 1), "text")], (), width, palette),
        _labelled(
            "micro",
            [
                (fixed(micro, fine), "text"),
                (f"  {fixed(lean, fine, is_signed=True)}", sign_role(lean)),
            ],
            (),
            width,
            palette,
        ),
        _labelled("spread", [(_spread(view), "text")], view.spread_history, width, palette),
    ]
    rows += _imbalances(view, width, palette)
    rows.append(_labelled("order flow", _flow_cells(view), (), width, palette))
    rows.append(_labelled("refill", [(refill_text(view), "text_soft")], (), width, palette))
    return rows


def _imbalances(view: DepthView, width: int, palette: Palette) -> Block:
    rows = []
    for index, (levels, value) in enumerate(view.imbalances[:3]):
        label = fit("imbalance" if index == 0 else "", _LABEL)
        head = [
            (label, palette.style("muted")),
            (fit_right(f"{levels} ", 4), palette.style("faint")),
            (fit_right(fixed(value, 2, is_signed=True), 6), palette.style(sign_role(value))),
            (" ", palette.style("text")),
        ]
        rows.append(
            exact([*head, *balance_bar(value, width - _LABEL - 11, palette)], width, palette)
        )
    if view.imbalance_history:
        rows.append(
            exact(
                [
                    (" " * (_LABEL + 4), palette.style("text")),
                    (
                        curve_text(view.imbalance_history, width - _LABEL - 4),
                        palette.style("last_line"),
                    ),
                ],
                width,
                palette,
            )
        )
    return rows


def _flow_cells(view: DepthView) -> list[Cell]:
    cells: list[Cell] = []
    for window in view.order_flow[:4]:
        cells.append((f"{window.window_s}s ", "faint"))
        cells.append((fit(short(window.value, is_signed=True), 7), sign_role(window.value)))
    return cells or [(NOTHING, "muted")]


def refill_text(view: DepthView, *, is_short: bool = False) -> str:
    """Say when half of what a trade took was back, and how much was in the end."""
    half_s, share = view.resilience_half_s, view.resilience_share
    if share is None:
        return NOTHING if is_short else f"{NOTHING} no trade measured yet"
    if half_s is not None:
        half = f"{fixed(half_s, 1)}s"
        if share < 0:
            return f"{half} · lost" if is_short else f"half in {half} · then lost again"
        back = f"{fixed(share * 100, 0)}%"
        return f"{half} · {back}" if is_short else f"half in {half} · {back} back"
    if share > 0:
        return f"only {fixed(share * 100, 0)}%" + ("" if is_short else " back")
    more = f", {fixed(-share * 100, 0)}% more gone" if share and not is_short else ""
    return f"none back{more}"


def _score(view: DepthView) -> str:
    return short(view.liquidity_score)


def _brief(view: DepthView, width: int, palette: Palette) -> Block:
    """Draw the key numbers in few rows."""
    decimals = view.price_decimals
    mid: list[Cell] = [
        (fixed(view.mid, decimals + 1), "text"),
        ("  micro ", "muted"),
        (fixed(view.microprice, min(decimals + 2, 10)), "text"),
    ]
    score: list[Cell] = [("  liquidity ", "muted"), (_score(view), "text")]
    is_roomy = sum(len(text) for text, _ in (*mid, *score)) <= width - _LABEL
    balance: list[Cell] = []
    for levels, value in view.imbalances[:3]:
        balance.append((f"{levels} ", "faint"))
        balance.append((fit(fixed(value, 2, is_signed=True), 7), sign_role(value)))
    refill: list[Cell] = [(refill_text(view, is_short=not is_roomy), "text_soft")]
    return [
        _labelled("mid", [*mid, *score] if is_roomy else mid, (), width, palette),
        _labelled("spread", [(_spread(view), "text")], view.spread_history, width, palette),
        _labelled("imbalance", balance, view.imbalance_history, width, palette),
        _labelled("order flow", _flow_cells(view), (), width, palette),
        _labelled("refill", refill if is_roomy else [*refill, *score], (), width, palette),
    ]


# ---- the tables ---------------------------------------------------------------------------------


def _tables(view: DepthView, width: int, palette: Palette) -> list[Block]:
    """Return the tables that stand one below the other."""
    if width < _PAIR:
        return [_costs(view, width, palette), _bands(view, width, palette)]
    left = 26
    right = width - left - 2
    costs, bands = _costs(view, left, palette), _bands(view, right, palette)
    height = max(len(costs), len(bands))
    left_rows, right_rows = tall(costs, left, height, palette), tall(bands, right, height, palette)
    return [beside(left_rows, right_rows, palette)]


def _that_fit(tables: Sequence[Block], height: int) -> Block:
    """Return as many rows as fit; a table of which no number would show is left out."""
    rows: Block = []
    for table in tables:
        room = height - len(rows)
        if room >= _LEAST_TABLE:
            rows += table[:room]
    return rows


def _by_notional(costs: Sequence[CostRow]) -> dict[float, dict[Side, CostRow]]:
    found: dict[float, dict[Side, CostRow]] = {}
    for row in costs:
        found.setdefault(row.notional, {})[row.side] = row
    return found


def _costs(view: DepthView, width: int, palette: Palette, *, is_full: bool = False) -> Block:
    """Draw what taking each notional costs, both ways."""
    columns = [Column("notional", 8), Column("buy bps", 9), Column("sell bps", 9)]
    if is_full:
        columns = [
            Column("notional", 8), Column("buy bps", 9), Column("worst", 10), Column("lv", 3),
            Column("sell bps", 10), Column("worst", 10), Column("lv", 3),
        ]  # fmt: skip
    rows = [heading("cost to trade", width, palette), title_row(columns, width, palette)]
    for notional, sides in _by_notional(view.costs).items():
        cells: list[Cell] = [(round_text(notional), "text_soft")]
        for side, role in ((Side.BUY, "ask"), (Side.SELL, "bid")):
            cells += _cost_cells(sides.get(side), role, view.price_decimals, is_full=is_full)
        rows.append(table_row(columns, cells, width, palette))
    return rows


def _cost_cells(row: CostRow | None, role: str, decimals: int, *, is_full: bool) -> list[Cell]:
    bps = row.slippage_bps if row is not None else None
    main: Cell = (fixed(bps, 2), role) if bps is not None else ("no depth", "warning")
    if not is_full:
        return [main]
    worst = price_text(row.worst_price, decimals) if row is not None else NOTHING
    levels = str(row.levels) if row is not None else NOTHING
    return [main, (worst, "muted"), (levels, "faint")]


def _bands(view: DepthView, width: int, palette: Palette) -> Block:
    """Draw the depth within distances of the mid."""
    columns = [Column("within", 6), Column("bid", 8), Column("ask", 8)]
    bar = max(0, width - 24)
    rows = [
        heading("depth", width, palette),
        title_row([*columns, Column("balance", bar + 2)], width, palette),
    ]
    for band in view.bands:
        cells: list[Cell] = [
            (f"{band.within_bps}", "text_soft"),
            (short(band.bid_notional), "bid"),
            (short(band.ask_notional), "ask"),
        ]
        head = table_row(columns, cells, 22, palette)
        gap = ("  ", palette.style("text"))
        rows.append(exact([*head, gap, *balance_bar(band.imbalance, bar, palette)], width, palette))
    return rows


def _walls(view: DepthView, width: int, palette: Palette) -> Block:
    """Draw levels far above their neighbours, with their ages."""
    rows = [heading("walls", width, palette, right="× norm  age")]  # noqa: RUF001
    if not view.walls:
        return [*rows, row_of([("none", "faint")], width, palette)]
    for wall in view.walls:
        role = "bid" if wall.side is Side.BUY else "ask"
        mark = "▲" if wall.side is Side.BUY else "▼"
        tail = f" {fixed(wall.times_norm, 1)}× {fit_right(age_text(wall.age_ms), 4)}"  # noqa: RUF001
        price = fit_right(price_text(wall.price, view.price_decimals), 12)
        size = fit_right(sized(wall.size), max(0, width - 14 - len(tail)))
        rows.append(
            exact(
                [
                    (f"{mark} {price}", palette.style(role)),
                    (size, palette.style("text", bold=True)),
                    (tail, palette.style("muted")),
                ],
                width,
                palette,
            )
        )
    return rows
