"""One perpetual of the funding and basis table."""

from core.domain.study_views import FundingRow
from tui.render.numbers import NOTHING, market_name, price_text, venue_mark
from tui.render.study import Cell, curve_text, fixed, sign_role
from tui.render.text import clean

SPARK: int = 13
_NS: int = 1_000_000_000


def until_text(next_ts: int | None, engine_at: int) -> str:
    """Write the time to the next funding: 07:42:10, or now."""
    if next_ts is None or engine_at <= 0:
        return NOTHING
    seconds = -(-(next_ts - engine_at) // _NS)
    if seconds <= 0:
        return "now"
    hours = seconds // 3600
    if hours >= 100:  # noqa: PLR2004 - more than the column holds
        return f"{hours // 24}d"
    return f"{hours:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def funding_cells(row: FundingRow, engine_at: int, *, is_followed: bool) -> list[Cell]:
    """Write every column of a perpetual; signs tell who pays: positive, longs pay."""
    decimals = row.price_decimals
    interval = NOTHING if row.interval_hours is None else f"{fixed(row.interval_hours, 0)}h"
    return [
        (f"{clean(market_name(row.instrument), 12)}", "accent" if is_followed else "text"),
        (clean(venue_mark(row.instrument)), "faint"),
        (price_text(row.mark_price, decimals), "text"),
        (price_text(row.index_price, decimals), "muted"),
        (fixed(row.basis_bps, 2, is_signed=True), sign_role(row.basis_bps)),
        (fixed(row.basis_annual_pct, 1, is_signed=True), sign_role(row.basis_annual_pct)),
        (fixed(row.rate_pct, 4, is_signed=True), sign_role(row.rate_pct)),
        (interval, "faint"),
        (fixed(row.hourly_pct, 5, is_signed=True), sign_role(row.hourly_pct)),
        (fixed(row.annual_pct, 1, is_signed=True), sign_role(row.annual_pct)),
        (until_text(row.next_funding_ts, engine_at), "text_soft"),
        (f" {curve_text(row.history, SPARK - 1)}", "last_line"),
    ]
