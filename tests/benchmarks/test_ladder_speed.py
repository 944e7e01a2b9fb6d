"""What a ladder costs the screen: a full repaint, and one of three changed rows.

Prints a table; asserts no times, only that the frames it timed did change what they should. Run
with `pytest -m benchmark_only -s tests/benchmarks/test_ladder_speed.py`.
"""

import gc
import time
from collections.abc import Callable
from statistics import median

import msgspec
import pytest
from textual.geometry import Region

from core.domain.fixed import UNIT
from core.domain.views import LadderLevel, LadderView
from tests.tui.flight import flying
from tui.widgets.ladder import Ladder

pytestmark = pytest.mark.benchmark_only

ROUNDS = 300
SIZES = {"41 x 22, narrow": (120, 40), "120 x 37, every column": (120, 40), "200 x 57": (200, 60)}


def _three_changed(view: LadderView, serial: int) -> LadderView:
    """Give three bid levels sizes they did not have."""
    bids = list(view.bids)
    for place in (0, 2, 4):
        level = bids[place]
        size = (30 + serial * 7 % 50) * UNIT
        bids[place] = LadderLevel(level.price, size, level.cumulative)
    return msgspec.structs.replace(view, bids=tuple(bids))


def _painted(ladder: Ladder) -> None:
    """Build the strips of every line, as the compositor asks for them."""
    width, height = ladder.size
    ladder.render_lines(Region(0, 0, width, height))


def _timed(call: Callable[[int], object]) -> tuple[float, float]:
    """Return the median and the 95th percentile of a call, ms."""
    gc.collect()
    taken = []
    for serial in range(ROUNDS):
        start = time.perf_counter_ns()
        call(serial)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    taken.sort()
    return median(taken), taken[len(taken) * 95 // 100]


@pytest.mark.parametrize("name", SIZES)
async def test_ladder_repaints(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what a repaint costs at each size."""
    async with flying(size=SIZES[name]) as flight:
        ladder = flight.panes.ladder_left
        if not name.endswith("narrow"):
            ladder.focus()
            await flight.press("z")
        view, at = ladder.view, flight.link.at
        assert view is not None
        views = [_three_changed(view, serial) for serial in range(ROUNDS)]

        def three_rows(serial: int) -> None:
            ladder.show(views[serial], at)
            _painted(ladder)

        def everything(serial: int) -> None:
            ladder.forget()
            three_rows(serial)

        three_rows(0)
        before = ladder.marked_cells
        three_rows(1)
        assert 0 < ladder.marked_cells - before < 3 * ladder.size.width
        full, three = _timed(everything), _timed(three_rows)

    with capsys.disabled():
        print(f"\nladder {name}, ms: median / 95th percentile of {ROUNDS}")
        print(f"  full repaint        {full[0]:6.2f} / {full[1]:5.2f}   goal 2.0")
        print(f"  three rows changed  {three[0]:6.2f} / {three[1]:5.2f}   goal 0.7")
