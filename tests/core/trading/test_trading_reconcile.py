"""Comparing one account with a venue of a few lines, in virtual time."""

from decimal import Decimal
from itertools import count, pairwise
from typing import Final

import pytest

from core.domain.effects import Query, WakeAt
from core.domain.events import (
    BalanceReport,
    InstrumentsListed,
    PositionReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    TimerFired,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import Fact, PositionAdopted, Reconciled
from core.domain.ids import Asset, VenueId
from core.domain.order import Fill
from core.domain.reaction import Reaction
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, START, fill, instrument

USDC: Final = Asset("USDC")
LATENCY: Final = 50_000_000


class Account:
    """A reconciler, its room, and a venue that answers after a moment."""

    def __init__(self, entry: str | None = "100", position: str = "2") -> None:
        self.room = TradingRoom()
        listed = InstrumentsListed(
            ts_event=START,
            ts_recv=START,
            venue=VenueId("alpha"),
            instruments=(instrument(SOL_PERP),),
        )
        self.room.on_instruments(listed, START)
        self.reconciler = Reconciler(ACCOUNT, self.room, count(1).__next__)
        self.at = START
        self.usdc = Decimal(1000)
        self.position = Decimal(position)
        self.entry = entry
        self.fills: list[Fill] = []
        self.failing: set[QueryKind] = set()
        self.is_deaf = False
        self.queries: list[tuple[int, QueryKind]] = []
        self.facts: list[Fact] = []
        self._wakes: dict[str, int] = {}
        self._due: list[tuple[int, int, QueryAnswered | QueryFailed]] = []
        self.take(self.reconciler.begin(self.at))

    def run(self, secs: float, touching: str = "") -> "Account":
        """Let time pass; `touching` is moved by a private event every half second."""
        end = self.at + int(secs * SECOND)
        touch_at = self.at if touching else end + 1
        while True:
            key = min(self._wakes, key=lambda each: self._wakes[each], default="")
            wake = self._wakes.get(key, end + 1)
            due = min((item[0] for item in self._due), default=end + 1)
            soonest = min(wake, due, touch_at)
            if soonest > end:
                self.at = end
                return self
            self.at = soonest
            if soonest == touch_at:
                self.reconciler.touched((touching,), self.at)
                touch_at += SECOND // 2
            elif soonest == due:
                self._hear()
            else:
                del self._wakes[key]
                fired = TimerFired(ts_event=self.at, ts_recv=self.at, key=key, due=wake)
                self.take(self.reconciler.on_timer(fired, self.at))

    def take(self, reaction: Reaction) -> None:
        """Apply facts and carry effects out."""
        for fact in reaction.facts:
            self.facts.append(fact)
            if isinstance(fact, Reconciled):
                self.reconciler.applied(fact)
            else:
                self.room.appliers()[type(fact)](fact)
        for effect in reaction.effects:
            if isinstance(effect, WakeAt):
                self._wakes[effect.key] = effect.at
            elif isinstance(effect, Query):
                self.queries.append((self.at, effect.kind))
                if not self.is_deaf:
                    self._due.append((self.at + LATENCY, effect.query_id, self._answer(effect)))

    def _hear(self) -> None:
        item = min(self._due, key=lambda each: each[:2])
        self._due.remove(item)
        body = item[2]
        if isinstance(body, QueryFailed):
            self.take(self.reconciler.on_failed(body, self.at))
            return
        if self.reconciler.opened_at is not None:
            self.take(Reaction(tuple(self.room.fills.of_answer(body.fills, self.at))))
        self.take(self.reconciler.on_answer(body, self.at))

    def _answer(self, query: Query) -> QueryAnswered | QueryFailed:
        at = self.at
        if query.kind in self.failing:
            return QueryFailed(
                ts_event=at,
                ts_recv=at,
                query_id=query.query_id,
                kind=query.kind,
                target=ACCOUNT,
                reason="timeout",
            )
        since = query.since or 0
        rows: dict[QueryKind, tuple[BalanceReport | PositionReport, ...]] = {
            QueryKind.BALANCES: (
                BalanceReport(
                    ts_event=at,
                    ts_recv=at,
                    account=ACCOUNT,
                    asset=USDC,
                    available=Amount(self.usdc),
                    locked=Amount(0),
                ),
            ),
            QueryKind.POSITIONS: (
                PositionReport(
                    ts_event=at,
                    ts_recv=at,
                    account=ACCOUNT,
                    instrument=SOL_PERP,
                    quantity=Quantity(self.position),
                    entry_price=None if self.entry is None else Price(self.entry),
                ),
            ),
        }
        is_fills = query.kind is QueryKind.FILLS
        return QueryAnswered(
            ts_event=at,
            ts_recv=at,
            query_id=query.query_id,
            kind=query.kind,
            account=ACCOUNT,
            rows=rows.get(query.kind, ()),
            fills=tuple(f for f in self.fills if is_fills and f.ts_event >= since),
        )

    def verdicts(self) -> list[tuple[int, bool]]:
        """Return when it was judged, and whether it matched."""
        return [(f.at, f.is_matched) for f in self.facts if isinstance(f, Reconciled)]

    def mismatched_at(self) -> int | None:
        """Return when the first mismatch was judged."""
        return next((at for at, is_matched in self.verdicts() if not is_matched), None)

    def begun(self, kind: QueryKind = QueryKind.BALANCES) -> list[int]:
        """Return when a kind was read."""
        return [at for at, each in self.queries if each is kind]


# ---- opening -----------------------------------------------------------------------------------


def test_account_opens_with_what_the_venue_holds_and_matches() -> None:
    """Money and positions are taken over, the position at the venue's average."""
    account = Account().run(1)

    (adopted,) = [fact for fact in account.facts if isinstance(fact, PositionAdopted)]
    assert (adopted.quantity, adopted.price) == (Quantity(2), Price(100))
    assert account.room.ledger.cash(ACCOUNT, USDC) == Amount(1000)
    assert account.reconciler.last_matched


def test_position_of_unknown_price_is_not_taken_over() -> None:
    """It would be booked at a price nobody paid: the account stays closed, and says so."""
    account = Account(entry=None).run(20)

    assert account.verdicts() == []
    assert account.reconciler.failing_since is not None
    account.entry = "100"
    account.run(2)
    assert account.reconciler.last_matched
    assert account.reconciler.failing_since is None


def test_account_is_not_opened_while_it_moves() -> None:
    """What came between the readings belongs to neither: read again."""
    account = Account()
    account.run(6, touching=USDC)

    assert account.verdicts() == []
    account.run(1)
    assert account.reconciler.last_matched


# ---- how often ---------------------------------------------------------------------------------


def test_light_readings_come_every_three_seconds_and_deep_ones_every_minute() -> None:
    """Histories are scarce: twice in two minutes, where nothing differs."""
    account = Account().run(1)
    before = len(account.begun(QueryKind.FILLS))

    account.run(123)

    gaps = [b - a for a, b in pairwise(account.begun()[1:])]
    assert all(3 * SECOND <= gap <= 3 * SECOND + 4 * LATENCY for gap in gaps)
    assert len(account.begun(QueryKind.FILLS)) - before == 2


def test_standing_mismatch_reads_histories_no_more_than_ten_times_a_minute() -> None:
    """The venue counts such readings; 24 a minute are all there is."""
    account = Account().run(1)
    account.position += 1
    account.run(20)
    before = len(account.begun(QueryKind.FILLS))

    account.run(60)

    assert 1 <= len(account.begun(QueryKind.FILLS)) - before <= 10


# ---- when a difference counts ------------------------------------------------------------------


def test_difference_is_judged_after_two_seconds_and_three_sightings() -> None:
    """Ignored twice; not before it is two seconds old; not much later either."""
    account = Account().run(4)
    begun_at = account.at
    account.usdc += 1

    account.run(10)

    judged_at = account.mismatched_at()
    assert judged_at is not None
    seen = [at for at in account.begun() if begun_at < at <= judged_at]
    assert len(seen) == 3
    assert judged_at - seen[0] >= 2 * SECOND
    assert judged_at - seen[0] <= 5 * SECOND


@pytest.mark.parametrize("secs", [0.5, 1, 1.5])
def test_difference_that_heals_while_it_is_young_is_never_judged(secs: float) -> None:
    """Ledger and venue are never read at one instant."""
    account = Account().run(4)
    account.usdc += 1
    account.run(secs)
    account.usdc -= 1

    account.run(20)

    assert account.mismatched_at() is None


def test_fill_nobody_told_of_is_found_by_the_difference_it_makes() -> None:
    """The difference leads to the histories, these to the fill: no mismatch."""
    account = Account().run(4)
    account.fills.append(fill(1, "3", "100", client_order_id=None, ts_event=account.at))
    account.position += 3

    account.run(8)

    assert account.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(5)
    assert account.mismatched_at() is None
    assert account.reconciler.last_matched


def test_fill_older_than_the_overlap_is_fetched_deeper_before_it_is_judged() -> None:
    """Histories lag: the second look goes back to the opening."""
    account = Account().run(4)
    happened_at = account.at
    account.run(600)
    account.fills.append(fill(1, "3", "100", client_order_id=None, ts_event=happened_at))
    account.position += 3

    account.run(10)

    assert account.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(5)
    assert account.mismatched_at() is None


# ---- what moves meanwhile ----------------------------------------------------------------------


def test_row_that_was_just_touched_is_compared_only_when_it_is_calm() -> None:
    """A private event makes what was read older than what is booked."""
    account = Account().run(4)
    account.usdc += 1
    before = account.verdicts()

    account.run(6, touching=USDC)
    during = account.verdicts()
    account.usdc -= 1
    account.run(5)

    assert during == before
    assert account.mismatched_at() is None
    assert account.reconciler.last_matched


def test_busy_row_does_not_keep_the_others_from_being_compared() -> None:
    """After a while the busy asset is left out; a position that differs is found all the same."""
    account = Account().run(4)
    account.position += 1

    account.run(40, touching=USDC)

    assert account.mismatched_at() is not None
    assert account.reconciler.markets_in_doubt == (SOL_PERP,)


def test_busy_account_is_still_matched_within_the_age_entries_need() -> None:
    """R03 asks for a match of the last 30 s."""
    account = Account().run(4)

    account.run(60, touching=USDC)

    matches = [at for at, is_matched in account.verdicts() if is_matched]
    assert max(b - a for a, b in pairwise(matches)) <= 25 * SECOND


# ---- no information ----------------------------------------------------------------------------


def test_failures_back_off_and_never_give_up() -> None:
    """1, 2, 4, 8, 16, then every 20 s; the first success ends it."""
    account = Account().run(4)
    account.failing = {QueryKind.BALANCES}
    begun = len(account.begun())
    account.run(120)
    times = account.begun()[begun:]
    account.failing = set()

    account.run(21)

    gaps = [round((b - a) / SECOND) for a, b in pairwise(times)]
    assert gaps == [1, 2, 4, 8, 16, 20, 20, 20, 20]
    assert account.mismatched_at() is None
    assert account.reconciler.last_matched
    assert account.reconciler.failing_since is None


def test_silent_venue_is_asked_once_a_minute_and_read_at_once_when_it_shows_life() -> None:
    """1, 2, 4 ... 60 s while nothing at all is answered; one sign of life ends the waiting."""
    account = Account().run(4)
    account.failing = set(QueryKind)
    silent_at = account.at
    account.run(300)
    times = sorted({at for at, _ in account.queries if at > silent_at})
    account.failing = set()

    account.take(account.reconciler.alive(account.at))
    account.run(0.5)

    gaps = [round((b - a) / SECOND) for a, b in pairwise(times)]
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert account.reconciler.last_matched
    assert account.verdicts()[-1][0] > account.at - SECOND


def test_signs_of_life_do_not_hurry_a_venue_that_fails_the_same_questions() -> None:
    """Once for each failure, a second after it at the earliest: no storm of readings."""
    account = Account().run(4)
    account.failing = set(QueryKind)
    silent_at = account.at

    for _ in range(600):
        account.take(account.reconciler.alive(account.at))
        account.run(0.1)

    times = sorted({at for at, _ in account.queries if at > silent_at})
    assert 30 <= len(times) <= 60
    assert min(b - a for a, b in pairwise(times)) >= SECOND


def test_answers_that_never_come_are_failures_after_ten_seconds() -> None:
    """Silence has a deadline, and is never a verdict."""
    account = Account().run(4)
    matched_at = account.reconciler.matched_at
    account.is_deaf = True
    account.run(60)
    asked = [at for at in account.begun() if at > (matched_at or 0)]
    account.is_deaf = False

    account.run(31)

    assert len(asked) >= 3
    assert account.mismatched_at() is None
    assert account.reconciler.last_matched
    assert account.verdicts()[-1][0] > START + 64 * SECOND


def test_demand_freezes_its_scope_and_reads_everything_until_the_verdict() -> None:
    """A blocking comparison begins anew whatever is under way, and thaws with its verdict."""
    account = Account().run(4)
    fills = len(account.begun(QueryKind.FILLS))

    account.take(account.reconciler.demand(SOL_PERP, account.at))
    frozen = set(account.reconciler.frozen)
    account.run(1)

    assert frozen == {SOL_PERP}
    assert len(account.begun(QueryKind.FILLS)) == fills + 1
    assert account.reconciler.frozen == set()


def test_frozen_scope_stays_frozen_while_nothing_can_be_read() -> None:
    """No information never thaws."""
    account = Account().run(4)
    account.failing = {QueryKind.POSITIONS}
    account.take(account.reconciler.demand(SOL_PERP, account.at))

    account.run(90)

    assert account.reconciler.frozen == {SOL_PERP}


# ---- average prices ----------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "is_told"), [("100.01", False), ("100.02", True)])
def test_average_price_may_differ_by_a_basis_point(entry: str, *, is_told: bool) -> None:
    """Told beyond it; quantities and money decide whether the account matches."""
    account = Account().run(1)
    account.entry = entry

    account.run(6)

    assert bool(account.reconciler.price_differences) is is_told
    assert account.reconciler.last_matched
