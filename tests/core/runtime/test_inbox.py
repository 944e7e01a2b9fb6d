"""The inbox: two lanes, one order, and nothing lost that must not be."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.events import (
    Body,
    BookSnapshotSeen,
    DepthChanged,
    MarkPriceSeen,
    QuoteSeen,
    TextLevel,
    TimerFired,
    TradeSeen,
)
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.runtime.inbox import Inbox, merged
from tests.core.builders import SOL_PERP, SOL_SPOT


def depth(
    first: int,
    last: int,
    bids: list[TextLevel] | None = None,
    asks: list[TextLevel] | None = None,
    *,
    name: InstrumentId = SOL_PERP,
    prev: int | None = None,
) -> DepthChanged:
    """Make one depth frame."""
    return DepthChanged(
        ts_event=last,
        ts_recv=last,
        instrument=name,
        first_id=first,
        last_id=last,
        prev_id=prev,
        bids=bids or [],
        asks=asks or [],
    )


def quote(number: int, name: InstrumentId = SOL_PERP) -> QuoteSeen:
    """Make one best bid and ask."""
    return QuoteSeen(
        ts_event=number,
        ts_recv=number,
        instrument=name,
        update_id=number,
        bid="1",
        bid_size="1",
        ask="2",
        ask_size="1",
    )


def trade(number: int) -> TradeSeen:
    """Make one print."""
    return TradeSeen(
        ts_event=number,
        ts_recv=number,
        instrument=SOL_PERP,
        trade_id=number,
        price="1",
        size="1",
        aggressor_side=Side.BUY,
    )


def mark(number: int) -> MarkPriceSeen:
    """Make one mark price."""
    return MarkPriceSeen(
        ts_event=number,
        ts_recv=number,
        instrument=SOL_PERP,
        mark_price="1",
        index_price=None,
        funding_rate=None,
        next_funding_ts=None,
    )


def timer(key: str) -> TimerFired:
    """Make one body of the first lane."""
    return TimerFired(ts_event=0, ts_recv=0, key=key, due=0)


def popped(inbox: Inbox) -> list[Body]:
    """Take everything."""
    found = []
    while (event := inbox.pop(0)) is not None:
        found.append(event.body)
    return found


def test_private_lane_is_always_drained_first() -> None:
    """A command never waits behind market data."""
    inbox = Inbox()
    inbox.put(trade(1))
    inbox.put(timer("a"))
    inbox.put(quote(2))
    inbox.put(timer("b"))

    assert popped(inbox) == [timer("a"), timer("b"), trade(1), quote(2)]


def test_seq_is_contiguous_and_time_never_goes_back() -> None:
    """The pump alone stamps; a clock that steps back does not reach the Desk."""
    inbox = Inbox(first_seq=7)
    for number in range(4):
        inbox.put(trade(number))

    events = [inbox.pop(now) for now in (100, 50, 120, 110)]

    assert [e.seq for e in events if e] == [7, 8, 9, 10]
    assert [e.at for e in events if e] == [100, 100, 120, 120]
    assert inbox.pop(0) is None


def test_contiguous_depth_frames_of_one_book_are_merged() -> None:
    """First ids of the first frame, last id and time of the last, last size of each price."""
    inbox = Inbox()
    inbox.put(depth(1, 2, [("10", "1")], [("11", "5")]))
    inbox.put(depth(3, 5, [("10", "2"), ("9", "1")], [("11", "0")]))

    (body,) = popped(inbox)

    assert body == depth(1, 5, [("10", "2"), ("9", "1")], [("11", "0")])
    assert inbox.statistics().merged_depth == 1


def test_depth_frames_with_a_gap_are_not_merged() -> None:
    """A gap has to be seen by the book."""
    inbox = Inbox()
    inbox.put(depth(1, 2))
    inbox.put(depth(4, 5))

    assert popped(inbox) == [depth(1, 2), depth(4, 5)]


def test_depth_frames_chained_by_previous_id_merge_only_along_the_chain() -> None:
    """Where a venue names the previous frame, that is what makes frames contiguous."""
    inbox = Inbox()
    inbox.put(depth(1, 2, prev=0))
    inbox.put(depth(9, 12, prev=2))
    inbox.put(depth(13, 14, prev=11))

    assert popped(inbox) == [depth(1, 12, prev=0), depth(13, 14, prev=11)]


def test_depth_frames_are_not_merged_across_a_snapshot() -> None:
    """What came after a snapshot stays after it."""
    inbox = Inbox()
    snapshot = BookSnapshotSeen(
        ts_event=0, ts_recv=0, instrument=SOL_PERP, last_id=2, bids=[], asks=[]
    )
    inbox.put(depth(1, 2))
    inbox.put(snapshot)
    inbox.put(depth(3, 4))

    assert popped(inbox) == [depth(1, 2), snapshot, depth(3, 4)]


def test_depth_frames_of_two_books_do_not_mix() -> None:
    """Merging looks at one book only."""
    inbox = Inbox()
    inbox.put(depth(1, 1))
    inbox.put(depth(2, 2, name=SOL_SPOT))

    assert popped(inbox) == [depth(1, 1), depth(2, 2, name=SOL_SPOT)]


@pytest.mark.parametrize("make", [quote, mark])
def test_quotes_and_marks_keep_the_latest_only(make: Callable[[int], Body]) -> None:
    """A superseded quote is of no use to anybody."""
    inbox = Inbox()
    for number in range(5):
        inbox.put(make(number))

    assert popped(inbox) == [make(4)]
    assert inbox.statistics().replaced == 4
    inbox.put(make(9))
    assert popped(inbox) == [make(9)]


def test_trades_beyond_the_bound_are_dropped_and_counted() -> None:
    """Only trades may be lost, and it is said how many."""
    inbox = Inbox(trade_bound=10)
    for number in range(25):
        inbox.put(trade(number))
    inbox.put(depth(1, 1))
    inbox.put(timer("a"))

    found = popped(inbox)

    assert sum(isinstance(body, TradeSeen) for body in found) == 10
    assert inbox.statistics().dropped_trades == 15
    assert timer("a") in found
    assert depth(1, 1) in found


texts = st.sampled_from(["10", "10.0", "10.00", "9.5", "9.50", "11"])
sizes = st.sampled_from(["0", "0.00", "1", "2.5", "7"])
levels = st.lists(st.tuples(texts, sizes), max_size=4)


@given(st.lists(st.tuples(levels, levels), min_size=1, max_size=8))
def test_merged_depth_gives_the_book_that_single_frames_give(
    frames: list[tuple[list[TextLevel], list[TextLevel]]],
) -> None:
    """Applying the merged frame equals applying every frame, however prices are spelled."""
    bodies = [depth(n, n, list(bids), list(asks)) for n, (bids, asks) in enumerate(frames, 1)]

    joined = merged(bodies)

    assert _book([joined]) == _book(bodies)
    assert (joined.first_id, joined.last_id) == (1, len(frames))


@pytest.mark.parametrize("seed", range(20))
def test_inbox_over_random_traffic_loses_only_what_it_counts(seed: int) -> None:
    """Whatever comes in is popped, merged, replaced or counted; depth and private never vanish."""
    rng = random.Random(seed)
    inbox = Inbox(trade_bound=30)
    put: Counter[str] = Counter()
    events = []
    last_ids = dict.fromkeys((SOL_PERP, SOL_SPOT), 0)
    for number in range(600):
        kind = rng.randrange(5)
        if kind == 0:
            name = rng.choice((SOL_PERP, SOL_SPOT))
            first = last_ids[name] + 1
            last_ids[name] = first + rng.randrange(3)
            inbox.put(depth(first, last_ids[name], name=name))
        elif kind == 4:
            while rng.random() < 0.9 and (event := inbox.pop(number)) is not None:
                events.append(event)
            continue
        else:
            inbox.put((timer(str(number)), quote(number), trade(number))[kind - 1])
        put[("depth", "timer", "quote", "trade")[kind]] += 1
    while (event := inbox.pop(0)) is not None:
        events.append(event)
    seen = Counter(type(event.body) for event in events)
    statistics = inbox.statistics()

    assert seen[TimerFired] == put["timer"]
    assert seen[TradeSeen] + statistics.dropped_trades == put["trade"]
    assert seen[QuoteSeen] + statistics.replaced == put["quote"]
    assert seen[DepthChanged] + statistics.merged_depth == put["depth"]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.at for event in events] == sorted(event.at for event in events)
    for name in last_ids:
        frames = [e.body for e in events if isinstance(e.body, DepthChanged)]
        own = [frame for frame in frames if frame.instrument == name]
        assert all(b.first_id == a.last_id + 1 for a, b in pairwise(own))


def _book(bodies: list[DepthChanged]) -> tuple[dict[float, float], dict[float, float]]:
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    for body in bodies:
        for side, changes in ((bids, body.bids), (asks, body.asks)):
            for price, size in changes:
                if float(size):
                    side[float(price)] = float(size)
                else:
                    side.pop(float(price), None)
    return bids, asks
