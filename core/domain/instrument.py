"""What can be traded, and the venue's rules for it."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.domain.exact import Price, Quantity
from core.domain.ids import Asset, InstrumentId


class InstrumentKind(StrEnum):
    """What an instrument settles into."""

    SPOT = "spot"
    PERPETUAL = "perpetual"
    OTHER = "other"


class MarketState(StrEnum):
    """What the venue lets a market do. Unknown words read as `unknown`: no entries."""

    OPEN = "open"
    CLOSED = "closed"
    CANCEL_ONLY = "cancel_only"
    LIMIT_ONLY = "limit_only"
    POST_ONLY = "post_only"
    UNKNOWN = "unknown"


class Instrument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One market of one venue and its filters."""

    id: InstrumentId
    kind: InstrumentKind
    base: Asset
    quote: Asset
    tick: Price
    step: Quantity
    min_quantity: Quantity
    max_quantity: Quantity | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    max_multiplier: Decimal | None = None
    """Limit prices stay at or below the last active price times this."""
    min_multiplier: Decimal | None = None
    contract_multiplier: Decimal = Decimal(1)
    """Base units in one contract."""
    state: MarketState = MarketState.UNKNOWN
    initial_margin_base: Decimal | None = None
    maintenance_margin_base: Decimal | None = None
    funding_interval_ms: int | None = None
