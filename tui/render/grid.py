"""The fixed price grid of a ladder: which row shows which price, and when it may move."""

from typing import Self

import msgspec

_THIRD = 3


class Grid(msgspec.Struct, frozen=True, gc=False):
    """`rows` prices, `step` apart, falling from `top`; one more line shows the spread."""

    top: int
    step: int
    rows: int

    @classmethod
    def centred(cls, middle: int, step: int, rows: int) -> Self:
        """Put a price in the middle row."""
        return cls(middle // step * step + rows // 2 * step, step, rows)

    def price_at(self, index: int) -> int:
        """Return the price of the grid row with this index, top first."""
        return self.top - index * self.step

    def index_of(self, price: int) -> int:
        """Return the index of the row a bid is grouped to; may lie outside the grid."""
        return -((price - self.top) // self.step)

    def index_of_ask(self, price: int) -> int:
        """Return the index of the row an ask is grouped to: never a better price than it has."""
        return (self.top - price) // self.step

    def holds(self, index: int) -> bool:
        """Whether the index is on the grid."""
        return 0 <= index < self.rows

    def moved(self, rows: int) -> Self:
        """Scroll toward higher prices (negative) or lower ones (positive)."""
        return type(self)(self.top - rows * self.step, self.step, self.rows)

    def is_central(self, price: int) -> bool:
        """Whether a price is in the middle third of the rows."""
        third = self.rows // _THIRD
        return third <= self.index_of(price) < self.rows - third

    def spread_after(self, best_bid: int | None, best_ask: int | None) -> int:
        """Return the index of the row above the spread line, -1 to rows - 1.

        The line stands between best ask and best bid, or at the edge they lie beyond.
        """
        if best_bid is None and best_ask is None:
            return self.rows // 2 - 1
        ask = self.index_of_ask(best_ask) if best_ask is not None else None
        bid = self.index_of(best_bid) if best_bid is not None else None
        if ask is None:
            assert bid is not None
            after = bid - 1
        elif bid is None or bid <= ask:
            after = ask
        else:
            after = (ask + bid - 1) // 2
        return max(-1, min(after, self.rows - 1))
