"""Who of several books a funding payment belongs to. Pure, exact."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Quantity
from core.domain.ids import StrategyId

_GRAIN: Final = Amount(Decimal("0.000000000001"))


def shared(
    amount: Amount, holders: Sequence[tuple[StrategyId, Quantity]], nobody: StrategyId
) -> list[tuple[StrategyId, Amount]]:
    """Share a payment on a net position among the books that make it up.

    A book's share is its signed part of the position, rounded to 10^-12; who holds most takes what
    rounding leaves, so that the shares add up. Without a position it is `nobody`'s.
    """
    net = sum((quantity for _, quantity in holders), ZERO_QUANTITY)
    if net.is_zero:
        return [(nobody, amount)]
    shares = {
        book: amount.scaled_by(quantity.ratio_to(net)).truncated_to(_GRAIN)
        for book, quantity in holders
    }
    most = max(holders, key=lambda holder: (abs(holder[1]), holder[0]))[0]
    shares[most] += amount - sum(shares.values(), ZERO_AMOUNT)
    return list(shares.items())
