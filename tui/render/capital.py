"""Equity and how it is divided: reserve, allocations, losses, and each strategy's conduct."""

from typing import Final

from core.domain.risk_views import CapitalRow, CapitalView
from tui.render.gauge import gauge_role, gauge_text
from tui.render.limits import place_text
from tui.render.numbers import NOTHING, money_text
from tui.render.palette import Palette, Runs
from tui.render.study import Block, Column, blank, exact, heading, row_of, table_row, title_row
from tui.render.text import clean

_STATE_ROLE: Final = {"on": "ok", "off": "muted", "paused": "warning", "": "text_soft"}
_WIDE: Final = 74
_ROOMY: Final = 56


def capital_block(view: CapitalView, width: int, height: int, palette: Palette) -> Block:
    """Draw the account, then a block for each strategy, as far as there is room."""
    drawn = [*_account(view, width, palette)]
    columns = _columns(width)
    drawn.append(heading("Allocations", width, palette, right=f"tied up {_money(view.tied)}"))
    drawn.append(title_row(columns, width, palette))
    room = height - len(drawn)
    has_conduct = room >= 2 * len(view.rows)
    for row in view.rows:
        drawn.append(table_row(columns, _cells(row, len(columns)), width, palette))
        if has_conduct:
            drawn.append(row_of([("  " + conduct_text(row), "muted")], width, palette))
    return [*drawn, *[blank(width, palette)] * height][:height]


def _account(view: CapitalView, width: int, palette: Palette) -> Block:
    quote = clean(view.quote, 6)
    first = [
        ("Equity ", "muted"), (f"{_money(view.equity)} {quote}", "text"),
        ("   reserve ", "muted"), (_money(view.reserve), "text_soft"),
    ]  # fmt: skip
    second = [
        ("Unit   ", "muted"), (view.nav or NOTHING, "text"),
        ("  peak ", "muted"), (view.peak or NOTHING, "text_soft"),
        ("  began ", "muted"), (_money(view.day_start), "text_soft"),
    ]  # fmt: skip
    day = _loss_row("Day loss", view.day_loss_pct, view.day_loss_limits_pct, width, palette)
    fall = _loss_row("Drawdown", view.drawdown_pct, view.drawdown_limits_pct, width, palette)
    return [row_of(first, width, palette), row_of(second, width, palette), day, fall]


def _loss_row(
    name: str, lost: float | None, limits: tuple[float, float], width: int, palette: Palette
) -> Runs:
    """Draw a loss against the limit that reduces; what halts stands behind it."""
    reduce, halt = limits
    fraction = max(0.0, (lost or 0.0) / reduce)
    role = gauge_role(fraction)
    words = f" {NOTHING if lost is None else _pct(lost)}".rjust(9)
    bounds = f"  reduce {reduce:g}% · halt {halt:g}%"
    bar = max(4, min(24, width - 10 - len(words) - len(bounds)))
    filled, empty = gauge_text(fraction, bar)
    mark = "! " if fraction >= 0.8 else "  "  # noqa: PLR2004 - the share that warns
    return exact(
        [
            (f"{name:<8}", palette.style("muted")),
            (mark, palette.style(role, bold=True)),
            (filled, palette.style(role, "gauge")),
            (empty, palette.style(role, "gauge")),
            (words, palette.style("text" if role == "accent" else role, bold=True)),
            (bounds, palette.style("faint")),
        ],
        width,
        palette,
    )


def _columns(width: int) -> list[Column]:
    """Choose the columns of the strategies for a width."""
    name = 16 if width < _ROOMY else 20
    columns = [
        Column("Strategy", name, is_left=True), Column("Used", 10), Column("Free", 11),
        Column("%", 5),
    ]  # fmt: skip
    if width >= _ROOMY:
        columns.append(Column("Reserved", 10))
    if width >= _WIDE:
        columns += [Column("Allotted", 12), Column("Day", 8)]
    return columns


def _cells(row: CapitalRow, count: int) -> list[tuple[str, str]]:
    share = NOTHING if row.fraction is None else f"{row.fraction * 100:.0f}%"
    role = "text_soft" if row.fraction is None else gauge_role(row.fraction)
    day = NOTHING if row.day_loss_pct is None else _pct(-row.day_loss_pct)
    day_role = "muted" if not row.day_loss_pct else "loss" if row.day_loss_pct > 0 else "profit"
    cells = [
        (clean(row.title, 40), _STATE_ROLE.get(row.state, "danger")),
        (_money(row.used), "text"),
        (_money(row.free), "text"),
        (share, "text_soft" if role == "accent" else role),
        (_money(row.reserved), "text_soft"),
        (_money(row.allocation), "text_soft"),
        (day, day_role),
    ]
    return cells[:count]


def conduct_text(row: CapitalRow) -> str:
    """Say how a strategy behaves: losses, orders without a fill, refusals, rests."""
    if not row.state:
        return "a person's own hand"
    day = "" if row.day_loss_pct is None else f"day {_pct(-row.day_loss_pct)} · "
    counts = f"{row.submits} tries · {row.refusals} refused · {row.losing_trips} lost"
    rests = "".join(f" · {place_text(name)} rests {secs} s" for name, secs in row.cooling[:3])
    return f"{row.state} · {day}{counts}{rests}"


def _pct(value: float) -> str:
    """Write a percentage; what rounds to nothing has no sign."""
    text = f"{value:.2f}%"
    return "0.00%" if text == "-0.00%" else text


def _money(text: str | None) -> str:
    if text is None:
        return NOTHING
    return money_text(text, 0 if len(text.partition(".")[0]) > 4 else 2)  # noqa: PLR2004
