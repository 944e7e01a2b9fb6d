"""Where buckets begin and end, against the calendar and against recorded candles."""

import csv
import gzip
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.candles import INTERVALS, Grid, Span, utc_text
from core.exchange.candles.budget import BudgetLimits, RequestBudget
from core.exchange.candles.spans import merged, without

RECORDED = (
    Path(__file__).parents[4]
    / "../shared/fixtures/market/klines/binance_ethbtc_15-timeframes_2020-05-17.csv.gz"
)
LAST = 4_102_444_800
"""2100."""


@given(st.sampled_from(INTERVALS), st.integers(-(10**9), LAST))
def test_every_second_lies_in_one_bucket(interval: str, secs: int) -> None:
    """Start, end, previous and number agree."""
    grid = Grid(interval)

    start = grid.floor(secs)

    assert start <= secs < grid.end(start)
    assert grid.previous(grid.end(start)) == start
    assert grid.start_of(grid.number(secs)) == start
    assert grid.ceiling(start) == start
    assert grid.ceiling(start + 1) == (grid.end(start) if interval != "1s" else start + 1)


@given(st.sampled_from(INTERVALS[1:]), st.integers(0, LAST), st.integers(1, 5_000))
def test_windows_cut_a_span_without_seam(interval: str, secs: int, count: int) -> None:
    """Windows follow one another and hold at most what was asked."""
    grid = Grid(interval)
    number = grid.number(secs)
    count = min(count, 900) if interval == "1month" else count
    span = Span(grid.start_of(number), grid.start_of(number + count))

    windows = grid.windows(span, 999)

    assert (windows[0].start, windows[-1].stop) == (span.start, span.stop)
    assert all(one.stop == two.start for one, two in pairwise(windows))
    assert sum(grid.count(window) for window in windows) == count
    assert max(grid.count(window) for window in windows) <= 999


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    """The calendar's word."""
    wednesday = int(datetime(2026, 10, 14, 12, tzinfo=UTC).timestamp())

    assert utc_text(Grid("1w").floor(wednesday)) == "2026-10-12T00:00:00Z"
    assert utc_text(Grid("1month").floor(wednesday)) == "2026-10-01T00:00:00Z"
    assert utc_text(Grid("1month").end(Grid("1month").floor(wednesday))) == "2026-11-01T00:00:00Z"
    assert Grid("1month").earliest == 31 * 86_400
    assert Grid("1w").earliest == 4 * 86_400


@pytest.mark.skipif(not RECORDED.is_file(), reason="recorded candles are not here")
def test_recorded_candles_of_15_intervals_lie_on_the_grid() -> None:
    """A real exchange's minutes to months start where ours do."""
    with gzip.open(RECORDED, "rt") as stream:
        rows = [(r["timeframe"], int(r["open_time_s"])) for r in csv.DictReader(stream)]

    names = {"1M": "1month"}
    off = [(name, at) for name, at in rows if Grid(names.get(name, name)).floor(at) != at]

    assert len(rows) == 6_531
    assert off == []


def test_no_minute_holds_more_requests_than_the_budget() -> None:
    """Whatever the arrivals: any 60 s, not only whole minutes."""
    rng = random.Random(3)
    budget = RequestBudget(BudgetLimits(), rng)
    now, sent = 0, []
    for _ in range(2_000):
        now += rng.choice([0, 0, 0, rng.randrange(20_000_000_000)])
        while wait := budget.wait_ns(now):
            now += wait
        budget.take(now)
        sent.append(now)

    assert all(
        later - earlier >= 60_000_000_000 for earlier, later in zip(sent, sent[24:], strict=False)
    )


def test_busy_venue_is_left_alone_longer_each_time() -> None:
    """10 s doubling to 60 s, or as long as the venue says."""
    budget = RequestBudget(BudgetLimits(), random.Random(3))
    pauses = []
    for failures in range(1, 6):
        budget.busy(0, failures, None)
        pauses.append(budget.free_at // 1_000_000_000)
    budget.busy(0, 1, 120.0)

    assert pauses == [10, 20, 40, 60, 60]
    assert budget.wait_ns(0) == 120_000_000_000
    budget.take(120_000_000_000)
    assert budget.left(120_000_000_000) == 23


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=8).map(
    lambda pairs: [Span(start, start + length) for start, length in pairs]
)


@given(spans, st.integers(0, 30), st.integers(0, 60))
def test_spans_are_sets_of_seconds(found: list[Span], start: int, length: int) -> None:
    """Against plain sets of numbers."""
    bounds = Span(start, start + length)
    taken = {second for span in found for second in range(span.start, span.stop)}

    free = without(bounds, found)

    assert {s for span in free for s in range(span.start, span.stop)} == (
        set(range(bounds.start, bounds.stop)) - taken
    )
    assert {s for span in merged(found) for s in range(span.start, span.stop)} == taken


def test_times_beyond_the_calendar_can_still_be_written() -> None:
    """An error message must not fail itself."""
    assert utc_text(10**15) == f"{10**15} s"
    assert utc_text(0) == "1970-01-01T00:00:00Z"
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=0)
