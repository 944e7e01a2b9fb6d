"""A position by lots: what is closed first is what was opened first. Exact, nothing is rounded."""

from collections import deque

from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Price, Quantity, amount_of


class FifoLine:
    """Open lots, oldest first, and what closing against them realised, in quote units."""

    __slots__ = ("_lots", "realized")

    def __init__(self) -> None:
        self._lots: deque[tuple[Quantity, Price]] = deque()
        self.realized: Amount = ZERO_AMOUNT

    @property
    def quantity(self) -> Quantity:
        """Signed quantity of all lots."""
        return sum((lot for lot, _ in self._lots), ZERO_QUANTITY)

    @property
    def cost(self) -> Amount:
        """What the open lots cost."""
        return sum((amount_of(price * lot) for lot, price in self._lots), ZERO_AMOUNT)

    @property
    def lots(self) -> tuple[tuple[Quantity, Price], ...]:
        """Open lots with their prices, oldest first."""
        return tuple(self._lots)

    def trade(self, delta: Quantity, price: Price) -> None:
        """Add a signed quantity at a price: close the oldest lots first, open what is left."""
        while self._lots and self._lots[0][0].sign * delta.sign < 0:
            lot, paid = self._lots.popleft()
            closed = lot if abs(lot) <= abs(delta) else -delta
            self.realized += amount_of(price * closed) - amount_of(paid * closed)
            delta += closed
            if closed != lot:
                self._lots.appendleft((lot - closed, paid))
        if not delta.is_zero:
            self._open(delta, price)

    def unrealized(self, mark: Price) -> Amount:
        """Return what closing every lot at this price would add."""
        return amount_of(mark * self.quantity) - self.cost

    def _open(self, delta: Quantity, price: Price) -> None:
        """Join a lot of the same price, so that many small fills stay few lots."""
        if self._lots and self._lots[-1][1] == price:
            held, _ = self._lots.pop()
            delta += held
        self._lots.append((delta, price))
