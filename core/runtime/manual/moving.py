"""Moving an order: cancel, proof, then anew with what was not filled. Pure; folded from facts.

Nothing is placed before the order's end is proved to be its cancel: an order that filled, expired
or was proved absent is not placed again, and the reason is said.
"""

from typing import Final

import msgspec

from core.domain.exact import Price, Quantity
from core.domain.facts import MoveAsked, MoveEnded
from core.domain.ids import ClientOrderId
from core.domain.instrument import Instrument
from core.domain.order import OrderState, OrderTerms, TimeInForce
from core.runtime.manual.seen import Touch, crosses
from core.trading.ledger import MANUAL
from core.trading.orders import OrderRecord

PROVED_WITHIN_NS: Final = 10_000_000_000
"""A price wished for so long ago is nobody's wish any more."""
MOVE_TIMER: Final = "manual/move/"
_RESTING: Final = frozenset({OrderState.ACCEPTED, OrderState.PARTIAL})


class Pending(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A move that waits for the proof of its cancel."""

    client_order_id: ClientOrderId
    limit_price: Price
    may_cross: bool
    asked_at: int
    by: str


class Moves:
    """Every move under way; changed only by facts."""

    def __init__(self) -> None:
        self.pending: dict[ClientOrderId, Pending] = {}
        self.version = 0

    def asked(self, fact: MoveAsked) -> None:
        """Begin to wait."""
        self.pending[fact.client_order_id] = Pending(
            client_order_id=fact.client_order_id,
            limit_price=fact.limit_price,
            may_cross=fact.may_cross,
            asked_at=fact.at,
            by=fact.by,
        )
        self.version += 1

    def ended(self, fact: MoveEnded) -> None:
        """Forget a move."""
        self.pending.pop(fact.client_order_id, None)
        self.version += 1


def immovable(record: OrderRecord, pending: Pending | None) -> str | None:
    """Say why an order cannot be moved; None when it can."""
    terms, name = record.terms, f"order {record.client_order_id}"
    if not record.is_live:
        return f"{name} has ended already: it is {_said(record.state)}"
    if record.strategy != MANUAL:
        return f"{name} belongs to {record.strategy}; cancel it, or switch that strategy off"
    if pending is not None:
        return f"{name} is being moved to {pending.limit_price} already"
    if terms.trigger_price is not None or terms.time_in_force is not TimeInForce.GTC:
        return f"{name} does not rest in the book; only resting orders are moved"
    if record.state not in _RESTING:
        return f"{name} is {_said(record.state)}; only a resting order is moved"
    return None


def anew(
    record: OrderRecord, pending: Pending, rules: Instrument | None, touch: Touch
) -> OrderTerms | str:
    """Return what is placed once an order has ended, or why nothing is."""
    left = left_of(record)
    if record.state is OrderState.FILLED or left.sign <= 0:
        return "it was filled meanwhile"
    if record.state is not OrderState.CANCELLED:
        why = f" ({record.reason})" if record.reason else ""
        return f"it was not cancelled but {_said(record.state)}{why}"
    if rules is None:
        return "its market is not listed any more"
    if left < rules.min_quantity:
        return f"{left} {rules.base} are left, the least is {rules.min_quantity}"
    terms = record.terms
    if crosses(terms.side, pending.limit_price, touch) and not pending.may_cross:
        return f"a {terms.side} at {pending.limit_price} would take from the book by now"
    return msgspec.structs.replace(terms, quantity=left, limit_price=pending.limit_price)


def left_of(record: OrderRecord) -> Quantity:
    """Return what was not filled, by the larger of the ledger's and the venue's word."""
    return record.quantity - max(record.filled, record.told_filled)


def _said(state: OrderState) -> str:
    return state.replace("_", " ")
