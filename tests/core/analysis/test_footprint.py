"""The footprint against a naive count of the same prints."""

from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.footprint import MOST_ROWS, footprint
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import ProfileBar
from core.domain.views import TapeRow
from tests.core.analysis.rasters import foot_job
from tests.core.analysis.recordings import MINUTE_NS, needs_recordings
from tests.core.analysis.recordings import prints as recorded_prints
from tests.core.analysis.tapes import tape, tapes


def _bars(prints: list[TapeRow], step: int) -> tuple[ProfileBar, ...]:
    sold: dict[int, int] = defaultdict(int)
    bought: dict[int, int] = defaultdict(int)
    for row in prints:
        (bought if row.side is Side.BUY else sold)[row.price - row.price % step] += row.size
    prices = sorted({*sold, *bought}, reverse=True)
    return tuple(ProfileBar(price, sold[price], bought[price]) for price in prices)


def _by_candle(prints: list[TapeRow], interval_ns: int) -> dict[int, list[TapeRow]]:
    found: dict[int, list[TapeRow]] = {}
    for row in prints:
        found.setdefault(row.ts_event - row.ts_event % interval_ns, []).append(row)
    return found


def assert_footprint_is_naive(prints: list[TapeRow], interval_ns: int, step: int) -> None:
    """Every candle's prices, bars, volume and delta are those of the naive count."""
    view = footprint(foot_job(prints, interval_ns=interval_ns, group=step, candles=500))
    naive = _by_candle(prints, interval_ns)
    if not prints:
        assert view is None
        return
    assert view is not None
    assert [candle.start_ts for candle in view.candles] == list(naive)
    for candle in view.candles:
        rows = naive[candle.start_ts]
        prices = [row.price for row in rows]
        delta = sum(row.size * row.side.sign for row in rows)
        assert (candle.open, candle.high, candle.low, candle.close) == (
            *(prices[0], max(prices), min(prices), prices[-1]),
        )
        assert candle.bars == _bars(rows, step)
        assert candle.volume == float(Fraction(sum(row.size for row in rows), UNIT))
        assert candle.delta == float(Fraction(delta, UNIT))


@given(tapes(), st.integers(1, 300), st.integers(1, 3 * UNIT))
def test_footprint_is_the_naive_count(prints: list[TapeRow], interval_ns: int, step: int) -> None:
    """On drawn prints, at any interval and row height."""
    assert_footprint_is_naive(prints, interval_ns, step)


@needs_recordings
def test_footprint_of_recorded_prints_is_the_naive_count() -> None:
    """On every recorded print of a real book, exactly."""
    assert_footprint_is_naive(
        recorded_prints("binance-usdm_btcusdt_2024-08-08"), MINUTE_NS, 5 * UNIT
    )


def test_candles_cut_by_what_was_forgotten_are_left_out() -> None:
    """A candle whose first prints are gone is not shown as if it were whole."""
    prints = tape((50, 1, 1, "b"), (150, 1, 1, "b"), (250, 1, 1, "s"))

    view = footprint(foot_job(prints, complete_from=101))

    assert view is not None
    assert [candle.start_ts for candle in view.candles] == [200]


def test_only_the_newest_candles_are_shown() -> None:
    """So many as were asked for."""
    view = footprint(foot_job(tape(*((n * 100, 1, 1, "b") for n in range(9))), candles=2))

    assert view is not None
    assert [candle.start_ts for candle in view.candles] == [700, 800]


def test_chosen_row_height_is_round_and_stays() -> None:
    """Where nobody set it, a middling candle gets a readable number of rows, frame after frame."""
    prints = tape(*((n, 1 + n % 97, 1, "b") for n in range(400)))

    view = footprint(foot_job(prints, group=0, tick=UNIT))
    assert view is not None
    again = footprint(foot_job(prints[:-150], group=0, tick=UNIT, previous=view.row_step))

    assert view.row_step % UNIT == 0
    assert all(0 < len(candle.bars) <= MOST_ROWS for candle in view.candles)
    assert again is not None
    assert again.row_step == view.row_step


@pytest.mark.parametrize("size", [10**19 + 10**12, 3 * 10**20])
def test_sizes_beyond_the_columns_exactness_are_whole_lots(size: int) -> None:
    """Billions of units come back exact to the market's own decimals."""
    prints = [TapeRow(0, 0, 1, size, Side.BUY), TapeRow(1, 1, 1, size, Side.SELL)]

    view = footprint(foot_job(prints, size_decimals=0))

    assert view is not None
    assert view.candles[0].bars == (ProfileBar(1, size, size),)
