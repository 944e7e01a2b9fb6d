"""Comparing the ledger with the venue (risk-and-faults section 7): read, book, compare.

Two phases, so that what the venue did between the readings is seen: first balances, positions and
open orders, then fills and settlements. A private event meanwhile means reading again. A failed
query means no information: the comparison is given up and tried again, never judged.
"""

from collections.abc import Callable
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
from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Price
from core.domain.facts import CashBooked, Fact, PositionAdopted, Reconciled
from core.domain.ids import AccountId, Asset, InstrumentId
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.trading.ledger import OPENING
from core.trading.room import TradingRoom

_SECOND: Final = 1_000_000_000
LIGHT_EVERY_NS: Final = 3 * _SECOND
RETRY_NS: Final = 400_000_000
MISMATCH_AGE_NS: Final = 2 * _SECOND
OVERLAP_NS: Final = 300 * _SECOND
_FIRST: Final = (QueryKind.BALANCES, QueryKind.POSITIONS, QueryKind.OPEN_ORDERS)
_SECONDLY: Final = (QueryKind.FILLS, QueryKind.SETTLEMENTS)
NOT_MONEY: Final = frozenset({"POINTS"})


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
        self._is_disturbed = False
        self._differs_since: int | None = None
        self._is_comparing = False
        self._read_from = 0
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

    def begin(self, at: int) -> Reaction:
        """Start reading the venue, unless that is under way."""
        if self.is_running:
            return NOTHING
        self._answers.clear()
        self._is_disturbed = False
        self._read_from = at
        return Reaction((), self._ask(_FIRST))

    def touched(self) -> None:
        """Learn of a private event: what was read so far may be older than it."""
        self._is_disturbed = True

    def applied(self, fact: Reconciled) -> None:
        """Follow the verdict, also when it comes from the journal."""
        if fact.account != self.account or not fact.is_matched:
            return
        self.matched_at = fact.at
        if self.opened_at is None:
            self.opened_at = fact.read_from
        self.watermark = max(self.opened_at, fact.at - OVERLAP_NS)

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Begin at the own timer; compare at the other, once the missed rows are booked."""
        if body.key == self.timer:
            return self.begin(at)
        if body.key == self._compare_timer:
            return self._compare(at)
        return NOTHING

    def on_failed(self, body: QueryFailed, at: int) -> Reaction:
        """Give up this comparison and try again later."""
        if self._open.pop(body.query_id, None) is None:
            return NOTHING
        self._open.clear()
        return self._again(at, _SECOND)

    def on_answer(self, body: QueryAnswered, at: int) -> Reaction:
        """Collect answers; when a phase is complete go to the next, then book and compare."""
        kind = self._open.pop(body.query_id, None)
        if kind is None:
            return NOTHING
        self._answers[kind] = body
        if self._open:
            return NOTHING
        if QueryKind.FILLS not in self._answers:
            return Reaction((), self._ask(_SECONDLY))
        if self.opened_at is None and self._is_unquiet():
            return self._again(at, RETRY_NS)
        self._is_comparing = True
        wake = WakeAt(key=self._compare_timer, at=at)
        return Reaction(tuple(self._missed(at)), (wake,))

    # ---- reading -------------------------------------------------------------------------------

    def _is_unquiet(self) -> bool:
        """Whether the account moved while it was first read, or holds what is not listed yet."""
        if any(p.instrument not in self._room.instruments for p in self._positions()):
            return True
        fills = self._answers[QueryKind.FILLS].fills
        return self._is_disturbed or bool(fills or self._answers[QueryKind.SETTLEMENTS].rows)

    def _ask(self, kinds: tuple[QueryKind, ...]) -> tuple[Effect, ...]:
        since = self.watermark if self.opened_at is not None else self._read_from
        effects = []
        for kind in kinds:
            query_id = self._next_query_id()
            self._open[query_id] = kind
            effects.append(Query(query_id=query_id, kind=kind, account=self.account, since=since))
        return tuple(effects)

    def _missed(self, at: int) -> list[Fact]:
        """Return what the venue knows and the ledger does not: the opening, or settlements.

        Fills are not booked here: the keeper books those of every answer as evidence.
        """
        if self.opened_at is None:
            return self._opening(at)
        facts: list[Fact] = []
        for row in self._answers[QueryKind.SETTLEMENTS].rows:
            if isinstance(row, SettlementReport):
                facts.extend(settlement_facts(self._room, row, at))
        return facts

    def _opening(self, at: int) -> list[Fact]:
        """Take over what the account held before this journal began."""
        facts: list[Fact] = []
        for balance in self._balances():
            total = balance.available + balance.locked
            if not total.is_zero:
                facts.append(
                    CashBooked(
                        at=at,
                        account=self.account,
                        asset=balance.asset,
                        amount=total,
                        source=OPENING,
                        row_id=balance.asset,
                    )
                )
        for position in self._positions():
            if not position.quantity.is_zero:
                facts.extend(self._room.market_facts(position.instrument, at))
                facts.append(
                    PositionAdopted(
                        at=at,
                        account=self.account,
                        instrument=position.instrument,
                        quantity=position.quantity,
                        price=position.entry_price or Price(0),
                    )
                )
        return facts

    # ---- comparing -----------------------------------------------------------------------------

    def _compare(self, at: int) -> Reaction:
        if not self._is_comparing:
            return NOTHING
        self._is_comparing = False
        if self._is_disturbed:
            return self._again(at, RETRY_NS)
        self.compared += 1
        differences = (*self._cash_differences(), *self._position_differences())
        self.last_matched, self.last_differences = not differences, differences
        if not differences:
            return self._matched(at)
        if self._differs_since is None:
            self._differs_since = at
        if at - self._differs_since < MISMATCH_AGE_NS:
            return self._again(at, RETRY_NS)
        self.mismatches += 1
        verdict = Reconciled(at=at, account=self.account, is_matched=False, differences=differences)
        return Reaction((verdict,), (WakeAt(key=self.timer, at=at + LIGHT_EVERY_NS),))

    def _matched(self, at: int) -> Reaction:
        self._differs_since = None
        facts = (
            Reconciled(at=at, account=self.account, is_matched=True, read_from=self._read_from),
            *self._lost_orders(at),
        )
        return Reaction(facts, (WakeAt(key=self.timer, at=at + LIGHT_EVERY_NS),))

    def _lost_orders(self, at: int) -> list[Fact]:
        """Return a turn to UNKNOWN for each order that should rest and is not listed."""
        listed = {
            row.client_order_id
            for row in self._answers[QueryKind.OPEN_ORDERS].rows
            if isinstance(row, OrderReport)
        }
        resting = {OrderState.ACCEPTED, OrderState.PARTIAL, OrderState.HELD}
        return [
            lost
            for record in self._room.orders.live()
            if record.account == self.account
            and record.state in resting | {OrderState.PENDING_CANCEL}
            and record.client_order_id not in listed
            and at - record.moved_at > MISMATCH_AGE_NS
            for lost in (self._room.doubted(record, at),)
        ]

    def _cash_differences(self) -> list[str]:
        told: dict[Asset, Amount] = {
            row.asset: row.available + row.locked for row in self._balances()
        }
        assets = sorted({*told, *self._room.ledger.cash_assets(self.account)} - NOT_MONEY)
        differences = []
        for asset in assets:
            ours = self._room.ledger.cash(self.account, asset)
            theirs = told.get(asset, ZERO_AMOUNT)
            if ours != theirs:
                differences.append(f"{asset}: ledger {ours}, venue {theirs}")
        return differences

    def _position_differences(self) -> list[str]:
        told = {row.instrument: row.quantity for row in self._positions()}
        differences = []
        for name in sorted({*told, *self._perpetuals_held()}):
            ours = self._room.ledger.position(self.account, name)
            theirs = told.get(name, ZERO_QUANTITY)
            if ours != theirs:
                differences.append(f"{name}: ledger {ours}, venue {theirs}")
        return differences

    def _perpetuals_held(self) -> set[InstrumentId]:
        return {
            name
            for (account, _, name), _line in self._room.ledger.lines()
            if account == self.account and not self._room.ledger.is_spot(name)
        }

    def _balances(self) -> list[BalanceReport]:
        rows = self._answers[QueryKind.BALANCES].rows
        return [
            row for row in rows if isinstance(row, BalanceReport) and row.asset not in NOT_MONEY
        ]

    def _positions(self) -> list[PositionReport]:
        rows = self._answers[QueryKind.POSITIONS].rows
        return cast("list[PositionReport]", [r for r in rows if isinstance(r, PositionReport)])

    def _again(self, at: int, wait_ns: int) -> Reaction:
        return Reaction((), (WakeAt(key=self.timer, at=at + wait_ns),))


def settlement_facts(room: TradingRoom, row: SettlementReport, at: int) -> list[Fact]:
    """Return the booking of a settlement row, or nothing if it is booked already."""
    if room.ledger.knows_cash(row.account, row.source, row.row_id):
        return []
    return [
        CashBooked(
            at=at,
            account=row.account,
            asset=row.asset,
            amount=row.amount,
            source=row.source,
            row_id=row.row_id,
            instrument=row.instrument,
        )
    ]
