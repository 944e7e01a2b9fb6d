"""The runner's promises (design section 2), by example and against a naive model."""

import random
from typing import Final

import pytest

from core.domain.commands import Receipt
from core.domain.effects import (
    Acknowledge,
    CancelOrder,
    Effect,
    Persist,
    PlaceOrder,
    Query,
    WakeAt,
)
from core.domain.events import QueryKind
from core.domain.facts import DecisionTaken, Fact, Noted, Verdict
from core.domain.ids import ClientOrderId
from core.runtime.runner import LAZY_WAIT_NS, JournalBatch, Runner
from tests.core.builders import ACCOUNT, SOL_PERP, STRATEGY, approved, journaled

FAR: Final = 10**15


def always(_effect: PlaceOrder, _now: int) -> str | None:
    """Let every placement leave."""
    return None


def in_time(effect: PlaceOrder, now: int) -> str | None:
    """Let a placement leave until its time has passed."""
    return "too late" if now > effect.send_before else None


def place(number: int, send_before: int = FAR) -> PlaceOrder:
    """Make the sending of one order."""
    return PlaceOrder(
        client_order_id=ClientOrderId(number), approved=approved(), send_before=send_before
    )


def cancel(number: int) -> CancelOrder:
    """Make the cancelling of one order."""
    return CancelOrder(account=ACCOUNT, instrument=SOL_PERP, client_order_id=ClientOrderId(number))


def eager(number: int) -> Persist:
    """Make a row that holds its step back until it is on disk."""
    return Persist(fact=journaled(number))


def decision(cause: str = "c", text: str = "t") -> Persist:
    """Make a row that holds nothing back."""
    fact = DecisionTaken(
        at=1, strategy=STRATEGY, cause=cause, verdict=Verdict.DENIED, code="R10", text=text
    )
    return Persist(fact=fact, is_lazy=True)


def receipt(name: str) -> Acknowledge:
    """Make the answer to a command."""
    return Acknowledge(cockpit="c", receipt=Receipt(command_id=name, is_accepted=True))


def flown(runner: Runner, now: int = 0) -> JournalBatch:
    """Start a batch that has to be there."""
    batch = runner.journal_batch(now)
    assert batch is not None
    return batch


# ---- by example --------------------------------------------------------------------------------


def test_placement_is_held_until_its_step_is_on_disk() -> None:
    """Durable before sent."""
    runner = Runner(always)
    runner.submit(1, [eager(1), place(1)], 0)

    before = runner.due(0)
    batch = flown(runner)
    during = runner.due(0)
    runner.journal_done(batch.upto)

    assert before.effects == during.effects == ()
    assert runner.due(0).effects == (place(1),)
    assert runner.due(0).effects == ()


def test_receipt_is_held_until_its_step_is_on_disk() -> None:
    """A person is told only what will still be true after a crash."""
    runner = Runner(always)
    runner.submit(1, [eager(1), receipt("a")], 0)

    assert runner.due(0).effects == ()
    runner.journal_done(flown(runner).upto)
    assert runner.due(0).effects == (receipt("a"),)


def test_receipt_without_rows_of_its_own_waits_for_earlier_steps() -> None:
    """A step is durable only when every step up to it is."""
    runner = Runner(always)
    runner.submit(1, [eager(1)], 0)
    runner.submit(2, [receipt("b")], 0)

    assert runner.due(0).effects == ()
    runner.journal_done(flown(runner).upto)
    assert runner.due(0).effects == (receipt("b"),)


def test_cancels_queries_and_timers_never_wait_for_the_disk() -> None:
    """Only what adds risk or speaks to a person waits."""
    runner = Runner(always)
    free: list[Effect] = [
        cancel(9),
        Query(query_id=1, kind=QueryKind.FILLS, account=ACCOUNT),
        WakeAt(key="k", at=5),
    ]

    runner.submit(1, [eager(1), *free, place(1)], 0)

    assert list(runner.due(0).effects) == free


def test_cancel_of_a_held_order_removes_it_and_proves_it_not_sent() -> None:
    """An order still in the house is taken back without asking the venue."""
    runner = Runner(always)
    runner.submit(1, [eager(1), place(1), place(2)], 0)
    runner.submit(2, [cancel(1)], 0)

    due = runner.due(0)
    runner.journal_done(flown(runner).upto)

    assert due.effects == ()
    assert [refusal.client_order_id for refusal in due.not_sent] == [1]
    assert runner.due(0).effects == (place(2),)


def test_cancel_of_an_order_that_left_goes_to_the_venue() -> None:
    """What is out can only be cancelled outside."""
    runner = Runner(always)
    runner.submit(1, [eager(1), place(1)], 0)
    runner.journal_done(flown(runner).upto)
    runner.due(0)

    runner.submit(2, [cancel(1)], 0)

    assert runner.due(0).effects == (cancel(1),)


def test_placement_whose_time_passed_on_the_way_to_disk_is_not_sent() -> None:
    """The last look happens as bytes would leave, not when the order was approved."""
    runner = Runner(in_time)
    runner.submit(1, [eager(1), place(1, send_before=100)], 0)
    runner.journal_done(flown(runner).upto)

    due = runner.due(101)

    assert due.effects == ()
    assert [(r.client_order_id, r.reason) for r in due.not_sent] == [(1, "too late")]


def test_last_look_that_refuses_one_placement_lets_the_next_leave() -> None:
    """The kill latch is asked for every placement."""
    refused = {1}
    runner = Runner(lambda effect, _now: "latched" if effect.client_order_id in refused else None)
    runner.submit(1, [eager(1), place(1), place(2)], 0)
    runner.journal_done(flown(runner).upto)

    due = runner.due(0)

    assert due.effects == (place(2),)
    assert [r.reason for r in due.not_sent] == ["latched"]


def test_journal_failure_refuses_what_waited_and_keeps_every_row() -> None:
    """No placement outlives a failed write; its rows are written again, in order."""
    runner = Runner(always)
    runner.submit(1, [eager(1), place(1)], 0)
    first = flown(runner)
    runner.submit(2, [eager(2), place(2), receipt("a")], 0)

    runner.journal_failed("disk full")
    due = runner.due(0)
    again = flown(runner)
    runner.journal_done(again.upto)

    assert due.effects == ()
    assert [r.client_order_id for r in due.not_sent] == [1, 2]
    assert again.rows[: len(first.rows)] == first.rows
    assert [row.seq for row in again.rows] == [1, 2]
    assert runner.due(0).effects == (receipt("a"),)


def test_only_one_batch_is_in_flight_and_it_takes_all_that_waits() -> None:
    """Group commit: whatever came while the last sync ran goes in one batch."""
    runner = Runner(always)
    runner.submit(1, [eager(1)], 0)
    first = flown(runner)
    for step in (2, 3, 4):
        runner.submit(step, [eager(step), eager(step + 100)], 0)

    assert runner.journal_batch(0) is None
    runner.journal_done(first.upto)
    second = flown(runner)

    assert second.upto == 4
    assert [row.seq for row in second.rows] == [2, 2, 3, 3, 4, 4]


def test_end_of_a_batch_that_is_not_in_flight_is_an_error() -> None:
    """Nobody says done for what was not given out."""
    runner = Runner(always)
    runner.submit(1, [eager(1)], 0)

    with pytest.raises(ValueError, match="step 1"):
        runner.journal_done(1)


def test_lazy_rows_hold_nothing_and_ride_with_the_next_batch() -> None:
    """Denials and decision lines cost no sync of their own."""
    runner = Runner(always)
    runner.submit(1, [decision(), place(7)], 0)

    assert runner.due(0).effects == (place(7),)
    assert runner.journal_batch(LAZY_WAIT_NS - 1) is None
    runner.submit(2, [eager(1)], 5)
    assert [row.seq for row in flown(runner, 5).rows] == [1, 2]


def test_lazy_rows_alone_are_written_after_their_wait() -> None:
    """A quiet engine still writes its decisions down."""
    runner = Runner(always)
    runner.submit(1, [decision()], 10)

    assert runner.journal_batch(10 + LAZY_WAIT_NS - 1) is None
    assert [row.seq for row in flown(runner, 10 + LAZY_WAIT_NS).rows] == [1]


def test_repeats_of_a_decision_collapse_to_a_counter() -> None:
    """The same denial a thousand times is one row that counts."""
    runner = Runner(always)
    for step in range(1, 1001):
        runner.submit(step, [decision()], 0)
    runner.submit(1001, [decision("another")], 0)

    rows = flown(runner, LAZY_WAIT_NS).rows

    counts = [row.fact.repeats for row in rows if isinstance(row.fact, DecisionTaken)]
    assert counts == [1000, 1]


def test_age_of_the_oldest_uncommitted_step_counts_through_the_flight() -> None:
    """A slow disk is seen while it writes, and not after."""
    runner = Runner(always)
    runner.submit(1, [eager(1)], 100)
    waiting = runner.oldest_uncommitted_ns(150)
    batch = flown(runner, 160)
    flying = runner.oldest_uncommitted_ns(400)
    runner.journal_done(batch.upto)

    assert (waiting, flying, runner.oldest_uncommitted_ns(900)) == (50, 300, 0)
    assert not runner.has_waiting


# ---- against a naive model ---------------------------------------------------------------------


class Model:
    """Remembers everything and checks every release by looking at all of it."""

    def __init__(self) -> None:
        self.submitted: list[tuple[int, Effect]] = []
        self.disk: list[tuple[int, Fact]] = []
        self.pending: list[int] = []
        self.placed: list[int] = []
        self.refused: list[int] = []
        self.answered: list[str] = []
        self.free: list[Effect] = []

    def submit(self, seq: int, effects: list[Effect]) -> None:
        """Remember a step."""
        self.submitted.extend((seq, effect) for effect in effects)
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                self.pending.append(effect.client_order_id)
            elif isinstance(effect, CancelOrder):
                if effect.client_order_id in self.pending:
                    self.pending.remove(effect.client_order_id)
                    self.refused.append(effect.client_order_id)
                else:
                    self.free.append(effect)
            elif isinstance(effect, Query):
                self.free.append(effect)

    def fail(self) -> None:
        """Refuse every placement that waits."""
        self.refused.extend(self.pending)
        self.pending.clear()

    def committed(self, rows: list[tuple[int, Fact]]) -> None:
        """Check order and wholeness of what reached the disk."""
        self.disk.extend(rows)
        wanted = [
            (seq, effect.fact) for seq, effect in self.submitted if isinstance(effect, Persist)
        ]
        assert self.disk == wanted[: len(self.disk)], "rows on disk are not the steps' in order"
        last = self.disk[-1][0]
        whole = [row for row in wanted if row[0] <= last]
        assert self.disk[-len(whole) :] == whole or len(self.disk) == len(whole), "a step is split"

    def released(self, effects: tuple[Effect, ...], refused: list[int]) -> None:
        """Check everything that leaves against everything that is on disk."""
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                self._check_durable(effect)
                assert self.pending[0] == effect.client_order_id, "not first in, first out"
                self.placed.append(self.pending.pop(0))
            elif isinstance(effect, Acknowledge):
                self._check_durable(effect)
                self.answered.append(effect.receipt.command_id)
            else:
                assert self.free.pop(0) == effect
        assert not self.free, "a cancel or a query waited"
        assert refused == self.refused
        self.refused.clear()

    def _check_durable(self, effect: Effect) -> None:
        (at,) = [seq for seq, other in self.submitted if other is effect]
        rows = [
            (seq, e.fact)
            for seq, e in self.submitted
            if isinstance(e, Persist) and seq <= at and not e.is_lazy
        ]
        missing = [row for row in rows if row not in self.disk]
        assert not missing, f"{effect} left before {missing[0]}"


@pytest.mark.parametrize("seed", range(60))
def test_runner_keeps_its_promises_over_random_histories(seed: int) -> None:
    """Steps, syncs, failures and cancels in any order never break what the runner guarantees."""
    rng = random.Random(seed)
    runner, model = Runner(always), Model()
    flying: JournalBatch | None = None
    number, seq, now = 0, 0, 0
    for _ in range(250):
        now += rng.randint(0, LAZY_WAIT_NS // 2)
        action = rng.random()
        if action < 0.5:
            seq += rng.randint(1, 3)
            effects: list[Effect] = []
            for _ in range(rng.randint(0, 5)):
                number += 1
                effects.append(_random_effect(rng, number, model))
            model.submit(seq, effects)
            runner.submit(seq, effects, now)
        elif action < 0.7 and flying is None:
            flying = runner.journal_batch(now)
        elif flying is not None and action < 0.9:
            runner.journal_done(flying.upto)
            model.committed([(row.seq, row.fact) for row in flying.rows])
            flying = None
        elif flying is not None:
            runner.journal_failed("chance")
            model.fail()
            flying = None
        due = runner.due(now)
        model.released(due.effects, [r.client_order_id for r in due.not_sent])

    _finish(runner, model, flying, now)


def _random_effect(rng: random.Random, number: int, model: Model) -> Effect:
    kind = rng.randrange(6)
    if kind == 0:
        return place(number)
    if kind == 1:
        return receipt(str(number))
    if kind == 2:
        return cancel(rng.choice(model.pending) if model.pending else number)
    if kind == 3:
        return Query(query_id=number, kind=QueryKind.FILLS, account=ACCOUNT)
    if kind == 4:
        return Persist(fact=Noted(at=number, level="info", text="x"), is_lazy=True)
    return eager(number)


def _finish(runner: Runner, model: Model, flying: JournalBatch | None, now: int) -> None:
    """Let the disk catch up: then nothing may be left."""
    for _ in range(3):
        batch = flying or runner.journal_batch(now + 10 * LAZY_WAIT_NS)
        flying = None
        if batch is not None:
            runner.journal_done(batch.upto)
            model.committed([(row.seq, row.fact) for row in batch.rows])
        due = runner.due(now)
        model.released(due.effects, [r.client_order_id for r in due.not_sent])

    assert not runner.has_waiting
    assert not model.pending
    asked = [e.receipt.command_id for _, e in model.submitted if isinstance(e, Acknowledge)]
    assert model.answered == asked
