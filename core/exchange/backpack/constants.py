"""Addresses, words and limits of Backpack's interfaces.

Sections named in comments are those of the exchange's API as known in October 2026.
"""

from enum import StrEnum
from typing import Final

from core.domain.instrument import InstrumentKind, MarketState
from core.domain.order import (
    OrderState,
    OrderType,
    SelfTradePrevention,
    Side,
    SlippageUnit,
    TimeInForce,
    TriggerBy,
)

REST_URL: Final = "https://api.backpack.exchange"
STREAM_URL: Final = "wss://ws.backpack.exchange"

DEPTH_LIMIT: Final = 1_000
HISTORY_LIMIT: Final = 1_000
ORDER_WINDOW_MS: Final = 5_000
CANCEL_WINDOW_MS: Final = 30_000
QUERY_WINDOW_MS: Final = 5_000

PUBLIC_STREAMS: Final = ("depth", "bookTicker", "trade", "ticker", "kline.1m")
PERPETUAL_STREAMS: Final = ("markPrice", "openInterest", "liquidation")
PRIVATE_STREAMS: Final = (
    "account.orderUpdate",
    "account.positionUpdate",
    "account.balanceUpdate",
)
PERPETUAL_SUFFIX: Final = "_PERP"


class Instruction(StrEnum):
    """The word a signature begins with, one an endpoint."""

    ACCOUNT = "accountQuery"
    UPDATE_ACCOUNT = "accountUpdate"
    MOST_TO_BORROW = "maxBorrowQuantity"
    MOST_TO_ORDER = "maxOrderQuantity"
    BALANCES = "balanceQuery"
    COLLATERAL = "collateralQuery"
    DEPOSITS = "depositQueryAll"
    LENDING = "borrowLendPositionQuery"
    POSITIONS = "positionQuery"
    ORDER = "orderQuery"
    OPEN_ORDERS = "orderQueryAll"
    PLACE = "orderExecute"
    CANCEL = "orderCancel"
    CANCEL_ALL = "orderCancelAll"
    ORDER_HISTORY = "orderHistoryQueryAll"
    FILLS = "fillHistoryQueryAll"
    FUNDING = "fundingHistoryQueryAll"
    POSITION_HISTORY = "positionHistoryQueryAll"
    SETTLEMENTS = "settlementHistoryQueryAll"
    LENDING_HISTORY = "borrowHistoryQueryAll"
    LENDING_POSITIONS = "borrowPositionHistoryQueryAll"
    INTEREST = "interestHistoryQueryAll"
    DUST = "dustHistoryQueryAll"
    STRATEGY = "strategyQuery"
    STRATEGIES = "strategyQueryAll"
    CANCEL_STRATEGIES = "strategyCancelAll"
    STRATEGY_HISTORY = "strategyHistoryQueryAll"
    SUBSCRIBE = "subscribe"


SIDES: Final = {"Bid": Side.BUY, "Ask": Side.SELL}
SIDE_WORDS: Final = {Side.BUY: "Bid", Side.SELL: "Ask"}
ORDER_TYPES: Final = {
    "Limit": OrderType.LIMIT,
    "LIMIT": OrderType.LIMIT,
    "Market": OrderType.MARKET,
    "MARKET": OrderType.MARKET,
}
ORDER_TYPE_WORDS: Final = {OrderType.LIMIT: "Limit", OrderType.MARKET: "Market"}
TIMES_IN_FORCE: Final = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
}
TIME_IN_FORCE_WORDS: Final = {value: key for key, value in TIMES_IN_FORCE.items()}
TRIGGER_BY_WORDS: Final = {
    TriggerBy.LAST_PRICE: "LastPrice",
    TriggerBy.MARK_PRICE: "MarkPrice",
    TriggerBy.INDEX_PRICE: "IndexPrice",
}
SELF_TRADE_WORDS: Final = {
    SelfTradePrevention.REJECT_TAKER: "RejectTaker",
    SelfTradePrevention.REJECT_MAKER: "RejectMaker",
    SelfTradePrevention.REJECT_BOTH: "RejectBoth",
}
SLIPPAGE_WORDS: Final = {SlippageUnit.TICKS: "TickSize", SlippageUnit.PERCENT: "Percent"}
DEPTH_LIMITS: Final = (5, 10, 20, 50, 100, 500, 1_000)
BATCH_LIMIT: Final = 20
"""Orders in one batch, as other clients send; the venue publishes no bound."""
ORDER_STATES: Final = {
    "New": OrderState.ACCEPTED,
    "PartiallyFilled": OrderState.PARTIAL,
    "Filled": OrderState.FILLED,
    "Cancelled": OrderState.CANCELLED,
    "Expired": OrderState.EXPIRED,
    "TriggerPending": OrderState.HELD,
    "Triggered": OrderState.HELD,
    "TriggerFailed": OrderState.EXPIRED,
}
MARKET_STATES: Final = {
    "Open": MarketState.OPEN,
    "Closed": MarketState.CLOSED,
    "CancelOnly": MarketState.CANCEL_ONLY,
    "LimitOnly": MarketState.LIMIT_ONLY,
    "PostOnly": MarketState.POST_ONLY,
}
INSTRUMENT_KINDS: Final = {"SPOT": InstrumentKind.SPOT, "PERP": InstrumentKind.PERPETUAL}
USER_ORIGIN: Final = "USER"

REFUSALS: Final = frozenset(
    {
        "ACCOUNT_DEACTIVATED",
        "ACCOUNT_LIQUIDATING",
        "BORROW_LIMIT",
        "BORROW_REQUIRES_LEND_REDEEM",
        "FORBIDDEN",
        "INSUFFICIENT_FUNDS",
        "INSUFFICIENT_MARGIN",
        "INSUFFICIENT_SUPPLY",
        "INVALID_ASSET",
        "INVALID_CLIENT_REQUEST",
        "INVALID_MARKET",
        "INVALID_ORDER",
        "INVALID_PRICE",
        "INVALID_QUANTITY",
        "INVALID_RANGE",
        "INVALID_SIGNATURE",
        "INVALID_SOURCE",
        "INVALID_SYMBOL",
        "LEND_LIMIT",
        "LEND_REQUIRES_BORROW_REPAY",
        "MAX_LEVERAGE_REACHED",
        "ORDER_LIMIT",
        "POSITION_LIMIT",
        "UNAUTHORIZED",
    }
)
"""Codes given before an order is accepted: proof that it does not exist. Others prove nothing."""
PARSE_REFUSALS: Final = ("failed to parse parameter", "parse request payload error")
"""How the plain-text refusals of unreadable requests begin (5.1)."""
NOT_FOUND_CODE: Final = "RESOURCE_NOT_FOUND"
NOT_FOUND_MESSAGE: Final = "Order not found"
EXPIRED_MESSAGE: Final = "Request has expired"
OUT_OF_SERVICE: Final = frozenset({"MAINTENANCE", "TRADING_PAUSED"})
"""Codes after which nothing is traded until `/status` says Ok again."""
