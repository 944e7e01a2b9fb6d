"""Changes of a book as a stream brings them: pulled and stacked, order flow, sliding norms."""

from hypothesis import given
from hypothesis import strategies as st

from core.analysis.ofi import OrderFlows, ofi_step
from core.analysis.pulled import PRINT_JOINS_NS, BookChanges
from core.analysis.units import SECOND_NS, Level
from core.analysis.walls import local_norm, local_norms

RESET = 30 * SECOND_NS
DEEDS = st.lists(
    st.tuples(st.booleans(), st.sampled_from((-102, -101, 99, 100)), st.integers(0, 40)),
    max_size=60,
)
TOUCHES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.none() | st.tuples(st.integers(95, 99), st.integers(1, 9)),
        st.none() | st.tuples(st.integers(100, 104), st.integers(1, 9)),
    ),
    max_size=40,
)


@given(deeds=DEEDS)
def test_stacked_minus_pulled_is_the_change_of_the_book_plus_what_traded(
    deeds: list[tuple[bool, int, int]],
) -> None:
    """Nothing is lost or counted twice, in whichever order prints and changes come."""
    changes = BookChanges(RESET)
    begun = {99: 7, 100: 20, -101: 20}
    changes.rebase(dict(begun))
    book, traded = dict(begun), dict.fromkeys((-102, -101, 99, 100), 0)

    for at, (is_print, key, size) in enumerate(deeds):
        if is_print and size:
            changes.trade(key, size, at)
            traded[key] += size
        elif not is_print:
            changes.see(key, size, at)
            book[key] = size

    for key, total in traded.items():
        found = changes.by_key.get(key)
        balance = 0 if found is None else found.stacked - found.pulled
        moved = book.get(key, 0) - begun.get(key, 0)
        assert balance == moved + total - changes.waiting(key)
        assert changes.sizes.get(key, 0) == book.get(key, 0)


def test_print_before_its_change_is_not_pulled() -> None:
    """Ten traded and three withdrawn: three are pulled."""
    changes = BookChanges(RESET)
    changes.rebase({100: 20})

    changes.trade(100, 10, 1)
    changes.see(100, 7, 2)

    assert (changes.by_key[100].stacked, changes.by_key[100].pulled) == (0, 3)


def test_print_after_its_change_is_taken_back_out_of_pulled() -> None:
    """The other order of the two streams gives the same."""
    changes = BookChanges(RESET)
    changes.rebase({100: 20})

    changes.see(100, 7, 1)
    changes.trade(100, 10, 2)

    assert (changes.by_key[100].stacked, changes.by_key[100].pulled) == (0, 3)


def test_print_long_before_a_change_does_not_explain_it() -> None:
    """A withdrawal later than the joining time is a withdrawal."""
    changes = BookChanges(RESET)
    changes.rebase({100: 20})

    changes.trade(100, 10, 1)
    changes.see(100, 10, 2 + PRINT_JOINS_NS)

    assert changes.by_key[100].pulled == 10


def test_change_older_than_the_reset_time_is_forgotten() -> None:
    """A price starts anew after it has stood still."""
    changes = BookChanges(RESET)
    changes.rebase({})

    changes.see(100, 5, 0)
    changes.see(100, 8, RESET)
    changes.forget(RESET + 1)

    assert changes.by_key[100].stacked == 3
    changes.forget(2 * RESET)
    assert changes.by_key == {}


@given(touches=TOUCHES)
def test_order_flow_over_any_window_equals_the_sum_of_its_steps(
    touches: list[tuple[int, Level | None, Level | None]],
) -> None:
    """Against a plain loop over all touches."""
    flows, at = OrderFlows(60), 0
    steps: list[tuple[int, int]] = []
    before: tuple[Level | None, Level | None] | None = None
    for passed, bid, ask in touches:
        at += passed
        flows.see(bid, ask, at)
        if before is not None:
            steps.append((at, ofi_step(*before, bid, ask)))
        before = (bid, ask)

    for window in (1, 5, 60):
        expected = sum(step for when, step in steps if at - window < when <= at)
        assert flows.total(window, at) == (expected if touches else None)


def test_order_flow_drops_what_has_left_every_window_and_stays_right() -> None:
    """Ten thousand steps of one, a nanosecond apart, in a window of a hundred."""
    flows = OrderFlows(100)
    for at in range(10_001):
        flows.see((99, 1 + at), (101, 5), at)

    assert flows.total(100, 10_000) == 100
    assert flows.total(10, 10_000) == 10


@given(
    sizes=st.lists(st.integers(1, 30), max_size=40),
    neighbours=st.integers(1, 12),
)
def test_sliding_norms_equal_each_norm_alone(sizes: list[int], neighbours: int) -> None:
    """One window that slides gives what sorting round each level gives."""
    expected = [local_norm(sizes, place, neighbours) for place in range(len(sizes))]

    assert list(local_norms(sizes, neighbours)) == expected
