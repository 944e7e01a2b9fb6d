"""What is said of a trend while there is little to say it from."""

import pytest

from core.analysis.volatility import volatility
from core.domain.jobs import CandleColumn, TrendJob
from core.domain.study_views import RegimeRow
from core.runtime.analyst.solving_trend import LEAST_RETURNS, MINUTE_NS, trend
from tests.core.analysis.candles import walk
from tests.core.builders import SOL_PERP


def row_of(count: int) -> RegimeRow:
    """Judge so many minutes."""
    column = CandleColumn("1m", MINUTE_NS, tuple(walk(count)))
    job = TrendJob(
        topic="t", at=1, instrument=SOL_PERP, price_decimals=2, minutes=(), columns=(column,)
    )
    return trend(job).rows[0]


def test_a_year_is_not_told_from_a_few_minutes() -> None:
    """Two candles would say some volatility; nobody should read it."""
    for count in (2, LEAST_RETURNS):
        few = row_of(count)
        assert (few.volatility_pct, few.parkinson_pct, few.garman_klass_pct) == (None, None, None)
        assert few.reason == f"not enough candles: {count} of 50"


def test_from_enough_candles_on_volatility_is_told() -> None:
    """Twenty returns are where it begins."""
    rows = walk(LEAST_RETURNS + 1)

    found = row_of(LEAST_RETURNS + 1)

    realized = volatility(rows, MINUTE_NS).realized
    assert realized is not None
    assert found.volatility_pct == pytest.approx(realized * 100)
