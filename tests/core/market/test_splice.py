"""The splice of snapshot and deltas: its rule, and truth under every kind of loss."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.events import BookSnapshotSeen, DepthChanged
from core.domain.order import Side
from core.domain.views import BookState
from core.market.book import OrderBook
from core.market.counters import MarketCounters
from core.market.splice import BookSplice, SpliceLimits
from tests.core.market.market_bodies import MS, SECOND, depth, snapshot


def fresh(limits: SpliceLimits | None = None) -> BookSplice:
    """Make an empty splice."""
    return BookSplice(OrderBook(), MarketCounters(), limits or SpliceLimits())


def assert_state(splice: BookSplice, state: BookState) -> None:
    """Say what a book must be worth now."""
    assert splice.state is state


def joined() -> BookSplice:
    """Make a valid book at id 10."""
    splice = fresh()
    splice.receive(depth(10), 0)
    splice.load(snapshot(10), 0)
    assert_state(splice, BookState.VALID)
    return splice


def test_first_frame_asks_for_a_snapshot() -> None:
    """A book without a snapshot is syncing and asks."""
    splice = fresh()
    assert_state(splice, BookState.EMPTY)

    splice.receive(depth(5), 0)

    assert_state(splice, BookState.SYNCING)
    assert splice.is_asking


def test_buffered_frames_after_the_snapshot_are_applied_and_older_dropped() -> None:
    """Frames up to L are in the snapshot; the first after it spans L + 1."""
    splice = fresh()
    splice.receive(depth(8, 9, bids=[("50", "1")]), 0)
    splice.receive(depth(10, 12, bids=[("98", "1")]), 0)

    splice.load(snapshot(11), 0)

    assert_state(splice, BookState.VALID)
    assert splice.last_id == 12
    assert [price for price, _ in splice.book.levels(Side.BUY, 9)] == [99 * 10**10, 98 * 10**10]


def test_snapshot_ahead_of_the_socket_waits_for_the_socket() -> None:
    """REST may be ahead: frames it holds already are dropped until one goes beyond."""
    splice = fresh()
    splice.receive(depth(5), 0)
    splice.load(snapshot(7), 0)
    assert_state(splice, BookState.SYNCING)

    splice.receive(depth(6), 0)
    assert_state(splice, BookState.SYNCING)
    splice.receive(depth(7), 0)
    assert_state(splice, BookState.VALID)

    assert splice.receive(depth(8), 0)


def test_snapshot_older_than_the_first_frame_is_asked_again() -> None:
    """With a hole between snapshot and frames nothing can be joined."""
    splice = fresh()
    splice.receive(depth(20), 0)

    splice.load(snapshot(18), 0)

    assert splice.is_asking
    assert_state(splice, BookState.SYNCING)
    splice.load(snapshot(20), 0)
    assert_state(splice, BookState.VALID)


def test_chained_ids_join_around_the_snapshot_and_then_follow_prev() -> None:
    """Where frames chain by the previous last id, ids inside may jump."""
    splice = fresh()
    splice.receive(depth(90, 95, prev=80), 0)
    splice.receive(depth(100, 110, prev=95), 0)
    splice.load(snapshot(104), 0)
    assert_state(splice, BookState.VALID)

    assert splice.receive(depth(130, 140, prev=110), 0)
    assert not splice.receive(depth(160, 170, prev=150), 0)

    assert_state(splice, BookState.INVALID)


@pytest.mark.parametrize(
    "frame", [depth(12), depth(10), depth(9), depth(11, 10), depth(5, 20)], ids=str
)
def test_gap_repeat_and_regress_void_the_book(frame: DepthChanged) -> None:
    """After id 10 only a frame that begins at 11 and ends there or later is right."""
    splice = joined()

    assert not splice.receive(frame, 0)

    assert_state(splice, BookState.INVALID)
    assert splice.is_asking
    assert splice.book.best_bid is None


def test_crossed_book_is_not_valid_and_thrown_away_when_it_lasts() -> None:
    """A short crossing only suspends the book; a long one ends it."""
    splice = joined()
    assert not splice.receive(depth(11, bids=[("102", "1")]), SECOND)
    assert_state(splice, BookState.INVALID)
    assert not splice.is_asking

    assert splice.receive(depth(12, bids=[("102", "0")]), SECOND + 100 * MS)
    assert_state(splice, BookState.VALID)

    splice.receive(depth(13, bids=[("102", "1")]), 2 * SECOND)
    splice.check_crossed(2 * SECOND + 251 * MS)
    assert splice.is_asking


def test_crossed_snapshot_is_refused() -> None:
    """A whole book that is crossed is no book."""
    splice = fresh()
    splice.receive(depth(5), 0)

    splice.load(snapshot(5, [("102", "1")], [("101", "1")]), 0)

    assert_state(splice, BookState.SYNCING)
    assert splice.is_asking


def test_quiet_market_is_valid_by_its_snapshot_after_a_while() -> None:
    """When no frame follows, the snapshot is the book."""
    splice = fresh()
    splice.load(snapshot(5), 0)

    assert not splice.settle(999 * MS)
    assert splice.settle(SECOND)

    assert_state(splice, BookState.VALID)


def test_buffer_is_bounded() -> None:
    """Frames that wait for a snapshot that never comes do not pile up."""
    splice = fresh(SpliceLimits(buffer_frames=10))

    for number in range(1, 1_000):
        splice.receive(depth(number), 0)
    splice.load(snapshot(995), 0)

    assert_state(splice, BookState.VALID)


class _World(NamedTuple):
    """Frames of a market, and the true book after each id."""

    frames: list[DepthChanged]
    truth: dict[int, tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]]


def _world(moves: list[tuple[bool, int, int]], *, chained: bool) -> _World:
    bids: dict[str, str] = {"99": "1"}
    asks: dict[str, str] = {"101": "1"}
    step = 3 if chained else 1
    last = 0
    truth = {0: (frozenset(bids.items()), frozenset(asks.items()))}
    frames = []
    for is_bid, offset, size in moves:
        side, price = (bids, str(99 - offset)) if is_bid else (asks, str(101 + offset))
        if size:
            side[price] = str(size)
        else:
            side.pop(price, None)
        level = [(price, str(size))]
        first = last + step
        frames.append(
            depth(
                first,
                bids=level if is_bid else [],
                asks=[] if is_bid else level,
                prev=last if chained else None,
            )
        )
        last = first
        truth[last] = (frozenset(bids.items()), frozenset(asks.items()))
    return _World(frames, truth)


def _snapshot_of(world: _World, last_id: int) -> BookSnapshotSeen:
    bids, asks = world.truth[last_id]
    return snapshot(last_id, list(bids), list(asks))


MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 3)), max_size=60)
FAULTS = st.lists(
    st.sampled_from(["pass"] * 8 + ["drop", "repeat", "swap", "snapshot", "old snapshot"]),
    max_size=80,
)


@given(MOVES, FAULTS, st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_valid_book_is_the_true_book_at_its_id(
    moves: list[tuple[bool, int, int]],
    faults: list[str],
    chained: bool,  # noqa: FBT001
    data: st.DataObject,
) -> None:
    """Whatever is lost, repeated or reordered: a book that says VALID equals the venue's."""
    world = _world(moves, chained=chained)
    splice = fresh(SpliceLimits(buffer_frames=8))
    waiting = list(world.frames)
    passed = 0
    for fault in [*faults, *["pass"] * len(waiting)]:
        if fault == "snapshot":
            splice.load(_snapshot_of(world, passed), 0)
        elif fault == "old snapshot":
            splice.load(_snapshot_of(world, data.draw(st.sampled_from(sorted(world.truth)))), 0)
        elif waiting and fault == "swap" and len(waiting) > 1:
            waiting[0], waiting[1] = waiting[1], waiting[0]
        elif waiting:
            frame = waiting.pop(0)
            passed = max(passed, frame.last_id)
            for _ in range({"drop": 0, "repeat": 2}.get(fault, 1)):
                splice.receive(frame, 0)
        if splice.state is BookState.VALID:
            _assert_true(splice, world)


def _assert_true(splice: BookSplice, world: _World) -> None:
    bids, asks = world.truth[splice.last_id]
    unit = 10**10
    assert dict(splice.book.bids) == {int(p) * unit: int(s) * unit for p, s in bids}
    assert dict(splice.book.asks) == {int(p) * unit: int(s) * unit for p, s in asks}


@given(MOVES)
@settings(max_examples=100, deadline=None)
def test_healed_stream_ends_valid(moves: list[tuple[bool, int, int]]) -> None:
    """After any trouble one good snapshot and good frames make a valid book again."""
    world = _world(moves, chained=False)
    splice = joined()
    splice.receive(depth(500), 0)
    assert_state(splice, BookState.INVALID)
    splice.void()

    for index, frame in enumerate(world.frames):
        splice.receive(frame, 0)
        if index == len(world.frames) // 2:
            splice.load(_snapshot_of(world, frame.last_id), 0)

    assert_state(splice, BookState.VALID if world.frames else BookState.EMPTY)
