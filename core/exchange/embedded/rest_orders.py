"""Handlers of the signed endpoints of orders: place, query, cancel.

Every order without postOnly waits the speed bump before it reaches the book, and is answered after
it; post-only orders and cancels do not wait.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

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
from core.exchange.embedded.faults import Switch
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
    _check(floor, call.owner, request)
    if request.post_only:
        return _placed(floor, call.owner, request)
    return Later(SPEED_BUMP_NS, partial(_placed, floor, call.owner, request))


def place_batch(floor: Floor, call: Call) -> Outcome:
    """POST /api/v1/orders: 200 even when every item failed; answers in request order."""
    if not 1 <= len(call.bodies) <= _MAX_BATCH:
        raise client_error("Invalid batch size")
    if not floor.faults.is_quiet:
        switch = floor.faults.draw("F10", account=call.owner.name)
        if switch is not None:
            return _bad_batch(floor, call, switch)
    return _batch(floor, call.owner, call.bodies)


def _batch(floor: Floor, owner: Account, bodies: list[Body]) -> Outcome:
    items = [_batch_item(floor, owner, body) for body in bodies]
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
        for order in _all_open(call.owner)
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
    if not floor.faults.is_quiet:
        floor.entry.twists.cancelling(call.owner, order)
    _cancel(floor, call.owner, [order])
    return json_reply(order_json(order, floor.markets[symbol].spec))


def cancel_all(floor: Floor, call: Call) -> Reply:
    """DELETE /api/v1/orders: 200 with the cancelled orders of one market."""
    symbol = _body_symbol(floor, call, "OrderCancelAllPayload")
    fields = {name: field.text for name, field in call.body.items()}
    kind = one_of(fields, "orderType", "CancelOrderTypeEnum", _KINDS, None)
    resting = [] if kind == "ConditionalOrder" else call.owner.orders_in(symbol)
    waiting = [] if kind == "RestingLimitOrder" else call.owner.triggers_in(symbol)
    orders = [*resting, *waiting]
    _cancel(floor, call.owner, orders)
    return json_reply([order_json(order, floor.markets[symbol].spec) for order in orders])


def _check(floor: Floor, owner: Account, request: OrderRequest) -> None:
    """Refuse what can be refused before the speed bump. Raises Refusal."""
    if request.trigger is None:
        floor.entry.check(owner, request)
    else:
        floor.triggers.check(request)


def _enter(floor: Floor, owner: Account, request: OrderRequest) -> Order:
    if request.trigger is None:
        return floor.entry.place(owner, request)
    return floor.triggers.place(owner, request)


def _cancel(floor: Floor, owner: Account, orders: list[Order]) -> None:
    floor.triggers.cancel(owner, [each for each in orders if each.request.trigger])
    floor.entry.cancel(owner, [each for each in orders if not each.request.trigger])


def _all_open(owner: Account) -> list[Order]:
    both = [*owner.open_orders.values(), *owner.trigger_orders.values()]
    return sorted(both, key=lambda order: order.id)


def _bad_batch(floor: Floor, call: Call, switch: Switch) -> Outcome:
    """F10: apply every other order only, and answer backwards."""
    is_partial, is_reordered = switch.mode != "reordered", switch.mode != "partial"
    done = _batch(floor, call.owner, call.bodies[::2] if is_partial else call.bodies)
    if isinstance(done, Later):
        later = done.answer
        return Later(done.delay_ns, lambda: _turned(later()) if is_reordered else later())
    return _turned(done) if is_reordered else done


def _turned(reply: Reply) -> Reply:
    rows = msgspec.json.decode(reply.body)
    return json_reply(rows[::-1])


def _placed(floor: Floor, owner: Account, request: OrderRequest) -> Reply:
    order = _enter(floor, owner, request)
    return json_reply(order_json(order, floor.markets[request.symbol].spec))


def _batch_item(
    floor: Floor, owner: Account, body: Body
) -> dict[str, object] | Callable[[], dict[str, object]]:
    """Return the answer of one item, or what computes it after the speed bump."""
    try:
        request = order_request(body, floor.markets)
        _check(floor, owner, request)
    except Refusal as refusal:
        return {"operation": "Err", **refusal.wire()}
    later = partial(_batch_placed, floor, owner, request)
    return later() if request.post_only else later


def _batch_placed(floor: Floor, owner: Account, request: OrderRequest) -> dict[str, object]:
    try:
        order = _enter(floor, owner, request)
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
    for order in (*owner.orders_in(symbol), *owner.triggers_in(symbol)):
        if wanted == str(order.client_id if by_client else order.id):
            return order
    raise order_not_found()
