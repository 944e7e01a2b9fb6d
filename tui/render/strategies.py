"""Strategies with state word, result, counters and the last decision."""

from core.domain.views import StrategyRow
from tui.render.numbers import sign_of, signed_money
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, fit_right, width_of, wrapped

_STATE = {"on": ("●", "ok"), "off": ("○", "muted"), "paused": ("‖", "warning")}


def state_mark(state: str) -> tuple[str, str]:
    """Return glyph and colour role of a state word."""
    return _STATE.get(state, ("?", "danger"))


def strategy_lines(
    row: StrategyRow,
    width: int,
    lines: int,
    palette: Palette,
    *,
    is_cursor: bool,
    is_focused: bool,
) -> list[Runs]:
    """Draw a strategy in `lines` rows: name and result, then counters, then the last decision."""
    drawn = [_head(row, width, palette, is_cursor=is_cursor, is_focused=is_focused)]
    decision = _decision(row, has_counters=lines > 2)  # noqa: PLR2004
    if lines == 2:  # noqa: PLR2004 - one line below the head
        drawn.append(((fit(f"   {decision}", width), palette.style("muted")),))
    if lines > 2:  # noqa: PLR2004
        drawn.append(_counters(row, width, palette))
        drawn += [
            ((fit(f"   {text}", width), palette.style("muted")),)
            for text in wrapped(decision, width - 3, lines - 2)
        ]
    blank: Runs = ((" " * width, palette.style("muted")),)
    return (drawn + [blank] * lines)[:lines]


def _head(
    row: StrategyRow, width: int, palette: Palette, *, is_cursor: bool, is_focused: bool
) -> Runs:
    ground = "cursor" if is_cursor and is_focused else "panel"
    glyph, role = state_mark(row.state)
    state = f" {clean(row.state, 8).upper()}"
    pnl = fit_right(signed_money(row.pnl), 10)
    pnl_role = {1: "profit", 0: "muted", -1: "loss"}[sign_of(row.pnl)]
    room = max(0, width - 4 - width_of(state) - 10)
    return (
        (f"{row.slot} ", palette.style("key", ground, bold=True)),
        (f"{glyph} ", palette.style(role, ground)),
        (fit(clean(row.title), room), palette.style("text", ground, bold=True)),
        (state, palette.style(role, ground, bold=True)),
        (pnl, palette.style(pnl_role, ground)),
    )


def _counters(row: StrategyRow, width: int, palette: Palette) -> Runs:
    text = f"   {row.copied} copied · {row.skipped} skipped"
    position = clean(row.position, 24)
    room = width - width_of(text)
    return (
        (fit(text, width) if room < width_of(position) + 2 else text, palette.style("text_soft")),
        (
            fit_right(position, room) if room >= width_of(position) + 2 else "",
            palette.style("text_soft"),
        ),
    )


def _decision(row: StrategyRow, *, has_counters: bool) -> str:
    if not row.last_decision and not row.last_code:
        if has_counters:
            return "no decision yet"
        return f"no decision yet · {row.copied} copied {row.skipped} skipped"
    code = clean(row.last_code, 24)
    text = clean(row.last_decision)
    return f"{code} {text}" if code and not text.startswith(code) else text
