"""Sizes of a book by price row, against a naive sum."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.market.book import OrderBook

LEVELS = st.dictionaries(st.integers(1, 400), st.integers(0, 9), max_size=60)


@given(LEVELS, st.integers(1, 50), st.integers(1, 30), st.sampled_from(Side))
def test_rows_are_floored_sums_best_first(
    levels: dict[int, int], step: int, count: int, side: Side
) -> None:
    """A row is [edge, edge + step) on either side; dead levels and empty rows are left out."""
    book = OrderBook()
    half = book.bids if side is Side.BUY else book.asks
    half.apply([(str(price), "5") for price in levels])
    half.apply([(str(price), str(size)) for price, size in levels.items()])
    naive: dict[int, int] = {}
    for price, size in levels.items():
        edge = price * UNIT - price * UNIT % (step * UNIT)
        naive[edge] = naive.get(edge, 0) + size * UNIT
    held = {edge: size for edge, size in naive.items() if size}
    ordered = sorted(held, reverse=side is Side.BUY)[:count]

    edges, sizes = half.rows(step * UNIT, count, 1_000)

    assert edges == ordered
    assert sizes == [held[edge] for edge in ordered]


def test_rows_stop_after_so_many_levels() -> None:
    """A row that was begun is read whole; none is begun beyond the bound."""
    book = OrderBook()
    book.asks.apply([(str(price), "1") for price in range(100, 200)])

    edges, sizes = book.asks.rows(10 * UNIT, 100, 25)

    assert edges == [100 * UNIT, 110 * UNIT, 120 * UNIT]
    assert sizes == [10 * UNIT] * 3
