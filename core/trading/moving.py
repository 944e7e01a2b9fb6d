"""What is written when an order moves, and how one is cancelled. Pure."""

from core.domain.effects import CancelOrder
from core.domain.events import OrderReport
from core.domain.exact import Quantity
from core.domain.facts import OrderMoved
from core.domain.ids import VenueOrderId
from core.domain.order import OrderState
from core.trading.orders import OrderRecord


def moved(
    record: OrderRecord,
    state: OrderState,
    at: int,
    reason: str = "",
    body: OrderReport | None = None,
    quantity: Quantity | None = None,
) -> OrderMoved:
    """Return the move of an order to a state, with what a report says of it."""
    return OrderMoved(
        at=at,
        client_order_id=record.client_order_id,
        state=state,
        venue_order_id=None if body is None else body.venue_order_id,
        filled_quantity=None if body is None else body.filled_quantity,
        reason=reason,
        quantity=quantity,
    )


def shrunk(record: OrderRecord, body: OrderReport) -> Quantity | None:
    """Return what a reduce-only order asks for now, where the venue made it smaller."""
    is_smaller = body.quantity.sign > 0 and body.quantity < record.quantity
    return body.quantity if is_smaller and record.terms.reduce_only else None


def cancel_effect(record: OrderRecord, venue_order_id: VenueOrderId | None = None) -> CancelOrder:
    """Return the cancel of an order, by this id of the venue if given, else by the one known."""
    return CancelOrder(
        account=record.account,
        instrument=record.terms.instrument,
        client_order_id=record.client_order_id,
        venue_order_id=venue_order_id or record.venue_order_id,
    )
