"""Orders: the wire's words, a request as validated, an order as it lives."""

from enum import StrEnum
from typing import Final

import msgspec


class Side(StrEnum):
    """Direction of an order."""

    BID = "Bid"
    ASK = "Ask"


class OrderType(StrEnum):
    """Kind of an order."""

    LIMIT = "Limit"
    MARKET = "Market"


class TimeInForce(StrEnum):
    """How long an order may rest."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class SelfTrade(StrEnum):
    """Who gives way when an account meets itself."""

    REJECT_TAKER = "RejectTaker"
    REJECT_MAKER = "RejectMaker"
    REJECT_BOTH = "RejectBoth"


class Status(StrEnum):
    """State of an order."""

    NEW = "New"
    PARTIALLY_FILLED = "PartiallyFilled"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    TRIGGER_PENDING = "TriggerPending"
    TRIGGERED = "Triggered"
    TRIGGER_FAILED = "TriggerFailed"


class TriggerBy(StrEnum):
    """Which price a trigger watches."""

    LAST = "LastPrice"
    MARK = "MarkPrice"
    INDEX = "IndexPrice"


class SlippageType(StrEnum):
    """What a slippage tolerance counts."""

    TICKS = "TickSize"
    PERCENT = "Percent"


class SystemOrder(StrEnum):
    """Why the venue itself sent an order."""

    BOOK_LIQUIDATION = "LiquidatePositionOnBook"
    BACKSTOP = "LiquidatePositionOnBackstop"


class Expiry(StrEnum):
    """Why the engine ended an order."""

    ACCOUNT_SUSPENDED = "AccountTradingSuspended"
    BORROW_REQUIRES_LEND_REDEEM = "BorrowRequiresLendRedeem"
    FILL_OR_KILL = "FillOrKill"
    IMMEDIATE_OR_CANCEL = "ImmediateOrCancel"
    INSUFFICIENT_BORROWABLE = "InsufficientBorrowableQuantity"
    INSUFFICIENT_FUNDS = "InsufficientFunds"
    INSUFFICIENT_LIQUIDITY = "InsufficientLiquidity"
    INSUFFICIENT_MARGIN = "InsufficientMargin"
    INVALID_PRICE = "InvalidPrice"
    INVALID_QUANTITY = "InvalidQuantity"
    LIQUIDATION = "Liquidation"
    MAX_STOP_ORDERS = "MaxStopOrdersPerPosition"
    NEGATIVE_EQUITY = "NegativeEquity"
    POSITION_LIMIT = "PositionLimit"
    POST_ONLY_MODE = "PostOnlyMode"
    POST_ONLY_TAKER = "PostOnlyTaker"
    PRICE_IMPACT = "PriceImpact"
    PRICE_OUT_OF_BOUNDS = "PriceOutOfBounds"
    REDUCE_ONLY = "ReduceOnlyNotReduced"
    SELF_TRADE = "SelfTradePrevention"
    SLIPPAGE = "SlippageToleranceExceeded"
    STOP_WITHOUT_POSITION = "StopWithoutPosition"
    UNKNOWN = "Unknown"
    USER_PERMISSIONS = "UserPermissions"


TERMINAL: Final = frozenset(
    {
        Status.FILLED,
        Status.CANCELLED,
        Status.EXPIRED,
        Status.TRIGGERED,
        Status.TRIGGER_FAILED,
    }
)


class Trigger(msgspec.Struct, frozen=True, gc=False):
    """When a conditional order becomes an order, and of what size.

    Attributes:
        price: Trigger price in ticks.
        quantity: Size as the client wrote it: an amount, or a percentage of the position.
        by: Price watched; None was not said and means the last price.
        rises: Fires at or above the price; else at or below it. None: seen from the price then.
    """

    price: int
    quantity: str
    by: TriggerBy | None = None
    rises: bool | None = None


class Attached(msgspec.Struct, frozen=True, gc=False):
    """A take-profit or stop-loss that comes into being with its order's fill."""

    trigger_price: int
    limit_price: int | None = None
    by: TriggerBy | None = None


class Slippage(msgspec.Struct, frozen=True, gc=False):
    """How far a market order may eat beyond the best price; the amount as the client wrote it."""

    amount: str
    kind: SlippageType


class OrderRequest(msgspec.Struct, frozen=True, gc=False):
    """What a client asked for, checked against the market's filters.

    Attributes:
        price: Limit price in ticks; None for market orders.
        quantity: Size in steps; None for market orders given by `quote_budget`.
        quote_budget: Quote amount in ticks times steps, for market orders only.
    """

    symbol: str
    side: Side
    order_type: OrderType
    price: int | None = None
    quantity: int | None = None
    quote_budget: int | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool | None = None
    self_trade: SelfTrade = SelfTrade.REJECT_TAKER
    client_id: int | None = None
    trigger: Trigger | None = None
    take_profit: Attached | None = None
    stop_loss: Attached | None = None
    slippage: Slippage | None = None


class Order:
    """One living order. Quantities in steps, prices in ticks, quote in ticks times steps."""

    __slots__ = (
        "client_id",
        "created_ns",
        "executed",
        "executed_quote",
        "expiry",
        "id",
        "is_bid",
        "lock",
        "owner",
        "quantity",
        "related_id",
        "request",
        "status",
        "system",
        "triggered_ns",
    )

    def __init__(self, order_id: int, owner: str, request: OrderRequest, created_ns: int) -> None:
        self.id = order_id
        self.owner = owner
        self.request = request
        self.created_ns = created_ns
        self.is_bid = request.side is Side.BID
        self.client_id = request.client_id
        self.quantity = request.quantity
        self.executed = 0
        self.executed_quote = 0
        self.lock = 0
        """Atoms of the paying asset set aside for this order."""
        self.status = Status.NEW
        self.expiry: Expiry | None = None
        self.related_id: int | None = None
        """The conditional order this one came from, or the order this one protects."""
        self.triggered_ns: int | None = None
        self.system: SystemOrder | None = None

    @property
    def price(self) -> int:
        """Return the limit price in ticks; only limit orders have one."""
        assert self.request.price is not None
        return self.request.price

    @property
    def leaves(self) -> int:
        """Return what is still to be filled, in steps; zero once terminal."""
        if self.quantity is None or self.status in TERMINAL:
            return 0
        return self.quantity - self.executed

    @property
    def is_open(self) -> bool:
        """Tell whether this order may still be filled."""
        return self.status not in TERMINAL

    def wanted(self, price: int) -> int:
        """Return the steps this order would still take at a price."""
        if self.quantity is not None:
            return self.leaves
        assert self.request.quote_budget is not None
        return (self.request.quote_budget - self.executed_quote) // price

    def fill(self, steps: int, price: int) -> None:
        """Book an execution on this order."""
        self.executed += steps
        self.executed_quote += steps * price
        is_done = self.quantity is not None and self.executed >= self.quantity
        self.status = Status.FILLED if is_done else Status.PARTIALLY_FILLED

    def overfill(self, steps: int, price: int) -> None:
        """Book an execution nobody asked for: the status stays as it is."""
        self.executed += steps
        self.executed_quote += steps * price

    def finish(self, status: Status, expiry: Expiry | None = None) -> None:
        """End this order."""
        self.status = status
        self.expiry = expiry
