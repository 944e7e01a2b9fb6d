"""What happened to a paper account: the rows of its store. Replayed in order they are the account.

Instants are the venue's clock, ns UTC.
"""

import msgspec

from core.domain.codec import unpacker
from core.domain.exact import Amount, Quantity
from core.domain.ids import Asset, ClientOrderId, InstrumentId, VenueOrderId
from core.domain.instrument import InstrumentKind
from core.domain.order import Fill, OrderState, OrderTerms


class _Fact(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    at: int


class CashMoved(_Fact, frozen=True, kw_only=True):
    """Cash came or went without a fill: the deposit, funding, realised PnL."""

    asset: Asset
    amount: Amount
    source: str
    row_id: str
    instrument: InstrumentId | None = None


class OrderTaken(_Fact, frozen=True, kw_only=True):
    """The book took an order. A liquidation's order has no client id."""

    order_id: VenueOrderId
    client_order_id: ClientOrderId | None
    terms: OrderTerms


class OrderFilled(_Fact, frozen=True, kw_only=True):
    """One execution, and what its market exchanges."""

    fill: Fill
    kind: InstrumentKind
    base: Asset
    quote: Asset


class OrderShrunk(_Fact, frozen=True, kw_only=True):
    """A reduce-only order asks for less: the position it reduces became smaller."""

    order_id: VenueOrderId
    quantity: Quantity


class OrderEnded(_Fact, frozen=True, kw_only=True):
    """An order is over before it was filled."""

    order_id: VenueOrderId
    state: OrderState
    reason: str = ""


PaperFact = CashMoved | OrderTaken | OrderFilled | OrderShrunk | OrderEnded
FACTS: msgspec.msgpack.Decoder[PaperFact] = unpacker(PaperFact)
