"""From a body to a checked order request: the venue's parameter and filter rules."""

from enum import StrEnum
from typing import Final, TypeVar

from core.exchange.embedded.calls import Body, Field
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    OrderRequest,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from core.exchange.embedded.refusals import (
    Refusal,
    bad_enum_field,
    bad_field,
    client_error,
)
from core.exchange.embedded.spec import MarketSpec, scaled_price
from core.exchange.embedded.units import is_plain_decimal, scaled

_PAYLOAD: Final = "OrderExecutePayload"
_TRIGGER_FIELDS: Final = (
    "stopLossLimitPrice",
    "stopLossTriggerBy",
    "stopLossTriggerPrice",
    "takeProfitLimitPrice",
    "takeProfitTriggerBy",
    "takeProfitTriggerPrice",
    "triggerBy",
    "triggerPrice",
    "triggerQuantity",
)
_SLIPPAGE_FIELDS: Final = ("slippageTolerance", "slippageToleranceType")
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
    *_SLIPPAGE_FIELDS,
    *_TRIGGER_FIELDS,
)
"""The body fields an order is read from, and therefore signed with."""
_MAX_CLIENT_ID: Final = 2**32 - 1
_UINT32_DIGITS: Final = 10

_Word = TypeVar("_Word", bound=StrEnum)


def order_request(body: Body, markets: dict[str, Market]) -> OrderRequest:
    """Read one order. Raises Refusal with the venue's own words."""
    market = _market(body, markets)
    side, order_type = _word(body, "side", Side), _word(body, "orderType", OrderType)
    _refuse_triggers(body)
    request = OrderRequest(
        symbol=market.spec.symbol,
        side=side,
        order_type=order_type,
        price=_price(body, market, order_type),
        quantity=_quantity(body, market.spec, order_type),
        quote_budget=_quote_budget(body, market.spec, order_type),
        time_in_force=_optional_word(body, "timeInForce", TimeInForce, TimeInForce.GTC),
        post_only=_flag(body, "postOnly") or False,
        reduce_only=_flag(body, "reduceOnly"),
        self_trade=_optional_word(body, "selfTradePrevention", SelfTrade, SelfTrade.REJECT_TAKER),
        client_id=client_id(body),
    )
    if request.post_only and request.time_in_force is not TimeInForce.GTC:
        raise Refusal("INVALID_ORDER", "Invalid order")
    return request


def client_id(body: Body, payload: str = _PAYLOAD) -> int | None:
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
    symbol = _required(body, "symbol").text
    market = markets.get(symbol)
    if market is None:
        raise bad_field("MarketSymbol", "Invalid market symbol", _PAYLOAD)
    return market


def _required(body: Body, name: str) -> Field:
    field = body.get(name)
    if field is None:
        raise bad_field(_PAYLOAD, f"field `{name}` is required", _PAYLOAD)
    return field


def _word(body: Body, name: str, kind: type[_Word]) -> _Word:
    field = _required(body, name)
    try:
        return kind(field.text)
    except ValueError as error:
        raise bad_enum_field(kind.__name__, _PAYLOAD) from error


def _optional_word(body: Body, name: str, kind: type[_Word], default: _Word) -> _Word:
    return _word(body, name, kind) if name in body else default


def _flag(body: Body, name: str) -> bool | None:
    field = body.get(name)
    if field is None:
        return None
    if field.is_string or field.text not in {"true", "false"}:
        raise bad_field("boolean", "Expected input type", _PAYLOAD)
    return field.text == "true"


def _refuse_triggers(body: Body) -> None:
    if ("triggerPrice" in body) != ("triggerQuantity" in body):
        raise client_error("Must specify both `triggerPrice` and `triggerQuantity` or neither")
    if any(name in body for name in _TRIGGER_FIELDS):
        raise Refusal("INVALID_ORDER", "Conditional orders are not enabled on this market")
    if any(name in body for name in _SLIPPAGE_FIELDS):
        raise Refusal("INVALID_ORDER", "Slippage tolerance is not enabled on this market")


def _decimal(body: Body, name: str) -> str | None:
    field = body.get(name)
    if field is None:
        return None
    if not is_plain_decimal(field.text):
        raise bad_field("decimal", "Invalid decimal", _PAYLOAD)
    return field.text


def _price(body: Body, market: Market, order_type: OrderType) -> int | None:
    text = _decimal(body, "price")
    if order_type is OrderType.MARKET:
        if text is not None or _flag(body, "postOnly"):
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
    return price


def _is_near(price: int, market: Market) -> bool:
    spec = market.spec
    highest = scaled_price(market.last, spec.max_multiplier)
    return scaled_price(market.last, spec.min_multiplier) <= price <= highest


def _quantity(body: Body, spec: MarketSpec, order_type: OrderType) -> int | None:
    text = _decimal(body, "quantity")
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
    text = _decimal(body, "quoteQuantity")
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
