"""Taking from one side of a book, on paper. Pure; prices and sizes are units of 10^-10."""

from collections.abc import Iterable

import msgspec

from core.domain.exact import Price, Quantity
from core.domain.fixed import DIGITS, unscaled
from core.domain.order import Side


class Walk(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a walk through the book found up to a price."""

    taken: Quantity
    vwap: Price | None
    """Average price of what was taken; None for nothing."""
    within: Quantity
    """Everything up to the price."""


def walked(levels: Iterable[tuple[int, int]], side: Side, bound: Price, quantity: Quantity) -> Walk:
    """Take a quantity from levels, best first, no further than a price.

    Args:
        levels: Price and size of the other side of the book.
        side: Of the order that takes.
        bound: The last price it takes.
        quantity: How much it wants.
    """
    limit = int(bound.value.scaleb(DIGITS))
    left = int(quantity.value.scaleb(DIGITS))
    taken = money = within = 0
    for price, size in levels:
        if (price - limit) * side.sign > 0:
            break
        within += size
        part = min(size, left - taken)
        taken, money = taken + part, money + price * part
    return Walk(
        taken=Quantity(unscaled(taken)),
        vwap=Price(unscaled(money // taken)) if taken else None,
        within=Quantity(unscaled(within)),
    )
