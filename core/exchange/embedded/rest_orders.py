"""Handlers of the signed endpoints of orders: place, query, cancel.

Every order without postOnly waits the speed bump before it reaches the book, and is answered after
it; post-only orders and cancels do not wait.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from core.exchange.contract import Reply
from core.exchange.embedded.accounts import Account
from core.exchange.embedded.calls import (
    Body,
    Call,
    Later,
    Outcome,
    json_reply,
    market_of,
    one_of,
    optional_symbol,
    required_market,
)
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.orders import Order, OrderRequest
from core.exchange.embedded.private_frames import order_json
from core.exchange.embedded.refusals import Refusal, bad_field, client_error, order_not_found
from core.exchange.embedded.requests import client_id, order_request
from core.exchange.embedded.units import NS_PER_MS

SPEED_BUMP_NS: Final = 100 * NS_PER_MS
CANCEL_FIELDS: Final = ("clientId", "orderId", "symbol")
CANCEL_ALL_FIELDS: Final = ("orderType", "symbol")
_MAX_BATCH: Final = 20
_KINDS: Final = ("RestingLimitOrder", "ConditionalOrder")


def place(floor: Floor, call: Call) -> Outcome:
    """POST /api/v1/order."""
    request = order_request(call.body, floor.markets)
    floor.entry.check(call.owner, request)
    if request.post_only:
        return _placed(floor, call.owner, request)
    return Later(SPEED_BUMP_NS, partial(_placed, floor, call.owner, request))


def place_batch(floor: Floor, call: Call) -> Outcome:
    """POST /api/v1/orders: 200 even when every item failed; answers in request order."""
    if not 1 <= len(call.bodies) <= _MAX_BATCH:
        raise client_error("Invalid batch size")
    items = [_batch_item(floor, call.owner, body) for body in call.bodies]
    if all(isinstance(item, dict) for item in items):
        return json_reply(items)

    def answer() -> Reply:
        return json_reply([item if isinstance(item, dict) else item() for item in items])

    return Later(SPEED_BUMP_NS, answer)


def query(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/order: only while it rests."""
    found = required_market(floor.markets, call.query)
    order = _find(call.owner, found.spec.symbol, call.query)
    return json_reply(order_json(order, found.spec))


def query_open(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/orders."""
    symbol = optional_symbol(floor.markets, call.query)
    kind = one_of(call.query, "marketType", "MarketType", ("SPOT", "PERP"), None)
    rows = [
        order_json(order, floor.markets[order.request.symbol].spec)
        for order in call.owner.open_orders.values()
        if symbol in {None, order.request.symbol}
        and kind in {None, floor.markets[order.request.symbol].spec.kind}
    ]
    return json_reply(rows)


def cancel(floor: Floor, call: Call) -> Reply:
    """DELETE /api/v1/order: 200 with the order."""
    symbol = _body_symbol(floor, call, "OrderCancelPayload")
    client_id(call.body, "OrderCancelPayload")
    fields = {name: field.text for name, field in call.body.items()}
    order = _find(call.owner, symbol, fields)
    floor.entry.cancel(call.owner, [order])
    return json_reply(order_json(order, floor.markets[symbol].spec))


def cancel_all(floor: Floor, call: Call) -> Reply:
    """DELETE /api/v1/orders: 200 with the cancelled orders of one market."""
    symbol = _body_symbol(floor, call, "OrderCancelAllPayload")
    fields = {name: field.text for name, field in call.body.items()}
    kind = one_of(fields, "orderType", "CancelOrderTypeEnum", _KINDS, None)
    orders = [] if kind == "ConditionalOrder" else call.owner.orders_in(symbol)
    floor.entry.cancel(call.owner, orders)
    return json_reply([order_json(order, floor.markets[symbol].spec) for order in orders])


def _placed(floor: Floor, owner: Account, request: OrderRequest) -> Reply:
    order = floor.entry.place(owner, request)
    return json_reply(order_json(order, floor.markets[request.symbol].spec))


def _batch_item(
    floor: Floor, owner: Account, body: Body
) -> dict[str, object] | Callable[[], dict[str, object]]:
    """Return the answer of one item, or what computes it after the speed bump."""
    try:
        request = order_request(body, floor.markets)
        floor.entry.check(owner, request)
    except Refusal as refusal:
        return {"operation": "Err", **refusal.wire()}
    later = partial(_batch_placed, floor, owner, request)
    return later() if request.post_only else later


def _batch_placed(floor: Floor, owner: Account, request: OrderRequest) -> dict[str, object]:
    try:
        order = floor.entry.place(owner, request)
    except Refusal as refusal:
        return {"operation": "Err", **refusal.wire()}
    return {"operation": "Ok", **order_json(order, floor.markets[request.symbol].spec)}


def _body_symbol(floor: Floor, call: Call, payload: str) -> str:
    field = call.body.get("symbol")
    if field is None or field.text not in floor.markets:
        raise bad_field("MarketSymbol", "Invalid market symbol", payload)
    return market_of(floor.markets, field.text).spec.symbol


def _find(owner: Account, symbol: str, fields: dict[str, str]) -> Order:
    """Return an open order by its id, or else by its client id. Raises Refusal."""
    if "orderId" in fields:
        wanted, by_client = fields["orderId"], False
    elif "clientId" in fields:
        wanted, by_client = fields["clientId"], True
    else:
        raise client_error("Must specify one of `orderId` or `clientId`")
    for order in owner.orders_in(symbol):
        if wanted == str(order.client_id if by_client else order.id):
            return order
    raise order_not_found()
