"""One order of a paper account and its place in the queue of its price."""

from typing import Final

from core.domain.exact import Quantity
from core.domain.fixed import scaled, unscaled
from core.domain.ids import ClientOrderId, InstrumentId, VenueOrderId
from core.domain.order import OrderState, OrderTerms, OrderType, Side

_CREDIT_NS: Final = 1_000_000_000
"""Within this time a print may be what a shrunken level has told already."""


class PaperOrder:
    """Sizes and prices are integers of 10^-10; instants the venue's clock, ns.

    Attributes:
        ahead: Displayed size that is served before us; None while no true book told it.
        asked_quantity: What the order asks for; a reduce-only order may shrink.
    """

    __slots__ = (
        "_credit",
        "_credit_until",
        "ahead",
        "asked",
        "client_order_id",
        "filled",
        "order_id",
        "price",
        "reason",
        "side",
        "state",
        "taken_at",
        "terms",
    )

    def __init__(
        self,
        order_id: VenueOrderId,
        client_order_id: ClientOrderId | None,
        terms: OrderTerms,
        taken_at: int,
    ) -> None:
        self.order_id = order_id
        self.client_order_id = client_order_id
        self.terms = terms
        self.side: Side = terms.side
        self.price = scaled(str(terms.limit_price))
        self.asked = scaled(str(terms.quantity))
        self.filled = 0
        self.state = OrderState.ACCEPTED
        self.reason = ""
        self.taken_at = taken_at
        self.ahead: int | None = None
        self._credit = 0
        self._credit_until = 0

    @property
    def instrument(self) -> InstrumentId:
        """Its market."""
        return self.terms.instrument

    @property
    def remaining(self) -> int:
        """What may still fill."""
        return 0 if self.state.is_terminal else self.asked - self.filled

    @property
    def is_limit(self) -> bool:
        """Whether it has a price of its own."""
        return self.terms.order_type is OrderType.LIMIT

    @property
    def quantity(self) -> Quantity:
        """What it asks for, exact."""
        return Quantity(unscaled(self.asked))

    @property
    def filled_quantity(self) -> Quantity:
        """What it has, exact."""
        return Quantity(unscaled(self.filled))

    def is_better_than(self, price: int) -> bool:
        """Whether it stands before a price on its side."""
        return (self.price - price) * self.side.sign > 0

    # ---- the queue -----------------------------------------------------------------------------

    def queue(self, displayed: int, now: int) -> None:
        """Follow the size displayed at its price.

        Who leaves is thought to leave from behind us, as long as anybody is there: only when less
        is displayed than stood ahead has the queue ahead become shorter.
        """
        if self.ahead is None:
            self.ahead = displayed
        elif displayed < self.ahead:
            kept = self._credit if now <= self._credit_until else 0
            self._credit = kept + self.ahead - displayed
            self._credit_until = now + _CREDIT_NS
            self.ahead = displayed

    def unexplained(self, printed: int, now: int) -> int:
        """Return what of a print the display has not told already.

        A trade comes twice, as a print and as a smaller level, in either order. It moves us once.
        """
        if now > self._credit_until:
            self._credit = 0
        told = min(printed, self._credit)
        self._credit -= told
        return printed - told
