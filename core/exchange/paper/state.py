"""What a paper account is: folded from its facts, the same live and at restart."""

from collections.abc import Callable, Iterator
from typing import Any

from core.domain.fixed import scaled
from core.domain.ids import Asset, ClientOrderId, InstrumentId, VenueOrderId
from core.domain.order import Fill, OrderState
from core.exchange.paper.account import PaperAccount, RulesOf
from core.exchange.paper.facts import (
    CashMoved,
    OrderEnded,
    OrderFilled,
    OrderShrunk,
    OrderTaken,
    PaperFact,
)
from core.exchange.paper.order import PaperOrder

DEPOSIT = "deposit"
REALIZED = "realized_pnl"
FUNDING = "funding"


class PaperState:
    """Orders, fills, cash rows and the account they add up to. Changes in `apply` alone."""

    def __init__(self, asset: Asset, rules_of: RulesOf) -> None:
        self.account = PaperAccount(asset, rules_of)
        self.orders: dict[VenueOrderId, PaperOrder] = {}
        self.fills: list[Fill] = []
        self.cash_rows: list[CashMoved] = []
        self.live: dict[VenueOrderId, PaperOrder] = {}
        self._by_client: dict[ClientOrderId, PaperOrder] = {}
        self._row_ids: set[str] = set()
        self._appliers: dict[type, Callable[[Any], None]] = {
            CashMoved: self._moved,
            OrderTaken: self._taken,
            OrderFilled: self._filled,
            OrderShrunk: self._shrunk,
            OrderEnded: self._ended,
        }

    def apply(self, fact: PaperFact) -> None:
        """Let a fact change the state."""
        self._appliers[type(fact)](fact)

    # ---- reading -------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether nothing ever happened to the account."""
        return not self.cash_rows

    def next_order_id(self) -> VenueOrderId:
        """Return the id of the next order: they count, and none is used twice."""
        return VenueOrderId(str(len(self.orders) + 1))

    def next_trade_number(self) -> int:
        """Return the number of the next fill."""
        return len(self.fills) + 1

    def knows_row(self, row_id: str) -> bool:
        """Whether this row of cash was booked already."""
        return row_id in self._row_ids

    def find(
        self, order_id: VenueOrderId | None, client_order_id: ClientOrderId | None
    ) -> PaperOrder | None:
        """Find an order by either id."""
        if order_id is not None and order_id in self.orders:
            return self.orders[order_id]
        return None if client_order_id is None else self._by_client.get(client_order_id)

    def open_orders(self, instrument: InstrumentId | None = None) -> Iterator[PaperOrder]:
        """Yield the orders that rest, oldest first."""
        for order in tuple(self.live.values()):
            if instrument is None or order.instrument == instrument:
                yield order

    # ---- facts ---------------------------------------------------------------------------------

    def _moved(self, fact: CashMoved) -> None:
        self.cash_rows.append(fact)
        self._row_ids.add(fact.row_id)
        if fact.source == REALIZED and fact.instrument is not None:
            self.account.realise(fact.instrument, fact.amount)
        else:
            self.account.move(fact.asset, fact.amount)

    def _taken(self, fact: OrderTaken) -> None:
        order = PaperOrder(fact.order_id, fact.client_order_id, fact.terms, fact.at)
        self.orders[fact.order_id] = self.live[fact.order_id] = order
        if fact.client_order_id is not None:
            self._by_client[fact.client_order_id] = order

    def _filled(self, fact: OrderFilled) -> None:
        fill = fact.fill
        order = self.orders[fill.venue_order_id]
        order.filled += scaled(str(fill.quantity))
        is_done = order.filled >= order.asked
        order.state = OrderState.FILLED if is_done else OrderState.PARTIAL
        if is_done:
            self.live.pop(order.order_id, None)
        self.fills.append(fill)
        self.account.fill(fill, fact.kind, fact.base, fact.quote)

    def _shrunk(self, fact: OrderShrunk) -> None:
        self.orders[fact.order_id].asked = scaled(str(fact.quantity))

    def _ended(self, fact: OrderEnded) -> None:
        order = self.orders[fact.order_id]
        order.state, order.reason = fact.state, fact.reason
        self.live.pop(fact.order_id, None)
