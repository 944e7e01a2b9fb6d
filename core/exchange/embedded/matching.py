"""The order book: price-time priority, exact, without accounts, clocks or frames.

`Book.match` lets a taker eat; the caller is told of each fill and each maker that gave way, and may
change the book meanwhile (shrink or remove resting orders), because the best order is read anew at
every step. Levels that changed are collected until `drain` takes them.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from core.exchange.embedded.orders import Expiry, Order, SelfTrade, Status

OnFill = Callable[[Order, int], None]
"""Called with the maker and the steps just filled, after both orders were booked."""
OnMakerOut = Callable[[Order], None]
"""Called with a maker removed by self-trade prevention."""


class _Level:
    __slots__ = ("orders", "total")

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.total = 0


class _Side:
    """One side: levels by price and their prices in ascending order."""

    __slots__ = ("is_bid", "levels", "prices")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.prices: list[int] = []
        self.levels: dict[int, _Level] = {}

    def best(self) -> int | None:
        if not self.prices:
            return None
        return self.prices[-1] if self.is_bid else self.prices[0]

    def add(self, order: Order) -> None:
        level = self.levels.get(order.price)
        if level is None:
            level = self.levels[order.price] = _Level()
            insort(self.prices, order.price)
        level.orders[order.id] = order
        level.total += order.leaves

    def take(self, order: Order, steps: int, *, is_gone: bool) -> None:
        level = self.levels[order.price]
        level.total -= steps
        if is_gone:
            del level.orders[order.id]
            if not level.orders:
                del self.levels[order.price]
                del self.prices[bisect_left(self.prices, order.price)]

    def size_at(self, price: int) -> int:
        level = self.levels.get(price)
        return 0 if level is None else level.total

    def from_best(self) -> Iterator[int]:
        return reversed(self.prices) if self.is_bid else iter(self.prices)


class Book:
    """Resting orders of one market."""

    def __init__(self) -> None:
        self._bids = _Side(is_bid=True)
        self._asks = _Side(is_bid=False)
        self._touched: dict[tuple[bool, int], None] = {}

    def best(self, *, is_bid: bool) -> int | None:
        """Return the best price of a side in ticks, or None where it is empty."""
        return self._side(is_bid=is_bid).best()

    def size_at(self, price: int, *, is_bid: bool) -> int:
        """Return the steps resting at a price."""
        return self._side(is_bid=is_bid).size_at(price)

    def levels(self, *, is_bid: bool, limit: int | None = None) -> list[tuple[int, int]]:
        """Return (price, size) of a side, best first."""
        side = self._side(is_bid=is_bid)
        prices = side.prices if limit is None else self._nearest(side, limit)
        ordered = reversed(prices) if is_bid else iter(prices)
        return [(price, side.levels[price].total) for price in ordered]

    def orders(self, *, is_bid: bool) -> Iterator[Order]:
        """Iterate the resting orders of a side in priority."""
        side = self._side(is_bid=is_bid)
        for price in side.from_best():
            yield from side.levels[price].orders.values()

    def would_take(self, price: int, *, is_bid: bool) -> bool:
        """Tell whether a limit order at this price would match at once."""
        return _reaches(self.best(is_bid=not is_bid), price, is_bid=is_bid)

    def reaches(self, bound: int | None, *, is_bid: bool) -> bool:
        """Tell whether a taker bounded by `bound` would meet anything."""
        return _reaches(self.best(is_bid=not is_bid), bound, is_bid=is_bid)

    def holds(self, order: Order) -> bool:
        """Tell whether an order rests here."""
        if order.request.price is None:
            return False
        level = self._side(is_bid=order.is_bid).levels.get(order.price)
        return level is not None and order.id in level.orders

    def rest(self, order: Order) -> None:
        """Put an order behind all others of its price."""
        self._side(is_bid=order.is_bid).add(order)
        self._touched[order.is_bid, order.price] = None

    def remove(self, order: Order) -> None:
        """Take a resting order out; call before its status changes."""
        self._side(is_bid=order.is_bid).take(order, order.leaves, is_gone=True)
        self._touched[order.is_bid, order.price] = None

    def shrink(self, order: Order, leaves: int) -> None:
        """Lower a resting order to `leaves` steps; it keeps its place."""
        assert order.quantity is not None
        assert 0 < leaves < order.leaves
        cut = order.leaves - leaves
        self._side(is_bid=order.is_bid).take(order, cut, is_gone=False)
        order.quantity -= cut
        self._touched[order.is_bid, order.price] = None

    def fillable(self, taker: Order, bound: int | None) -> int:
        """Return the steps a taker could fill now, before it meets itself."""
        total, wanted = 0, taker.leaves
        side = self._side(is_bid=not taker.is_bid)
        for price in side.from_best():
            if total >= wanted or not _reaches(price, bound, is_bid=taker.is_bid):
                break
            for maker in side.levels[price].orders.values():
                if maker.owner != taker.owner:
                    total += maker.leaves
                elif taker.request.self_trade is not SelfTrade.REJECT_MAKER:
                    return min(total, wanted)
        return min(total, wanted)

    def match(
        self, taker: Order, bound: int | None, on_fill: OnFill, on_maker_out: OnMakerOut
    ) -> Expiry | None:
        """Let a taker eat up to `bound`; return why it must end, if it must.

        None means that it is filled, or that nothing within `bound` is left.
        """
        side = self._side(is_bid=not taker.is_bid)
        while True:
            price = side.best()
            if price is None or not _reaches(price, bound, is_bid=taker.is_bid):
                return None
            wanted = taker.wanted(price)
            if wanted <= 0:
                return None
            maker = next(iter(side.levels[price].orders.values()))
            if maker.owner == taker.owner:
                if taker.request.self_trade is not SelfTrade.REJECT_TAKER:
                    self.remove(maker)
                    maker.finish(Status.EXPIRED, Expiry.SELF_TRADE)
                    on_maker_out(maker)
                if taker.request.self_trade is not SelfTrade.REJECT_MAKER:
                    return Expiry.SELF_TRADE
                continue
            steps = min(wanted, maker.leaves)
            self.hit(taker, maker, steps)
            on_fill(maker, steps)

    def drain(self) -> list[tuple[bool, int, int]]:
        """Return (is_bid, price, size) of the levels that changed, and forget them."""
        changed = [
            (is_bid, price, self.size_at(price, is_bid=is_bid)) for is_bid, price in self._touched
        ]
        self._touched.clear()
        return changed

    def hit(self, taker: Order, maker: Order, steps: int) -> None:
        """Fill a resting order at its price, whatever its priority."""
        side = self._side(is_bid=maker.is_bid)
        side.take(maker, steps, is_gone=steps == maker.leaves)
        maker.fill(steps, maker.price)
        taker.fill(steps, maker.price)
        self._touched[maker.is_bid, maker.price] = None

    def _side(self, *, is_bid: bool) -> _Side:
        return self._bids if is_bid else self._asks

    @staticmethod
    def _nearest(side: _Side, limit: int) -> list[int]:
        return side.prices[-limit:] if side.is_bid else side.prices[:limit]


def _reaches(price: int | None, bound: int | None, *, is_bid: bool) -> bool:
    """Tell whether a taker bounded by `bound` may trade at `price`."""
    if price is None:
        return False
    return bound is None or (price <= bound if is_bid else price >= bound)
