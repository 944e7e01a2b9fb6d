"""The header: mode, freshness, worth, permission, questions; parts fall away from the right."""

import msgspec
from rich.style import Style

from core.domain.facts import Mode
from core.domain.views import HeaderView, VenueHealth
from tui.render.numbers import (
    age_text,
    clock_text,
    money_text,
    percent_text,
    sign_of,
    signed_money,
)
from tui.render.palette import Palette, Runs
from tui.render.risk import STATE_MARK, STATE_ROLE
from tui.render.text import clean, width_of

MODE_ROLE = {
    Mode.SIMULATION: "info",
    Mode.PAPER: "spread",
    Mode.LIVE: "danger",
    Mode.REPLAY: "warning",
}
_GROUND = "header"
_STALE_MS = 3_000
_SHORT = 104
"""Below this width venues are named by two letters and quiet parts fall away."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """A piece of the header; the highest rank falls away first, rank 0 never."""

    rank: int
    runs: tuple[tuple[str, Style], ...]

    @property
    def cells(self) -> int:
        """Count the cells of the piece."""
        return sum(width_of(text) for text, _ in self.runs)


def header_row(
    view: HeaderView | None, width: int, palette: Palette, *, mode_text: str, note: str
) -> Runs:
    """Draw the header, as many parts as there is room for; the clock stands at the right."""
    ground = palette.style("text", _GROUND)
    if view is None:
        text = f" {mode_text or 'WINGMAN'}  {note or 'connecting to the engine…'}"
        return ((text[:width].ljust(width), ground),)
    parts = _parts(view, palette, mode_text, note, is_short=width < _SHORT)
    while len(parts) > 1 and sum(part.cells for part in parts) > width:
        worst = max(part.rank for part in parts)
        if not worst:
            break
        parts.remove(next(part for part in reversed(parts) if part.rank == worst))
    *left, right = parts
    runs = [run for part in left for run in part.runs]
    gap = width - sum(part.cells for part in parts)
    runs += [(" " * max(0, gap), ground), *right.runs]
    return tuple(runs)


def _parts(
    view: HeaderView, palette: Palette, mode_text: str, note: str, *, is_short: bool
) -> list[Part]:
    parts = [Part(0, _badge(view, palette, mode_text))]
    if view.replay:
        parts.append(Part(1, ((f" {clean(view.replay, 40)} ", palette.style("warning", _GROUND)),)))
    if note:
        parts.append(Part(0, ((f" {note} ", palette.style("danger", _GROUND, bold=True)),)))
    if view.mode is not Mode.REPLAY:
        parts.append(Part(1, _state(view, palette)))
        parts.append(Part(2, _worth(view, palette, is_short=is_short)))
        parts.append(Part(1, _day(view, palette)))
    parts += [Part(2, _venue(venue, palette, is_short=is_short)) for venue in view.venues]
    if not view.journal_ok:
        mark = ((" ! journal ", palette.style("danger", _GROUND, bold=True)),)
        parts.append(Part(0, mark))
    if view.open_alerts or not is_short:
        parts.append(Part(1 if view.open_alerts else 5, _alerts(view, palette)))
    clock = ((f" {clock_text(view.engine_at)} UTC ", palette.style("text_soft", _GROUND)),)
    parts.append(Part(4, clock))
    return parts


def _badge(view: HeaderView, palette: Palette, mode_text: str) -> Runs:
    text = clean(mode_text or view.mode.upper(), 16)
    return (
        (f" {text} ", palette.style("on_accent", MODE_ROLE[view.mode], bold=True)),
        (" ", palette.style("text", _GROUND)),
    )


def _state(view: HeaderView, palette: Palette) -> Runs:
    role = STATE_ROLE[view.trading_state]
    text = f" {STATE_MARK[view.trading_state]} {view.trading_state.upper()} "
    return ((text, palette.style(role, _GROUND, bold=True)),)


def _worth(view: HeaderView, palette: Palette, *, is_short: bool) -> Runs:
    return (
        (" " if is_short else " equity ", palette.style("muted", _GROUND)),
        (f"{money_text(view.equity)} ", palette.style("text", _GROUND, bold=True)),
    )


def _day(view: HeaderView, palette: Palette) -> Runs:
    sign = sign_of(view.day_pnl)
    role = {1: "profit", 0: "muted", -1: "loss"}[sign]
    arrow = {1: "▲", 0: " ", -1: "▼"}[sign]
    text = signed_money(view.day_pnl)
    if view.day_pnl_pct is not None:
        text = f"{text} {percent_text(view.day_pnl_pct)}"
    return (
        (" day ", palette.style("muted", _GROUND)),
        (f"{arrow}{text} ", palette.style(role, _GROUND, bold=True)),
    )


def _venue(venue: VenueHealth, palette: Palette, *, is_short: bool) -> Runs:
    is_old = venue.data_age_ms is None or venue.data_age_ms >= _STALE_MS
    is_half = venue.is_private_up is False or bool(venue.detail)
    role = "danger" if not venue.is_up else "warning" if is_old or is_half else "ok"
    glyph = "✕" if not venue.is_up else "◍" if is_old or is_half else "●"
    age = "down" if not venue.is_up else age_text(venue.data_age_ms)
    lame = clean(venue.detail, 20) or "no private"
    private = f" {lame}" if is_half and venue.is_up else ""
    if is_short:
        text = clean(venue.venue, 2) if role == "ok" else f"{clean(venue.venue, 2)} {age}"
        return ((f" {glyph}{text} ", palette.style(role, _GROUND)),)
    return (
        (f" {glyph} ", palette.style(role, _GROUND)),
        (clean(venue.venue, 14), palette.style("text_soft", _GROUND)),
        (
            f" {age}{private} ",
            palette.style("muted" if role == "ok" else role, _GROUND),
        ),
    )


def _alerts(view: HeaderView, palette: Palette) -> Runs:
    if not view.open_alerts:
        return ((" no alerts ", palette.style("muted", _GROUND)),)
    word = "alert" if view.open_alerts == 1 else "alerts"
    return ((f" ! {view.open_alerts} {word} ", palette.style("warning", _GROUND, bold=True)),)
