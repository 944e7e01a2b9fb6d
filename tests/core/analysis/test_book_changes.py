"""What changes from book to book: walls, pulled and stacked size, order flow, resilience."""

from core.analysis.ofi import OrderFlow, ofi_step
from core.analysis.pulled import Change, SideChanges, changes_after
from core.analysis.resilience import Resilience, resilience
from core.analysis.units import SECOND_NS, Level
from core.analysis.walls import walls_after
from core.domain.fixed import UNIT
from core.domain.order import Side
from tests.core.analysis.books import level

PLAIN = [level(100 - n, 1) for n in range(10)]


def with_size(size: float, index: int = 4) -> list[Level]:
    """Return ten bids of size 1 with one that is larger."""
    return [*PLAIN[:index], (PLAIN[index][0], int(size * UNIT)), *PLAIN[index + 1 :]]


def test_wall_is_a_level_far_above_its_neighbours_and_ages() -> None:
    """A wall keeps its birth while it stands."""
    first = walls_after((), with_size(5), [], at=1_000)
    later = walls_after(first, with_size(3), [], at=3_000)

    assert [(w.side, w.price, w.norm, w.age_ns) for w in first] == [(Side.BUY, 96 * UNIT, UNIT, 0)]
    assert [(w.size, w.since, w.age_ns) for w in later] == [(3 * UNIT, 1_000, 2_000)]


def test_wall_ends_below_its_keeping_size_and_is_born_anew() -> None:
    """What fell under three times the norm must reach five times again."""
    first = walls_after((), with_size(5), [], at=1)

    assert walls_after(first, with_size(2.9), [], at=2) == ()
    assert walls_after((), with_size(4.9), [], at=3) == ()


def test_few_levels_have_no_norm_and_so_no_wall() -> None:
    """One-level and empty books have no walls."""
    assert walls_after((), [level(1, 100)], [], at=1) == ()
    assert walls_after((), [], [], at=1) == ()


def fold(*books: list[Level], traded: dict[int, int] | None = None) -> SideChanges:
    """Fold bids one second apart."""
    state = None
    for number, book in enumerate(books):
        state = changes_after(
            state,
            book,
            traded=traded or {},
            at=number * SECOND_NS,
            reset_ns=10 * SECOND_NS,
            sign=1,
        )
    assert state is not None
    return state


def test_added_is_stacked_and_withdrawn_is_pulled() -> None:
    """Both are counted apart at one price."""
    state = fold([level(10, 5)], [level(10, 8)], [level(10, 2)])

    assert state.changes == {10 * UNIT: Change(3 * UNIT, 6 * UNIT, SECOND_NS)}


def test_size_that_traded_is_not_pulled() -> None:
    """A bid that was hit did not run away."""
    state = fold([level(10, 5)], [level(10, 1)], traded={10 * UNIT: 4 * UNIT})

    assert state.changes == {}


def test_levels_that_leave_the_far_end_of_the_window_are_no_change() -> None:
    """A top of two levels that moves up did not lose its third."""
    state = fold([level(10, 5), level(9, 5)], [level(11, 1), level(10, 5)])

    assert state.changes == {11 * UNIT: Change(UNIT, 0, SECOND_NS)}


def test_changes_are_forgotten_after_their_time() -> None:
    """Each price resets on its own."""
    state = fold([level(10, 5)], [level(10, 8)], *[[level(10, 8)]] * 10)

    assert state.changes == {}


def test_ofi_follows_the_paper() -> None:
    """Better prices count their size, worse ones what was lost, equal ones the difference."""
    bid, ask = level(10, 5), level(11, 7)

    assert ofi_step(bid, ask, level(10, 8), ask) == 3 * UNIT
    assert ofi_step(bid, ask, level("10.5", 2), ask) == 2 * UNIT
    assert ofi_step(bid, ask, level(9, 20), ask) == -5 * UNIT
    assert ofi_step(bid, ask, bid, level(11, 9)) == -2 * UNIT
    assert ofi_step(bid, ask, bid, level("10.5", 1)) == -1 * UNIT
    assert ofi_step(bid, ask, bid, level(12, 1)) == 7 * UNIT


def test_ofi_of_a_side_that_comes_or_goes_is_its_size() -> None:
    """An empty side is size 0 at the worst price."""
    assert ofi_step(None, None, level(10, 5), None) == 5 * UNIT
    assert ofi_step(level(10, 5), level(11, 7), None, None) == 2 * UNIT
    assert ofi_step(None, None, None, None) == 0


def test_order_flow_forgets_what_left_its_window() -> None:
    """The sum is over the window only; the first touch is no change."""
    flow = OrderFlow(10)

    assert flow.see(level(10, 5), level(11, 5), at=0) == 0
    assert flow.see(level(10, 8), level(11, 5), at=5) == 3 * UNIT
    assert flow.see(level(10, 9), level(11, 5), at=14) == 4 * UNIT
    assert flow.see(level(10, 9), level(11, 5), at=15) == UNIT
    flow.restart()
    assert flow.see(level(1, 9), None, at=16) == 0


def test_resilience_says_how_fast_the_loss_came_back() -> None:
    """Half of the loss after 20 ns, all after 50."""
    found = resilience(100, 1_000, [(1_000, 40), (1_010, 60), (1_020, 70), (1_050, 100)])

    assert found == Resilience(lost=60, recovered=1.0, half_life_ns=20, full_ns=50)


def test_trade_that_left_no_mark_has_no_resilience() -> None:
    """Nothing lost, or nothing seen, is None."""
    assert resilience(100, 0, [(1, 100)]) is None
    assert resilience(100, 0, []) is None
    partial = resilience(100, 0, [(0, 50), (9, 60)])
    assert partial is not None
    assert partial.half_life_ns is partial.full_ns is None
