"""When a venue counts as stressed: 503s, a status that is not Ok, answers ten times slower."""

import pytest

from core.exchange.backpack.condition import (
    CALM_AFTER_NS,
    LEAST_SLOW_NS,
    SLOWNESS,
    Condition,
    ConditionWatch,
)

MS = 1_000_000


def used(round_trip_ns: int = 50 * MS, count: int = 30) -> ConditionWatch:
    """Make a watch that knows how fast answers usually are."""
    watch = ConditionWatch()
    for _ in range(count):
        watch.answered(200, round_trip_ns, 0)
    return watch


def test_calm_venue_tells_nothing() -> None:
    """What did not change is not told."""
    assert used().changed(0, "") is None


def test_503_is_stress_for_a_minute_after_the_last_of_them() -> None:
    """Told once at its beginning and once at its end."""
    watch = used()
    watch.answered(503, 50 * MS, 0)
    begun = watch.changed(1, "")
    watch.answered(503, 50 * MS, 10)

    assert begun == Condition(is_stressed=True, is_open=True, detail="503")
    assert watch.changed(CALM_AFTER_NS + 9, "") is None
    assert watch.changed(CALM_AFTER_NS + 10, "") == Condition(
        is_stressed=False, is_open=True, detail=""
    )


@pytest.mark.parametrize(("factor", "is_stressed"), [(SLOWNESS, False), (SLOWNESS + 1, True)])
def test_answer_ten_times_slower_than_usual_is_stress(factor: int, *, is_stressed: bool) -> None:
    """More than ten times the middle of the newest answers."""
    watch = used(50 * MS)
    watch.answered(200, 50 * MS * factor, 5)

    assert (watch.changed(6, "") is not None) is is_stressed


def test_long_wait_without_an_answer_is_slow_too() -> None:
    """A hang is the slowest answer of all."""
    watch = used(50 * MS)
    watch.unanswered(10_000 * MS, 5)

    assert watch.changed(6, "") is not None


def test_slowness_is_not_judged_before_the_usual_is_known_nor_below_a_quarter_second() -> None:
    """A few answers prove no habit, and fast is never slow."""
    fresh, fast = used(count=19), used(MS)
    fresh.answered(200, 60_000 * MS, 5)
    fast.answered(200, LEAST_SLOW_NS, 5)

    assert fresh.changed(6, "") is None
    assert fast.changed(6, "") is None


def test_maintenance_is_closed_and_stressed_and_its_end_is_told() -> None:
    """Back in service, the stress lasts on: what was sent may still come."""
    watch = used()

    closed = watch.changed(0, "MAINTENANCE")
    back = watch.changed(5, "")

    assert closed == Condition(is_stressed=True, is_open=False, detail="MAINTENANCE")
    assert back == Condition(is_stressed=True, is_open=True, detail="MAINTENANCE")
