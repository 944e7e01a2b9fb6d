"""Proof of an UNKNOWN order's fate, in virtual time."""

import random
from collections.abc import Callable
from itertools import count, pairwise
from typing import Final

import pytest

from core.domain.effects import CancelOrder, PlaceOrder, Query, WakeAt
from core.domain.events import (
    OrderReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    TimerFired,
    VenueConditionSeen,
    VenueTimeMeasured,
)
from core.domain.facts import CancelAsked, Fact, OrderMoved, OrderSent
from core.domain.ids import ClientOrderId, VenueId
from core.domain.order import Fill, OrderState
from core.domain.reaction import Reaction
from core.trading.chase import ROUND_DEADLINE_NS, TIMER, Chase, t_dead
from core.trading.mood import VenueMoods
from core.trading.orders import OrderRecord, Orders
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, START, fill, journaled, report

KINDS: Final = [
    QueryKind.ORDER,
    QueryKind.OPEN_ORDERS,
    QueryKind.FILLS,
    QueryKind.ORDER_HISTORY,
]
WINDOW_MS: Final = 2_000
Answer = Callable[[Query, int], QueryAnswered | QueryFailed]


def negative(query: Query, at: int) -> QueryAnswered:
    """Find nothing, successfully."""
    return QueryAnswered(
        ts_event=at, ts_recv=at, query_id=query.query_id, kind=query.kind, account=ACCOUNT
    )


def failure(query: Query, at: int) -> QueryFailed:
    """Give no information."""
    return QueryFailed(
        ts_event=at,
        ts_recv=at,
        query_id=query.query_id,
        kind=query.kind,
        target=ACCOUNT,
        reason="timeout",
    )


def positive(
    query: Query, at: int, row: OrderReport | None = None, booked: Fill | None = None
) -> QueryAnswered:
    """Find something."""
    return QueryAnswered(
        ts_event=at,
        ts_recv=at,
        query_id=query.query_id,
        kind=query.kind,
        account=ACCOUNT,
        rows=() if row is None else (row,),
        fills=() if booked is None else (booked,),
    )


class Hunt:
    """Drives a chase through virtual time; every query is answered after a moment."""

    def __init__(self, answer: Answer, *, is_sent: bool = True, orders: int = 1) -> None:
        self.orders = Orders()
        self.chase = Chase(self.orders, count(1).__next__)
        self.at = START
        self.answer = answer
        self.latency = 50_000_000
        self.is_deaf = False
        """Whether answers get lost."""
        self.queries: list[tuple[int, Query]] = []
        self.facts: list[Fact] = []
        self.effects: list[object] = []
        self._wakes: list[int] = []
        self._due: list[tuple[int, int, QueryAnswered | QueryFailed]] = []
        for number in range(1, orders + 1):
            self.orders.journaled(journaled(number))
            if is_sent:
                self.orders.sent(
                    OrderSent(
                        at=START,
                        client_order_id=ClientOrderId(number),
                        signed_at=START,
                        window_ms=WINDOW_MS,
                    )
                )
            self.move(OrderState.UNKNOWN, number)
        self._take(self.chase.tick(self.at))

    @property
    def record(self) -> OrderRecord:
        """Return order 1."""
        record = self.orders.by_client(ClientOrderId(1))
        assert record is not None
        return record

    def move(self, state: OrderState, number: int = 1) -> None:
        """Move an order as a fact would."""
        self.orders.moved(
            OrderMoved(at=self.at, client_order_id=ClientOrderId(number), state=state)
        )

    def run_until(self, end: int) -> None:
        """Let time pass."""
        for _ in range(100_000):
            wake = min(self._wakes, default=end + 1)
            due = min((item[0] for item in self._due), default=end + 1)
            if min(wake, due) > end:
                self.at = end
                return
            self.at = min(wake, due)
            if due <= wake:
                self._hear()
            else:
                self._wakes.clear()
                fired = TimerFired(ts_event=wake, ts_recv=wake, key=TIMER, due=wake)
                self._take(self.chase.on_timer(fired, wake))
        raise AssertionError("the chase never rests")

    def _hear(self) -> None:
        item = min(self._due, key=lambda each: each[:2])
        self._due.remove(item)
        body = item[2]
        if isinstance(body, QueryFailed):
            self._take(self.chase.on_failed(body, self.at))
        else:
            self._take(self.chase.on_answer(body, self.at))

    def _take(self, reaction: Reaction) -> None:
        for fact in reaction.facts:
            self.facts.append(fact)
            assert isinstance(fact, OrderMoved)
            self.orders.moved(fact)
        for effect in reaction.effects:
            self.effects.append(effect)
            if isinstance(effect, WakeAt):
                assert effect.key == TIMER
                self._wakes = [effect.at]
            elif isinstance(effect, Query):
                self.queries.append((self.at, effect))
                told = self.at + self.latency
                if not self.is_deaf:
                    self._due.append((told, effect.query_id, self.answer(effect, told)))

    def rounds(self) -> list[int]:
        """Return when rounds began."""
        return sorted({at for at, _ in self.queries})


def dead_after(hunt: Hunt) -> int:
    """Return the earliest proof the law allows: signing, window, clock error, engine margin."""
    del hunt
    return START + WINDOW_MS * 1_000_000 + 250_000_000 + 5 * SECOND


def test_rounds_come_fast_first_and_then_every_five_seconds() -> None:
    """0.3, 1, 2 and 4 s, then every 5 s: the law's chase."""
    hunt = Hunt(failure)

    hunt.run_until(START + 25 * SECOND)

    seconds = [(at - START) / SECOND for at in hunt.rounds()]
    assert seconds[:4] == [0.3, 1, 2, 4]
    later = [b - a for a, b in pairwise(seconds[4:])]
    assert later
    assert all(gap == 5 for gap in later)


def test_each_round_asks_all_four_questions_about_the_right_past() -> None:
    """By client id, open orders, fills and history, from a second before signing."""
    hunt = Hunt(negative)

    hunt.run_until(START + SECOND // 2)

    asked = [query for _, query in hunt.queries]
    assert [query.kind for query in asked] == KINDS
    assert {query.since for query in asked} == {START - SECOND}
    assert {query.instrument for query in asked} == {SOL_PERP}
    assert [q.client_order_id for q in asked if q.kind is QueryKind.ORDER] == [1]


def test_absence_is_proved_by_two_clean_rounds_after_the_last_possible_moment() -> None:
    """Not before t_dead, not by one round, not by two closer than 2 s."""
    hunt = Hunt(negative)

    hunt.run_until(START + 60 * SECOND)

    (fact,) = hunt.facts
    assert isinstance(fact, OrderMoved)
    assert fact.state is OrderState.ABSENT
    assert t_dead(hunt.record) == dead_after(hunt)
    counted = [at for at in hunt.rounds() if at >= dead_after(hunt)]
    assert len(counted) == 2
    assert counted[1] - counted[0] >= 2 * SECOND
    assert fact.at >= counted[1]
    assert fact.at <= dead_after(hunt) + 6 * SECOND


def test_order_that_was_perhaps_never_sent_counts_from_its_latest_possible_send() -> None:
    """After a crash nobody knows when it was signed: the widest window holds."""
    hunt = Hunt(negative, is_sent=False)

    hunt.run_until(START + 60 * SECOND)

    send_before = START + SECOND // 4
    earliest = send_before + 5 * SECOND + SECOND // 4 + 5 * SECOND
    assert t_dead(hunt.record) == earliest
    assert hunt.facts[0].at >= earliest + 2 * SECOND


@pytest.mark.parametrize("kind", KINDS)
def test_one_failed_query_a_round_keeps_the_order_unknown_for_ever(kind: QueryKind) -> None:
    """A question without an answer is never read as no."""
    hunt = Hunt(lambda q, at: failure(q, at) if q.kind is kind else negative(q, at))

    hunt.run_until(START + 300 * SECOND)

    assert hunt.facts == []
    assert hunt.record.state is OrderState.UNKNOWN
    assert len(hunt.rounds()) > 50


def test_chase_that_could_not_ask_proves_absence_once_it_can() -> None:
    """Retries never give up silently."""
    healed = START + 40 * SECOND
    hunt = Hunt(lambda q, at: failure(q, at) if at < healed else negative(q, at))

    hunt.run_until(START + 120 * SECOND)

    (fact,) = hunt.facts
    assert healed + 2 * SECOND <= fact.at <= healed + 15 * SECOND


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_with_our_id_forbids_absence(kind: QueryKind) -> None:
    """Existence told by any of the four questions outweighs the other three."""

    def one_row(query: Query, at: int) -> QueryAnswered:
        if query.kind is not kind:
            return negative(query, at)
        if kind is QueryKind.FILLS:
            return positive(query, at, booked=fill(1))
        return positive(query, at, row=report(None, 1))

    hunt = Hunt(one_row)

    hunt.run_until(START + 200 * SECOND)

    assert hunt.facts == []


def test_rows_of_other_orders_prove_nothing() -> None:
    """Somebody else's order is a negative answer about ours."""
    hunt = Hunt(lambda q, at: positive(q, at, row=report(OrderState.ACCEPTED, 99)))

    hunt.run_until(START + 60 * SECOND)

    assert [fact.state for fact in hunt.facts if isinstance(fact, OrderMoved)] == ["absent"]


def test_evidence_between_two_negative_rounds_starts_the_proof_again() -> None:
    """A row seen once voids the negative round before it."""
    dead = START + WINDOW_MS * 1_000_000 + 250_000_000 + 5 * SECOND
    rounds: list[int] = []

    def sometimes(query: Query, at: int) -> QueryAnswered:
        if query.kind is QueryKind.ORDER and at > dead:
            rounds.append(at)
        if query.kind is QueryKind.ORDER_HISTORY and len(rounds) == 2:
            return positive(query, at, row=report(None, 1))
        return negative(query, at)

    hunt = Hunt(sometimes)

    hunt.run_until(START + 100 * SECOND)

    assert len(rounds) == 4
    assert len(hunt.facts) == 1


def test_order_with_a_booked_fill_is_never_absent() -> None:
    """What was filled existed."""
    hunt = Hunt(negative)
    hunt.orders.filled(hunt.record, fill(1, "0.5").quantity)

    hunt.run_until(START + 100 * SECOND)

    assert hunt.facts == []


def test_evidence_ends_the_chase_at_once() -> None:
    """An order that is no longer UNKNOWN is asked about no more."""
    hunt = Hunt(negative)
    hunt.run_until(START + 3 * SECOND)
    asked = len(hunt.queries)

    hunt.move(OrderState.ACCEPTED)
    hunt.run_until(START + 60 * SECOND)

    assert len(hunt.queries) == asked
    assert hunt.facts == []


def test_order_unknown_a_second_time_is_chased_anew() -> None:
    """Each doubt has to be resolved by proof of its own."""
    hunt = Hunt(negative)
    hunt.run_until(START + 3 * SECOND)
    hunt.move(OrderState.ACCEPTED)
    hunt._take(hunt.chase.tick(hunt.at))
    hunt.move(OrderState.UNKNOWN)
    hunt._take(hunt.chase.tick(hunt.at))

    hunt.run_until(START + 60 * SECOND)

    assert len(hunt.facts) == 1


def test_chase_never_sends_an_order_again() -> None:
    """It asks and waits; it does nothing else."""
    hunt = Hunt(failure, orders=3)

    hunt.run_until(START + 100 * SECOND)

    assert not any(isinstance(effect, PlaceOrder) for effect in hunt.effects)
    assert {type(effect) for effect in hunt.effects} == {Query, WakeAt}


@pytest.mark.parametrize("seed", range(40))
def test_absence_over_random_answers_needs_the_whole_proof(seed: int) -> None:
    """Whatever fails or is slow: ABSENT only after two whole negative rounds past t_dead."""
    rng = random.Random(seed)
    told: dict[int, bool] = {}

    def sometimes(query: Query, at: int) -> QueryAnswered | QueryFailed:
        told[query.query_id] = rng.random() < 0.85
        return negative(query, at) if told[query.query_id] else failure(query, at)

    hunt = Hunt(sometimes)
    hunt.latency = rng.randrange(10_000_000, 1_500_000_000)

    hunt.run_until(START + 400 * SECOND)

    clean = [
        begun
        for begun in hunt.rounds()
        if begun >= dead_after(hunt)
        and all(told[q.query_id] for at, q in hunt.queries if at == begun)
    ]
    (fact,) = hunt.facts
    assert len(clean) >= 2
    assert clean[-1] - clean[0] >= 2 * SECOND
    assert fact.at >= clean[1] + hunt.latency


# ---- many orders of one market -----------------------------------------------------------------


def test_one_set_of_queries_serves_every_unknown_order_of_a_market() -> None:
    """Each order is asked for by its id; the scarce histories are read once a round."""
    hunt = Hunt(negative, orders=7)

    hunt.run_until(START + SECOND // 2)

    kinds = [query.kind for _, query in hunt.queries]
    assert kinds.count(QueryKind.ORDER) == 7
    assert [kinds.count(kind) for kind in KINDS[1:]] == [1, 1, 1]
    asked = {q.client_order_id for _, q in hunt.queries if q.kind is QueryKind.ORDER}
    assert asked == set(range(1, 8))


def test_all_absent_orders_of_a_market_are_proved_by_the_same_rounds() -> None:
    """Seven orders end together, each with its own fact."""
    hunt = Hunt(negative, orders=7)

    hunt.run_until(START + 60 * SECOND)

    ended = [fact for fact in hunt.facts if isinstance(fact, OrderMoved)]
    assert sorted(fact.client_order_id for fact in ended) == list(range(1, 8))
    assert {fact.state for fact in ended} == {OrderState.ABSENT}
    assert len({fact.at for fact in ended}) == 1


def test_order_that_cannot_be_asked_about_does_not_hold_up_the_others() -> None:
    """A failed question about one order is no information about that one alone."""

    def one_fails(query: Query, at: int) -> QueryAnswered | QueryFailed:
        return failure(query, at) if query.client_order_id == 2 else negative(query, at)

    hunt = Hunt(one_fails, orders=3)

    hunt.run_until(START + 60 * SECOND)

    ended = [fact.client_order_id for fact in hunt.facts if isinstance(fact, OrderMoved)]
    assert sorted(ended) == [1, 3]


def test_row_of_one_order_says_nothing_about_another() -> None:
    """Order 1 is found every time; order 2 is proved absent beside it."""

    def finds_one(query: Query, at: int) -> QueryAnswered:
        is_history = query.kind is QueryKind.ORDER_HISTORY
        return positive(query, at, row=report(None, 1)) if is_history else negative(query, at)

    hunt = Hunt(finds_one, orders=2)

    hunt.run_until(START + 60 * SECOND)

    assert [f.client_order_id for f in hunt.facts if isinstance(f, OrderMoved)] == [2]


# ---- silence and stress ------------------------------------------------------------------------


def test_query_that_is_never_answered_fails_its_round_and_the_chase_goes_on() -> None:
    """Silence has a deadline: the next round begins, and absence is proved once answers come."""
    healed = START + 40 * SECOND
    hunt = Hunt(negative)
    hunt.is_deaf = True
    hunt.run_until(healed)
    hunt.is_deaf = False
    deaf_rounds = hunt.rounds()

    hunt.run_until(healed + 15 * SECOND)

    gaps = {b - a for a, b in pairwise(deaf_rounds)}
    assert gaps == {ROUND_DEADLINE_NS}
    (fact,) = hunt.facts
    assert isinstance(fact, OrderMoved)
    assert fact.state is OrderState.ABSENT


def test_answer_after_its_rounds_deadline_is_no_part_of_any_proof() -> None:
    """Every answer takes nine seconds: nothing is ever proved by them."""
    hunt = Hunt(negative)
    hunt.latency = 9 * SECOND

    hunt.run_until(START + 200 * SECOND)

    assert hunt.facts == []
    assert len(hunt.rounds()) > 10


def condition(at: int, *, is_stressed: bool, is_open: bool = True) -> VenueConditionSeen:
    """Make what a venue shows."""
    return VenueConditionSeen(
        ts_event=at, ts_recv=at, venue=VenueId("alpha"), is_stressed=is_stressed, is_open=is_open
    )


def test_stress_at_sending_makes_the_margin_a_minute_even_when_it_is_over() -> None:
    """A 503 around the signing: the engine may apply the order up to 60 s later."""
    hunt = Hunt(negative)
    hunt.chase.moods.on_condition(condition(START, is_stressed=True), START)
    hunt.chase.moods.on_condition(condition(START, is_stressed=False), START + SECOND)

    hunt.run_until(START + 120 * SECOND)

    (fact,) = hunt.facts
    assert fact.at >= START + WINDOW_MS * 1_000_000 + 250_000_000 + 60 * SECOND + 2 * SECOND
    assert fact.at <= START + 75 * SECOND


def test_maintenance_stops_every_proof_and_starts_the_clock_again() -> None:
    """While it lasts nothing is proved; afterwards window, error and the long margin run anew."""
    back = START + 100 * SECOND
    hunt = Hunt(negative)
    hunt.chase.moods.on_condition(condition(START, is_stressed=True, is_open=False), START)
    hunt.run_until(back)
    during = list(hunt.facts)
    hunt.chase.moods.on_condition(condition(back, is_stressed=False), back)

    hunt.run_until(back + 120 * SECOND)

    assert during == []
    (fact,) = hunt.facts
    assert fact.at >= back + WINDOW_MS * 1_000_000 + 250_000_000 + 60 * SECOND + 2 * SECOND


@pytest.mark.parametrize("offset_ms", [-3_000, -400, 0, 400, 3_000])
@pytest.mark.parametrize("error_ms", [0, 80, 1_500])
def test_last_moment_counts_in_our_clock_with_the_measured_error(
    offset_ms: int, error_ms: int
) -> None:
    """Signed at a venue's instant: ours is that less the offset; the error bound is added."""
    hunt = Hunt(negative)
    moods = VenueMoods()
    moods.on_time(
        VenueTimeMeasured(
            ts_event=START,
            ts_recv=START,
            venue=VenueId("alpha"),
            offset_ns=offset_ms * 1_000_000,
            error_bound_ns=error_ms * 1_000_000,
        )
    )

    dead = t_dead(hunt.record, moods.of(VenueId("alpha")))

    assert dead - START == (-offset_ms + WINDOW_MS + error_ms + 5_000) * 1_000_000


# ---- wishes and words --------------------------------------------------------------------------


def test_unknown_order_that_is_to_go_is_cancelled_in_each_round() -> None:
    """By client id: the venue may know it though it told us nothing."""
    hunt = Hunt(failure)
    hunt.orders.cancel_asked(CancelAsked(at=START, client_order_id=ClientOrderId(1)))

    hunt.run_until(START + 20 * SECOND)

    cancels = [effect for effect in hunt.effects if isinstance(effect, CancelOrder)]
    assert len(cancels) == len(hunt.rounds())
    assert {cancel.client_order_id for cancel in cancels} == {1}


def test_word_nobody_knows_is_asked_about_until_a_known_one_comes() -> None:
    """An order that rests and is said to be something new is queried, and never ended."""
    hunt = Hunt(negative)
    hunt.move(OrderState.ACCEPTED)
    hunt.run_until(START + SECOND)
    before = len(hunt.queries)

    hunt._take(hunt.chase.puzzled(ClientOrderId(1), hunt.at))
    hunt.run_until(START + 30 * SECOND)
    asked = len(hunt.queries)
    hunt.chase.understood(ClientOrderId(1))
    hunt.run_until(START + 60 * SECOND)

    assert asked > before
    assert len(hunt.queries) == asked
    assert hunt.facts == []
    assert hunt.record.state is OrderState.ACCEPTED
