"""One order book: prices and sizes are integers of 10^-10, both sides sorted ascending.

A book knows nothing of ids or validity; `core.market.splice` decides when it may be trusted.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from core.domain.errors import DataInvalid
from core.domain.events import TextLevel
from core.domain.order import Side
from core.market.units import UnitCache

Level = tuple[int, int]
"""Price and size, units of 10^-10."""


class OrderBook:
    """Both sides of one market; best bid is the last of `bids`, best ask the first of `asks`.

    Attributes:
        bids: Prices that hold size, ascending.
        asks: Prices that hold size, ascending.
        bid_sizes: Size by price.
        ask_sizes: Size by price.
    """

    __slots__ = ("_price_units", "_size_units", "ask_sizes", "asks", "bid_sizes", "bids")

    def __init__(
        self, price_units: UnitCache | None = None, size_units: UnitCache | None = None
    ) -> None:
        self.bids: list[int] = []
        self.asks: list[int] = []
        self.bid_sizes: dict[int, int] = {}
        self.ask_sizes: dict[int, int] = {}
        self._price_units = UnitCache() if price_units is None else price_units
        self._size_units = UnitCache() if size_units is None else size_units

    def apply(self, bids: Iterable[TextLevel], asks: Iterable[TextLevel]) -> None:
        """Set absolute sizes; size zero deletes a level.

        Raises:
            DataInvalid: at the first text that is no number; the book is then half changed.
        """
        if bids:
            self._apply_side(bids, self.bids, self.bid_sizes)
        if asks:
            self._apply_side(asks, self.asks, self.ask_sizes)

    def _apply_side(
        self, levels: Iterable[TextLevel], prices: list[int], sizes: dict[int, int]
    ) -> None:
        price_units, size_units = self._price_units, self._size_units
        for price_text, size_text in levels:
            price = price_units[price_text]
            size = size_units[size_text]
            if size:
                if price not in sizes:
                    insort(prices, price)
                sizes[price] = size
            elif price in sizes:
                del sizes[price]
                del prices[bisect_left(prices, price)]

    def load(self, bids: Sequence[TextLevel], asks: Sequence[TextLevel]) -> None:
        """Replace everything by a whole book, levels in any order.

        Raises:
            DataInvalid: at a text that is no number, or a price without a value.
        """
        self.clear()
        self.bid_sizes = self._read_side(bids)
        self.ask_sizes = self._read_side(asks)
        self.bids = sorted(self.bid_sizes)
        self.asks = sorted(self.ask_sizes)

    def _read_side(self, levels: Sequence[TextLevel]) -> dict[int, int]:
        price_units, size_units = self._price_units, self._size_units
        sizes = {price_units[price]: size_units[size] for price, size in levels}
        if 0 in sizes:
            raise DataInvalid("book level has price zero")
        return {price: size for price, size in sizes.items() if size}

    def clear(self) -> None:
        """Forget every level."""
        self.bids, self.asks = [], []
        self.bid_sizes, self.ask_sizes = {}, {}

    @property
    def best_bid(self) -> int | None:
        """Highest bid, None where nobody bids."""
        return self.bids[-1] if self.bids else None

    @property
    def best_ask(self) -> int | None:
        """Lowest ask, None where nobody asks."""
        return self.asks[0] if self.asks else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid stands at or above the best ask."""
        return bool(self.bids and self.asks and self.bids[-1] >= self.asks[0])

    def levels(self, side: Side, count: int) -> list[Level]:
        """Return the best `count` levels of the bids (BUY) or asks (SELL), best first."""
        if side is Side.BUY:
            sizes = self.bid_sizes
            return [(price, sizes[price]) for price in self.bids[: -count - 1 : -1]]
        sizes = self.ask_sizes
        return [(price, sizes[price]) for price in self.asks[:count]]
