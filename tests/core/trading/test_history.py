"""Rows of a history against a naive fold of the same facts; nothing lost, nothing rounded."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings

from core.domain.exact import Amount, Exact, Quantity
from core.domain.facts import (
    AlertEnded,
    AlertRaised,
    CashBooked,
    DecisionTaken,
    Fact,
    FillBooked,
    GateJudged,
    OrderJournaled,
)
from core.domain.order import Side
from core.trading.history import History, Row, Span, utc_text
from core.trading.history_columns import COLUMNS, COMMON, Kind, columns_of
from tests.core.builders import START
from tests.core.trading.histories import DAY, entries, histories


def told(facts: list[Fact], span: Span | None = None, *kinds: Kind) -> list[Row]:
    """Tell a history."""
    history = History("alpha:main", kinds or tuple(Kind), span or Span())
    rows = [row for entry in entries(facts) for row in history.rows(entry)]
    return [*rows, *history.orders()]


def of(rows: list[Row], kind: Kind) -> list[Row]:
    """Choose rows of one kind."""
    return [row for row in rows if row["kind"] == kind]


def number(cell: object) -> Decimal:
    """Return an exact cell's number."""
    assert isinstance(cell, Exact)
    return cell.value


@settings(max_examples=25, deadline=None)
@given(histories())
def test_every_fill_is_a_row_with_its_very_numbers(facts: list[Fact]) -> None:
    """Side, quantity, price, fee and position, folded by hand."""
    rows = of(told(facts), Kind.FILLS)
    fills = [fact for fact in facts if isinstance(fact, FillBooked)]

    assert len(rows) == len(fills)
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    taken_over = [fact for fact in facts if getattr(fact, "quantity", None) is not None]
    assert all(getattr(fact, "account", None) for fact in taken_over)
    for row, fact in zip(rows, fills, strict=True):
        fill = fact.fill
        sign = 1 if fill.side is Side.BUY else -1
        held[fact.book, fill.instrument] += sign * fill.quantity.value
        assert (row["quantity"], row["price"], row["fee"]) == (fill.quantity, fill.price, fill.fee)
        assert number(row["notional"]) == fill.quantity.value * fill.price.value
        assert number(row["position_after"]) == held[fact.book, fill.instrument]
        assert (row["strategy"], row["account"]) == (fact.book, fill.account)


@settings(max_examples=25, deadline=None)
@given(histories())
def test_ledger_rows_balance_and_lead_from_balance_to_balance(facts: list[Fact]) -> None:
    """Every entry sums to zero an asset; each balance is the one before plus the amount."""
    rows = of(told(facts), Kind.LEDGER)

    sums: dict[tuple[object, object], Decimal] = defaultdict(Decimal)
    balances: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["sequence"], row["asset"]] += number(row["amount"])
        key = (row["account"], row["strategy"], row["ledger_account"], row["asset"])
        balances[key] += number(row["amount"])
    assert set(sums.values()) <= {Decimal(0)}
    last = {
        (row["account"], row["strategy"], row["ledger_account"], row["asset"]): row["balance"]
        for row in rows
    }
    assert {key: number(value) for key, value in last.items()} == dict(balances)


@settings(max_examples=15, deadline=None)
@given(histories())
def test_cash_in_the_ledger_is_what_was_booked(facts: list[Fact]) -> None:
    """Cash of each source, added up by hand, is what the rows say of it."""
    rows = of(told(facts), Kind.LEDGER)
    wanted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for fact in facts:
        if isinstance(fact, CashBooked):
            wanted[fact.source, fact.asset] += fact.amount.value

    found: dict[tuple[object, object], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["ledger_account"] == "cash" and row["cause"] not in {"fill", "inferred"}:
            found[row["cause"], row["asset"]] += number(row["amount"])

    assert dict(found) == dict(wanted)


@settings(max_examples=15, deadline=None)
@given(histories())
def test_orders_alerts_decisions_and_judgements_are_all_there(facts: list[Fact]) -> None:
    """As many rows as facts, each with every column of its kind, and no other."""
    rows = told(facts)

    counts = {
        Kind.ORDERS: sum(isinstance(fact, OrderJournaled) for fact in facts),
        Kind.ALERTS: sum(isinstance(fact, AlertRaised | AlertEnded) for fact in facts),
        Kind.DECISIONS: sum(isinstance(fact, DecisionTaken) for fact in facts),
        Kind.GATE: sum(isinstance(fact, GateJudged) for fact in facts),
    }
    for kind, count in counts.items():
        assert len(of(rows, kind)) == count
    for row in rows:
        assert tuple(row) == COLUMNS[Kind(str(row["kind"]))]
        assert all(row[name] is not None for name in COMMON if name != "strategy")


@settings(max_examples=15, deadline=None)
@given(histories())
def test_order_rows_say_what_their_fills_add_up_to(facts: list[Fact]) -> None:
    """Filled quantity and notional of each order, by hand; fills found by the venue's id count."""
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for fact in facts:
        if isinstance(fact, FillBooked) and fact.fill.client_order_id is not None:
            filled[fact.fill.client_order_id] += fact.fill.quantity.value

    for row in of(told(facts), Kind.ORDERS):
        name = row["client_order_id"]
        assert isinstance(name, int)
        assert number(row["filled"]) >= filled[name]


@settings(max_examples=15, deadline=None)
@given(histories())
def test_spans_cut_a_history_into_parts_that_make_the_whole(facts: list[Fact]) -> None:
    """From is included, to is not; balances of the later part begin where the earlier ended."""
    middle = START + 2 * DAY
    kinds = (Kind.FILLS, Kind.LEDGER, Kind.ALERTS, Kind.DECISIONS, Kind.GATE)

    early = told(facts, Span(None, middle), *kinds)
    late = told(facts, Span(middle, None), *kinds)

    assert [*early, *late] == told(facts, None, *kinds)
    assert all(int(str(row["at_ns"])) < middle for row in early)


def test_only_what_was_asked_for_is_told() -> None:
    """Other kinds give no row."""
    assert columns_of((Kind.FILLS,)) == COLUMNS[Kind.FILLS]
    assert set(columns_of(tuple(Kind))) == {name for each in COLUMNS.values() for name in each}


def test_instants_keep_every_nanosecond() -> None:
    """ISO, UTC, nine digits."""
    assert utc_text(1_700_000_000_000_000_001) == "2023-11-14T22:13:20.000000001Z"
    assert utc_text(0) == "1970-01-01T00:00:00.000000000Z"


def test_realized_of_a_fill_is_what_it_alone_realized() -> None:
    """Buy 2 at 100, sell 1 at 110: the sale realised 10, the purchase nothing."""
    from tests.core.builders import booked, fill
    from tests.core.trading.journals import MARKET

    facts: list[Fact] = [
        MARKET,
        booked(fill(1, "2", "100")),
        booked(fill(2, "1", "110", side=Side.SELL)),
    ]

    first, second = of(told(facts), Kind.FILLS)

    assert (first["realized_pnl"], second["realized_pnl"]) == (Amount("0"), Amount("10"))
    assert second["position_after"] == Quantity("1")


def test_span_holds_its_beginning_and_not_its_end() -> None:
    """Two spans that meet share no row."""
    span = Span(10, 20)

    assert [at for at in (9, 10, 19, 20) if span.holds(at)] == [10, 19]


@settings(max_examples=15, deadline=None)
@given(histories())
def test_history_books_what_the_trading_room_books(facts: list[Fact]) -> None:
    """The ledger that tells and the engine's own never differ."""
    history = History("alpha:main", tuple(Kind), Span())
    for entry in entries(facts):
        list(history.rows(entry))

    theirs = history.room.ledger
    assert history.ledger.entries == theirs.entries
    assert history.ledger.residual() == theirs.residual() == Amount(0)
    for key, line in theirs.lines():
        mine = history.ledger.line(*key)
        assert mine is not None
        assert (mine.quantity, mine.realized) == (line.quantity, line.realized)
