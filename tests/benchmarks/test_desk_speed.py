"""One Desk step for a Backpack-sized depth frame, with two idle strategies. Prints a table.

Run with `pytest -m benchmark_only -s tests/benchmarks/test_desk_speed.py`.
"""

import time
from statistics import median, quantiles

import pytest

from core.domain.events import BookSnapshotSeen, Event
from core.domain.facts import Mode, StrategySwitched
from core.domain.ids import InstrumentId, StrategyId, VenueId
from core.exchange.backpack.codec import BackpackCodec
from core.runtime.assembly import DeskSettings, Engine, begin, build
from tests.benchmarks.depth_frames import FIRST_ID, SYMBOL, FrameSource
from tests.benchmarks.idle_strategy import idle_pair

pytestmark = pytest.mark.benchmark_only

FRAMES = 20_000
VENUE = VenueId("here")
INSTRUMENT = InstrumentId(f"here:{SYMBOL}")


def _engine(source: FrameSource) -> Engine:
    settings = DeskSettings(
        mode=Mode.REPLAY, venues=(VENUE,), watchlist=(INSTRUMENT,), can_query=False
    )
    engine = build(settings, idle_pair(INSTRUMENT), time.monotonic_ns)
    switched = [
        StrategySwitched(at=0, strategy=StrategyId(name), is_on=True, by="benchmark")
        for name in ("idle-one", "idle-two")
    ]
    begin(engine, switched, 1, 1)
    bids, asks = source.snapshot()
    snapshot = BookSnapshotSeen(
        ts_event=1,
        ts_recv=1,
        instrument=INSTRUMENT,
        last_id=FIRST_ID,
        bids=[(price, size) for price, size in bids],
        asks=[(price, size) for price, size in asks],
    )
    engine.desk.handle(Event(1, 1, snapshot))
    return engine


def test_desk_step_is_printed() -> None:
    """The step is measured alone and with decoding; both strategies heard every frame."""
    source = FrameSource(7)
    engine = _engine(source)
    frames = [source.frame() for _ in range(FRAMES)]
    codec = BackpackCodec(VENUE)
    handle, clock = engine.desk.handle, time.perf_counter_ns
    steps, whole = [], []
    for number, frame in enumerate(frames, start=2):
        begun = clock()
        (body,) = codec.decode(frame, number)
        decoded = clock()
        handle(Event(number, number, body))
        ended = clock()
        steps.append((ended - decoded) / 1_000)
        whole.append((ended - begun) / 1_000)

    heard = [seat.state for seat in engine.rooms.host.seats.values()]
    assert heard == [FRAMES, FRAMES]
    rows = (("Desk step", steps), ("decode + Desk step", whole))
    print(f"\n{'us a frame':24}{'median':>9}{'p99':>9}")
    for name, values in rows:
        print(f"{name:24}{median(values):9.1f}{quantiles(values, n=100)[98]:9.1f}")
