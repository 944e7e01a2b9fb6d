"""Private frames and the JSON of orders, fills and positions."""

from typing import Final

from core.exchange.embedded.accounts import Account, Fill, Position
from core.exchange.embedded.clearing import PositionMoved
from core.exchange.embedded.frames import engine_us, event_us
from core.exchange.embedded.margin import Exposure
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import Order, OrderType
from core.exchange.embedded.spec import MarketSpec
from core.exchange.embedded.units import NS_PER_MS, SCALE, iso_millis, padded, trimmed

_NO_TRIGGERS: Final = {
    "relatedOrderId": None,
    "stopLossLimitPrice": None,
    "stopLossTriggerBy": None,
    "stopLossTriggerPrice": None,
    "strategyId": None,
    "takeProfitLimitPrice": None,
    "takeProfitTriggerBy": None,
    "takeProfitTriggerPrice": None,
    "triggerBy": None,
    "triggerPrice": None,
    "triggerQuantity": None,
    "triggeredAt": None,
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
        **_NO_TRIGGERS,
    }
    if request.order_type is OrderType.LIMIT:
        row["postOnly"] = request.post_only
        row["price"] = trimmed(order.price, spec.price_decimals)
    else:
        row["quoteQuantity"] = trimmed(_quote_quantity(order), spec.cost_decimals)
    return row


def order_history_json(order: Order, spec: MarketSpec) -> dict[str, object]:
    """Return an order as `/wapi/v1/history/orders` has it."""
    row = order_json(order, spec)
    row |= {
        "createdAt": iso_millis(order.created_ns),
        "expiryReason": None if order.expiry is None else order.expiry.value,
        "quoteQuantity": trimmed(_quote_quantity(order), spec.cost_decimals),
        "slippageTolerance": None,
        "slippageToleranceType": None,
        "systemOrderType": None,
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
        "systemOrderType": None,
        "timestamp": iso_millis(fill.at_ns),
        "tradeId": fill.trade_id,
    }


def position_json(
    account: Account, position: Position, market: Market, exposure: Exposure
) -> dict[str, object]:
    """Return a position as `/api/v1/position` has it.

    `netCost` is the exact cost, so that pnlRealized + pnlUnrealized = netQuantity * mark - netCost.
    """
    spec, mark = market.spec, market.mark
    assert spec.imf is not None
    assert spec.mmf is not None
    return {
        "breakEvenPrice": trimmed(_break_even(position)),
        "cumulativeFundingPayment": "0",
        "cumulativeInterest": "0",
        "entryPrice": trimmed(position.entry),
        "estLiquidationPrice": "0",
        "imf": trimmed(exposure.initial_fraction),
        "imfFunction": spec.imf.wire(),
        "markPrice": trimmed(mark),
        "mmf": trimmed(exposure.maintenance_fraction),
        "mmfFunction": spec.mmf.wire(),
        "netCost": trimmed(position.cost),
        "netExposureNotional": trimmed(exposure.notional),
        "netExposureQuantity": trimmed(exposure.quantity, spec.quantity_decimals),
        "netQuantity": trimmed(position.quantity, spec.quantity_decimals),
        "pnlRealized": trimmed(position.settled),
        "pnlUnrealized": trimmed(position.unsettled(mark)),
        "positionId": str(position.id),
        "subaccountId": None,
        "symbol": spec.symbol,
        "userId": account.user_id,
    }


def order_update(
    order: Order, spec: MarketSpec, event: str, fill: Fill | None, now_ns: int
) -> dict[str, object]:
    """Return the data of an account.orderUpdate frame."""
    request = order.request
    data: dict[str, object] = {
        "E": event_us(now_ns),
        "O": "USER",
        "Q": padded(_quote_quantity(order), spec.cost_decimals),
        "S": request.side.value,
        "T": engine_us(now_ns),
        "V": request.self_trade.value,
        "X": order.status.value,
        "Z": trimmed(order.executed_quote, spec.cost_decimals),
        "e": event,
        "f": request.time_in_force.value,
        "i": str(order.id),
        "o": request.order_type.value.upper(),
        "q": padded(_quantity(order), spec.quantity_decimals),
        "r": bool(request.reduce_only),
        "s": spec.symbol,
        "t": None if fill is None else fill.trade_id,
        "z": _cumulative(order, spec),
    }
    if order.client_id is not None:
        data["c"] = order.client_id
    if request.price is not None:
        data |= {"p": padded(request.price, spec.price_decimals), "y": request.post_only}
    if order.expiry is not None:
        data["R"] = order.expiry.value
    if fill is not None:
        data |= _fill_keys(fill, spec)
    return data


def position_update(
    move: PositionMoved, market: Market, exposure: Exposure, now_ns: int, *, is_snapshot: bool
) -> dict[str, object]:
    """Return the data of an account.positionUpdate frame; a snapshot has no event."""
    position, spec, mark = move.position, market.spec, market.mark
    value = move.quantity * spec.step_atoms * mark // SCALE
    unsettled = value - position.cost - move.settled if move.quantity else 0
    data: dict[str, object] = {
        "B": trimmed(position.entry),
        "E": event_us(now_ns),
        "M": trimmed(mark),
        "P": trimmed(unsettled),
        "Q": trimmed(exposure.quantity, spec.quantity_decimals),
        "T": engine_us(now_ns),
        "b": trimmed(_break_even(position)),
        "f": trimmed(exposure.initial_fraction),
        "i": position.id,
        "l": "0",
        "m": trimmed(exposure.maintenance_fraction),
        "n": trimmed(exposure.notional),
        "p": trimmed(move.settled),
        "q": trimmed(move.quantity, spec.quantity_decimals),
        "s": spec.symbol,
    }
    if not is_snapshot:
        data["e"] = move.event
    return data


def balance_update(account: Account, asset: str, now_ns: int) -> dict[str, object]:
    """Return the data of an account.balanceUpdate frame."""
    balance = account.balance(asset)
    return {
        "A": trimmed(balance.available),
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


def _break_even(position: Position) -> int:
    if position.quantity == 0:
        return position.entry
    cost = position.cost * SCALE
    return abs(cost // (position.quantity * position.spec.step_atoms))
