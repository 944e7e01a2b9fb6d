"""What the analyst costs: in its process a frame, in the Desk a step and a tick.

Prints a table; asserts no times. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_analyst_speed.py`.
"""

import asyncio
import gc
import random
import time
from array import array
from collections.abc import Callable
from statistics import median, quantiles

import pytest

from core.analysis.footprint import footprint
from core.analysis.live import LiveIndicators, LiveOverlays
from core.analysis.raster import heatmap
from core.domain.codec import packed
from core.domain.events import (
    AnalysisDone,
    BookSnapshotSeen,
    DepthChanged,
    Event,
    TimerFired,
    TopicWanted,
)
from core.domain.facts import Mode
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, VenueId
from core.domain.jobs import BookSample, HeatGrid, Job
from core.domain.order import Side
from core.domain.study_views import heatmap_topic, overlays_topic, trend_topic
from core.domain.views import TapeRow
from core.runtime.analyst.outside import AnalystProcess
from core.runtime.assembly import DeskSettings, Engine, begin, build
from core.runtime.clock import SystemClock
from tests.core.analysis.candles import walk
from tests.core.analysis.rasters import columns, foot_job, heat_job
from tests.core.runtime.analyst.desks import loaded, minutes

pytestmark = pytest.mark.benchmark_only

SECOND = 1_000_000_000
VENUE = VenueId("alpha")
NAME = InstrumentId("alpha:SOL_USDC_PERP")
NOW = 1_700_000_000 * SECOND
COLUMNS, ROWS = 200, 80
Line = tuple[str, float, float, str]


def _timed(call: Callable[[], object], times: int, rounds: int = 9) -> tuple[float, float]:
    """Return the median and the slowest round, us a call of processor time."""
    gc.collect()
    taken = []
    for _ in range(rounds):
        start = time.thread_time_ns()
        for _ in range(times):
            call()
        taken.append((time.thread_time_ns() - start) / times / 1_000)
    return median(taken), max(taken)


def _ticks() -> list[Line]:
    rows = walk(500)
    five, all_lines = LiveIndicators(), LiveOverlays()
    for row in rows[:-1]:
        five.commit(row)
        all_lines.commit(row)
    assert None not in all_lines.values(rows[-1])[:2]
    return [
        ("tick: five indicators", *_timed(lambda: five.values(rows[-1]), 5_000), "5 us"),
        ("tick: twelve lines, VWAP too", *_timed(lambda: all_lines.values(rows[-1]), 5_000), "-"),
    ]


def _frames() -> list[Line]:
    chance, mid = random.Random(7), 617_000 * UNIT // 10
    shots: list[BookSample] = []
    mids = []
    for number in range(COLUMNS):
        mid += chance.randint(-3, 3) * UNIT
        mids.append(mid)
        edges = [mid + (n - 128) * 5 * UNIT for n in range(256)]
        sizes = [chance.random() * 50 * UNIT for _ in edges]
        shots.append(
            BookSample(
                number * SECOND,
                mid,
                mid + UNIT // 10,
                array("q", edges).tobytes(),
                array("d", sizes).tobytes(),
            )
        )
    prints = [
        TapeRow(
            n,
            n * COLUMNS * SECOND // 20_000,
            mids[n * COLUMNS // 20_000] + int(chance.gauss(0, 5)) * UNIT,
            chance.randint(1, 10 * UNIT),
            chance.choice(list(Side)),
        )
        for n in range(20_000)
    ]
    packed_prints = columns(prints, chunk=1_024)
    job = heat_job(tuple(shots), rows=ROWS, base=5 * UNIT, prints=packed_prints)
    first = heatmap(job)
    assert first is not None
    grid = HeatGrid(first.top_price, first.row_step, first.full_size)
    again = heat_job(tuple(shots), rows=ROWS, base=5 * UNIT, prints=packed_prints, previous=grid)
    foot = foot_job(prints, interval_ns=10 * SECOND, candles=20, group=0, tick=UNIT // 10)
    return [
        (
            f"heatmap frame, {COLUMNS} x {ROWS}, 51,200 rows, 20,000 prints",
            *_timed(lambda: heatmap(again), 20),
            "3 ms",
        ),
        ("footprint, 20 candles, 20,000 prints", *_timed(lambda: footprint(foot), 20), "-"),
    ]


def _engine() -> Engine:
    """Open a Desk with a book of 1,000 levels a side and 500 minutes."""
    settings = DeskSettings(mode=Mode.REPLAY, venues=(VENUE,), watchlist=(NAME,), can_query=False)
    engine = build(settings, (), time.monotonic_ns)
    begin(engine, (), 1, NOW)
    bids = [(f"{61_700 - n / 10:.1f}", f"{1 + n % 7}.{n % 10}") for n in range(1, 1_001)]
    asks = [(f"{61_700 + n / 10:.1f}", f"{1 + n % 5}.{n % 10}") for n in range(1_000)]
    book = BookSnapshotSeen(
        ts_event=NOW, ts_recv=NOW, instrument=NAME, last_id=1, bids=bids, asks=asks
    )
    for body in (book, loaded(minutes(500, until=NOW))):
        engine.desk.handle(Event(1, NOW, body))
    return engine


def _steps() -> list[Line]:
    """Measure the Desk's steps: samples, and the snapshots of a whole raster and a history."""
    engine = _engine()
    topics = {
        "overlays": overlays_topic(NAME, "1m", 200),
        "trend": trend_topic(NAME),
        "heatmap": heatmap_topic(NAME, COLUMNS, ROWS, 500),
    }
    taken: dict[str, list[float]] = {}
    at = NOW
    for number in range(400):
        at += SECOND // 2
        engine.desk.handle(Event(1, at, _changed(number + 2, at)))
        if number % 20 == 0:
            for topic in topics.values():
                wanted = TopicWanted(ts_event=at, ts_recv=at, topic=topic)
                engine.desk.handle(Event(1, at, wanted))
        steps = {"sample": f"analyst-sample/{NAME}"}
        steps |= {name: f"analyst/{topic}" for name, topic in topics.items()}
        for name, key in steps.items():
            done = AnalysisDone(ts_event=at, ts_recv=at, topic=topics.get(name, ""), view=None)
            engine.desk.handle(Event(1, at, done))
            timer = TimerFired(ts_event=at, ts_recv=at, key=key, due=at)
            begun = time.thread_time_ns()
            engine.desk.handle(Event(1, at, timer))
            taken.setdefault(name, []).append((time.thread_time_ns() - begun) / 1_000)
    return [
        (f"Desk step: {name} (p50, p99)", median(found), quantiles(found, n=100)[98], "1 ms")
        for name, found in taken.items()
    ]


def _changed(number: int, at: int) -> DepthChanged:
    """Change one level far from the touch."""
    return DepthChanged(
        ts_event=at,
        ts_recv=at,
        instrument=NAME,
        first_id=number,
        last_id=number,
        bids=[(f"{61_650 - number % 40 / 10:.1f}", f"{number}.5")],
        asks=[],
    )


async def _round_trip(job: Job, times: int) -> tuple[float, float]:
    came = asyncio.Event()
    taken = []

    def publish(_: AnalysisDone) -> None:
        came.set()

    async with AnalystProcess(SystemClock(), publish) as analyst:
        for _ in range(times):
            came.clear()
            begun = time.perf_counter_ns()
            analyst.submit(job)
            await came.wait()
            taken.append((time.perf_counter_ns() - begun) / 1_000)
    return median(taken[1:]), taken[0]


def _trips() -> list[Line]:
    shots = tuple(
        BookSample(n, 100 * UNIT, 101 * UNIT, bytes(8 * 256), bytes(8 * 256))
        for n in range(COLUMNS)
    )
    job = heat_job(shots, rows=ROWS, base=UNIT)
    size = len(packed(job)) // 1_024
    found = asyncio.run(_round_trip(job, 30))
    return [(f"round trip to the process, {size} KiB (p50, first)", *found, "-")]


def test_analyst_costs_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what each part costs."""
    lines = [*_ticks(), *_frames(), *_steps(), *_trips()]

    with capsys.disabled():
        print(f"\n{'analyst, us':<64}{'median':>10}{'slow':>10}   goal")
        for name, middle, slow, goal in lines:
            print(f"  {name:<62}{middle:>10.1f}{slow:>10.1f}   {goal}")
    assert all(middle > 0 for _, middle, _, _ in lines)
