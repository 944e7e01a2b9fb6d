"""Orders: their terms, their states, their fills."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.exact import Amount, Notional, Price, Quantity
from core.domain.ids import (
    AccountId,
    Asset,
    ClientOrderId,
    InstrumentId,
    TradeId,
    VenueOrderId,
)


class Side(StrEnum):
    """An order's direction."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """1 for buy, -1 for sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """Only what a venue's book knows; triggers are terms beside it."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may stand."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class TriggerBy(StrEnum):
    """Which price sets a conditional order off."""

    LAST_PRICE = "last_price"
    MARK_PRICE = "mark_price"
    INDEX_PRICE = "index_price"


class SelfTradePrevention(StrEnum):
    """Which of two own orders that would trade with one another is given up."""

    REJECT_TAKER = "reject_taker"
    REJECT_MAKER = "reject_maker"
    REJECT_BOTH = "reject_both"


class SlippageUnit(StrEnum):
    """What a slippage tolerance counts."""

    TICKS = "ticks"
    PERCENT = "percent"


class LiquiditySide(StrEnum):
    """Who gave and who took liquidity in a fill."""

    MAKER = "maker"
    TAKER = "taker"
    UNKNOWN = "unknown"


class OrderState(StrEnum):
    """The life of an order attempt (risk-and-faults section 5)."""

    JOURNALED = "journaled"
    SENT = "sent"
    ACCEPTED = "accepted"
    HELD = "held"
    PARTIAL = "partial"
    PENDING_CANCEL = "pending_cancel"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    ABSENT = "absent"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more is expected (fills are booked even so)."""
        return self in TERMINAL


TERMINAL: Final = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
        OrderState.NOT_SENT,
        OrderState.ABSENT,
    }
)


class AttachedExit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A take-profit or stop-loss that lives and dies with an order's position."""

    trigger_price: Price
    limit_price: Price | None = None
    """None exits at market."""
    trigger_by: TriggerBy | None = None


class Slippage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far beyond the best price a market order may trade; what is left expires."""

    amount: Decimal
    unit: SlippageUnit


class OrderTerms(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an order asks of the venue. Quantity is in base units and positive."""

    instrument: InstrumentId
    side: Side
    quantity: Quantity
    limit_price: Price
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    quote_quantity: Notional | None = None
    """Market orders: what to spend or receive; `quantity` then is the most it may be in base."""
    trigger_price: Price | None = None
    """Makes it a conditional order."""
    trigger_by: TriggerBy | None = None
    trigger_percent: Decimal | None = None
    """Conditional orders: share of the position in percent; `quantity` is the most it may be."""
    take_profit: AttachedExit | None = None
    stop_loss: AttachedExit | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    """None is the taker's rejection: it is never left off."""
    slippage: Slippage | None = None
    """Market orders: None leaves it to the venue."""
    redeems_lent: bool = False
    """Spot orders: lent funds may be taken back to pay."""


class Fill(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One execution of one of our orders, or of the venue's on our account."""

    account: AccountId
    instrument: InstrumentId
    venue_order_id: VenueOrderId
    client_order_id: ClientOrderId | None
    trade_id: TradeId | None
    side: Side
    quantity: Quantity
    price: Price
    fee: Amount
    fee_asset: Asset
    liquidity_side: LiquiditySide
    is_system: bool = False
    """True for liquidation, ADL, conversion, settlement."""
    ts_event: int = 0
    occurrence: int = 0
    """Without a trade id: how many fills that are equal in all else were booked before it."""

    @property
    def has_trade_id(self) -> bool:
        """Whether the venue numbered it; empty and zero are no numbers."""
        return self.trade_id not in {None, "", "0"}

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two reports the same fill: market, trade, order, side.

        Without a trade id, price, quantity, the millisecond (what fill histories give) and the
        occurrence stand in.
        """
        unique = str(self.trade_id)
        if not self.has_trade_id:
            unique = f"{self.price}/{self.quantity}/{self.ts_event // 1_000_000}"
            unique += f"/{self.occurrence}" if self.occurrence else ""
        return (self.instrument, unique, self.venue_order_id, self.side)
