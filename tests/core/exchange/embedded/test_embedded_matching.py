"""The book against a naive oracle: price-time priority, bounds and self-trade prevention."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from core.exchange.embedded.matching import Book
from core.exchange.embedded.orders import (
    Expiry,
    Order,
    OrderRequest,
    OrderType,
    SelfTrade,
    Side,
    Status,
)


@dataclass
class _Resting:
    id: int
    owner: str
    is_bid: bool
    price: int
    leaves: int


@dataclass
class _Oracle:
    """A book as a list: everything is sorted anew for every order."""

    resting: list[_Resting] = field(default_factory=list)
    fills: list[tuple[int, int, int, int]] = field(default_factory=list)

    def submit(self, each: _Resting, stp: SelfTrade) -> None:
        while each.leaves:
            crossing = [
                maker
                for maker in self.resting
                if maker.is_bid != each.is_bid
                and (maker.price <= each.price if each.is_bid else maker.price >= each.price)
            ]
            if not crossing:
                self.resting.append(each)
                return
            maker = min(crossing, key=lambda m: (m.price if each.is_bid else -m.price, m.id))
            if maker.owner == each.owner:
                if stp is not SelfTrade.REJECT_TAKER:
                    self.resting.remove(maker)
                if stp is not SelfTrade.REJECT_MAKER:
                    return
                continue
            steps = min(maker.leaves, each.leaves)
            self.fills.append((each.id, maker.id, maker.price, steps))
            maker.leaves -= steps
            each.leaves -= steps
            if not maker.leaves:
                self.resting.remove(maker)

    def cancel(self, place: int) -> int | None:
        if not self.resting:
            return None
        return self.resting.pop(place % len(self.resting)).id

    def levels(self, *, is_bid: bool) -> list[tuple[int, int]]:
        totals: dict[int, int] = {}
        for each in self.resting:
            if each.is_bid == is_bid:
                totals[each.price] = totals.get(each.price, 0) + each.leaves
        return sorted(totals.items(), reverse=is_bid)


_ORDERS = st.tuples(
    st.sampled_from(["ann", "bob", "cat"]),
    st.booleans(),
    st.integers(95, 105),
    st.integers(1, 9),
    st.sampled_from(list(SelfTrade)),
)
_STEPS = st.lists(st.one_of(_ORDERS, st.integers(0, 99)), max_size=60)


def _order(order_id: int, drawn: tuple[str, bool, int, int, SelfTrade]) -> Order:
    owner, is_bid, price, quantity, stp = drawn
    side = Side.BID if is_bid else Side.ASK
    request = OrderRequest("X", side, OrderType.LIMIT, price, quantity, self_trade=stp)
    return Order(order_id, owner, request, 0)


@given(_STEPS)
@settings(max_examples=300, deadline=None)
def test_book_matches_like_the_naive_oracle(
    steps: list[tuple[str, bool, int, int, SelfTrade] | int],
) -> None:
    """Fills, resting levels and removals equal the oracle's for any sequence."""
    book, oracle = Book(), _Oracle()
    living: dict[int, Order] = {}
    fills: list[tuple[int, int, int, int]] = []

    for number, step in enumerate(steps):
        if isinstance(step, int):
            gone = oracle.cancel(step)
            if gone is not None:
                book.remove(living[gone])
                living[gone].finish(Status.CANCELLED)
            continue
        taker = living[number] = _order(number, step)
        _submit(book, taker, fills)
        oracle.submit(_Resting(number, step[0], step[1], step[2], step[3]), step[4])

        assert fills == oracle.fills
        for is_bid in (True, False):
            assert book.levels(is_bid=is_bid) == oracle.levels(is_bid=is_bid)


def _submit(book: Book, taker: Order, fills: list[tuple[int, int, int, int]]) -> None:
    expiry = book.match(
        taker,
        taker.price,
        lambda maker, steps: fills.append((taker.id, maker.id, maker.price, steps)),
        lambda _maker: None,
    )
    if expiry is not None:
        taker.finish(Status.EXPIRED, expiry)
    elif taker.leaves:
        book.rest(taker)


@given(st.lists(_ORDERS, max_size=30), _ORDERS)
@settings(max_examples=200, deadline=None)
def test_fillable_foretells_the_match(
    before: list[tuple[str, bool, int, int, SelfTrade]],
    last: tuple[str, bool, int, int, SelfTrade],
) -> None:
    """What `fillable` promises is exactly what `match` then executes."""
    book = Book()
    for number, drawn in enumerate(before):
        _submit(book, _order(number, drawn), [])
    taker = _order(99, last)

    promised = book.fillable(taker, taker.price)
    _submit(book, taker, [])

    assert taker.executed == promised


def test_changed_levels_are_drained_once_with_their_new_sizes() -> None:
    """Every level touched since the last drain is told with its size now."""
    book = Book()
    maker = _order(1, ("ann", False, 100, 5, SelfTrade.REJECT_TAKER))
    book.rest(maker)

    first = book.drain()
    _submit(book, _order(2, ("bob", True, 100, 5, SelfTrade.REJECT_TAKER)), [])

    assert first == [(False, 100, 5)]
    assert book.drain() == [(False, 100, 0)]
    assert book.drain() == []


def test_a_shrunk_order_keeps_its_place() -> None:
    """Shrinking lowers the level and leaves the order first in line."""
    book = Book()
    first = _order(1, ("ann", False, 100, 5, SelfTrade.REJECT_TAKER))
    second = _order(2, ("bob", False, 100, 5, SelfTrade.REJECT_TAKER))
    for order in (first, second):
        book.rest(order)

    book.shrink(first, 2)
    fills: list[tuple[int, int, int, int]] = []
    _submit(book, _order(3, ("cat", True, 100, 3, SelfTrade.REJECT_TAKER)), fills)

    assert fills == [(3, 1, 100, 2), (3, 2, 100, 1)]
    assert book.size_at(100, is_bid=False) == 4


def test_a_taker_that_meets_itself_says_why_it_ends() -> None:
    """RejectTaker ends the taker and leaves the maker."""
    book = Book()
    book.rest(_order(1, ("ann", False, 100, 5, SelfTrade.REJECT_TAKER)))
    taker = _order(2, ("ann", True, 100, 5, SelfTrade.REJECT_TAKER))

    reason = book.match(taker, 100, lambda *_: None, lambda _: None)

    assert reason is Expiry.SELF_TRADE
    assert book.size_at(100, is_bid=False) == 5
