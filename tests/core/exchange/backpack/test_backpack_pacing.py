"""Budgets, pauses and the venue's time, all in virtual time."""

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exchange.backpack.budget import Budget, BudgetLimits, Lane
from core.exchange.backpack.latency import LatencyMeter
from core.exchange.backpack.pacing import Pacer, PacingLimits
from core.exchange.backpack.venue_clock import VenueClock

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
SMALL = BudgetLimits(
    total=32, entries=11, cancel_reserve=6, reconcile_reserve=4, history=3, span_secs=60
)
STEPS = st.lists(
    st.tuples(st.integers(0, 9 * SECOND), st.sampled_from(list(Lane)), st.integers(1, 12)),
    min_size=5,
    max_size=120,
)


class Ledger:
    """The naive oracle: every request that left in the last minute."""

    def __init__(self) -> None:
        self.sent: deque[tuple[int, Lane]] = deque()

    def note(self, now: int, lane: Lane) -> None:
        """Note a request."""
        self.sent.append((now, lane))

    def count(self, now: int, lane: Lane | None = None) -> int:
        """Count the requests of a lane, or of all, in the minute before `now`."""
        return sum(at > now - MINUTE and lane in {None, which} for at, which in self.sent)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_no_minute_sees_more_than_the_budget(steps: list[tuple[int, Lane, int]]) -> None:
    """Whatever is asked, in any order: totals hold and reserves stay reserved."""
    budget, ledger, now = Budget(SMALL), Ledger(), 0
    for pause, lane, wanted in steps:
        now += pause
        for _ in range(wanted):
            if budget.wait_ns(lane, now) == 0:
                budget.take(lane, now)
                ledger.note(now, lane)
        assert ledger.count(now) <= SMALL.total
        assert ledger.count(now, Lane.ENTRY) <= SMALL.entries
        assert ledger.count(now, Lane.HISTORY) <= SMALL.history
        for reserved, least in ((Lane.CANCEL, 6), (Lane.RECONCILE, 4)):
            assert budget.left(reserved, now) >= least - ledger.count(now, reserved)


def test_reserves_are_those_of_the_rule() -> None:
    """1,600 in all; 800 entries; 300 for cancels, 200 for reconciliation; 24 of history."""
    budget = Budget()
    taken = dict.fromkeys(Lane, 0)
    order = (Lane.HISTORY, Lane.ENTRY, Lane.QUERY, Lane.RECONCILE, Lane.CANCEL)
    for lane in order:
        while budget.wait_ns(lane, 0) == 0:
            budget.take(lane, 0)
            taken[lane] += 1

    assert taken == {
        Lane.HISTORY: 24,
        Lane.ENTRY: 800,
        Lane.QUERY: 276,
        Lane.RECONCILE: 200,
        Lane.CANCEL: 300,
    }
    assert budget.wait_ns(Lane.CANCEL, SECOND) == 59 * SECOND
    assert budget.left(Lane.CANCEL, MINUTE) == 1_400


def test_waiting_as_told_is_enough_in_the_end() -> None:
    """The wait is never zero while nothing may leave, and it ends."""
    budget, now = Budget(SMALL), 0
    for _ in range(200):
        while wait := budget.wait_ns(Lane.HISTORY, now):
            assert wait > 0
            now += wait
        budget.take(Lane.HISTORY, now)

    assert now >= (200 / 3 - 1) * MINUTE


def pacer() -> Pacer:
    """Make a pacer with the defaults."""
    return Pacer(PacingLimits(), random.Random(5))


def test_too_many_requests_stop_all_but_cancels() -> None:
    """10 s doubling to a minute, with jitter; cancels have a short pause of their own."""
    paced, now, pauses = pacer(), 0, []
    for _ in range(6):
        paced.told(Lane.QUERY, 429, None, now)
        assert paced.wait_ns(Lane.CANCEL, now) == 0
        pauses.append(paced.wait_ns(Lane.ENTRY, now) / SECOND)
        now += int(pauses[-1] * SECOND) + 1

    for pause, least in zip(pauses, (10, 20, 40, 60, 60, 60), strict=True):
        assert least <= pause <= least * 1.25
    paced.told(Lane.CANCEL, 429, None, now)
    assert 0.5 <= paced.wait_ns(Lane.CANCEL, now) / SECOND <= 1


def test_the_venues_own_wish_is_honoured() -> None:
    """`Retry-After` in seconds is the least; a date or nonsense is nothing."""
    paced = pacer()

    paced.told(Lane.QUERY, 429, "45", 0)
    assert paced.wait_ns(Lane.QUERY, 0) == 45 * SECOND
    paced = pacer()
    paced.told(Lane.QUERY, 429, "Fri, 31 Dec 1999 23:59:59 GMT", 0)
    assert paced.wait_ns(Lane.QUERY, 0) <= 12.5 * SECOND


def test_replies_that_were_under_way_do_not_lengthen_a_pause() -> None:
    """One burst over the limit is one pause."""
    paced = pacer()
    for _ in range(20):
        paced.told(Lane.QUERY, 429, None, 0)

    assert paced.pauses == 1


def test_one_server_error_is_no_trouble_three_are() -> None:
    """A single blip must not blind us."""
    paced = pacer()
    paced.told(Lane.QUERY, 502, None, 0)
    paced.told(Lane.QUERY, 502, None, 0)
    assert paced.paused_ns(0) == 0
    paced.told(Lane.QUERY, 200, None, 0)
    for _ in range(3):
        paced.told(Lane.QUERY, 502, None, 0)
    assert paced.paused_ns(0) >= 10 * SECOND


def test_queries_are_spaced_entries_are_not() -> None:
    """Ten a second; an order goes at once."""
    paced = pacer()
    paced.take(Lane.QUERY, 0)

    assert paced.wait_ns(Lane.RECONCILE, 0) == SECOND // 10
    assert paced.wait_ns(Lane.ENTRY, 0) == 0


# ---- the venue's time ------------------------------------------------------------------------


def compared(clock: VenueClock, offset_ms: int, up_ms: int, down_ms: int, at: int) -> None:
    """Compare once with a venue that is ahead, over an uneven line."""
    sent = at
    received = sent + (up_ms + down_ms) * 1_000_000
    venue = sent + up_ms * 1_000_000 + offset_ms * 1_000_000
    clock.compare(sent_at=sent, received_at=received, venue_ns=venue, wall_ns=received)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(-20_000, 20_000),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=12),
)
def test_the_truth_lies_within_the_bound(offset_ms: int, legs: list[tuple[int, int]]) -> None:
    """However uneven the line, the error is at most half the round trip of the sample used."""
    clock = VenueClock()
    for number, (up, down) in enumerate(legs):
        compared(clock, offset_ms, up, down, number * SECOND)

    bound = clock.bound_ns
    assert bound is not None
    assert abs(clock.offset_ns(0, 0) - offset_ms * 1_000_000) <= bound


def test_one_bad_comparison_does_not_move_the_estimate() -> None:
    """The median of five stands against an outlier."""
    clock = VenueClock()
    for number in range(4):
        compared(clock, 40, 5, 5, number * SECOND)
    compared(clock, 40, 900, 0, 5 * SECOND)

    assert clock.offset_ns(0, 0) == 40_000_000
    assert clock.bound_ns == 6_000_000


def test_doubt_lets_the_next_comparison_count_alone() -> None:
    """After `Request has expired` old comparisons prove nothing."""
    clock = VenueClock()
    for number in range(5):
        compared(clock, 0, 5, 5, number)
    clock.doubt()
    compared(clock, 9_000, 5, 5, SECOND)

    assert clock.offset_ns(0, 0) == 9 * SECOND


def test_a_step_of_the_wall_clock_is_seen_and_does_not_move_signatures() -> None:
    """Venue time runs on the monotonic clock."""
    clock = VenueClock()
    compared(clock, 0, 5, 5, SECOND)

    assert not clock.has_stepped(3 * SECOND, 3 * SECOND)
    assert clock.has_stepped(3 * SECOND, 8 * SECOND)
    assert clock.now(3 * SECOND, 8 * SECOND) == 3 * SECOND


@pytest.mark.parametrize(
    ("offset_ms", "leg_ms", "is_good"), [(0, 100, True), (501, 10, False), (0, 260, False)]
)
def test_skew_beyond_the_rule_is_no_good_clock(
    offset_ms: int, leg_ms: int, *, is_good: bool
) -> None:
    """500 ms of offset, 250 ms of error."""
    clock = VenueClock()
    assert not clock.is_good(0, 0)
    compared(clock, offset_ms, leg_ms, leg_ms, 0)

    assert clock.is_good(0, 0) is is_good


def test_quantiles_of_round_trips() -> None:
    """The middle and the slow end."""
    meter = LatencyMeter()
    assert meter.quantiles().p50_ms is None
    for number in range(1, 101):
        meter.add(number * 1_000_000)

    found = meter.quantiles()
    assert (found.count, found.p50_ms, found.p99_ms) == (100, 51.0, 100.0)
