"""One order book. Prices are integers of 10^-10; sizes stay the wire's text until somebody reads.

A book knows nothing of ids or validity; `core.market.splice` decides when it may be trusted.

Why it is built like this: levels come and go at the same prices, and nearly all are gone again
before anybody looks. So a deleted level keeps its place with its size of zero and costs one store
to come back; dead levels are dropped when they surface at the top, and in one sweep when they are
many.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import TextLevel
from core.domain.order import Side
from core.market.units import ZERO_TEXTS, UnitCache

Level = tuple[int, int]
"""Price and size, units of 10^-10."""
_SPARE: Final = 512
"""Dead levels a side may hold beyond as many as it has live ones."""


class BookSide:
    """The bids or the asks.

    Attributes:
        sign: 1 for bids, -1 for asks.
        ranked: Price times `sign`, ascending, so that the best is the last. Some may be dead.
        sizes: Size text by key; zero where the level is gone.
    """

    __slots__ = ("_key_of", "_roomy", "_units_of", "ranked", "sign", "sizes")

    def __init__(self, sign: int, key_of: UnitCache, units_of: UnitCache) -> None:
        self.sign = sign
        self.ranked: list[int] = []
        self.sizes: dict[int, str] = {}
        self._key_of = key_of
        self._units_of = units_of
        self._roomy = _SPARE

    def apply(self, levels: Sequence[TextLevel]) -> None:
        """Set absolute sizes; size zero deletes a level.

        Raises:
            DataInvalid: at the first text that cannot be; the side is then half changed. What only
                looks like a number is found when it is read.
        """
        keys, sizes, key_of = self.ranked, self.sizes, self._key_of
        for price, size in levels:
            if size < "0":  # a sign, a blank, nothing
                raise DataInvalid("book level has no possible size", repr(size[:40]))
            key = key_of[price]
            if key not in sizes:
                if size in ZERO_TEXTS:
                    continue
                insort(keys, key)
            sizes[key] = size
        if len(keys) > self._roomy:
            self._sweep()

    def _sweep(self) -> None:
        self.sizes = {key: size for key, size in self.sizes.items() if size not in ZERO_TEXTS}
        self.ranked = sorted(self.sizes)
        self._roomy = 2 * len(self.ranked) + _SPARE

    def load(self, levels: Sequence[TextLevel]) -> None:
        """Replace everything, levels in any order.

        Raises:
            DataInvalid: at a text that is no number.
        """
        key_of, units_of = self._key_of, self._units_of
        self.sizes = {key_of[price]: size for price, size in levels if units_of[size]}
        self._sweep()

    def clear(self) -> None:
        """Forget every level."""
        self.ranked, self.sizes, self._roomy = [], {}, _SPARE

    def best_key(self) -> int | None:
        """Return the key of the best level; drop dead ones that lie over it."""
        keys, sizes = self.ranked, self.sizes
        while keys:
            key = keys[-1]
            if sizes[key] not in ZERO_TEXTS:
                return key
            keys.pop()
            del sizes[key]
        return None

    def best(self) -> int | None:
        """Return the best price, None where the side is empty."""
        key = self.best_key()
        return None if key is None else key * self.sign

    def size_at(self, price: int) -> int:
        """Return the size at a price, 0 where there is none.

        Raises:
            DataInvalid: when the wire's size is no number.
        """
        return self._units_of[self.sizes.get(price * self.sign, "0")]

    def __iter__(self) -> Iterator[Level]:
        """Yield live levels, best first."""
        sizes, sign, units_of = self.sizes, self.sign, self._units_of
        for key in reversed(self.ranked):
            size = sizes[key]
            if size not in ZERO_TEXTS:
                yield key * sign, units_of[size]

    def top(self, count: int) -> list[Level]:
        """Return the best `count` live levels."""
        keys, sizes = self.ranked, self.sizes
        reach = 2 * count + 4
        live = [key for key in keys[-reach:] if sizes[key] not in ZERO_TEXTS]
        if len(live) < count and reach < len(keys):
            return list(islice(self, count))
        sign, units_of = self.sign, self._units_of
        return [(key * sign, units_of[sizes[key]]) for key in live[: -count - 1 : -1]]

    def grouped(self, step: int, rows: int) -> list[tuple[int, int]]:
        """Sum sizes on a grid of prices, best first, at most `rows` rows that hold any.

        Bids are floored and asks ceiled, so that no row shows a better price than it holds.
        """
        keys, sizes, units_of = self.ranked, self.sizes, self._units_of
        found: list[tuple[int, int]] = []
        end = len(keys)
        while end and len(found) < rows:
            row_key = keys[end - 1] // step * step
            start = bisect_left(keys, row_key, 0, end)
            texts = map(sizes.__getitem__, keys[start:end])
            size = sum(map(units_of.__getitem__, texts))
            if size:
                found.append((row_key * self.sign, size))
            end = start
        return found

    def rows(self, step: int, count: int, levels: int) -> tuple[list[int], list[int]]:
        """Sum sizes in price rows, best first: lower edges and sizes of at most `count` rows.

        Rows are floored on both sides, a row is `[edge, edge + step)`. Empty ones are left out. No
        row is begun once so many levels were read.

        Raises:
            DataInvalid: when a size of the wire is no number.
        """
        keys, sizes, units_of, sign = self.ranked, self.sizes, self._units_of, self.sign
        edges: list[int] = []
        sums: list[int] = []
        end = len(keys)
        stop = max(0, end - levels)
        while end > stop and len(edges) < count:
            edge = keys[end - 1] * sign // step * step
            if sign > 0:
                start = bisect_left(keys, edge, 0, end)
            else:
                start = bisect_right(keys, -edge - step, 0, end)
            size = sum(map(units_of.__getitem__, map(sizes.__getitem__, keys[start:end])))
            if size:
                edges.append(edge)
                sums.append(size)
            end = start
        return edges, sums


class OrderBook:
    """Both sides of one market.

    Attributes:
        bids: Who buys.
        asks: Who sells.
    """

    __slots__ = ("asks", "bids")

    def __init__(
        self,
        bid_keys: UnitCache | None = None,
        ask_keys: UnitCache | None = None,
        size_units: UnitCache | None = None,
    ) -> None:
        units_of = UnitCache() if size_units is None else size_units
        self.bids = BookSide(1, UnitCache() if bid_keys is None else bid_keys, units_of)
        self.asks = BookSide(-1, UnitCache(-1) if ask_keys is None else ask_keys, units_of)

    def apply(self, bids: Sequence[TextLevel], asks: Sequence[TextLevel]) -> None:
        """Set absolute sizes; size zero deletes a level.

        Raises:
            DataInvalid: at the first text that cannot be; the book is then half changed.
        """
        if bids:
            self.bids.apply(bids)
        if asks:
            self.asks.apply(asks)

    def load(self, bids: Sequence[TextLevel], asks: Sequence[TextLevel]) -> None:
        """Replace everything by a whole book, levels in any order.

        Raises:
            DataInvalid: at a text that is no number.
        """
        self.bids.load(bids)
        self.asks.load(asks)

    def clear(self) -> None:
        """Forget every level."""
        self.bids.clear()
        self.asks.clear()

    @property
    def best_bid(self) -> int | None:
        """Highest bid, None where nobody bids."""
        return self.bids.best()

    @property
    def best_ask(self) -> int | None:
        """Lowest ask, None where nobody asks."""
        return self.asks.best()

    def is_crossed(self) -> bool:
        """Whether the best bid stands at or above the best ask."""
        bids, asks = self.bids, self.asks
        bid_keys, ask_keys = bids.ranked, asks.ranked
        if bid_keys and ask_keys:
            bid, ask = bid_keys[-1], ask_keys[-1]
            if bids.sizes[bid] not in ZERO_TEXTS and asks.sizes[ask] not in ZERO_TEXTS:
                return bid + ask >= 0
        return self._is_crossed_below()

    def _is_crossed_below(self) -> bool:
        """Compare the best live levels, under dead ones."""
        bid, ask = self.bids.best_key(), self.asks.best_key()
        return bid is not None and ask is not None and bid + ask >= 0

    def levels(self, side: Side, count: int) -> list[Level]:
        """Return the best `count` levels of the bids (BUY) or asks (SELL), best first.

        Raises:
            DataInvalid: when a size of the wire is no number.
        """
        return (self.bids if side is Side.BUY else self.asks).top(count)
