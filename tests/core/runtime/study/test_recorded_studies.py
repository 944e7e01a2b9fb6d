"""A real stream through the Desk: what the study kept equals plain counts over the recording."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any

import pytest

from core.analysis import pulled
from core.domain.events import BookSnapshotSeen, DepthChanged, Event, StudyWanted, TradeSeen
from core.domain.facts import Mode
from core.domain.fixed import UNIT, scaled
from core.domain.ids import InstrumentId, VenueId
from core.domain.order import Side
from core.domain.study_views import depth_topic, flow_topic, profile_topic
from core.domain.views import BookState, FrameRequest, TapeMode, ladder_topic, tape_topic
from core.exchange.binance.capture import BinanceCapture
from core.runtime.assembly import DeskSettings, Engine, begin, build
from core.runtime.study import market_study
from tests.core.analysis.recordings import needs_recordings, text_of

pytestmark = needs_recordings
VENUE = VenueId("binance")
FRAMES = 12_000
_NEVER = 10**18
NAMES = {
    "binance-spot_btcusdt_2024-08-08": "binance:BTCUSDT",
    "binance-usdm_ethusdt_2024-08-08": "binance:ETHUSDT",
}
Bodies = DepthChanged | TradeSeen | BookSnapshotSeen


def _lines(name: str) -> Iterator[tuple[int, bytes]]:
    for line in text_of(f"l2/{name}.tslog.gz").splitlines():
        at, _, frame = line.partition(" ")
        yield int(at), frame.encode()


@cache
def _bodies(name: str) -> tuple[tuple[int, Bodies], ...]:
    """Return depth frames, prints and the book they start from, in the order they came."""
    decode = BinanceCapture(VENUE).decode
    found: list[tuple[int, Bodies]] = []
    for at, line in _lines(name):
        bodies = decode(line, at)
        found.extend((at, body) for body in bodies if isinstance(body, Bodies))
        if len(found) >= FRAMES:
            break
    return tuple(found)


class _Run:
    """One recording played with its market studied from the first frame on."""

    def __init__(self, name: str) -> None:
        self.name = InstrumentId(NAMES[name])
        settings = DeskSettings(
            mode=Mode.REPLAY, venues=(VENUE,), watchlist=(self.name,), can_query=False
        )
        self.engine: Engine = build(settings, (), lambda: 0)
        begin(self.engine, (), 1, 1)
        self.at = 1
        self._seq = 1
        wanted = StudyWanted(ts_event=1, ts_recv=1, instrument=self.name)
        self.step(1, wanted)

    def step(self, at: int, body: Bodies | StudyWanted) -> None:
        """Take one step."""
        self._seq += 1
        self.at = max(self.at, at)
        self.engine.desk.handle(Event(self._seq, self.at, body))


@pytest.fixture(name="_unforgetting")
def fixture_unforgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be forgotten, so that all that happened can be added up."""
    monkeypatch.setattr(market_study, "RESET_NS", _NEVER)
    monkeypatch.setattr(pulled, "PRINT_JOINS_NS", _NEVER)
    monkeypatch.setattr(pulled, "CHANGES_KEPT", 10**6)


@pytest.mark.usefixtures("_unforgetting")
@pytest.mark.parametrize("name", list(NAMES))
def test_study_of_a_recorded_stream_equals_plain_counts(name: str) -> None:
    """Traded by price, the delta series, and the balance of book, prints and withdrawals."""
    run = _Run(name)
    sold: dict[int, int] = defaultdict(int)
    bought: dict[int, int] = defaultdict(int)
    by_second: dict[int, int] = defaultdict(int)
    begun: dict[int, int] | None = None
    traded_since: dict[int, int] = defaultdict(int)
    for at, body in _bodies(name):
        run.step(at, body)
        study = run.engine.rooms.studies.by_id[run.name]
        if isinstance(body, TradeSeen):
            price, size = scaled(body.price), scaled(body.size)
            is_buy = body.aggressor_side is Side.BUY
            (bought if is_buy else sold)[price] += size
            by_second[body.ts_event // 10**9] += size if is_buy else -size
            if begun is not None:
                traded_since[-price if is_buy else price] += size
        elif begun is None and study.changes.sizes:
            begun = dict(study.changes.sizes)

    study = run.engine.rooms.studies.by_id[run.name]
    market = study.market
    assert market.splice.state is BookState.VALID
    assert begun is not None
    assert {key: size for key, size in study.traded.by_key.items() if key > 0} == dict(sold)
    assert {-key: size for key, size in study.traded.by_key.items() if key < 0} == dict(bought)
    points = study.series.points()
    expected = [(second, delta / UNIT) for second, delta in by_second.items()]
    assert [(point.second, point.delta) for point in points] == expected[-len(points) :]
    running = [total / UNIT for total in accumulate(by_second.values())]
    assert [point.cumulative for point in points] == running[-len(points) :]

    book = dict(market.splice.book.bids)
    book.update((-price, size) for price, size in market.splice.book.asks)
    assert study.changes.sizes == book
    assert len(study.changes.by_key) > 500
    for key, change in study.changes.by_key.items():
        moved = book.get(key, 0) - begun.get(key, 0)
        traded = traded_since.get(key, 0) - study.changes.waiting(key)
        assert change.stacked - change.pulled == moved + traded


@pytest.mark.parametrize("name", list(NAMES))
def test_views_of_a_recorded_stream_are_all_there(name: str) -> None:
    """After ten thousand frames every view holds what a pane draws."""
    run = _Run(name)
    for at, body in _bodies(name):
        run.step(at, body)
    topics = {
        "ladder": ladder_topic(run.name, 20, 10),
        "tape": tape_topic(run.name, 50, TapeMode.SWEEPS, 1_000),
        "depth": depth_topic(run.name),
        "flow": flow_topic(run.name),
        "profile": profile_topic(run.name, 10),
    }
    request = FrameRequest(versions=dict.fromkeys(topics.values(), 0))
    views: dict[str, Any] = dict(run.engine.frames.frame(request, run.at).views)
    depth, flow = views[topics["depth"]], views[topics["flow"]]
    profile = views[topics["profile"]]

    assert len(views) == len(topics)
    assert depth.spread_bps > 0
    assert depth.spread_history
    assert all(window.value is not None for window in depth.order_flow)
    assert flow.sweeps
    assert flow.effective_bps is not None
    assert profile.value_low <= profile.point_of_control <= profile.value_high
    assert views[topics["ladder"]].notes
