"""A Desk step with a studied market, and what each view of the studies costs. Prints a table.

Processor time of this thread, so that a busy machine counts less. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_study_speed.py`.
"""

import random
import time
from collections.abc import Iterator
from statistics import median, quantiles

import pytest

from core.domain.codec import packed
from core.domain.events import Body, BookSnapshotSeen, Event, StudyWanted, TradeSeen
from core.domain.facts import Mode
from core.domain.ids import InstrumentId, VenueId
from core.domain.order import Side
from core.domain.study_views import FUNDING, PAIRS, depth_topic, flow_topic, profile_topic
from core.domain.views import FrameRequest, TapeMode, candles_topic, ladder_topic, tape_topic
from core.exchange.backpack.codec import BackpackCodec
from core.runtime.assembly import DeskSettings, Engine, begin, build
from tests.benchmarks.depth_frames import FIRST_ID, SYMBOL, FrameSource

pytestmark = pytest.mark.benchmark_only

FRAMES = 20_000
FRAME_NS = 10_000_000
PRINTS = 25_000
START = 1_790_915_525_000_000_000
VENUE = VenueId("here")
INSTRUMENT = InstrumentId(f"here:{SYMBOL}")
TOPICS = (
    ladder_topic(INSTRUMENT, 40, 1),
    ladder_topic(INSTRUMENT, 60, 50),
    tape_topic(INSTRUMENT, 100),
    tape_topic(INSTRUMENT, 100, TapeMode.SWEEPS, 100_000),
    candles_topic(INSTRUMENT, "1m", 200),
    depth_topic(INSTRUMENT),
    flow_topic(INSTRUMENT),
    profile_topic(INSTRUMENT, 1),
    profile_topic(INSTRUMENT, 10),
    FUNDING,
    PAIRS,
)


def _engine(source: FrameSource, *, is_studied: bool) -> Engine:
    settings = DeskSettings(
        mode=Mode.REPLAY, venues=(VENUE,), watchlist=(INSTRUMENT,), can_query=False
    )
    engine = build(settings, (), time.monotonic_ns)
    begin(engine, (), 1, START)
    bids, asks = source.snapshot()
    bodies: list[Body] = [
        BookSnapshotSeen(
            ts_event=1,
            ts_recv=1,
            instrument=INSTRUMENT,
            last_id=FIRST_ID,
            bids=[(price, size) for price, size in bids],
            asks=[(price, size) for price, size in asks],
        )
    ]
    if is_studied:
        bodies.append(StudyWanted(ts_event=1, ts_recv=1, instrument=INSTRUMENT))
    for body in bodies:
        engine.desk.handle(Event(1, START, body))
    return engine


def _prints(count: int) -> Iterator[TradeSeen]:
    chance, tick = random.Random(7), 866_000
    for number in range(count):
        tick += chance.choice((-3, -2, -1, 0, 0, 1, 2, 3))
        yield TradeSeen(
            ts_event=START + number * FRAME_NS,
            ts_recv=1,
            instrument=INSTRUMENT,
            trade_id=number,
            price=f"{tick // 10}.{tick % 10}",
            size=f"{chance.randint(1, 99_999) / 10_000:.4f}",
            aggressor_side=chance.choice((Side.BUY, Side.SELL)),
        )


def _depth_steps(*, is_studied: bool) -> list[float]:
    """Return the us of each depth step, 100 frames a second of engine time."""
    source = FrameSource(7)
    engine = _engine(source, is_studied=is_studied)
    codec, handle, clock = BackpackCodec(VENUE), engine.desk.handle, time.thread_time_ns
    frames = [source.frame() for _ in range(FRAMES)]
    taken = []
    for number, frame in enumerate(frames, start=2):
        (body,) = codec.decode(frame, number)
        event = Event(number, START + number * FRAME_NS, body)
        begun = clock()
        handle(event)
        taken.append((clock() - begun) / 1_000)
    study = engine.rooms.studies.by_id.get(INSTRUMENT)
    assert is_studied == (study is not None)
    assert study is None or len(study.spreads) > 100
    return taken


def _print_steps(engine: Engine) -> list[float]:
    taken = []
    for number, body in enumerate(_prints(PRINTS), start=2):
        event = Event(number, START + number * FRAME_NS, body)
        begun = time.thread_time_ns()
        engine.desk.handle(event)
        taken.append((time.thread_time_ns() - begun) / 1_000)
    return taken


def _view_times(engine: Engine, source: FrameSource) -> dict[str, list[float]]:
    """Build every view after each of some frames, as a cockpit that looks at all would."""
    taken: dict[str, list[float]] = {topic: [] for topic in TOPICS}
    codec = BackpackCodec(VENUE)
    at = START + PRINTS * FRAME_NS
    for number in range(60):
        at += 1_000_000_000
        for _ in range(30):
            (body,) = codec.decode(source.frame(), at)
            engine.desk.handle(Event(number, at, body))
        for topic in TOPICS:
            begun = time.thread_time_ns()
            frame = engine.frames.frame(FrameRequest(versions={topic: 0}), at)
            taken[topic].append((time.thread_time_ns() - begun) / 1_000)
            assert topic in frame.views
    return taken


def _row(name: str, values: list[float], more: str = "") -> None:
    print(f"  {name:44}{median(values):9.1f}{quantiles(values, n=100)[98]:9.1f}  {more}")


def test_study_costs_are_printed() -> None:
    """Steps with and without a study, then each view with its size on the link."""
    plain, studied = _depth_steps(is_studied=False), _depth_steps(is_studied=True)
    source = FrameSource(8)
    engine = _engine(source, is_studied=True)
    prints = _print_steps(engine)
    views = _view_times(engine, source)

    print(f"\n  {'us':44}{'median':>9}{'p99':>9}")
    _row("Desk step, depth, nobody looks", plain)
    _row("Desk step, depth, studied", studied, f"most {max(studied):.0f}")
    _row("Desk step, print, studied, 20,000 held", prints[-5_000:], f"most {max(prints):.0f}")
    at = START + (PRINTS + 10_000) * FRAME_NS
    for topic, values in views.items():
        (view,) = engine.frames.frame(FrameRequest(versions={topic: 0}), at).views.values()
        name = topic.replace(f"{INSTRUMENT}", "*")
        _row(name, values, f"most {max(values):.0f}, {len(packed(view)):,} bytes")
