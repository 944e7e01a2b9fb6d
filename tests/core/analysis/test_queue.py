"""The queue estimate is an upper bound of the true place, whatever the crowd does."""

from hypothesis import given
from hypothesis import strategies as st

from core.analysis.queue import ahead_after_change, ahead_after_print, ahead_when_accepted

CROWD = st.lists(st.integers(1, 50), max_size=8)
DEEDS = st.lists(
    st.tuples(st.sampled_from(("join", "leave", "print")), st.integers(0, 20), st.integers(1, 60)),
    max_size=40,
)
OURS = 10


def _printed(queue: list[list[int]], size: int) -> tuple[list[list[int]], int]:
    """Trade from the front of a queue of [owner, size]; return what is left and what traded."""
    left, traded = [], 0
    for owner, quantity in queue:
        taken = min(size - traded, quantity)
        traded += taken
        if quantity > taken:
            left.append([owner, quantity - taken])
    return left, traded


def _true_ahead(queue: list[list[int]]) -> int | None:
    owners = [owner for owner, _ in queue]
    if 1 not in owners:
        return None
    return sum(size for _, size in queue[: owners.index(1)])


@given(crowd=CROWD, deeds=DEEDS)
def test_estimate_is_never_below_the_true_place(
    crowd: list[int], deeds: list[tuple[str, int, int]]
) -> None:
    """A true queue is played beside the estimate, which sees prints and sizes only."""
    queue = [[0, size] for size in crowd]
    before = sum(crowd)
    queue.append([1, OURS])
    ahead = ahead_when_accepted(before, before + OURS, OURS)

    for deed, place, size in deeds:
        if deed == "join":
            queue.append([0, size])
        elif deed == "leave":
            others = [entry for entry in queue if entry[0] == 0]
            if others:
                queue.remove(others[place % len(others)])
        else:
            queue, traded = _printed(queue, size)
            ahead = ahead_after_print(ahead, traded)
        ahead = ahead_after_change(ahead, sum(size for _, size in queue))

        true = _true_ahead(queue)
        if true is None:
            return
        assert ahead >= true


def test_order_seen_in_its_level_is_left_out_of_the_queue_before_it() -> None:
    """A level that grew by our size while the order travelled holds it already."""
    assert ahead_when_accepted(100, 110, 10) == 100
    assert ahead_when_accepted(0, 10, 10) == 0


def test_order_not_seen_in_its_level_stands_behind_all_of_it() -> None:
    """Others may have left meanwhile: what is there counts as before us."""
    assert ahead_when_accepted(100, 100, 10) == 100
    assert ahead_when_accepted(100, 80, 10) == 80


def test_order_with_joiners_before_it_counts_them() -> None:
    """Who joined while our order travelled may stand before it."""
    assert ahead_when_accepted(100, 130, 10) == 120


def test_withdrawal_shortens_the_queue_only_when_the_level_proves_it() -> None:
    """A level of 30 cannot hold 50 before us; one of 80 can."""
    assert ahead_after_change(50, 80) == 50
    assert ahead_after_change(50, 30) == 30
