"""The order book against a naive oracle, and its edges."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import DataInvalid
from core.domain.events import TextLevel
from core.domain.fixed import UNIT, scaled
from core.domain.order import Side
from core.market.book import OrderBook

PRICES = [f"{whole}.{tenth}" for whole in range(95, 106) for tenth in (0, 5)]
SIZES = ["0", "0.000", "0.5", "1", "2.25", "10.000"]
FRAMES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(PRICES), st.sampled_from(SIZES)), max_size=6),
        st.lists(st.tuples(st.sampled_from(PRICES), st.sampled_from(SIZES)), max_size=6),
    ),
    max_size=60,
)


def naive_apply(side: dict[Decimal, Decimal], levels: list[TextLevel]) -> None:
    """Set or delete, the slow and plain way."""
    for price, size in levels:
        if Decimal(size):
            side[Decimal(price)] = Decimal(size)
        else:
            side.pop(Decimal(price), None)


def units(side: dict[Decimal, Decimal], *, best_is_highest: bool) -> list[tuple[int, int]]:
    """Sort a naive side, best first, in units."""
    ordered = sorted(side.items(), reverse=best_is_highest)
    return [(int(price * UNIT), int(size * UNIT)) for price, size in ordered]


@given(FRAMES)
@settings(max_examples=200, deadline=None)
def test_book_equals_a_dictionary_that_is_sorted(
    frames: list[tuple[list[TextLevel], list[TextLevel]]],
) -> None:
    """After any frames the levels, tops and crossing are those of the naive book."""
    book = OrderBook()
    bids: dict[Decimal, Decimal] = {}
    asks: dict[Decimal, Decimal] = {}

    for bid_levels, ask_levels in frames:
        book.apply(bid_levels, ask_levels)
        naive_apply(bids, bid_levels)
        naive_apply(asks, ask_levels)

        assert book.is_crossed() == bool(bids and asks and max(bids) >= min(asks))
        assert book.best_bid == (int(max(bids) * UNIT) if bids else None)
        assert book.best_ask == (int(min(asks) * UNIT) if asks else None)
        assert book.levels(Side.BUY, 3) == units(bids, best_is_highest=True)[:3]

    assert book.levels(Side.BUY, 1_000) == units(bids, best_is_highest=True)
    assert book.levels(Side.SELL, 1_000) == units(asks, best_is_highest=False)


@given(st.integers(1, 40), st.integers(1, 30), FRAMES)
@settings(max_examples=80, deadline=None)
def test_grouped_rows_hold_what_the_levels_hold(
    ticks: int, rows: int, frames: list[tuple[list[TextLevel], list[TextLevel]]]
) -> None:
    """Bids are floored to the grid, asks ceiled, and no size is lost or counted twice."""
    book, step = OrderBook(), ticks * UNIT // 10
    for bid_levels, ask_levels in frames:
        book.apply(bid_levels, ask_levels)

    for side, sign in ((book.bids, 1), (book.asks, -1)):
        naive: dict[int, int] = {}
        for price, size in side:
            row = sign * (sign * price // step) * step
            naive[row] = naive.get(row, 0) + size
        assert side.grouped(step, rows) == list(naive.items())[:rows]


def test_sweeping_dead_levels_keeps_the_live_ones() -> None:
    """A book through which many prices passed holds only a bounded number of dead ones."""
    book = OrderBook()

    for number in range(20_000):
        book.apply([(f"{1 + number}", "1")], [])
        if number >= 10:
            book.apply([(f"{1 + number - 10}", "0")], [])

    assert len(book.levels(Side.BUY, 100)) == 10
    assert len(book.bids.ranked) < 1_200


def test_price_text_with_padding_names_the_same_level() -> None:
    """REST trims and the stream pads: levels are keyed by number, not by text."""
    book = OrderBook()
    book.load([("86786", "1.5")], [])

    book.apply([("86786.0", "0.00000")], [])

    assert book.best_bid is None


@pytest.mark.parametrize("size", ["-1", "", " 1", "+1"])
def test_impossible_sizes_are_refused_at_once(size: str) -> None:
    """A size that is negative, signed or missing never enters a book."""
    with pytest.raises(DataInvalid):
        OrderBook().apply([("1", size)], [])


@pytest.mark.parametrize("size", ["1e5", "0x1", "1_0", "1.2.3", "٣", "1" * 50])
def test_sizes_that_only_begin_like_numbers_are_refused_when_read(size: str) -> None:
    """What is stored as text is read strictly."""
    book = OrderBook()
    book.apply([("1", size)], [])

    with pytest.raises(DataInvalid):
        book.levels(Side.BUY, 1)


@pytest.mark.parametrize("price", ["-1", "abc", "NaN", "1e3", "1_0", "", "0.00000000001"])
def test_prices_that_are_none_are_refused(price: str) -> None:
    """A price is a plain decimal of at most ten decimals."""
    with pytest.raises(DataInvalid):
        OrderBook().apply([(price, "1")], [])


def test_snapshot_in_any_order_gives_sorted_levels() -> None:
    """A snapshot may come ascending, descending or mixed, with zero sizes in it."""
    book = OrderBook()

    book.load([("9", "1"), ("11", "2"), ("10", "0")], [("13", "1"), ("12", "3")])

    assert book.levels(Side.BUY, 5) == [(scaled("11"), scaled("2")), (scaled("9"), scaled("1"))]
    assert book.best_ask == scaled("12")
