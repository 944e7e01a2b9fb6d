"""Two markets beside one another in one row."""

import math

from core.domain.study_views import PairRow
from tui.render.numbers import NOTHING, market_name, venue_mark
from tui.render.study import Cell, curve_text, fixed, share_of, sign_role
from tui.render.text import clean

SPARK: int = 16
RANGE: int = 15
_TRUSTED: float = 0.5


def pair_name(row: PairRow) -> str:
    """Name both markets shortly: the symbol once where it is the same."""
    first, second = market_name(row.first), market_name(row.second)
    marks = venue_mark(row.first), venue_mark(row.second)
    if first == second:
        return clean(f"{first} {marks[0]}·{marks[1]}", 40)
    if marks[0] == marks[1]:
        return clean(f"{first}·{second} {marks[0]}", 40)
    return clean(f"{first} {marks[0]}·{second} {marks[1]}", 40)


def range_text(row: PairRow, cells: int) -> str:
    """Draw where the spread stands between its lowest and its highest."""
    low, high, now = row.low_bps, row.high_bps, row.spread_bps
    room = cells - 2
    if low is None or high is None or now is None or room < 1:
        return NOTHING.rjust(cells)
    if not all(map(math.isfinite, (low, high, now))):
        return NOTHING.rjust(cells)
    share = share_of(now - low, high - low) if high > low else 0.5
    place = round(share * (room - 1))
    return f"├{'─' * place}●{'─' * (room - 1 - place)}┤"


def lead_text(row: PairRow) -> str:
    """Say which of both moves first, and by how much."""
    if row.lead_s is None:
        return NOTHING
    if row.lead_s == 0:
        return "together"
    return f"{'1st' if row.lead_s > 0 else '2nd'} by {fixed(abs(row.lead_s), 0)}s"


def pair_cells(row: PairRow, *, is_followed: bool) -> list[Cell]:
    """Write every column of a pair."""
    executable = row.executable_bps
    trust = row.lead_correlation
    is_weak = trust is None or trust < _TRUSTED
    return [
        (pair_name(row), "accent" if is_followed else "text"),
        (fixed(row.spread_bps, 2, is_signed=True), sign_role(row.spread_bps)),
        (fixed(row.low_bps, 1, is_signed=True), "muted"),
        (f" {range_text(row, RANGE - 1)}", "spread"),
        (fixed(row.high_bps, 1, is_signed=True), "muted"),
        (fixed(row.mean_bps, 2, is_signed=True), "text_soft"),
        (
            fixed(executable, 2, is_signed=True),
            "profit" if executable is not None and executable > 0 else "muted",
        ),
        (fixed(row.correlation, 3), "text_soft"),
        (lead_text(row), "faint" if is_weak else "text_soft"),
        (fixed(trust, 2), "muted"),
        (f" {curve_text(row.history, SPARK - 1)}", "last_line"),
    ]
