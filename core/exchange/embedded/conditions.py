"""The conditional part of an order body: triggers, attached exits, slippage tolerance."""

import re
from typing import Final

from core.exchange.embedded.calls import Body
from core.exchange.embedded.fields import (
    PAYLOAD,
    decimal,
    optional_word,
)
from core.exchange.embedded.orders import (
    Attached,
    OrderType,
    Slippage,
    SlippageType,
    Trigger,
    TriggerBy,
)
from core.exchange.embedded.refusals import Refusal, bad_field, client_error
from core.exchange.embedded.spec import MarketSpec
from core.exchange.embedded.units import SCALE, atoms, is_plain_decimal, scaled

TRIGGER_FIELDS: Final = (
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
SLIPPAGE_FIELDS: Final = ("slippageTolerance", "slippageToleranceType")
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,6})?%\Z", re.ASCII)


def trigger_of(body: Body, spec: MarketSpec) -> Trigger | None:
    """Read the trigger of a conditional order. Raises Refusal."""
    if ("triggerPrice" in body) != ("triggerQuantity" in body):
        raise client_error("Must specify both `triggerPrice` and `triggerQuantity` or neither")
    price = _price(body, "triggerPrice", spec)
    if price is None:
        if "triggerBy" in body:
            raise client_error("Must specify both `triggerPrice` and `triggerQuantity` or neither")
        return None
    return Trigger(price, _quantity(body, spec), _by(body, "triggerBy"))


def attached_of(body: Body, name: str, spec: MarketSpec) -> Attached | None:
    """Read an attached exit: `takeProfit` or `stopLoss`. Raises Refusal."""
    price = _price(body, f"{name}TriggerPrice", spec)
    limit = _price(body, f"{name}LimitPrice", spec)
    by = _by(body, f"{name}TriggerBy")
    if price is None:
        if limit is not None or by is not None:
            raise Refusal("INVALID_ORDER", "Invalid order")
        return None
    return Attached(price, limit, by)


def slippage_of(body: Body, order_type: OrderType) -> Slippage | None:
    """Read the slippage tolerance of a market order. Raises Refusal."""
    amount = decimal(body, "slippageTolerance")
    kind = optional_word(body, "slippageToleranceType", SlippageType)
    if amount is None and kind is None:
        return None
    if amount is None or kind is None or order_type is not OrderType.MARKET:
        raise Refusal("INVALID_ORDER", "Invalid order")
    if scaled(amount) is None or atoms(amount) < 0:
        raise client_error("Invalid slippage tolerance")
    return Slippage(amount, kind)


def _by(body: Body, name: str) -> TriggerBy | None:
    return optional_word(body, name, TriggerBy)


def _price(body: Body, name: str, spec: MarketSpec) -> int | None:
    text = decimal(body, name)
    if text is None:
        return None
    price = scaled(text, spec.price_decimals)
    if price is None:
        raise client_error("Price decimal too long")
    if price <= 0:
        raise Refusal("INVALID_PRICE", "Price must be greater than zero")
    return price


def _quantity(body: Body, spec: MarketSpec) -> str:
    """Return the trigger quantity as it was written, once it is known to be one."""
    text = body["triggerQuantity"].text
    if _PERCENT.match(text):
        if not 0 < atoms(text[:-1]) <= 100 * SCALE:
            raise Refusal("INVALID_QUANTITY", "Invalid trigger quantity")
        return text
    if not is_plain_decimal(text):
        raise bad_field("TriggerQuantity", "Invalid decimal", PAYLOAD)
    steps = scaled(text, spec.quantity_decimals)
    if steps is None:
        raise client_error("Quantity decimal too long")
    if steps <= 0:
        raise Refusal("INVALID_QUANTITY", "Quantity is below the minimum quantity")
    return text
