"""The kill's machine in virtual time: what it cancels, what it proves, how it bears faults."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.ids import ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import KillMarket, KillPhase, KillTrouble, OpenRow, PossibleOrder
from core.runtime.kill.run import BUDGET, Ask, KillRun, KillWish
from tests.core.runtime.kill.small_venue import ACCOUNT, MS, SECOND, START, SmallVenue, row


def fifty() -> list[OpenRow]:
    """Fifty orders in ten markets, every fifth conditional."""
    return [row(n, f"M{n % 10}", conditional=n % 5 == 0) for n in range(1, 51)]


def possible(each: OpenRow, dead_at: int | None = None) -> PossibleOrder:
    """Tell of an own order."""
    return PossibleOrder(row=each, dead_at=dead_at)


def test_fifty_orders_in_ten_markets_are_gone_and_proven_in_a_second() -> None:
    """At a round trip of 100 ms, three of them: cancel, and two empty answers."""
    venue = SmallVenue(*fifty())
    run = venue.kill()

    secs = venue.until_proven()

    assert venue.risky == []
    assert secs <= 1.0
    assert run.progress(venue.at).proven_ms == round(secs * 1000)


def test_known_orders_are_cancelled_before_any_answer() -> None:
    """The first cancels leave at the very instant of the trip, one a market and kind."""
    rows = fifty()
    venue = SmallVenue(*rows)
    run = venue.kill(*(possible(each) for each in rows))

    first = run.wishes(START)

    pairs = {(wish.symbol, wish.ask) for wish in first if wish.ask.startswith("cancel")}
    expected = {
        (each.symbol, Ask.CANCEL_CONDITIONAL if each.is_conditional else Ask.CANCEL_RESTING)
        for each in rows
    }
    assert pairs == expected
    assert run.progress(START).first_cancel_ms == 0


def test_foreign_orders_are_cancelled_though_nobody_told_of_them() -> None:
    """The venue's own list decides."""
    venue = SmallVenue(row(1, "A"), row(2, "B"))
    venue.kill()

    venue.until_proven()

    assert venue.open == {}


def test_reduce_only_orders_stay_and_their_neighbours_go() -> None:
    """A protective trigger is never taken by a cancel of its whole market."""
    kept = [row(1, "A", conditional=True, reduce_only=True), row(2, "B", reduce_only=True)]
    gone = [row(3, "A", conditional=True), row(4, "B"), row(5, "A")]
    venue = SmallVenue(*kept, *gone)
    run = venue.kill()

    venue.until_proven()

    assert set(venue.open) == {each.order_id for each in kept}
    assert run.progress(venue.at).kept == 2
    bulk = {(w.symbol, w.ask) for _, w in venue.sent if w.ask.startswith("cancel ")}
    assert (Symbol("A"), Ask.CANCEL_CONDITIONAL) not in bulk
    assert (Symbol("B"), Ask.CANCEL_RESTING) not in bulk


def test_zero_needs_two_answers_in_a_row() -> None:
    """One empty answer proves nothing yet."""
    venue = SmallVenue()
    run = venue.kill()
    venue.go_on(0.1)
    after_one = run.is_proven
    venue.go_on(0.1)

    assert not after_one
    assert run.is_proven


def test_order_arriving_after_the_proof_is_cancelled_and_counted() -> None:
    """Sixty seconds of watching; a late one starts them anew."""
    venue = SmallVenue(row(1))
    run = venue.kill()
    venue.until_proven()
    late = row(2)
    venue.later(20 * SECOND, lambda: venue.open.update({late.order_id: late}))

    venue.go_on(25)
    proven_again = run.is_proven
    secs = venue.go_on(120, until=lambda: venue.is_over)

    assert venue.open == {}
    assert proven_again
    assert run.progress(venue.at).late == 1
    assert 50 < secs < 60


def test_run_is_over_after_sixty_quiet_seconds() -> None:
    """Not before, and it asks every second until then."""
    venue = SmallVenue()
    run = venue.kill()
    proven_after = venue.until_proven()
    secs = venue.go_on(120, until=lambda: venue.is_over)

    asked = sum(wish.ask is Ask.OPEN_ORDERS for _, wish in venue.sent)
    assert 59.9 <= secs <= 61.2
    assert proven_after < 1
    assert 50 <= asked <= 65
    assert run.next_at() is None
    assert run.wishes(venue.at + SECOND) == ()


def test_unknown_order_is_counted_apart_until_it_cannot_arrive() -> None:
    """Zero resting is proven long before; the unknown one stays unknown until it is dead."""
    lost = OpenRow(symbol=Symbol("A"), order_id=VenueOrderId(""), client_order_id=ClientOrderId(77))
    venue = SmallVenue()
    run = venue.kill(possible(lost, START + 12 * SECOND))

    venue.until_proven()
    early = run.progress(venue.at)
    venue.go_on(9)
    before = run.progress(venue.at)
    venue.go_on(5)
    after = run.progress(venue.at)

    assert (early.open_orders, early.unknown, before.unknown, after.unknown) == (0, 1, 1, 0)
    chased = [w for _, w in venue.sent if w.ask is Ask.CANCEL_UNKNOWN]
    assert len(chased) > 10
    assert {w.client_order_id for w in chased} == {77}


def test_unknown_order_that_appears_is_known_and_cancelled() -> None:
    """Found by its client id, wherever it turned up."""
    arriving = row(9, client=77)
    lost = OpenRow(symbol=Symbol("A"), order_id=VenueOrderId(""), client_order_id=ClientOrderId(77))
    venue = SmallVenue()
    run = venue.kill(possible(lost, START + 60 * SECOND))
    venue.later(800 * MS, lambda: venue.open.update({arriving.order_id: arriving}))

    venue.go_on(3)

    assert venue.open == {}
    assert run.progress(venue.at).unknown == 0


def test_scheduled_strategies_of_the_venue_end_before_zero_is_proven() -> None:
    """What would place orders by itself is an open order too."""
    venue = SmallVenue()
    venue.strategies = {Symbol("A"), Symbol("B")}
    run = venue.kill()

    venue.until_proven()

    assert venue.strategies == set()
    assert run.is_proven


@pytest.mark.parametrize("seed", range(20))
def test_zero_is_proven_within_ten_seconds_with_a_fifth_of_requests_failing(seed: int) -> None:
    """Lost before, lost after, refused: all are repeated."""
    venue = SmallVenue(*fifty(), seed=seed)
    chance = Random(seed)

    def fault(_wish: KillWish) -> tuple[str, KillTrouble] | None:
        if chance.random() >= 0.2:
            return None
        kind = chance.choice(["lost", "mute"])
        return kind, KillTrouble("timeout", is_timeout=chance.random() < 0.5)

    venue.fault = fault
    venue.kill(*(possible(each) for each in fifty()))

    assert venue.until_proven() <= 10
    assert venue.risky == []


def test_too_many_requests_slow_it_down_and_do_not_stop_it() -> None:
    """A long Retry-After is not waited for: two seconds at most."""
    venue = SmallVenue(*fifty())
    venue.fault = lambda _wish: (
        ("lost", KillTrouble("429", retry_after_secs=60)) if venue.at < START + 3 * SECOND else None
    )
    run = venue.kill()

    secs = venue.until_proven()

    assert secs <= 6
    assert venue.risky == []
    assert run.progress(venue.at).trouble


def test_hanging_connection_is_given_up_with_growing_patience() -> None:
    """Half-open: deadlines of 1, 2, 4, 8 s; the work goes on when it heals."""
    venue = SmallVenue(row(1))
    venue.fault = lambda _wish: (
        ("lost", KillTrouble("hang", is_timeout=True)) if venue.at < START + 20 * SECOND else None
    )
    run = venue.kill()
    venue.go_on(19)
    hung = run.progress(venue.at)
    venue.until_proven()

    assert hung.is_emergency
    assert hung.open_orders is None
    deadlines = {wish.deadline_secs for _, wish in venue.sent}
    assert {1.0, 2.0, 4.0, 8.0} == deadlines
    assert venue.open == {}


def test_slow_venue_is_answered_by_patience_not_by_giving_up() -> None:
    """A round trip of 5 s is beyond the first deadlines and within the later ones."""
    venue = SmallVenue(row(1), one_way_ms=2_500)

    def fault(wish: KillWish) -> tuple[str, KillTrouble] | None:
        return ("mute", KillTrouble("slow", is_timeout=True)) if wish.deadline_secs < 5 else None

    venue.fault = fault
    venue.kill()

    assert venue.until_proven(120) < 120


def test_broken_path_is_an_emergency_and_goes_on() -> None:
    """An exception is shown; nothing stops."""
    venue = SmallVenue(row(1))
    run = venue.kill()
    run.broke("raised")

    told = run.progress(venue.at)
    venue.until_proven()

    assert told.is_emergency
    assert "raised" in told.trouble
    assert venue.open == {}


def test_requests_of_a_minute_stay_within_the_cancel_reserve() -> None:
    """Even when nothing ever works."""
    venue = SmallVenue(*(row(n, f"M{n}") for n in range(40)))
    venue.fault = lambda _wish: ("lost", KillTrouble("refused"))
    venue.kill()
    venue.go_on(150)

    times = [at for at, _ in venue.sent]
    most = max(sum(at <= other < at + 60 * SECOND for other in times) for at in times[::7])
    assert most <= BUDGET


def test_progress_counts_markets_by_kind() -> None:
    """What the screen shows is the newest answer."""
    run = KillRun(ACCOUNT, START, (), Random(1))
    (asked,) = [w for w in run.wishes(START) if w.ask is Ask.OPEN_ORDERS]
    rows = (row(1, "B"), row(2, "A", conditional=True), row(3, "A"), row(4, "A", reduce_only=True))

    run.listed(asked.number, rows, START + 100 * MS)

    told = run.progress(START + 200 * MS)
    assert told.markets == (
        KillMarket(symbol=Symbol("A"), resting=1, conditional=1),
        KillMarket(symbol=Symbol("B"), resting=1, conditional=0),
    )
    assert (told.open_orders, told.kept, told.elapsed_ms) == (3, 1, 200)
    assert told.phase is KillPhase.CANCELLING


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.booleans()), max_size=12),
    known=st.integers(0, 12),
    failing=st.floats(0, 0.4),
    seed=st.integers(0, 2**32),
)
def test_whatever_is_open_only_reduce_only_orders_are_left(
    rows: list[tuple[str, bool, bool]], known: int, failing: float, seed: int
) -> None:
    """Proven means gone, by the venue's own book, and nothing protective was taken."""
    book = [
        row(n, symbol, conditional=conditional, reduce_only=reduce_only)
        for n, (symbol, conditional, reduce_only) in enumerate(rows)
    ]
    venue, chance = SmallVenue(*book, seed=seed), Random(seed)
    venue.fault = lambda _wish: (
        (chance.choice(["lost", "mute"]), KillTrouble("x", is_timeout=chance.random() < 0.5))
        if chance.random() < failing
        else None
    )
    head_start = [possible(each) for each in book] if known > 6 else []
    venue.kill(*head_start)

    venue.until_proven(300)

    protective = {each.order_id for each in book if each.is_reduce_only}
    assert venue.risky == []
    assert set(venue.open) == protective
