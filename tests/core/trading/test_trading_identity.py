"""The profit identity holds on every posting, and a slip in either half is seen at once."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import InvariantBroken
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import CashBooked, InferredBooked, MarketAdded, PositionAdopted
from core.domain.ids import Asset, InstrumentId
from core.domain.order import Side
from core.trading import ledger as ledger_module
from core.trading.identity import LineChange, residuals
from core.trading.inferred import Gap
from core.trading.ledger import EXTERNAL, SYSTEM, Ledger
from core.trading.position import PositionLine
from core.trading.posting import CASH, Posting, fill_postings
from tests.core.builders import (
    ACCOUNT,
    SOL_PERP,
    SOL_SPOT,
    START,
    STRATEGY,
    booked,
    fill,
    instrument,
)

USDC = Asset("USDC")
SOL = Asset("SOL")
SOURCES = ("funding", "interest", "transfer", "realized_pnl", "liquidation", "a word nobody knows")


def market(name: InstrumentId) -> MarketAdded:
    """Make the fact of a market."""
    rules = instrument(name)
    return MarketAdded(
        at=START, instrument=name, kind=rules.kind, base=rules.base, quote=rules.quote
    )


@pytest.fixture
def ledger() -> Ledger:
    """Make a ledger of two markets."""
    made = Ledger()
    made.add_market(market(SOL_PERP))
    made.add_market(market(SOL_SPOT))
    return made


def cash(amount: str, source: str, row: str, asset: Asset = USDC) -> CashBooked:
    """Make cash that moved without a fill."""
    return CashBooked(
        at=START, account=ACCOUNT, asset=asset, amount=Amount(amount), source=source, row_id=row
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("fill"),
            st.sampled_from([SOL_PERP, SOL_SPOT]),
            st.sampled_from([STRATEGY, EXTERNAL, SYSTEM]),
            st.sampled_from([Side.BUY, Side.SELL]),
            st.integers(1, 10_000),
            st.integers(1, 10_000_000),
            st.sampled_from(["USDC", "SOL"]),
            st.integers(-50, 500),
        ),
        st.tuples(
            st.just("cash"), st.sampled_from(SOURCES), st.integers(-10_000, 10_000), st.booleans()
        ),
        st.tuples(st.just("adopt"), st.integers(-500, 500), st.integers(1, 100_000)),
    ),
    max_size=30,
)


@given(STEPS, st.integers(1, 10**9))
def test_change_of_equity_is_what_the_identity_says(
    steps: list[tuple[Any, ...]], mark_cents: int
) -> None:
    """Against plain sums of fractions: ΔE = realised + Δunrealised - fees + every other source.

    Coins are valued at the same mark, so that spot trades and fees in coins count as well.
    """
    ledger = Ledger()
    ledger.add_market(market(SOL_PERP))
    ledger.add_market(market(SOL_SPOT))
    mark = Fraction(mark_cents, 100)
    worth = {"USDC": Fraction(1), "SOL": mark}
    coins = Fraction(0)
    expected = Fraction(0)
    for number, step in enumerate(steps):
        match step:
            case ("fill", name, book, side, units, cents, fee_asset, fee):
                quantity, price = Decimal(units) / 100, Decimal(cents) / 100
                made = fill(
                    number,
                    f"{quantity}",
                    f"{price}",
                    side=side,
                    name=name,
                    fee=f"{Decimal(fee) / 100}",
                    fee_asset=fee_asset,
                )
                ledger.book_fill(booked(made, book))
                signed = Fraction(quantity) * side.sign
                expected += (
                    signed * (mark - Fraction(price)) - Fraction(fee, 100) * worth[fee_asset]
                )
            case ("cash", source, cents, is_coin):
                asset = SOL if is_coin else USDC
                if source == "realized_pnl" and is_coin:
                    continue
                ledger.book_cash(cash(f"{Decimal(cents) / 100}", source, str(number), asset))
                if source != "realized_pnl":
                    expected += Fraction(cents, 100) * worth[asset]
            case ("adopt", units, cents):
                quantity, price = Decimal(units) / 100, Decimal(cents) / 100
                ledger.adopt(
                    PositionAdopted(
                        at=START,
                        account=ACCOUNT,
                        instrument=SOL_PERP,
                        quantity=Quantity(quantity),
                        price=Price(price),
                    )
                )
                expected += Fraction(quantity) * (mark - Fraction(price))
        coins = Fraction(ledger.cash(ACCOUNT, SOL).value)
        assert ledger.residual().is_zero

    held = Fraction(ledger.position(ACCOUNT, SOL_PERP).value)
    money = ledger.cash(ACCOUNT, USDC) + ledger.unsettled(ACCOUNT, USDC)
    assert Fraction(money.value) + (held + coins) * mark == expected


def test_line_that_disagrees_with_the_postings_is_an_error_before_it_counts(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip of one unit in the last place in a position line never reaches the balances."""

    class Slipping(PositionLine):
        def trade(self, delta: Quantity, price: Price, fee: Amount | None) -> None:
            super().trade(delta, price, fee)
            self.realized += Amount("0.000000000001")

    monkeypatch.setattr(ledger_module, "PositionLine", Slipping)

    with pytest.raises(InvariantBroken, match="profit identity"):
        ledger.book_fill(booked(fill(1, "1", "100")))
    assert ledger.entries == 0
    assert ledger.unsettled(ACCOUNT, USDC).is_zero


def test_posting_that_disagrees_with_the_line_is_named_by_asset() -> None:
    """Cash that nobody lost, and a position the line does not hold."""
    postings = [
        *fill_postings(fill(1, "2", "100"), STRATEGY, market(SOL_PERP)),
        Posting(ACCOUNT, STRATEGY, CASH, USDC, Amount(1)),
    ]
    change = LineChange(
        position=Asset(SOL_PERP),
        quote=USDC,
        quantity=Amount(3),
        cost=Amount(200),
        realized=Amount(0),
    )

    assert residuals(postings, change) == {USDC: Amount(1), Asset(SOL_PERP): Amount(-1)}


@pytest.mark.parametrize("source", ["cash", "fees", "holding", "market", "unsettled", "inferred"])
def test_venues_word_for_a_source_never_names_an_account_of_ours(
    ledger: Ledger, source: str
) -> None:
    """Whatever a venue calls it, the money came in and is booked by its source."""
    ledger.book_cash(cash("5", source, "1"))

    assert ledger.cash(ACCOUNT, USDC) == Amount(5)
    assert ledger.received(ACCOUNT, source, USDC) == Amount(5)
    assert ledger.fees(ACCOUNT, USDC).is_zero
    assert ledger.unsettled(ACCOUNT, USDC).is_zero


@pytest.mark.parametrize(("first", "then"), [("0.25", "-0.75"), ("-3", "1"), ("1", "1")])
def test_funding_of_either_sign_is_booked_by_its_source(
    ledger: Ledger, first: str, then: str
) -> None:
    """Longs pay, later they receive; interest and transfers stand apart."""
    ledger.book_cash(cash(first, "funding", "f1"))
    ledger.book_cash(cash(then, "funding", "f2"))
    ledger.book_cash(cash("-7", "interest", "i1"))
    ledger.book_cash(cash("100", "transfer", "t1"))

    funding = Amount(Decimal(first) + Decimal(then))
    assert ledger.received(ACCOUNT, "funding", USDC) == funding
    assert ledger.received(ACCOUNT, "interest", USDC) == Amount(-7)
    assert ledger.received(ACCOUNT, "transfer", USDC) == Amount(100)
    assert ledger.cash(ACCOUNT, USDC) == funding + Amount(93)
    assert ledger.residual().is_zero


# ---- adopted differences -----------------------------------------------------------------------


def adopt(ledger: Ledger, *gaps: Gap, at: int = START) -> list[InferredBooked]:
    """Adopt differences and book them."""
    facts = [f for f in ledger.adopting(ACCOUNT, gaps, at) if isinstance(f, InferredBooked)]
    for fact in facts:
        ledger.book_inferred(fact)
    return facts


def test_adopted_difference_is_external_and_its_id_is_always_the_same() -> None:
    """The id says what was adopted and for the how-manieth time; nothing random."""
    gap = Gap(Asset(SOL_PERP), Decimal(5), Price(100))
    made = []
    for _ in range(2):
        ledger = Ledger()
        ledger.add_market(market(SOL_PERP))
        made.append([fact.entry_id for fact in (*adopt(ledger, gap), *adopt(ledger, gap))])
        line = ledger.line(ACCOUNT, EXTERNAL, SOL_PERP)
        assert line is not None
        assert line.quantity == Quantity(10)
        assert ledger.residual().is_zero

    assert made[0] == made[1] == [f"inferred/{ACCOUNT}/{SOL_PERP}/{n}" for n in (1, 2)]


@given(
    st.integers(-50, 50).filter(bool),
    st.lists(st.tuples(st.integers(-30, 30).filter(bool), st.booleans()), max_size=12),
)
def test_real_fills_take_back_no_more_than_was_adopted(
    adopted: int, fills: list[tuple[int, bool]]
) -> None:
    """Only fills that happened before the adoption, of its sign, up to its size."""
    ledger = Ledger()
    ledger.add_market(market(SOL_PERP))
    adopt(ledger, Gap(Asset(SOL_PERP), Decimal(adopted), Price(100)))
    left, total = adopted, adopted
    for number, (units, is_older) in enumerate(fills):
        made = fill(
            number,
            str(abs(units)),
            "101",
            side=Side.BUY if units > 0 else Side.SELL,
            ts_event=START - 1 if is_older else START + 1,
        )
        fact = booked(made)
        reversals = ledger.reversals_by_fill(fact)
        ledger.book_fill(fact)
        for each in reversals:
            assert isinstance(each, InferredBooked)
            ledger.book_inferred(each)
        back = 0
        if is_older and units * left > 0:
            back = left if abs(left) <= abs(units) else units
        left -= back
        total += units - back
        assert ledger.position(ACCOUNT, SOL_PERP) == Quantity(total)
        assert ledger.residual().is_zero


def test_fills_of_one_answer_share_what_is_left_to_take_back(ledger: Ledger) -> None:
    """Facts on their way count: two fills of 4 take back 4 and 1 of an adopted 5."""
    adopt(ledger, Gap(Asset(SOL_PERP), Decimal(5), Price(100)))
    first = ledger.reversals_by_fill(booked(fill(1, "4", ts_event=START - 1)))

    second = ledger.reversals_by_fill(booked(fill(2, "4", ts_event=START - 1)), first)

    moved = [f.quantity for f in (*first, *second) if isinstance(f, InferredBooked)]
    assert moved == [Quantity(-4), Quantity(-1)]


def test_row_of_cash_takes_back_adopted_money(ledger: Ledger) -> None:
    """The settlement that was late came after all: it counts once."""
    adopt(ledger, Gap(USDC, Decimal(-3)))
    row = cash("-3", "funding", "late")

    for each in ledger.reversals_by_cash(row, START - 1):
        assert isinstance(each, InferredBooked)
        ledger.book_inferred(each)
    ledger.book_cash(row)

    assert ledger.cash(ACCOUNT, USDC) == Amount(-3)
    assert ledger.received(ACCOUNT, "funding", USDC) == Amount(-3)
    assert ledger.residual().is_zero
