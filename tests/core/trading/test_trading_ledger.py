"""The ledger and positions against a naive oracle in fractions."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest

from core.domain.errors import InvariantBroken
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import CashBooked, MarketAdded, PositionAdopted
from core.domain.ids import Asset, InstrumentId, StrategyId
from core.domain.instrument import InstrumentKind
from core.domain.order import Side
from core.trading.ledger import EXTERNAL, REALIZED_PNL, Ledger
from core.trading.position import PositionLine
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

USDC: Final = Asset("USDC")
SOL: Final = Asset("SOL")
BTC_PERP: Final = InstrumentId("alpha:BTC_USDC_PERP")
BOOKS: Final = (STRATEGY, EXTERNAL, StrategyId("another"))


def ledger_of(*names: InstrumentId) -> Ledger:
    """Make a ledger that knows these markets."""
    ledger = Ledger()
    for name in names or (SOL_PERP, SOL_SPOT, BTC_PERP):
        rules = instrument(name)
        ledger.add_market(
            MarketAdded(
                at=START, instrument=name, kind=rules.kind, base=rules.base, quote=rules.quote
            )
        )
    return ledger


def cash(amount: str, source: str = "opening", row: str = "1", asset: Asset = USDC) -> CashBooked:
    """Make cash that moved without a fill."""
    return CashBooked(
        at=START, account=ACCOUNT, asset=asset, amount=Amount(amount), source=source, row_id=row
    )


# ---- by example --------------------------------------------------------------------------------


def test_spot_fill_exchanges_cash_for_the_asset() -> None:
    """A spot purchase moves both assets, and the fee in its own."""
    ledger = ledger_of()
    ledger.book_cash(cash("1000"))

    bought = fill(1, "2", "100", name=SOL_SPOT, fee="0.001", fee_asset="SOL")
    ledger.book_fill(booked(bought))

    assert ledger.cash(ACCOUNT, USDC) == Amount(800)
    assert ledger.cash(ACCOUNT, SOL) == Amount("1.999")
    assert ledger.fees(ACCOUNT, SOL) == Amount("0.001")
    assert ledger.residual().is_zero


def test_perpetual_fill_moves_no_cash_but_its_fee() -> None:
    """A perpetual's cost stands unsettled until the venue settles it."""
    ledger = ledger_of()
    ledger.book_cash(cash("1000"))

    ledger.book_fill(booked(fill(1, "2", "100", fee="0.5")))

    assert ledger.cash(ACCOUNT, USDC) == Amount("999.5")
    assert ledger.unsettled(ACCOUNT, USDC) == Amount(-200)
    assert ledger.position(ACCOUNT, SOL_PERP) == Quantity(2)


def test_settlement_moves_profit_from_unsettled_to_cash() -> None:
    """What the venue settles changes where the money stands, not how much there is."""
    ledger = ledger_of()
    ledger.book_fill(booked(fill(1, "2", "100")))
    ledger.book_fill(booked(fill(2, "2", "110", side=Side.SELL)))
    worth = ledger.cash(ACCOUNT, USDC) + ledger.unsettled(ACCOUNT, USDC)

    ledger.book_cash(cash("20", REALIZED_PNL, "s1"))

    assert ledger.cash(ACCOUNT, USDC) == Amount(20)
    assert ledger.unsettled(ACCOUNT, USDC).is_zero
    assert worth == Amount(20)
    assert ledger.residual().is_zero


def test_fill_booked_twice_is_refused_by_the_ledger() -> None:
    """A fill stands in the books once."""
    ledger = ledger_of()
    ledger.book_fill(booked(fill(1)))

    assert ledger.knows_fill(fill(1))
    with pytest.raises(InvariantBroken):
        ledger.book_fill(booked(fill(1)))


def test_both_sides_of_a_trade_with_ourselves_are_two_fills() -> None:
    """Trade ids are shared by both sides of a self-trade."""
    ledger = ledger_of()
    ledger.book_fill(booked(fill(1, side=Side.BUY, venue_order_id="a")))
    ledger.book_fill(booked(fill(1, side=Side.SELL, venue_order_id="b")))

    assert ledger.fills == 2
    assert ledger.position(ACCOUNT, SOL_PERP).is_zero


@pytest.mark.parametrize("trade_id", [None, "0"])
def test_fills_without_a_trade_id_are_told_apart_by_what_they_are(trade_id: str | None) -> None:
    """A missing id is no identity: price, quantity and time stand in, to the millisecond."""
    first = fill(1, "1", "100", trade_id=trade_id, ts_event=START)
    another = fill(1, "1", "101", trade_id=trade_id, ts_event=START)
    again = fill(1, "1", "100", trade_id=trade_id, ts_event=START + 999_000)

    assert first.key != another.key
    assert first.key == again.key


def test_adopted_position_is_balanced_and_external() -> None:
    """What was there before us enters at the venue's price, in EXTERNAL."""
    ledger = ledger_of()

    ledger.adopt(
        PositionAdopted(
            at=START,
            account=ACCOUNT,
            instrument=SOL_PERP,
            quantity=Quantity("-3"),
            price=Price("50"),
        )
    )

    assert ledger.position(ACCOUNT, SOL_PERP) == Quantity(-3)
    assert ledger.unsettled(ACCOUNT, USDC) == Amount(150)
    assert ledger.line(ACCOUNT, EXTERNAL, SOL_PERP) is not None
    assert ledger.residual().is_zero


def test_residual_sees_a_posting_that_is_lost() -> None:
    """Books that contradict themselves are seen."""
    ledger = ledger_of()
    ledger.book_fill(booked(fill(1)))
    key = next(iter(ledger._balances))

    ledger._balances[key] += Amount("0.0000001")

    assert not ledger.residual().is_zero


# ---- against fractions -------------------------------------------------------------------------


class NaiveLine:
    """A position kept as single lots in a queue of one average: exact fractions, no rounding."""

    def __init__(self) -> None:
        self.quantity = Fraction(0)
        self.paid = Fraction(0)

    def trade(self, signed: Fraction, price: Fraction) -> None:
        """Add up what was paid; profit is what marks to market, less what was paid."""
        self.quantity += signed
        self.paid += signed * price

    def worth(self, price: Fraction) -> Fraction:
        """Return realised and unrealised profit together."""
        return self.quantity * price - self.paid


def _text(rng: random.Random, low: int, high: int, places: int) -> str:
    return f"{Decimal(rng.randint(low, high)).scaleb(-places):f}"


@pytest.mark.parametrize("seed", range(25))
def test_ledger_over_random_fills_equals_the_naive_sums(seed: int) -> None:
    """Cash, fees, positions and profit are the plain sums; nothing is left over, ever."""
    rng = random.Random(seed)
    ledger = ledger_of()
    money: dict[str, Fraction] = {"USDC": Fraction(0), "SOL": Fraction(0)}
    unsettled = Fraction(0)
    lines: dict[tuple[StrategyId, InstrumentId], NaiveLine] = {}
    for number in range(120):
        if rng.random() < 0.15:
            amount = _text(rng, -(10**8), 10**8, 6)
            source = rng.choice(["opening", REALIZED_PNL, "funding", "transfer"])
            ledger.book_cash(cash(amount, source, str(number)))
            money["USDC"] += Fraction(amount)
            unsettled -= Fraction(amount) if source == REALIZED_PNL else 0
            continue
        name = rng.choice([SOL_PERP, SOL_SPOT, BTC_PERP])
        fee_asset = rng.choice(["USDC", "SOL"])
        execution = fill(
            number,
            _text(rng, 1, 10**5, rng.randint(0, 5)),
            _text(rng, 1, 10**6, rng.randint(0, 4)),
            side=rng.choice(list(Side)),
            name=name,
            fee=_text(rng, -(10**3), 10**4, 6),
            fee_asset=fee_asset,
        )
        book = rng.choice(BOOKS)
        ledger.book_fill(booked(execution, book))
        signed = Fraction(execution.quantity.value) * execution.side.sign
        price = Fraction(execution.price.value)
        money[fee_asset] -= Fraction(execution.fee.value)
        if name == SOL_SPOT:
            money["SOL"] += signed
            money["USDC"] -= signed * price
        else:
            unsettled -= signed * price
        lines.setdefault((book, name), NaiveLine()).trade(signed, price)

        assert ledger.residual().is_zero

    assert {a: Fraction(ledger.cash(ACCOUNT, Asset(a)).value) for a in money} == money
    assert Fraction(ledger.unsettled(ACCOUNT, USDC).value) == unsettled
    for name in (SOL_PERP, BTC_PERP):
        held = sum((line.quantity for key, line in lines.items() if key[1] == name), Fraction(0))
        assert Fraction(ledger.position(ACCOUNT, name).value) == held
    for (book, name), naive in lines.items():
        line = ledger.line(ACCOUNT, book, name)
        assert line is not None
        _assert_same_profit(line, naive, Fraction(rng.randint(1, 10**6), 100))


def _assert_same_profit(line: PositionLine, naive: NaiveLine, mark: Fraction) -> None:
    price = Price(Decimal(mark.numerator) / Decimal(mark.denominator))
    told = Fraction(line.realized.value) + Fraction(line.unrealized(price).value)

    assert Fraction(line.quantity.value) == naive.quantity
    assert told == naive.worth(Fraction(price.value))


def test_profit_of_a_round_trip_is_realised_in_full() -> None:
    """A flat line holds no cost: everything is realised, to the last digit."""
    line = PositionLine()
    for quantity, price in (("3", "10"), ("-1", "11"), ("-1", "10.5"), ("-1", "9")):
        line.trade(Quantity(quantity), Price(price), None)

    assert line.quantity.is_zero
    assert line.cost.is_zero
    assert line.realized == Amount("0.5")
    assert line.entry_price is None


def test_flip_closes_at_the_price_and_opens_the_rest_at_it() -> None:
    """Selling through zero realises the long and starts a short at the same price."""
    line = PositionLine()
    line.trade(Quantity(2), Price(100), Amount("0.1"))

    line.trade(Quantity(-5), Price(110), Amount("0.2"))

    assert line.quantity == Quantity(-3)
    assert line.realized == Amount(20)
    assert line.entry_price == Price(110)
    assert line.cost == Amount(-330)
    assert line.fees == Amount("0.3")


def test_reduction_keeps_the_average_entry_price() -> None:
    """Selling part realises against the average and leaves it."""
    line = PositionLine()
    line.trade(Quantity(1), Price(100), None)
    line.trade(Quantity(1), Price(110), None)

    line.trade(Quantity(-1), Price(120), None)

    assert line.entry_price == Price(105)
    assert line.realized == Amount(15)


def test_ledger_knows_which_markets_are_spot() -> None:
    """The kind of a market is part of the books, not of the venue's catalogue."""
    ledger = ledger_of()

    assert ledger.is_spot(SOL_SPOT)
    assert not ledger.is_spot(SOL_PERP)
    assert InstrumentKind.SPOT is instrument(SOL_SPOT).kind
