"""From a body to a checked order request: the venue's parameter and filter rules."""

from typing import Final

from core.exchange.embedded.calls import Body
from core.exchange.embedded.conditions import (
    SLIPPAGE_FIELDS,
    TRIGGER_FIELDS,
    attached_of,
    slippage_of,
    trigger_of,
)
from core.exchange.embedded.fields import PAYLOAD, decimal, flag, optional_word, required, word
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    OrderRequest,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from core.exchange.embedded.refusals import Refusal, bad_field, client_error
from core.exchange.embedded.spec import MarketSpec, scaled_price
from core.exchange.embedded.units import scaled

ORDER_FIELDS: Final = (
    "autoBorrow",
    "autoBorrowRepay",
    "autoLend",
    "autoLendRedeem",
    "clientId",
    "orderType",
    "postOnly",
    "price",
    "quantity",
    "quoteQuantity",
    "reduceOnly",
    "selfTradePrevention",
    "side",
    "symbol",
    "timeInForce",
    *SLIPPAGE_FIELDS,
    *TRIGGER_FIELDS,
)
"""The body fields an order is read from, and therefore signed with."""
_MAX_CLIENT_ID: Final = 2**32 - 1
_UINT32_DIGITS: Final = 10


def order_request(body: Body, markets: dict[str, Market]) -> OrderRequest:
    """Read one order. Raises Refusal with the venue's own words."""
    market = _market(body, markets)
    side, order_type = word(body, "side", Side), word(body, "orderType", OrderType)
    trigger = trigger_of(body, market.spec)
    request = OrderRequest(
        symbol=market.spec.symbol,
        side=side,
        order_type=order_type,
        price=_price(body, market, order_type),
        quantity=_quantity(body, market.spec, order_type) if trigger is None else None,
        quote_budget=_quote_budget(body, market.spec, order_type) if trigger is None else None,
        time_in_force=optional_word(body, "timeInForce", TimeInForce) or TimeInForce.GTC,
        post_only=flag(body, "postOnly") or False,
        reduce_only=flag(body, "reduceOnly"),
        self_trade=optional_word(body, "selfTradePrevention", SelfTrade) or SelfTrade.REJECT_TAKER,
        client_id=client_id(body),
        trigger=trigger,
        take_profit=attached_of(body, "takeProfit", market.spec),
        stop_loss=attached_of(body, "stopLoss", market.spec),
        slippage=slippage_of(body, order_type),
    )
    if request.post_only and request.time_in_force is not TimeInForce.GTC:
        raise Refusal("INVALID_ORDER", "Invalid order")
    return request


def client_id(body: Body, payload: str = PAYLOAD) -> int | None:
    """Return the client id of a body: a JSON number within uint32. Raises Refusal."""
    field = body.get("clientId")
    if field is None:
        return None
    if field.is_string or not _is_uint32(field.text):
        raise bad_field("uint32", "Expected input type", payload)
    return int(field.text)


def _is_uint32(text: str) -> bool:
    return text.isdecimal() and len(text) <= _UINT32_DIGITS and int(text) <= _MAX_CLIENT_ID


def _market(body: Body, markets: dict[str, Market]) -> Market:
    symbol = required(body, "symbol").text
    market = markets.get(symbol)
    if market is None:
        raise bad_field("MarketSymbol", "Invalid market symbol", PAYLOAD)
    return market


def _price(body: Body, market: Market, order_type: OrderType) -> int | None:
    text = decimal(body, "price")
    if order_type is OrderType.MARKET:
        if text is not None or flag(body, "postOnly"):
            raise Refusal("INVALID_ORDER", "Invalid order")
        return None
    if text is None:
        raise client_error("Must specify `price` for limit orders")
    price = scaled(text, market.spec.price_decimals)
    if price is None:
        raise client_error("Price decimal too long")
    if price <= 0:
        raise Refusal("INVALID_PRICE", "Price must be greater than zero")
    if not _is_near(price, market):
        raise client_error("Price is too far from the last active price")
    _check_bounds(price, market.spec)
    return price


def _check_bounds(price: int, spec: MarketSpec) -> None:
    """Refuse a price beyond the market's absolute bounds. Raises Refusal."""
    highest = None if spec.max_price is None else scaled(spec.max_price, spec.price_decimals)
    if highest is not None and price > highest:
        raise Refusal("INVALID_PRICE", "Price is above the maximum price")


def _is_near(price: int, market: Market) -> bool:
    spec = market.spec
    highest = scaled_price(market.last, spec.max_multiplier)
    return scaled_price(market.last, spec.min_multiplier) <= price <= highest


def _quantity(body: Body, spec: MarketSpec, order_type: OrderType) -> int | None:
    text = decimal(body, "quantity")
    if text is None:
        if order_type is OrderType.LIMIT or "quoteQuantity" not in body:
            raise client_error("Must specify `quantity`")
        return None
    quantity = scaled(text, spec.quantity_decimals)
    if quantity is None:
        raise client_error("Quantity decimal too long")
    if quantity <= 0:
        raise Refusal("INVALID_QUANTITY", "Quantity is below the minimum quantity")
    return quantity


def _quote_budget(body: Body, spec: MarketSpec, order_type: OrderType) -> int | None:
    text = decimal(body, "quoteQuantity")
    if text is None or "quantity" in body:
        return None
    if order_type is OrderType.LIMIT:
        raise Refusal("INVALID_ORDER", "Invalid order")
    budget = scaled(text, spec.cost_decimals)
    if budget is None:
        raise client_error("Quantity decimal too long")
    if budget <= 0:
        raise Refusal("INVALID_QUANTITY", "Quantity is below the minimum quantity")
    return budget
