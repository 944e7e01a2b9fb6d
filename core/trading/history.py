"""A journal read as history: every fact folded through the same `apply`, and told as rows.

Rows are plain mappings: exact numbers stay exact, untrusted text stays as it came (who writes it
out cleans it). A kind's columns are always the same, in the same order.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Exact, amount_of
from core.domain.facts import (
    AlertCarriedOut,
    AlertEnded,
    AlertRaised,
    CashBooked,
    DecisionTaken,
    Fact,
    FillBooked,
    GateJudged,
    InferredBooked,
    OrderJournaled,
    PositionAdopted,
)
from core.domain.ids import Asset
from core.domain.order import Fill
from core.trading.history_columns import COLUMNS, Kind
from core.trading.history_ledger import TellingLedger
from core.trading.journal.chain import Entry
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

Cell = str | int | bool | Exact | None
Row = dict[str, Cell]
_NS: Final = 1_000_000_000


class Span(msgspec.Struct, frozen=True):
    """Engine time, ns: from the first, up to and not including the second."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: int) -> bool:
        """Whether an instant lies in it."""
        return (self.since is None or at >= self.since) and not self.is_over(at)

    def is_over(self, at: int) -> bool:
        """Whether an instant lies after it."""
        return self.until is not None and at >= self.until


class OrderTale:
    """What is told of an order beside its record: where it began, what its fills cost."""

    __slots__ = ("entry", "fee_asset", "fees", "notional")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.notional: Amount = ZERO_AMOUNT
        self.fees: dict[Asset, Amount] = {}


class History:
    """Folds entries in order and tells rows of the kinds that were asked for."""

    def __init__(self, account: str, kinds: Iterable[Kind], span: Span) -> None:
        self.room = TradingRoom()
        self.ledger = TellingLedger()
        self._apply = (self.room.appliers(), self.ledger.appliers())
        self._account = account
        self._kinds = frozenset(kinds)
        self._span = span
        self._orders: dict[int, OrderTale] = {}
        self._tellers: dict[type, Callable[[Any, Entry], Iterator[Row]]] = {
            FillBooked: self._fill,
            AlertRaised: self._alert_raised,
            AlertEnded: self._alert_ended,
            AlertCarriedOut: self._alert_carried_out,
            DecisionTaken: self._decision,
            GateJudged: self._judged,
        }

    def rows(self, entry: Entry) -> Iterator[Row]:
        """Apply one fact and yield what it has to tell. Facts after the span are not applied."""
        fact = entry.fact
        if self._span.is_over(fact.at):
            return
        realized = self._realized(fact)
        self._applied(fact, entry)
        if not self._span.holds(fact.at):
            return
        teller = self._tellers.get(type(fact))
        if teller is not None:
            for row in teller(fact, entry):
                if isinstance(fact, FillBooked):
                    row["realized_pnl"] = _less(self._realized(fact), realized)
                yield row
        yield from self._postings(entry)

    def orders(self) -> Iterator[Row]:
        """Yield every order that began in the span, as it stood at the span's end."""
        if Kind.ORDERS not in self._kinds:
            return
        for number, tale in self._orders.items():
            record = self.room.orders.by_client(number)  # type: ignore[arg-type]
            if record is not None and self._span.holds(tale.entry.fact.at):
                yield self._order(record, tale)

    def _applied(self, fact: Fact, entry: Entry) -> None:
        for table in self._apply:
            applier = table.get(type(fact))
            if applier is not None:
                applier(fact)
        if isinstance(fact, OrderJournaled):
            self._orders[fact.client_order_id] = OrderTale(entry)
        elif isinstance(fact, FillBooked) and fact.fill.client_order_id is not None:
            tale = self._orders.get(fact.fill.client_order_id)
            if tale is not None:
                _followed(tale, fact.fill)

    def _realized(self, fact: Fact) -> Amount | None:
        if not isinstance(fact, FillBooked):
            return None
        fill = fact.fill
        line = self.ledger.line(fill.account, fact.book, fill.instrument)
        return ZERO_AMOUNT if line is None else line.realized

    # ---- rows ----------------------------------------------------------------------------------

    def _begun(self, kind: Kind, entry: Entry, account: str | None, strategy: str | None) -> Row:
        """Return a row of a kind, all its columns there, the common ones filled."""
        row: Row = dict.fromkeys(COLUMNS[kind])
        row["kind"] = kind.value
        row["sequence"] = entry.n
        row["time"] = utc_text(entry.fact.at)
        row["at_ns"] = entry.fact.at
        row["epoch"] = entry.epoch
        row["account"] = account or self._account
        row["strategy"] = strategy
        return row

    def _order(self, record: OrderRecord, tale: OrderTale) -> Row:
        row = self._begun(Kind.ORDERS, tale.entry, record.account, record.strategy)
        terms = record.terms
        row |= {
            "client_order_id": record.client_order_id,
            "venue_order_id": record.venue_order_id,
            "intent_id": record.intent_id,
            "instrument": terms.instrument,
            "side": terms.side.value,
            "type": terms.order_type.value,
            "time_in_force": terms.time_in_force.value,
            "post_only": terms.post_only,
            "reduce_only": terms.reduce_only,
            "quantity": terms.quantity,
            "limit_price": terms.limit_price,
            "trigger_price": terms.trigger_price,
            "state": record.state.value,
            "state_time": utc_text(record.moved_at),
            "filled": record.filled,
            "notional": tale.notional,
            "fees": " ".join(f"{amount} {asset}" for asset, amount in tale.fees.items()),
            "reason": record.reason,
        }
        return row

    def _fill(self, fact: FillBooked, entry: Entry) -> Iterator[Row]:
        if Kind.FILLS not in self._kinds:
            return
        fill = fact.fill
        row = self._begun(Kind.FILLS, entry, fill.account, fact.book)
        line = self.ledger.line(fill.account, fact.book, fill.instrument)
        row |= {
            "instrument": fill.instrument,
            "side": fill.side.value,
            "quantity": fill.quantity,
            "price": fill.price,
            "notional": fill.price * fill.quantity,
            "fee": fill.fee,
            "fee_asset": fill.fee_asset,
            "liquidity": fill.liquidity_side.value,
            "position_after": ZERO_QUANTITY if line is None else line.quantity,
            "trade_id": fill.trade_id,
            "venue_order_id": fill.venue_order_id,
            "client_order_id": fill.client_order_id,
            "is_system": fill.is_system,
            "venue_time": utc_text(fill.ts_event) if fill.ts_event else None,
        }
        yield row

    def _postings(self, entry: Entry) -> Iterator[Row]:
        told = self.ledger.taken()
        if Kind.LEDGER not in self._kinds:
            return
        cause, reference = _cause(entry.fact)
        for posting, balance in told:
            row = self._begun(Kind.LEDGER, entry, posting.account, posting.book)
            row |= {
                "ledger_account": posting.name,
                "asset": posting.asset,
                "amount": posting.amount,
                "balance": balance,
                "cause": cause,
                "reference": reference,
            }
            yield row

    def _alert_raised(self, fact: AlertRaised, entry: Entry) -> Iterator[Row]:
        alert = fact.alert
        numbers = "; ".join(f"{each.label}={each.value}" for each in alert.numbers)
        yield from self._alert(
            entry,
            event="raised",
            alert_id=alert.alert_id,
            severity=alert.severity.value,
            scope=alert.scope,
            title=alert.title,
            text=alert.cause,
            numbers=numbers,
            options=" ".join(option.key for option in alert.options),
            safe_default=alert.safe_default,
            deadline=None if alert.deadline is None else utc_text(alert.deadline),
        )

    def _alert_ended(self, fact: AlertEnded, entry: Entry) -> Iterator[Row]:
        yield from self._alert(
            entry, event=fact.end.value, alert_id=fact.alert_id, answer=fact.option, by=fact.by
        )

    def _alert_carried_out(self, fact: AlertCarriedOut, entry: Entry) -> Iterator[Row]:
        yield from self._alert(
            entry,
            event="carried_out",
            alert_id=fact.alert_id,
            effect_id=fact.effect_id,
            text=fact.text,
        )

    def _alert(self, entry: Entry, **cells: Cell) -> Iterator[Row]:
        if Kind.ALERTS in self._kinds:
            fact = entry.fact
            intent = fact.intent if isinstance(fact, AlertRaised) else None
            strategy = None if intent is None else intent.strategy
            yield self._begun(Kind.ALERTS, entry, None, strategy) | cells

    def _decision(self, fact: DecisionTaken, entry: Entry) -> Iterator[Row]:
        if Kind.DECISIONS in self._kinds:
            yield self._begun(Kind.DECISIONS, entry, None, fact.strategy) | {
                "instrument": fact.instrument,
                "cause": fact.cause,
                "verdict": fact.verdict.value,
                "code": fact.code,
                "text": fact.text,
                "numbers": _numbers(fact.numbers),
                "intent_id": fact.intent_id,
                "repeats": fact.repeats,
            }

    def _judged(self, fact: GateJudged, entry: Entry) -> Iterator[Row]:
        if Kind.GATE in self._kinds:
            yield self._begun(Kind.GATE, entry, None, fact.strategy) | {
                "instrument": fact.instrument,
                "intent_id": fact.intent_id,
                "verdict": fact.verdict,
                "rule": fact.rule,
                "text": fact.text,
                "numbers": _numbers(fact.numbers),
                "limits": fact.limits,
                "repeats": fact.repeats,
            }


def utc_text(at: int) -> str:
    """Write an instant in ns as ISO time, UTC, every digit kept."""
    seconds, rest = divmod(at, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _less(now: Amount | None, before: Amount | None) -> Amount | None:
    return None if now is None or before is None else now - before


def _numbers(numbers: tuple[tuple[str, str], ...]) -> str:
    return "; ".join(f"{name}={value}" for name, value in numbers)


def _followed(tale: OrderTale, fill: Fill) -> None:
    tale.notional += amount_of(fill.price * fill.quantity)
    paid = tale.fees.get(fill.fee_asset, ZERO_AMOUNT)
    tale.fees[fill.fee_asset] = paid + fill.fee


def _cause(fact: Fact) -> tuple[str, str]:
    """Name why money moved, and by what it is found again."""
    if isinstance(fact, FillBooked):
        return "fill", str(fact.fill.trade_id or fact.fill.venue_order_id)
    if isinstance(fact, CashBooked):
        return fact.source, fact.row_id
    if isinstance(fact, InferredBooked):
        return "inferred", fact.reverses or fact.entry_id
    if isinstance(fact, PositionAdopted):
        return "adopted", fact.instrument
    return type(fact).__name__, ""
