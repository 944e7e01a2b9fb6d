"""A full redraw of every study pane at 100 x 30, and what the next view costs.

Prints a table; asserts no times, only that a view drawn twice changes nothing. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_study_panes_speed.py`.
"""

import gc
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import msgspec
import pytest

from core.domain.study_views import HeatmapView
from tests.tui.fake_studies import FakeStudies, funding, pairs
from tests.tui.study_stage import Stage, pane_named

pytestmark = pytest.mark.benchmark_only

SIZE = (100, 30)
ROUNDS = 25
GOALS = {"heatmap": 3.0}
Row = tuple[str, float, float, float]
NAMES = ("tape", "depth", "flow", "heatmap", "footprint", "profile", "trend", "funding", "pairs")


def _view(name: str, pane: Any, seed: int) -> Any:
    fake = FakeStudies(seed=seed)
    makers: dict[str, Callable[[], Any]] = {
        "tape": lambda: fake.tape(pane.inner_height - 1), "depth": lambda: fake.depth(200),
        "flow": lambda: fake.flow(900), "profile": fake.profile, "trend": fake.trend,
        "heatmap": lambda: fake.heatmap(*map(int, pane.topic().split("/")[2:])),
        "footprint": lambda: fake.footprint(6), "funding": lambda: funding(seed=seed),
        "pairs": lambda: pairs(seed=seed),
    }  # fmt: skip
    return makers[name]()


def _ms(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e6


def _next_column(view: HeatmapView) -> HeatmapView:
    """Change a few cells of the newest column."""
    cells = bytearray(view.cells)
    for row in range(10, 16):
        index = row * view.columns + view.columns - 1
        cells[index] = (cells[index] + 60) % 256
    return msgspec.structs.replace(view, cells=bytes(cells))


async def _measured(name: str) -> Row:
    pane = pane_named(name)
    async with Stage(pane).run_test(size=SIZE):
        views = [_view(name, pane, seed) for seed in (1, 2)]
        full, again = [], []
        gc.collect()
        for number in range(ROUNDS):
            pane.view = views[number % 2]
            pane.forget()
            full.append(_ms(pane.redraw))
            again.append(_ms(pane.redraw))
        before = pane.marked_cells
        pane.redraw()
        assert pane.marked_cells == before
    return name, median(full), median(again), GOALS.get(name, 2.0)


async def _newest_column() -> Row:
    """Measure what a live heatmap costs between two columns."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=SIZE):
        pane.show(_view("heatmap", pane, 1))
        costs = []
        for _ in range(ROUNDS):
            changed = _next_column(pane.view)
            before = pane.marked_cells
            start = time.perf_counter_ns()
            pane.show(changed)
            costs.append((time.perf_counter_ns() - start) / 1e6)
            assert 0 < pane.marked_cells - before <= 6
        return "heatmap, newest column", median(costs), min(costs), GOALS["heatmap"]


async def test_study_panes(capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what a redraw costs, and how many cells the next view marks."""
    rows = [await _measured(name) for name in NAMES]
    rows.append(await _newest_column())

    with capsys.disabled():
        print(f"\nstudy panes at {SIZE[0]} x {SIZE[1]}, ms, median of {ROUNDS}")
        print(f"  {'pane':<26}{'full':>9}{'again':>9}   goal")
        for name, value, again_ms, goal in rows:
            print(f"  {name:<26}{value:9.2f}{again_ms:9.2f}   {goal:.0f}")
