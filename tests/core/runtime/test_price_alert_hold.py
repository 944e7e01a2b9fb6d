"""One alert's condition against a naive oracle that keeps the whole past."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import InstrumentId
from core.domain.price_alert import AlertDirection, AlertKind, PriceAlert
from core.runtime.price_alert_hold import SECOND, AlertHold, side_of

LEVEL = 100


def _alert(
    direction: AlertDirection = AlertDirection.ABOVE,
    *,
    persistence_s: int = 0,
    cooldown_s: int = 0,
    is_repeating: bool = False,
    counts_now: bool = False,
) -> PriceAlert:
    return PriceAlert(
        alert_id="pa-1",
        instrument=InstrumentId("alpha:SOL"),
        kind=AlertKind.MOVE if direction is AlertDirection.BEYOND else AlertKind.PRICE,
        direction=direction,
        threshold=LEVEL,
        persistence_s=persistence_s,
        cooldown_s=cooldown_s,
        is_repeating=is_repeating,
        counts_now=counts_now,
    )


def _fired_at(alert: PriceAlert, looks: list[tuple[int, int | None]]) -> list[int]:
    """Feed (second, value or None for an unbelievable book) and return when it fired."""
    hold, fired = AlertHold(alert, None), []
    for second, value in looks:
        if value is None:
            hold.interrupt()
        elif hold.observe(value, second * SECOND):
            hold.note_fired(side_of(alert, value), second * SECOND)
            fired.append(second)
    return fired


@pytest.mark.parametrize(
    ("direction", "values", "fires_at"),
    [
        (AlertDirection.ABOVE, [101, 102], []),
        (AlertDirection.ABOVE, [99, 101], [1]),
        (AlertDirection.ABOVE, [99, 100], [1]),
        (AlertDirection.ABOVE, [101, 99, 101], [2]),
        (AlertDirection.BELOW, [101, 100], [1]),
        (AlertDirection.BELOW, [99, 98], []),
        (AlertDirection.CROSSES, [99, 101], [1]),
        (AlertDirection.CROSSES, [101, 100], [1]),
        (AlertDirection.CROSSES, [100, 101, 99], [2]),
        (AlertDirection.BEYOND, [99, -100], [1]),
        (AlertDirection.BEYOND, [-101, 101], []),
    ],
)
def test_a_condition_has_to_become_true(
    direction: AlertDirection, values: list[int], fires_at: list[int]
) -> None:
    """One look never fires; reaching the level counts."""
    assert _fired_at(_alert(direction), list(enumerate(values))) == fires_at


def test_now_fires_on_what_is_true_already() -> None:
    """Asked for, the first look is enough; it is not asked twice."""
    alert = _alert(counts_now=True, is_repeating=True)

    assert _fired_at(alert, [(0, 101), (1, 102)]) == [0]


def test_a_hold_that_breaks_begins_anew() -> None:
    """Five seconds without a break; a look at the other side or at no book starts over."""
    alert = _alert(persistence_s=5)

    assert _fired_at(alert, [(0, 99), (1, 101), (5, 101), (6, 101)]) == [6]
    assert _fired_at(alert, [(0, 99), (1, 101), (4, 99), (5, 101), (9, 101), (10, 101)]) == [10]
    assert _fired_at(alert, [(0, 99), (1, 101), (4, None), (5, 101), (9, 101), (10, 101)]) == [10]


def test_cooldown_holds_back_and_forgets_nothing() -> None:
    """A crossing in the cooldown fires at its end if it still holds, and not if it went back."""
    alert = _alert(cooldown_s=10, is_repeating=True)
    start = [(0, 99), (1, 101), (2, 99), (3, 101)]

    assert _fired_at(alert, [*start, (10, 101), (11, 101), (30, 101)]) == [1, 11]
    assert _fired_at(alert, [*start, (10, 99), (11, 99), (12, 101)]) == [1, 12]


def test_once_means_once() -> None:
    """After its firing it is off."""
    assert _fired_at(_alert(), [(0, 99), (1, 101), (2, 99), (3, 101)]) == [1]


class _Look(NamedTuple):
    second: int
    value: int | None


def _oracle(alert: PriceAlert, looks: list[_Look]) -> list[int]:
    """Say when an alert fires by reading the whole past again at every look."""
    fired: list[int] = []
    for count in range(1, len(looks) + 1):
        now = looks[count - 1]
        if now.value is None or (fired and not alert.is_repeating):
            continue
        begun = _begun(alert, looks[:count], fired)
        if begun is None:
            continue
        is_cool = not fired or now.second >= fired[-1] + alert.cooldown_s
        if is_cool and now.second >= begun + alert.persistence_s:
            fired.append(now.second)
    return fired


def _is_true(alert: PriceAlert, value: int) -> bool:
    match alert.direction:
        case AlertDirection.ABOVE:
            return value >= LEVEL
        case AlertDirection.BELOW:
            return value <= LEVEL
        case _:
            return abs(value) >= LEVEL


def _begun(alert: PriceAlert, past: list[_Look], fired: list[int]) -> int | None:
    """Return since when the condition holds unbroken, having become true after the last firing."""
    seen = [(look.second, look.value) for look in past if look.value is not None]
    run = [seen[-1]]
    if not _is_true(alert, seen[-1][1]):
        return None
    for look in reversed(seen[:-1]):
        if not _is_true(alert, look[1]):
            break
        run.insert(0, look)
    began_with_the_first = len(run) == len(seen)
    if began_with_the_first and not alert.counts_now:
        return None
    if fired and run[0][0] <= fired[-1]:
        return None
    blind = [look.second for look in past if look.value is None]
    after = max(blind, default=-1)
    return next(second for second, _ in run if second > after)


@given(
    direction=st.sampled_from([AlertDirection.ABOVE, AlertDirection.BELOW, AlertDirection.BEYOND]),
    persistence_s=st.integers(0, 4),
    cooldown_s=st.integers(0, 6),
    is_repeating=st.booleans(),
    counts_now=st.booleans(),
    values=st.lists(
        st.one_of(st.none(), st.integers(98, 102), st.integers(-102, -98)), max_size=30
    ),
    steps=st.lists(st.integers(1, 3), min_size=30, max_size=30),
)
def test_it_fires_when_the_oracle_does(
    direction: AlertDirection,
    persistence_s: int,
    cooldown_s: int,
    is_repeating: bool,  # noqa: FBT001 - drawn
    counts_now: bool,  # noqa: FBT001 - drawn
    values: list[int | None],
    steps: list[int],
) -> None:
    """The state machine and a reading of the whole past agree on every sequence of looks."""
    alert = _alert(
        direction,
        persistence_s=persistence_s,
        cooldown_s=cooldown_s,
        is_repeating=is_repeating,
        counts_now=counts_now,
    )
    seconds = [sum(steps[: index + 1]) for index in range(len(values))]
    looks = [_Look(second, value) for second, value in zip(seconds, values, strict=True)]

    assert _fired_at(alert, [(look.second, look.value) for look in looks]) == _oracle(alert, looks)


@given(st.lists(st.integers(98, 102), max_size=40))
def test_a_level_is_crossed_when_the_last_strict_side_is_left(values: list[int]) -> None:
    """With neither persistence nor cooldown, a crossing is leaving a strict side."""
    alert = _alert(AlertDirection.CROSSES, is_repeating=True)
    expected = [
        at
        for at in range(1, len(values))
        if (values[at - 1] < LEVEL <= values[at]) or (values[at - 1] > LEVEL >= values[at])
    ]

    assert _fired_at(alert, list(enumerate(values))) == expected
