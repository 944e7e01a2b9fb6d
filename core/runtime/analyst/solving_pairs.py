"""Answers of the analyst that lie between markets: correlation, and who leads."""

from itertools import combinations
from typing import Final

from core.analysis.correlation import correlation, lead_lag
from core.domain.jobs import MarketSeries, PairsJob
from core.domain.study_views import PairRow, PairsView

MINUTE_NS: Final = 60 * 1_000_000_000
MAX_LAG_S: Final = 10
LEAST_SECONDS: Final = 60
"""Common seconds below which a lead is chance."""


def pairs(job: PairsJob) -> PairsView:
    """Correlate every pair; what needs the books of this instant is None here."""
    return PairsView(rows=tuple(_row(one, two) for one, two in combinations(job.markets, 2)))


def _row(first: MarketSeries, second: MarketSeries) -> PairRow:
    lead, strength = _lead(first, second)
    return PairRow(
        first=first.instrument,
        second=second.instrument,
        spread_bps=None,
        low_bps=None,
        high_bps=None,
        mean_bps=None,
        executable_bps=None,
        history=(),
        correlation=correlation(dict(first.minutes), dict(second.minutes), MINUTE_NS),
        lead_s=lead,
        lead_correlation=strength,
    )


def _lead(first: MarketSeries, second: MarketSeries) -> tuple[float | None, float | None]:
    """Return by how many seconds the first leads, and the correlation there."""
    one = {second_: float(mid) for second_, mid in first.seconds}
    two = {second_: float(mid) for second_, mid in second.seconds}
    if len(one.keys() & two.keys()) < LEAST_SECONDS:
        return None, None
    found = lead_lag(one, two, 1, MAX_LAG_S)
    return (None, None) if found is None else (float(found.best_lag), found.best)
