"""Conditional orders: they wait outside the books until a price is reached, then become orders.

A fired order is a new one with an id of its own that names the conditional one. Attached
take-profits and stop-losses come into being when their order ends with a fill; when one of them
fires its sibling is cancelled, and when the position is gone both expire.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import msgspec

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.admission import check_state
from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.entry import OrderEntry
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    Attached,
    Expiry,
    Order,
    OrderRequest,
    OrderType,
    Side,
    Status,
    Trigger,
    TriggerBy,
)
from core.exchange.embedded.refusals import Refusal, client_error
from core.exchange.embedded.units import SCALE, atoms, scaled, trimmed

_MOST_STOPS: Final = 10
"""Reduce-only conditional orders of one position; the real number is not published."""
_REASONS: Final = {
    "ACCOUNT_LIQUIDATING": Expiry.LIQUIDATION,
    "INSUFFICIENT_FUNDS": Expiry.INSUFFICIENT_FUNDS,
    "INSUFFICIENT_MARGIN": Expiry.INSUFFICIENT_MARGIN,
    "TRADING_PAUSED": Expiry.ACCOUNT_SUSPENDED,
    "INVALID_ORDER": Expiry.POST_ONLY_TAKER,
}


class TriggerDesk:
    """Keeps the conditional orders of one venue and fires them."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        clearing: Clearing,
        feed: Feed,
        entry: OrderEntry,
        agenda: Agenda,
        faults: Faults,
    ) -> None:
        self._markets = markets
        self._clearing = clearing
        self._feed = feed
        self._entry = entry
        self._agenda = agenda
        self._faults = faults
        self._waiting: dict[str, dict[int, Order]] = {}
        feed.on_trade = self.look
        entry.on_moved = self._moved

    def check(self, request: OrderRequest) -> None:
        """Refuse what never becomes a conditional order. Raises Refusal."""
        market = self._markets[request.symbol]
        check_state(market, request)
        if request.reduce_only and not market.spec.is_perp:
            raise client_error("Reduce only orders are not supported for spot markets")

    def place(
        self, account: Account, request: OrderRequest, *, related_id: int | None = None
    ) -> Order:
        """Let a conditional order wait. Raises Refusal."""
        self.check(request)
        market = self._markets[request.symbol]
        order = self._entry.new_order(account, _directed(request, market))
        order.quantity, order.related_id = 0, related_id
        account.order_log.append(order)
        if self._has_too_many(account, order):
            order.finish(Status.EXPIRED, Expiry.MAX_STOP_ORDERS)
            self._feed.order_changed(account, order, "orderExpired")
            return order
        order.status = Status.TRIGGER_PENDING
        account.trigger_orders[order.id] = order
        self._waiting.setdefault(request.symbol, {})[order.id] = order
        self._feed.order_changed(account, order, "triggerPlaced")
        return order

    def cancel(self, account: Account, orders: Iterable[Order]) -> None:
        """Take waiting orders away."""
        for order in list(orders):
            self._drop(account, order, Status.CANCELLED, None, "orderCancelled")

    def look(self, market: Market) -> None:
        """Fire what the market's prices have reached, once whatever runs now is done."""
        for order in list(self._waiting.get(market.spec.symbol, {}).values()):
            if _is_reached(order, market):
                del self._waiting[market.spec.symbol][order.id]
                self._agenda.after(0, partial(self._fire, order))

    def look_everywhere(self) -> None:
        """Fire what marks and indices have reached."""
        for symbol, waiting in self._waiting.items():
            if waiting:
                self.look(self._markets[symbol])

    def _fire(self, order: Order, *, is_held: bool = False) -> None:
        account = self._clearing.accounts[order.owner]
        if order.status is not Status.TRIGGER_PENDING:
            return
        fault = None if is_held else self._fault(order)
        if fault == "held":
            return
        steps = self._steps(account, order)
        if fault == "fail":
            self._fail(account, order, Expiry.INSUFFICIENT_MARGIN)
        elif steps <= 0:
            self._fail(account, order, Expiry.STOP_WITHOUT_POSITION)
        else:
            self._release(account, order, steps, ends_at_once=fault == "release")

    def _fault(self, order: Order) -> str | None:
        """Return what F26 does to a firing order; a held one fires later."""
        switch = self._faults.draw("F26", symbol=order.request.symbol, account=order.owner)
        if switch is None:
            return None
        if switch.mode == "held":
            self._agenda.after(switch.delay_ns, partial(self._fire, order, is_held=True))
        return switch.mode

    def _release(self, account: Account, order: Order, steps: int, *, ends_at_once: bool) -> None:
        request = msgspec.structs.replace(order.request, trigger=None, quantity=steps)
        try:
            placed = self._entry.place(account, request, related_id=order.id)
        except Refusal as refusal:
            self._fail(account, order, _REASONS.get(refusal.code, Expiry.UNKNOWN))
            return
        account.trigger_orders.pop(order.id, None)
        order.finish(Status.TRIGGERED)
        order.triggered_ns = placed.triggered_ns = self._agenda.now_ns
        if ends_at_once and placed.is_open:
            self._entry.expire(account, placed, Expiry.UNKNOWN)
            self._entry.publish(self._entry.market_of(placed))
        self._cancel_siblings(account, order)

    def _fail(self, account: Account, order: Order, reason: Expiry) -> None:
        self._drop(account, order, Status.TRIGGER_FAILED, reason, "triggerFailed")

    def _drop(
        self, account: Account, order: Order, status: Status, reason: Expiry | None, event: str
    ) -> None:
        self._waiting.get(order.request.symbol, {}).pop(order.id, None)
        account.trigger_orders.pop(order.id, None)
        order.finish(status, reason)
        self._feed.order_changed(account, order, event)

    def _cancel_siblings(self, account: Account, fired: Order) -> None:
        if fired.related_id is None:
            return
        twins = [
            each
            for each in account.triggers_in(fired.request.symbol)
            if each.related_id == fired.related_id
        ]
        self.cancel(account, twins)

    def _moved(self, account: Account, order: Order) -> None:
        """Attach children to an order that ended with a fill; end those nothing is left for."""
        request = order.request
        if not order.is_open and order.executed and request.trigger is None:
            for attached, is_profit in ((request.take_profit, True), (request.stop_loss, False)):
                if attached is not None:
                    self._attach(account, order, attached, is_profit=is_profit)
        is_flat = not account.position_steps(request.symbol)
        if account.trigger_orders and is_flat and self._markets[request.symbol].spec.is_perp:
            for child in account.triggers_in(request.symbol):
                if child.related_id is not None:
                    reason = Expiry.STOP_WITHOUT_POSITION
                    self._drop(account, child, Status.EXPIRED, reason, "orderExpired")

    def _attach(
        self, account: Account, parent: Order, attached: Attached, *, is_profit: bool
    ) -> None:
        spec = self._markets[parent.request.symbol].spec
        is_limit = attached.limit_price is not None
        steps = parent.executed
        trigger = Trigger(
            price=attached.trigger_price,
            quantity=trimmed(steps, spec.quantity_decimals),
            by=attached.by,
            rises=parent.is_bid == is_profit,
        )
        request = OrderRequest(
            symbol=spec.symbol,
            side=Side.ASK if parent.is_bid else Side.BID,
            order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
            price=attached.limit_price,
            reduce_only=True if spec.is_perp else None,
            trigger=trigger,
        )
        self.place(account, request, related_id=parent.id)

    def _has_too_many(self, account: Account, order: Order) -> bool:
        if not order.request.reduce_only:
            return False
        waiting = account.triggers_in(order.request.symbol)
        return sum(bool(each.request.reduce_only) for each in waiting) >= _MOST_STOPS

    def _steps(self, account: Account, order: Order) -> int:
        """Return the size of a firing order in steps; 0 where there is nothing to close."""
        trigger, spec = order.request.trigger, self._markets[order.request.symbol].spec
        assert trigger is not None
        closable = self._closable(account, order)
        if trigger.quantity.endswith("%"):
            return closable * atoms(trigger.quantity[:-1]) // (100 * SCALE)
        if order.request.reduce_only and not closable:
            return 0
        return scaled(trigger.quantity, spec.quantity_decimals) or 0

    def _closable(self, account: Account, order: Order) -> int:
        """Return the steps an order could close: of the position, or of the asset it sells."""
        spec = self._markets[order.request.symbol].spec
        if spec.is_perp:
            held = account.position_steps(spec.symbol)
            return max(0, -held if order.is_bid else held)
        if order.is_bid:
            return 0
        return max(0, account.balance(spec.base).available) // spec.step_atoms


def _directed(request: OrderRequest, market: Market) -> OrderRequest:
    """Return a request that knows from which side its price is to be reached."""
    trigger = request.trigger
    assert trigger is not None
    if trigger.rises is not None:
        return request
    rises = trigger.price * market.spec.tick_atoms > _watched(trigger, market)
    return msgspec.structs.replace(request, trigger=msgspec.structs.replace(trigger, rises=rises))


def _watched(trigger: Trigger, market: Market) -> int:
    """Return the price a trigger looks at, in atoms."""
    if trigger.by is TriggerBy.MARK:
        return market.mark
    if trigger.by is TriggerBy.INDEX:
        return market.index
    return market.last * market.spec.tick_atoms


def _is_reached(order: Order, market: Market) -> bool:
    trigger = order.request.trigger
    assert trigger is not None
    price, wanted = _watched(trigger, market), trigger.price * market.spec.tick_atoms
    return price >= wanted if trigger.rises else price <= wanted
