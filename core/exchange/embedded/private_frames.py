"""Private frames and the JSON of orders, fills and balances."""

from typing import Final

from core.exchange.embedded.accounts import Account, Fill
from core.exchange.embedded.frames import engine_us, event_us
from core.exchange.embedded.orders import Attached, Order, OrderType, SystemOrder
from core.exchange.embedded.spec import MarketSpec
from core.exchange.embedded.units import NS_PER_MS, iso_millis, padded, trimmed

_ORIGINS: Final[dict[SystemOrder | None, str]] = {
    SystemOrder.BOOK_LIQUIDATION: "LIQUIDATION_AUTOCLOSE",
    SystemOrder.BACKSTOP: "BACKSTOP_LIQUIDITY_PROVIDER",
}


def order_json(order: Order, spec: MarketSpec) -> dict[str, object]:
    """Return an order as `/api/v1/order` has it."""
    request = order.request
    row: dict[str, object] = {
        "clientId": order.client_id,
        "createdAt": order.created_ns // NS_PER_MS,
        "executedQuantity": trimmed(order.executed, spec.quantity_decimals),
        "executedQuoteQuantity": trimmed(order.executed_quote, spec.cost_decimals),
        "id": str(order.id),
        "orderType": request.order_type.value,
        "quantity": trimmed(_quantity(order), spec.quantity_decimals),
        "reduceOnly": request.reduce_only,
        "selfTradePrevention": request.self_trade.value,
        "side": request.side.value,
        "status": order.status.value,
        "symbol": spec.symbol,
        "timeInForce": request.time_in_force.value,
        **_conditions(order, spec),
    }
    if request.order_type is OrderType.LIMIT:
        row["postOnly"] = request.post_only
        row["price"] = trimmed(order.price, spec.price_decimals)
    else:
        row["quoteQuantity"] = trimmed(_quote_quantity(order), spec.cost_decimals)
    return row


def order_history_json(order: Order, spec: MarketSpec) -> dict[str, object]:
    """Return an order as `/wapi/v1/history/orders` has it."""
    row, slippage = order_json(order, spec), order.request.slippage
    row |= {
        "createdAt": iso_millis(order.created_ns),
        "expiryReason": None if order.expiry is None else order.expiry.value,
        "quoteQuantity": trimmed(_quote_quantity(order), spec.cost_decimals),
        "slippageTolerance": None if slippage is None else slippage.amount,
        "slippageToleranceType": None if slippage is None else slippage.kind.value,
        "systemOrderType": order.system,
    }
    row.setdefault("postOnly", False)
    row.setdefault("price", None)
    return row


def fill_json(fill: Fill, spec: MarketSpec) -> dict[str, object]:
    """Return a fill as `/wapi/v1/history/fills` has it."""
    return {
        "clientId": None if fill.client_id is None else str(fill.client_id),
        "fee": trimmed(fill.fee),
        "feeSymbol": fill.fee_asset,
        "isMaker": fill.is_maker,
        "orderId": str(fill.order_id),
        "price": trimmed(fill.price, spec.price_decimals),
        "quantity": trimmed(fill.quantity, spec.quantity_decimals),
        "side": fill.side,
        "symbol": fill.symbol,
        "systemOrderType": fill.system,
        "timestamp": iso_millis(fill.at_ns),
        "tradeId": fill.trade_id,
    }


def order_update(
    order: Order, spec: MarketSpec, event: str, fill: Fill | None, now_ns: int
) -> dict[str, object]:
    """Return the data of an account.orderUpdate frame."""
    request = order.request
    data: dict[str, object] = {
        "E": event_us(now_ns),
        "O": _ORIGINS.get(order.system, "USER"),
        "Q": _quantity_text(_quote_quantity(order), spec.cost_decimals, order),
        "S": request.side.value,
        "T": engine_us(now_ns),
        "V": request.self_trade.value,
        "X": order.status.value,
        "Z": trimmed(order.executed_quote, spec.cost_decimals),
        "e": event,
        "f": request.time_in_force.value,
        "i": str(order.id),
        "o": request.order_type.value.upper(),
        "q": _quantity_text(_quantity(order), spec.quantity_decimals, order),
        "r": bool(request.reduce_only),
        "s": spec.symbol,
        "t": None if fill is None else fill.trade_id,
        "z": _cumulative(order, spec),
    }
    if order.client_id is not None:
        data["c"] = order.client_id
    if request.price is not None:
        data |= {"p": padded(request.price, spec.price_decimals), "y": request.post_only}
    if order.related_id is not None:
        data["I"] = str(order.related_id)
    data |= _condition_keys(order, spec)
    if order.expiry is not None:
        data["R"] = order.expiry.value
    if fill is not None:
        data |= _fill_keys(fill, spec)
    return data


def balance_update(account: Account, asset: str, now_ns: int) -> dict[str, object]:
    """Return the data of an account.balanceUpdate frame."""
    balance = account.balance(asset)
    return {
        "A": trimmed(account.free(asset)),
        "E": event_us(now_ns),
        "L": trimmed(balance.locked),
        "S": "0",
        "T": engine_us(now_ns),
        "a": asset,
        "e": "balanceUpdate",
    }


def _fill_keys(fill: Fill, spec: MarketSpec) -> dict[str, object]:
    return {
        "L": padded(fill.price, spec.price_decimals),
        "N": fill.fee_asset,
        "l": padded(fill.quantity, spec.quantity_decimals),
        "m": fill.is_maker,
        "n": trimmed(fill.fee),
    }


def _conditions(order: Order, spec: MarketSpec) -> dict[str, object]:
    """Return the conditional part of an order's JSON."""
    trigger, triggered_ns = order.request.trigger, order.triggered_ns
    row: dict[str, object] = {
        "relatedOrderId": None if order.related_id is None else str(order.related_id),
        "strategyId": None,
        "triggerBy": None if trigger is None else trigger.by,
        "triggerPrice": None if trigger is None else trimmed(trigger.price, spec.price_decimals),
        "triggerQuantity": None if trigger is None else trigger.quantity,
        "triggeredAt": None if triggered_ns is None else triggered_ns // NS_PER_MS,
    }
    for name, attached in _attached(order):
        row[f"{name}TriggerPrice"] = attached and trimmed(
            attached.trigger_price, spec.price_decimals
        )
        is_limit = attached is not None and attached.limit_price is not None
        limit = attached.limit_price if attached is not None else None
        row[f"{name}LimitPrice"] = trimmed(limit or 0, spec.price_decimals) if is_limit else None
        row[f"{name}TriggerBy"] = attached and attached.by
    return row


def _attached(order: Order) -> list[tuple[str, Attached | None]]:
    request = order.request
    return [("takeProfit", request.take_profit), ("stopLoss", request.stop_loss)]


def _condition_keys(order: Order, spec: MarketSpec) -> dict[str, object]:
    """Return the conditional part of an order frame; what was not asked for is absent."""
    trigger = order.request.trigger
    keys: dict[str, object] = {}
    if trigger is not None:
        keys["P"] = padded(trigger.price, spec.price_decimals)
        keys["Y"] = trigger.quantity
        if trigger.by is not None:
            keys["B"] = trigger.by.value
    for (_, attached), names in zip(_attached(order), (("a", "j", "d"), ("b", "k", "g")),
                                    strict=True):  # fmt: skip
        if attached is None:
            continue
        keys[names[0]] = padded(attached.trigger_price, spec.price_decimals)
        if attached.limit_price is not None:
            keys[names[1]] = padded(attached.limit_price, spec.price_decimals)
        if attached.by is not None:
            keys[names[2]] = attached.by.value
    return keys


def _quantity_text(units: int, decimals: int, order: Order) -> str:
    """Write a quantity; a conditional order that waits has none."""
    return "0" if order.request.trigger is not None and not units else padded(units, decimals)


def _cumulative(order: Order, spec: MarketSpec) -> str:
    return padded(order.executed, spec.quantity_decimals) if order.executed else "0"


def _quantity(order: Order) -> int:
    return order.executed if order.quantity is None else order.quantity


def _quote_quantity(order: Order) -> int:
    """Return the notional an order may move, in ticks times steps."""
    request = order.request
    if request.quote_budget is not None:
        return request.quote_budget
    if request.price is not None:
        return request.price * _quantity(order)
    return order.executed_quote
