"""Comparing the ledger with the venue (risk-and-faults section 7): read, book, compare.

Light readings (positions, balances, open orders) come every 3 s and compare what was not touched
for 2 s; deep ones read the fills too; blocking ones freeze the entries of their scope until there
is a verdict. A difference is looked into by reading fills and settlements, further back if need
be. A failed query means no information: the comparison is given up and tried again, never judged.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import (
    BalanceReport,
    OrderReport,
    PositionReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    SettlementReport,
    TimerFired,
)
from core.domain.facts import Fact, Reconciled
from core.domain.ids import AccountId, InstrumentId, venue_of
from core.domain.reaction import NOTHING, Reaction
from core.trading import comparing, foreign
from core.trading.inferred import Gap
from core.trading.judging import Doubt
from core.trading.reading import HISTORY, STAGES, Reading, backoff_ns
from core.trading.room import TradingRoom
from core.trading.taking_over import opening_facts, settlement_facts

_SECOND: Final = 1_000_000_000
LIGHT_EVERY_NS: Final = 3 * _SECOND
DEEP_EVERY_NS: Final = 60 * _SECOND
RETRY_NS: Final = 400_000_000
ANSWER_WITHIN_NS: Final = 10 * _SECOND
"""Answers that have not come by then count as failed."""
UNTOUCHED_NS: Final = 2 * _SECOND
SKIPPING_NS: Final = 15 * _SECOND
"""How long a busy row may be left out before a comparison counts without it."""
OVERLAP_NS: Final = 300 * _SECOND
FURTHEST_BACK_NS: Final = 86_400 * _SECOND
Scope = InstrumentId | AccountId


class Reconciler:
    """Compares one account with its venue, again and again."""

    def __init__(
        self, account: AccountId, room: TradingRoom, next_query_id: Callable[[], int]
    ) -> None:
        self.account = account
        self._room = room
        self._next_query_id = next_query_id
        self._open: dict[int, QueryKind] = {}
        self._answers: dict[QueryKind, QueryAnswered] = {}
        self._stages: list[tuple[QueryKind, ...]] = []
        self._reading = Reading.LIGHT
        self._asked_at = 0
        self._read_from = 0
        self._is_comparing = False
        self._touched: dict[str, int] = {}
        self._patient_since: int | None = None
        self._deep_at = 0
        self._doubt = Doubt()
        self._failures = 0
        self._failed_at = 0
        self._has_life = False
        """Whether the venue answered anything since the last reading began."""
        self._given_up: set[int] = set()
        self.failing_since: int | None = None
        """Since when the venue gave no information; None while it does."""
        self.frozen: set[Scope] = set()
        """Markets, or the account, of which a blocking comparison is under way."""
        self.gaps: tuple[Gap, ...] = ()
        """What differed when it was last compared."""
        self.price_differences: tuple[str, ...] = ()
        self.opened_at: int | None = None
        self.matched_at: int | None = None
        self.watermark = 0
        self.compared = 0
        self.mismatches = 0
        self.last_matched = False
        self.last_differences: tuple[str, ...] = ()
        self.timer = f"trading/reconcile/{account}"
        self._compare_timer = f"trading/compare/{account}"

    @property
    def is_running(self) -> bool:
        """Whether a comparison is under way."""
        return bool(self._open) or self._is_comparing

    # ---- what is asked of it -------------------------------------------------------------------

    def begin(self, at: int) -> Reaction:
        """Start reading the venue, unless that is under way."""
        if self.is_running:
            return NOTHING
        if self.opened_at is None:
            return self._start(Reading.OPENING, at)
        if self.frozen:
            return self._start(Reading.BLOCKING, at)
        is_deep = at - self._deep_at >= DEEP_EVERY_NS
        return self._start(Reading.DEEP if is_deep else Reading.LIGHT, at)

    def demand(self, scope: Scope, at: int) -> Reaction:
        """Freeze a scope's entries and read everything anew, whatever is under way."""
        self.frozen.add(scope)
        self._give_up()
        self._failures = 0
        return self.begin(at)

    def alive(self, at: int) -> Reaction:
        """Read again, a second after the failure at the earliest: a silent venue shows life."""
        if self._has_life or self.is_running or not self._failures:
            return NOTHING
        self._has_life = True
        due = self._failed_at + _SECOND
        return self.begin(at) if due <= at else self._again(at, due - at)

    def touched(self, names: Iterable[str], at: int) -> None:
        """Learn what a private event concerned: markets and assets read so far may be older."""
        for name in names:
            self._touched[name] = at

    def applied(self, fact: Reconciled) -> None:
        """Follow the verdict, also when it comes from the journal."""
        if fact.account != self.account:
            return
        self.frozen.clear()
        if not fact.is_matched:
            return
        self.matched_at = fact.at
        if self.opened_at is None:
            self.opened_at = fact.read_from
        self.watermark = max(self.opened_at, fact.at - OVERLAP_NS)

    def adopt(self, at: int) -> list[Fact]:
        """Return what makes the ledger equal what the venue said last, booked as EXTERNAL."""
        facts: list[Fact] = []
        for gap in self.gaps:
            if gap.price is not None:
                facts.extend(self._room.fills.market(InstrumentId(gap.name), at))
        return [*facts, *self._room.ledger.adopting(self.account, self.gaps, at)]

    # ---- events --------------------------------------------------------------------------------

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Begin at the own timer; compare at the other, once the missed rows are booked."""
        if body.key == self._compare_timer:
            return self._compare(at)
        if body.key != self.timer:
            return NOTHING
        if self._open and at - self._asked_at >= ANSWER_WITHIN_NS:
            return self._failed(at)
        return self.begin(at)

    def on_failed(self, body: QueryFailed, at: int) -> Reaction:
        """Give up this comparison and try again later, later each time."""
        return NOTHING if self._open.pop(body.query_id, None) is None else self._failed(at)

    def on_answer(self, body: QueryAnswered, at: int) -> Reaction:
        """Collect answers; when a phase is complete go to the next, then book and compare."""
        kind = self._open.pop(body.query_id, None)
        if kind is None:
            return self._elsewhere(body, at)
        self._has_life = True
        self._answers[kind] = body
        if self._open:
            return NOTHING
        facts = tuple(self._missed(at)) if kind in HISTORY else ()
        if self._stages:
            return Reaction(facts, self._ask(self._stages.pop(0), at))
        self._failures = 0
        if self.opened_at is not None:
            self.failing_since = None
        self._is_comparing = True
        return Reaction(facts, (WakeAt(key=self._compare_timer, at=at),))

    def _elsewhere(self, body: QueryAnswered, at: int) -> Reaction:
        """Take an answer to others as a sign of life; a late one of our own is not news enough."""
        if venue_of(body.account) != venue_of(self.account):
            return NOTHING
        if body.query_id not in self._given_up:
            return self.alive(at)
        self._given_up.discard(body.query_id)
        if self._has_life or self.is_running:
            return NOTHING
        self._has_life = True
        return self._again(self._failed_at, backoff_ns(self._failures, has_life=self._has_life))

    # ---- reading -------------------------------------------------------------------------------

    def _start(self, reading: Reading, at: int) -> Reaction:
        self._answers.clear()
        self._has_life = False
        self._doubt.new_reading()
        if self._patient_since is None:
            self._patient_since = at
        self._reading = reading
        self._read_from = at
        self._stages = list(STAGES[reading])
        return Reaction((), self._ask(self._stages.pop(0), at))

    def _ask(
        self, kinds: tuple[QueryKind, ...], at: int, since: int | None = None
    ) -> tuple[Effect, ...]:
        if since is None:
            since = self.watermark if self.opened_at is not None else self._read_from
        self._asked_at = at
        effects: list[Effect] = []
        for kind in kinds:
            query_id = self._next_query_id()
            self._open[query_id] = kind
            effects.append(Query(query_id=query_id, kind=kind, account=self.account, since=since))
        effects.append(WakeAt(key=self.timer, at=at + ANSWER_WITHIN_NS))
        return tuple(effects)

    def _failed(self, at: int) -> Reaction:
        self._give_up()
        self._failures += 1
        if self.failing_since is None:
            self.failing_since = at
        self._failed_at = at
        return self._again(at, backoff_ns(self._failures, has_life=self._has_life))

    def _give_up(self) -> None:
        self._given_up = set(self._open)
        self._open.clear()
        self._stages = []
        self._is_comparing = False

    def _missed(self, at: int) -> list[Fact]:
        """Return the settlements the venue knows and the ledger does not.

        Fills are not booked here: the keeper books those of every answer as evidence.
        """
        if self.opened_at is None:
            return []
        facts: list[Fact] = []
        for row in self._answers[QueryKind.SETTLEMENTS].rows:
            if isinstance(row, SettlementReport):
                facts.extend(settlement_facts(self._room, row, at, facts))
        return facts

    # ---- opening -------------------------------------------------------------------------------

    def _is_unquiet(self) -> bool:
        """Whether the account moved while it was first read, or holds what cannot be booked yet.

        That is a position in a market that is not listed, or of which no price is known.
        """
        if any(
            p.instrument not in self._room.instruments
            or (p.entry_price is None and not p.quantity.is_zero)
            for p in self._positions()
        ):
            return True
        fills = self._answers[QueryKind.FILLS].fills
        has_moved = any(when >= self._read_from for when in self._touched.values())
        return has_moved or bool(fills or self._answers[QueryKind.SETTLEMENTS].rows)

    def _opened(self, at: int) -> Reaction:
        """Take the account over; comparing what was just taken over proves nothing more."""
        if self._is_unquiet():
            if self.failing_since is None:
                self.failing_since = self._patient_since
            return self._again(at, RETRY_NS)
        matched = self._matched(at)
        facts = opening_facts(self._room, self.account, self._balances(), self._positions(), at)
        return Reaction((*facts, *matched.facts), matched.effects)

    # ---- comparing -----------------------------------------------------------------------------

    def _compare(self, at: int) -> Reaction:
        if not self._is_comparing:
            return NOTHING
        self._is_comparing = False
        if self.opened_at is None:
            return self._opened(at)
        busy = self._busy()
        calm_at = self._calm_at(busy)
        if calm_at is not None and at - (self._patient_since or at) < SKIPPING_NS:
            return self._again(at, max(RETRY_NS, calm_at - at))
        ledger = self._room.ledger
        self.gaps = (
            *comparing.money_gaps(ledger, self.account, self._balances(), busy),
            *comparing.position_gaps(ledger, self.account, self._positions(), busy),
        )
        if self.gaps and self._doubt.is_worth_looking(self.gaps, at):
            return self._look_into(at)
        self.price_differences = comparing.price_differences(
            ledger, self.account, self._positions(), busy
        )
        return self._differs(at) if self.gaps else self._matched(at)

    def _busy(self) -> dict[str, int]:
        """Return markets and assets touched since shortly before they were read, and when."""
        calm_before = self._read_from - UNTOUCHED_NS
        return {name: when for name, when in self._touched.items() if when >= calm_before}

    def _calm_at(self, busy: Mapping[str, int]) -> int | None:
        """Return when a reading begun then can be compared whole; None where this one can.

        A thorough reading only has to be without events while it went on.
        """
        if self._reading is Reading.LIGHT:
            return max(busy.values()) + UNTOUCHED_NS + 1 if busy else None
        during = [when for when in busy.values() if when >= self._read_from]
        return max(during) + 1 if during else None

    def _look_into(self, at: int) -> Reaction:
        """Read fills and settlements for a difference; the second time further back."""
        assert self.opened_at is not None
        is_known = self._doubt.look(self.gaps, at)
        since = max(self.opened_at, at - FURTHEST_BACK_NS) if is_known else None
        return Reaction((), self._ask(HISTORY, at, since))

    def _differs(self, at: int) -> Reaction:
        """Judge a difference once it was seen three times and is two seconds old."""
        if not self._doubt.seen(at):
            return self._again(at, _SECOND)
        self.compared += 1
        self._patient_since = None
        self.mismatches += 1
        self.last_matched = False
        ledger = self._room.ledger
        texts = tuple(comparing.gap_text(ledger, self.account, gap) for gap in self.gaps)
        self.last_differences = texts
        verdict = Reconciled(
            at=at,
            account=self.account,
            is_matched=False,
            differences=texts,
            markets=self.markets_in_doubt,
        )
        return Reaction((verdict, *self._order_facts(at)), self._again(at, LIGHT_EVERY_NS).effects)

    @property
    def markets_in_doubt(self) -> tuple[InstrumentId, ...]:
        """Markets whose positions differ; none where money does, which concerns the account."""
        has_money = any(gap.price is None for gap in self.gaps)
        return () if has_money else self.positions_in_doubt

    @property
    def positions_in_doubt(self) -> tuple[InstrumentId, ...]:
        """Markets whose positions differ, whatever else does."""
        names = (InstrumentId(gap.name) for gap in self.gaps if gap.price is not None)
        return tuple(sorted(names))

    def _matched(self, at: int) -> Reaction:
        self.compared += 1
        self.failing_since = None
        self._patient_since = None
        self.last_matched, self.last_differences = True, ()
        self._doubt.cleared()
        if self._reading is not Reading.LIGHT:
            self._deep_at = at
        verdict = Reconciled(
            at=at, account=self.account, is_matched=True, read_from=self._read_from
        )
        return Reaction((verdict, *self._order_facts(at)), self._again(at, LIGHT_EVERY_NS).effects)

    def _order_facts(self, at: int) -> list[Fact]:
        """Return what the open orders read prove: orders that are gone, and orders not ours."""
        rows = [
            row for row in self._answers[QueryKind.OPEN_ORDERS].rows if isinstance(row, OrderReport)
        ]
        orders, settled_before = self._room.orders, self._read_from - UNTOUCHED_NS
        lost = comparing.lost_orders(orders, self.account, rows, settled_before)
        facts: list[Fact] = [self._room.doubted(record, at) for record in lost]
        seen = foreign.after_reading(orders, self.account, rows, self._room.client_ids, at)
        return facts if seen is None else [*facts, seen]

    # ---- parts ---------------------------------------------------------------------------------

    def _balances(self) -> list[BalanceReport]:
        rows = self._answers[QueryKind.BALANCES].rows
        return [
            row
            for row in rows
            if isinstance(row, BalanceReport) and row.asset not in comparing.NOT_MONEY
        ]

    def _positions(self) -> list[PositionReport]:
        rows = self._answers[QueryKind.POSITIONS].rows
        return cast("list[PositionReport]", [r for r in rows if isinstance(r, PositionReport)])

    def _again(self, at: int, wait_ns: int) -> Reaction:
        return Reaction((), (WakeAt(key=self.timer, at=at + wait_ns),))
