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


class Expiry(StrEnum):
    """Why the engine ended an order."""

    FILL_OR_KILL = "FillOrKill"
    IMMEDIATE_OR_CANCEL = "ImmediateOrCancel"
    INSUFFICIENT_FUNDS = "InsufficientFunds"
    INSUFFICIENT_LIQUIDITY = "InsufficientLiquidity"
    INSUFFICIENT_MARGIN = "InsufficientMargin"
    PRICE_IMPACT = "PriceImpact"
    REDUCE_ONLY = "ReduceOnlyNotReduced"
    SELF_TRADE = "SelfTradePrevention"


TERMINAL: Final = frozenset({Status.FILLED, Status.CANCELLED, Status.EXPIRED})


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
        "request",
        "status",
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

    def finish(self, status: Status, expiry: Expiry | None = None) -> None:
        """End this order."""
        self.status = status
        self.expiry = expiry
