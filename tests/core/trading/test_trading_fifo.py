"""Lots, first in first out, against a naive list of units, and against average cost."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.domain.exact import Amount, Price, Quantity
from core.trading.fifo import FifoLine
from core.trading.position import PositionLine

TRADES = st.lists(
    st.tuples(st.integers(-40, 40).filter(bool), st.integers(1, 100_000)), min_size=1, max_size=40
)


def naive(trades: list[tuple[int, int]]) -> tuple[list[tuple[int, Fraction]], Fraction]:
    """Hold single units in a queue; return the open ones (sign, price) and what was realised."""
    units: list[tuple[int, Fraction]] = []
    realized = Fraction(0)
    for quantity, cents in trades:
        sign, price = (1 if quantity > 0 else -1), Fraction(cents, 100)
        for _ in range(abs(quantity)):
            if units and units[0][0] != sign:
                held, paid = units.pop(0)
                realized += (price - paid) * held
            else:
                units.append((sign, price))
    return units, realized


@given(TRADES)
def test_lots_are_those_of_single_units_in_a_queue(trades: list[tuple[int, int]]) -> None:
    """Realised profit, what is open and what it cost equal the naive queue, exactly."""
    line = FifoLine()
    for quantity, cents in trades:
        line.trade(Quantity(quantity), Price(Decimal(cents) / 100))

    units, realized = naive(trades)
    assert Fraction(line.realized.value) == realized
    assert line.quantity.value == sum(sign for sign, _ in units)
    assert Fraction(line.cost.value) == sum(sign * price for sign, price in units)


@given(TRADES)
def test_flat_lots_and_flat_average_realised_the_same(trades: list[tuple[int, int]]) -> None:
    """How cost is matched moves profit in time, never in total."""
    lots, average = FifoLine(), PositionLine()
    for quantity, cents in [*trades, (-sum(q for q, _ in trades), 77)]:
        if quantity:
            price = Price(Decimal(cents) / 100)
            lots.trade(Quantity(quantity), price)
            average.trade(Quantity(quantity), price, None)

    assert lots.quantity.is_zero
    assert lots.lots == ()
    assert lots.realized == average.realized


@given(TRADES, st.integers(1, 100_000))
def test_realised_and_unrealised_together_do_not_depend_on_the_matching(
    trades: list[tuple[int, int]], mark: int
) -> None:
    """At any mark both ways of counting are worth the same."""
    lots, average = FifoLine(), PositionLine()
    for quantity, cents in trades:
        lots.trade(Quantity(quantity), Price(Decimal(cents) / 100))
        average.trade(Quantity(quantity), Price(Decimal(cents) / 100), None)
    price = Price(Decimal(mark) / 100)

    assert lots.realized + lots.unrealized(price) == average.realized + average.unrealized(price)


def test_oldest_lot_is_closed_first() -> None:
    """Two lots at 10 and 20, one sold at 30: 20 is earned, the lot at 20 stays."""
    line = FifoLine()
    line.trade(Quantity(1), Price(10))
    line.trade(Quantity(1), Price(20))

    line.trade(Quantity(-1), Price(30))

    assert line.realized == Amount(20)
    assert line.lots == ((Quantity(1), Price(20)),)


def test_many_fills_at_one_price_are_one_lot() -> None:
    """Memory follows prices, not fills."""
    line = FifoLine()
    for _ in range(1_000):
        line.trade(Quantity("0.01"), Price(10))

    assert line.lots == ((Quantity(10), Price(10)),)
