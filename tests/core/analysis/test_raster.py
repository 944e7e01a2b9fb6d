"""The depth heatmap against a naive raster, and that it does not jump."""

import random
from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from core.analysis.raster import heatmap, nice_step
from core.domain.jobs import BookSample, HeatGrid
from core.domain.order import Side
from core.domain.study_views import HeatmapView
from core.domain.views import TapeRow
from tests.core.analysis.rasters import SECOND, columns, heat_job, sample

MID = 100_000


def _shots(seed: int, count: int = 12, drift: int = 3) -> tuple[BookSample | None, ...]:
    """Make samples of a wandering book, some columns without one."""
    chance, mid = random.Random(seed), MID
    found: list[BookSample | None] = []
    for number in range(count):
        mid += chance.randint(-drift, drift)
        bids = [(mid - n, chance.randint(1, 10**12)) for n in range(1, 40)]
        asks = [(mid + n, chance.randint(1, 10**12)) for n in range(40)]
        found.append(None if chance.random() < 0.1 else sample(number * SECOND, bids, asks))
    return tuple(found)


def _cell_sizes(shot: BookSample | None, view: HeatmapView) -> list[int]:
    """Sum one column, level by level."""
    found = [0] * view.rows
    if shot is None:
        return found
    prices, sizes = memoryview(shot.prices).cast("q"), memoryview(shot.sizes).cast("d")
    for price, size in zip(prices, sizes, strict=True):
        for row in range(view.rows):
            top = view.top_price - row * view.row_step
            if top - view.row_step <= price < top:
                found[row] += int(size)
    return found


@given(st.integers(0, 10_000))
def test_each_cell_is_the_size_resting_in_its_price_range(seed: int) -> None:
    """Cells are the naive sums over the full size, rounded up; 0 only where nothing rests."""
    shots = _shots(seed)
    view = heatmap(heat_job(shots))
    if view is None:
        assert shots.count(None) == len(shots)
        return

    for place, shot in enumerate(shots):
        for row, size in enumerate(_cell_sizes(shot, view)):
            cell = view.cells[row * view.columns + place]
            assert cell == min(255, ceil(Fraction(size * 255, view.full_size)))


@given(st.integers(0, 10_000))
def test_best_prices_lie_in_their_rows(seed: int) -> None:
    """The path names the row of the touch, -1 where nothing was seen or it is off the raster."""
    shots = _shots(seed)
    view = heatmap(heat_job(shots))
    if view is None:
        return

    for place, shot in enumerate(shots):
        for row, price in (
            (view.best_bids[place], None if shot is None else shot.best_bid),
            (view.best_asks[place], None if shot is None else shot.best_ask),
        ):
            top = view.top_price - row * view.row_step
            is_in = price is not None and top - view.row_step <= price < top
            is_off = price is None or not (
                view.top_price - view.rows * view.row_step <= price < view.top_price
            )
            assert is_in if row >= 0 else is_off


def test_prints_are_summed_by_cell_and_side() -> None:
    """Bought and sold sizes of a cell equal the naive sums; prints elsewhere are left out."""
    chance, shots = random.Random(5), _shots(5)
    prints = [
        TapeRow(
            n,
            chance.randint(-SECOND, 13 * SECOND),
            MID + chance.randint(-300, 300),
            chance.randint(1, 10**11),
            chance.choice(list(Side)),
        )
        for n in range(500)
    ]

    view = heatmap(heat_job(shots, prints=columns(prints, late_ns=7)))

    assert view is not None
    naive: dict[tuple[int, int, Side], int] = {}
    for row in prints:
        column = (row.ts_event + 7) // SECOND
        place = next(
            (
                r
                for r in range(view.rows)
                if view.top_price - (r + 1) * view.row_step
                <= row.price
                < view.top_price - r * view.row_step
            ),
            -1,
        )
        if 0 <= column < view.columns and place >= 0:
            key = (column, place, row.side)
            naive[key] = naive.get(key, 0) + row.size
    assert naive
    shown = {(t.column, t.row, Side.BUY): t.bought for t in view.trades if t.bought}
    shown |= {(t.column, t.row, Side.SELL): t.sold for t in view.trades if t.sold}
    assert shown == naive


def test_grid_and_scale_stand_still_while_the_price_wanders_inside() -> None:
    """From frame to frame neither the rows nor the intensity scale move without need."""
    chance, mid, shots = random.Random(9), MID, []
    previous: HeatGrid | None = None
    seen = set()
    for number in range(200):
        mid = MID + chance.randint(-20, 20)
        levels = [(mid - n, chance.randint(1, 10**12)) for n in range(1, 100)]
        shots.append(sample(number * SECOND, levels, [(mid, 10**12)]))
        view = heatmap(heat_job(tuple(shots[-60:]), rows=40, previous=previous))
        assert view is not None
        previous = HeatGrid(view.top_price, view.row_step, view.full_size)
        seen.add(previous)

    assert len(seen) <= 3


def test_raster_follows_a_price_that_leaves() -> None:
    """A price at the edge moves the raster; the newest touch is always inside."""
    previous: HeatGrid | None = None
    shots: list[BookSample] = []
    for number in range(100):
        mid = MID + 17 * number
        shots.append(sample(number * SECOND, [(mid - 1, 10)], [(mid, 10)]))
        view = heatmap(heat_job(tuple(shots[-30:]), rows=40, previous=previous))
        assert view is not None
        assert 0 <= view.best_asks[-1] < view.rows
        previous = HeatGrid(view.top_price, view.row_step, view.full_size)


def test_nothing_seen_is_no_raster() -> None:
    """Without any two-sided sample there is no frame."""
    one_sided = sample(0, [(MID, 5)], [])

    assert heatmap(heat_job((None, one_sided))) is None


def test_row_heights_are_round() -> None:
    """1, 2 and 5 times a power of ten of the unit, the smallest that reaches."""
    assert [nice_step(least, 10) for least in (1, 11, 21, 51, 101, 999)] == [
        *(10, 20, 50, 100, 200, 1_000)
    ]
