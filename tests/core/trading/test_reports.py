"""A report against a naive computation of the same facts: groups add up, nothing is rounded."""

from collections import defaultdict
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings

from core.domain.exact import Amount, Exact, Quantity
from core.domain.facts import CashBooked, Fact, FillBooked, GateJudged, InferredBooked, NavMarked
from core.domain.ids import Asset, IntentId, StrategyId
from core.domain.order import Side
from core.trading.funding_shares import shared
from core.trading.history import Span
from core.trading.ledger import Ledger
from core.trading.reports import TRANSFERS, Report, day_of
from core.trading.reports_equity import EquityCurve
from core.trading.reports_figures import By, Figures
from tests.core.builders import (
    ACCOUNT,
    SECOND,
    SOL_PERP,
    START,
    STRATEGY,
    booked,
    fill,
    journaled,
)
from tests.core.trading.histories import DAY, entries, histories
from tests.core.trading.journals import MARKET

COPY, ARB, SYSTEM = StrategyId("copy"), StrategyId("arb"), StrategyId("SYSTEM")


def folded(facts: list[Fact], span: Span | None = None) -> Report:
    """Fold facts into a report."""
    report = Report(span or Span())
    for entry in entries(facts):
        report.take(entry)
    report.finish()
    return report


def judged(number: int, bid: str, ask: str, at: int = START) -> GateJudged:
    """Make an approval that saw these prices."""
    return GateJudged(
        at=at,
        intent_id=IntentId(f"intent-{number}"),
        strategy=STRATEGY,
        instrument=SOL_PERP,
        verdict="approved",
        rule="",
        text="",
        numbers=(("best_bid", bid), ("best_ask", ask), ("equity", "1000")),
        limits="v",
    )


def cash(source: str, amount: str, at: int = START, row: str = "1") -> CashBooked:
    """Make a cash row of the perpetual."""
    return CashBooked(
        at=at,
        account=ACCOUNT,
        asset=Asset("USDC"),
        amount=Amount(amount),
        source=source,
        row_id=row,
        instrument=SOL_PERP,
    )


def amounts(figures: Figures) -> dict[str, Decimal]:
    """Return every figure of a cell as a number."""
    return {
        name: Decimal(value.value if isinstance(value, Exact) else value)
        for name in (*Figures.AMOUNTS, *Figures.COUNTS, "net", "realized")
        for value in (getattr(figures, name),)
    }


@settings(max_examples=25, deadline=None)
@given(histories())
def test_sums_over_any_grouping_equal_the_whole_exactly(facts: list[Fact]) -> None:
    """By day, strategy and market, every figure of every asset."""
    report = folded(facts)
    whole = {asset: amounts(figures) for asset, figures in report.total().items()}

    for by in By:
        sums: dict[str, dict[str, Decimal]] = {}
        for (_, asset), figures in report.grouped(by).items():
            total = sums.setdefault(asset, defaultdict(Decimal))
            with localcontext() as context:
                context.prec = 200
                for name, value in amounts(figures).items():
                    total[name] += value
        assert sums == whole


@settings(max_examples=25, deadline=None)
@given(histories())
def test_whole_equals_a_naive_fold_of_the_facts(facts: list[Fact]) -> None:
    """Fees, volume, money of every kind and what the ledger realised, added up by hand."""
    report = folded(facts)
    ledger = Ledger()
    fees: dict[str, Decimal] = defaultdict(Decimal)
    money: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    volume = Decimal(0)
    with localcontext() as context:
        context.prec = 200
        for fact in facts:
            if isinstance(fact, FillBooked):
                fees[fact.fill.fee_asset] += fact.fill.fee.value
                volume += fact.fill.quantity.value * fact.fill.price.value
            elif isinstance(fact, CashBooked):
                money[fact.source, fact.asset] += fact.amount.value
            elif isinstance(fact, InferredBooked) and fact.amount is not None:
                money["inferred", str(fact.asset)] += fact.amount.value
            _book(ledger, fact)
    realized = sum((line.realized.value for _, line in ledger.lines()), Decimal(0))
    lots = [ledger.fifo(*key) for key, _ in ledger.lines()]
    total = report.total()

    for asset in {*fees, *total}:
        found = total.get(asset, Figures())
        assert found.fees.value == fees[asset] - money["trading_fees", asset]
        assert found.funding.value == money["funding", asset]
        assert found.interest.value == money["InterestPayment", asset]
        assert found.other.value == money["liquidation", asset] + money["inferred", asset]
        assert found.transfers.value == sum(money[source, asset] for source in TRANSFERS)
    quote = total.get("USDC", Figures())
    assert quote.volume.value == volume
    assert quote.realized.value == realized
    assert quote.fifo_realized.value == sum((x.realized.value for x in lots if x), Decimal(0))
    assert report.earned.get("USDC", Amount(0)) == quote.net


def _book(ledger: Ledger, fact: Fact) -> None:
    from core.domain.facts import MarketAdded, PositionAdopted

    calls = {
        MarketAdded: ledger.add_market,
        FillBooked: ledger.book_fill,
        CashBooked: ledger.book_cash,
        PositionAdopted: ledger.adopt,
        InferredBooked: ledger.book_inferred,
    }
    call = calls.get(type(fact))
    if call is not None:
        call(fact)  # type: ignore[operator]


@settings(max_examples=20, deadline=None)
@given(histories())
def test_spans_add_up_to_the_whole(facts: list[Fact]) -> None:
    """What is before an instant and what is from it on; closing orders belong to one of them."""
    middle = START + 2 * DAY
    early, late = folded(facts, Span(None, middle)), folded(facts, Span(middle, None))
    whole = {asset: amounts(figures) for asset, figures in folded(facts).total().items()}

    for asset, wanted in whole.items():
        parts = [amounts(r.total().get(asset, Figures())) for r in (early, late)]
        for name in wanted.keys() - {"closes", "wins"}:
            assert parts[0][name] + parts[1][name] == wanted[name], name


def test_profit_splits_into_price_slippage_and_fees_by_hand() -> None:
    """Buy 2 at 101 (mid 100), sell 2 at 109 (mid 110): 20 of price, 4 lost to slippage, 1 fee."""
    facts: list[Fact] = [
        MARKET,
        judged(1, "99", "101"),
        journaled(1),
        booked(fill(1, "2", "101", fee="0.5")),
        judged(2, "109", "111"),
        journaled(2),
        booked(fill(2, "2", "109", side=Side.SELL, fee="0.5", client_order_id=2)),
    ]

    figures = folded(facts).total()["USDC"]

    assert (figures.price, figures.slippage) == (Amount("20"), Amount("-4"))
    assert (figures.realized, figures.fees, figures.net) == (
        Amount("16"),
        Amount("1"),
        Amount("15"),
    )
    assert (figures.fills, figures.closes, figures.wins) == (2, 1, 1)
    assert figures.arrival_cost == Amount("4")
    assert figures.slippage_bps == Decimal(4) / Decimal(420) * 10_000
    assert figures.win_rate == 1


def test_average_cost_and_first_in_first_out_tell_closing_apart() -> None:
    """Lots at 100 and 200, one sold at 150: nothing by average, 50 by the oldest lot."""
    facts: list[Fact] = [
        MARKET,
        booked(fill(1, "1", "100")),
        booked(fill(2, "1", "200")),
        booked(fill(3, "1", "150", side=Side.SELL)),
    ]

    figures = folded(facts).total()["USDC"]

    assert (figures.realized, figures.fifo_realized) == (Amount("0"), Amount("50"))


def test_one_orders_closing_fills_are_one_closing() -> None:
    """Three fills of one order that closes are one win, one losing order is none."""
    facts: list[Fact] = [
        MARKET,
        booked(fill(1, "4", "100")),
        *(booked(fill(n, "1", "110", side=Side.SELL, client_order_id=7)) for n in (2, 3, 4)),
        booked(fill(5, "1", "90", side=Side.SELL, client_order_id=8)),
    ]

    figures = folded(facts).total()["USDC"]

    assert (figures.fills, figures.closes, figures.wins) == (5, 2, 1)


def test_closing_that_earned_less_than_its_fee_is_no_win() -> None:
    """Fees count, also those paid in the base asset."""
    for fee, asset in (("0.02", "USDC"), ("0.0002", "SOL")):
        facts: list[Fact] = [
            MARKET,
            booked(fill(1, "1", "100")),
            booked(fill(2, "1", "100.01", side=Side.SELL, fee=fee, fee_asset=asset)),
        ]
        assert folded(facts).total()["USDC"].wins == 0


def test_fill_without_arrival_is_counted_and_costs_no_slippage() -> None:
    """What is not known is said, not guessed."""
    report = folded([MARKET, booked(fill(1, "1", "100"))])

    assert report.without_arrival == 1
    assert report.total()["USDC"].slippage_bps is None


def test_arrival_of_another_leg_is_not_taken() -> None:
    """The gate's numbers are of the first leg's market alone."""
    from tests.core.builders import SOL_SPOT, terms

    facts: list[Fact] = [
        MARKET,
        judged(1, "9", "11"),
        journaled(1, terms(name=SOL_SPOT)),
        booked(fill(1, "1", "100")),
    ]

    assert folded(facts).without_arrival == 1


def test_funding_goes_to_who_holds_the_position() -> None:
    """Two books, long 3 and short 1: one gets half as much again, the other pays."""
    shares = shared(Amount("-1"), [(COPY, Quantity("3")), (ARB, Quantity("-1"))], SYSTEM)

    assert shares == [(COPY, Amount("-1.5")), (ARB, Amount("0.5"))]
    assert shared(Amount("-1"), [], SYSTEM) == [(SYSTEM, Amount("-1"))]


def test_funding_that_does_not_divide_loses_nothing() -> None:
    """What rounding leaves goes to who holds most."""
    holders = [(COPY, Quantity("1")), (ARB, Quantity("2"))]

    shares = dict(shared(Amount("1"), holders, SYSTEM))

    assert shares[COPY] == Amount("0.333333333333")
    assert shares[COPY] + shares[ARB] == Amount("1")


def test_funding_stands_with_its_strategy_and_settlement_is_no_profit() -> None:
    """The venue's realised money is the position's own profit coming in, not another."""
    facts: list[Fact] = [
        MARKET,
        booked(fill(1, "1", "100")),
        cash("funding", "-0.25"),
        cash("realized_pnl", "12", row="2"),
    ]

    report = folded(facts)

    assert report.grouped(By.STRATEGY)[STRATEGY, "USDC"].funding == Amount("-0.25")
    assert report.total()["USDC"].net == Amount("-0.25")


def test_days_are_venue_days_in_utc() -> None:
    """The last nanosecond of a day belongs to it."""
    assert day_of(DAY - 1) == "1970-01-01"
    assert day_of(DAY) == "1970-01-02"


def test_open_positions_stand_at_the_last_price_known_with_its_age() -> None:
    """A fill's own price, later the gate's."""
    facts: list[Fact] = [
        MARKET,
        booked(fill(1, "2", "100")),
        judged(2, "119", "121", START + 5 * SECOND),
    ]

    (line,) = folded(facts).open_lines()

    assert (line.quantity, str(line.entry_price)) == (Quantity("2"), "100")
    assert (str(line.price), line.price_at) == ("120", START + 5 * SECOND)
    assert line.unrealized == Amount("40")


@pytest.mark.parametrize(
    ("equities", "deepest"), [(("10", "8", "12", "9"), "25"), (("5", "6"), "0")]
)
def test_drawdown_is_the_deepest_fall_from_the_peak_so_far(
    equities: tuple[str, ...], deepest: str
) -> None:
    """By hand: 10, 8, 12, 9 falls 20 and then 25 percent."""
    curve = EquityCurve(Span())
    facts: list[Fact] = [
        NavMarked(
            at=START + n,
            day="d",
            equity=Amount(text),
            units=Amount("10"),
            peak=Amount("0.1"),
            day_equity=Amount(text),
        )
        for n, text in enumerate(equities)
    ]
    for entry in entries(facts):
        curve.take(entry)

    assert curve.deepest_pct == Decimal(deepest)


def test_withdrawal_is_no_drawdown() -> None:
    """Half the money and half the units leave a unit worth the same."""
    curve = EquityCurve(Span())
    for n, text in enumerate(("100", "50")):
        mark = NavMarked(
            at=START + n,
            day="d",
            equity=Amount(text),
            units=Amount(text),
            peak=Amount("1"),
            day_equity=Amount(text),
        )
        for entry in entries([mark]):
            curve.take(entry)

    assert curve.deepest_pct == 0
