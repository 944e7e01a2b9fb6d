"""What faults do to orders inside the engine: fills and endings nobody asked for.

Money moves as in any fill: the other side is a house account, so every sum stays what it was.
"""

from typing import Final, Protocol

import msgspec

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.execution import Execution
from core.exchange.embedded.faults import Faults, Switch
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import Expiry, Order, OrderRequest, OrderType, Status
from core.exchange.embedded.refusals import Refusal, order_not_found

HOUSE: Final = "faults"
_NOT_FOUND: Final = 404


class Engine(Protocol):
    """What these faults need of order entry."""

    execution: Execution

    def market_of(self, order: Order) -> Market:
        """Return an order's market."""

    def expire(self, account: Account, order: Order, reason: Expiry) -> None:
        """End an open order, wherever it is."""

    def shrink(self, account: Account, order: Order, leaves: int) -> None:
        """Lower a resting order."""

    def place(self, account: Account, request: OrderRequest) -> Order:
        """Place another order."""

    def publish(self, market: Market) -> None:
        """Publish what changed."""


class OrderFaults:
    """Strikes orders of clients as they are placed and cancelled."""

    def __init__(self, engine: Engine, faults: Faults, agenda: Agenda) -> None:
        self._engine = engine
        self._faults = faults
        self._agenda = agenda
        self._is_foreign = False

    def ends_at_once(self, account: Account, order: Order) -> bool:
        """F25: end an order right after it was accepted."""
        switch = self._draw("F25", account, order)
        if switch is None:
            return False
        self._engine.expire(account, order, Expiry(switch.mode))
        return True

    def placed(self, account: Account, order: Order) -> None:
        """F23, F24, F27, F28: strike an order that was just matched."""
        if self._is_foreign:
            return
        is_resting = order.is_open and order.leaves > 1
        if is_resting and (switch := self._draw("F23", account, order)):
            self._fill_half(order)
            self._engine.expire(account, order, Expiry(switch.mode))
        elif is_resting and self._draw("F24", account, order):
            self._engine.shrink(account, order, order.leaves - order.leaves // 2)
        if order.status is Status.FILLED and self._draw("F27", account, order):
            self._overfill(order)
        self._reuse_client_id(account, order)

    def cancelling(self, account: Account, order: Order) -> None:
        """F14: fill an order just before its cancel. Raises Refusal."""
        is_resting = self._engine.market_of(order).book.holds(order)
        switch = self._draw("F14", account, order) if is_resting else None
        if switch is None:
            return
        self._engine.execution.hit(order, order.leaves, HOUSE)
        self._engine.publish(self._engine.market_of(order))
        if switch.mode == "400":
            raise order_not_found()
        raise Refusal("RESOURCE_NOT_FOUND", "Order not found", _NOT_FOUND)

    def cancelled(self, account: Account, order: Order) -> None:
        """F17: let a fill come in for an order that was cancelled."""
        open_steps = (order.quantity or 0) - order.executed
        if order.request.price is None or open_steps <= 0:
            return
        switch = self._draw("F17", account, order)
        if switch is not None:
            self._agenda.after(switch.delay_ns, lambda: self._fill_late(order, open_steps))

    def _draw(self, fault_id: str, account: Account, order: Order) -> Switch | None:
        return self._faults.draw(fault_id, symbol=order.request.symbol, account=account.name)

    def _fill_half(self, order: Order) -> None:
        self._engine.execution.hit(order, order.leaves // 2, HOUSE)

    def _fill_late(self, order: Order, steps: int) -> None:
        self._engine.execution.outside(order, steps, order.price, HOUSE)
        self._engine.publish(self._engine.market_of(order))

    def _overfill(self, order: Order) -> None:
        steps = max(1, order.executed // 2)
        self._engine.execution.outside(order, steps, order.executed_quote // order.executed, HOUSE)

    def _reuse_client_id(self, account: Account, order: Order) -> None:
        """Rest another order with the same client id, as a second program on the key would."""
        client_id, quantity = order.client_id, order.quantity
        if client_id is None or not quantity:
            return
        modes = ("foreign",)
        symbol = order.request.symbol
        if not self._faults.draw("F28", symbol=symbol, account=account.name, modes=modes):
            return
        last = self._engine.market_of(order).last
        request = msgspec.structs.replace(
            order.request,
            order_type=OrderType.LIMIT,
            price=last * 4 // 5 if order.is_bid else last * 6 // 5,
            quantity=quantity,
            quote_budget=None,
            post_only=True,
            reduce_only=None,
        )
        self._is_foreign = True
        try:
            self._engine.place(account, request)
        finally:
            self._is_foreign = False
