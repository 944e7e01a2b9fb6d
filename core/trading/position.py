"""A position at average cost. Realised and unrealised split the same exact total."""

from decimal import Decimal
from typing import Final

from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Price, Quantity, amount_of

_COST_GRAIN: Final = Amount(Decimal("0.000000000001"))


class PositionLine:
    """Signed quantity, its cost, what was realised, and the fees, in quote units."""

    __slots__ = ("cost", "fees", "quantity", "realized", "traded")

    def __init__(self) -> None:
        self.quantity: Quantity = ZERO_QUANTITY
        self.cost: Amount = ZERO_AMOUNT
        self.realized: Amount = ZERO_AMOUNT
        self.fees: Amount = ZERO_AMOUNT
        self.traded: Amount = ZERO_AMOUNT

    def trade(self, delta: Quantity, price: Price, fee: Amount | None) -> None:
        """Add a signed quantity at a price.

        Average cost: a reduction takes its share of the cost (rounded to 10^-12, the rest stays, so
        nothing is lost); a flip closes first, then opens.
        """
        if fee is not None:
            self.fees += fee
        self.traded += abs(amount_of(price * delta))
        if self.quantity.sign * delta.sign < 0:
            closing = delta if abs(delta) <= abs(self.quantity) else -self.quantity
            self._reduce(closing, price)
            delta -= closing
        self.quantity += delta
        self.cost += amount_of(price * delta)

    def unrealized(self, mark: Price) -> Amount:
        """Return what closing at this price would add."""
        return amount_of(mark * self.quantity) - self.cost

    @property
    def entry_price(self) -> Price | None:
        """Average price of what is open, for display; None when flat."""
        if self.quantity.is_zero:
            return None
        return Price((self.cost.value / self.quantity.value).quantize(Decimal("0.0000000001")))

    def _reduce(self, delta: Quantity, price: Price) -> None:
        """Take off part of the position; `delta` is opposite in sign and not larger."""
        if abs(delta) == abs(self.quantity):
            share = self.cost
        else:
            share = self.cost.scaled_by(abs(delta).ratio_to(abs(self.quantity)))
            share = share.truncated_to(_COST_GRAIN)
        self.realized -= amount_of(price * delta) + share
        self.cost -= share
        self.quantity += delta
