"""Liquidation: an account at or below its maintenance margin loses its positions step by step.

First its orders go, then a tenth of its largest position a second through the book, each fill at a
fee of 1 %; when its equity falls to a part of the maintenance margin the rest goes to the backstop
at the mark. A debt nobody can pay is borne by the insurance account.
"""

from collections.abc import Mapping
from typing import Final

from core.exchange.embedded.accounts import Account, Position
from core.exchange.embedded.admission import asset_marks
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.entry import OrderEntry
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.margin import MarginState, margin_state
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    Expiry,
    OrderRequest,
    OrderType,
    Side,
    SystemOrder,
)
from core.exchange.embedded.triggers import TriggerDesk
from core.exchange.embedded.units import SCALE

BACKSTOP: Final = "backstop"
_STEPS: Final = 10
"""The book takes a position in tenths."""
_BACKSTOP_SHARE: Final = 3
"""At a third of the maintenance margin the backstop takes all."""


class Liquidation:
    """Watches every client's margin and liquidates where it is gone."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        clearing: Clearing,
        feed: Feed,
        entry: OrderEntry,
        triggers: TriggerDesk,
    ) -> None:
        self._markets = markets
        self._clearing = clearing
        self._feed = feed
        self._entry = entry
        self._triggers = triggers
        self._first_sizes: dict[int, int] = {}

    def look(self) -> None:
        """Look at every account once."""
        marks: dict[str, int] | None = None
        for account in list(self._clearing.accounts.values()):
            if account.is_house or not (account.positions or account.is_liquidating):
                continue
            marks = marks or asset_marks(self._markets)
            self._look_at(account, marks)

    def _look_at(self, account: Account, marks: dict[str, int]) -> None:
        state = margin_state(account, self._markets, marks)
        if not account.positions or not _is_due(state):
            account.is_liquidating = False
            return
        if not account.is_liquidating:
            account.is_liquidating = True
            self._cancel_orders(account)
            return
        if state.net_equity * _BACKSTOP_SHARE <= state.maintenance:
            self._to_backstop(account)
        else:
            self._through_book(account)
        self._feed.money_moved()

    def _cancel_orders(self, account: Account) -> None:
        for order in list(account.open_orders.values()):
            self._entry.expire(account, order, Expiry.LIQUIDATION)
            self._entry.publish(self._entry.market_of(order))
        self._triggers.cancel(account, list(account.trigger_orders.values()))

    def _through_book(self, account: Account) -> None:
        """Sell a tenth of the largest position, or buy it back."""
        position = max(account.positions.values(), key=self._worth)
        market = self._markets[position.spec.symbol]
        first = self._first_sizes.setdefault(position.id, abs(position.quantity))
        steps = min(abs(position.quantity), max(1, -(-first // _STEPS)))
        request = _closing(position, steps)
        order = self._entry.place_system(account, request, SystemOrder.BOOK_LIQUIDATION)
        if order.executed:
            price = order.executed_quote // order.executed
            self._feed.liquidated(market, request.side.value, price, order.executed)

    def _to_backstop(self, account: Account) -> None:
        """Hand every position to the backstop at its mark; then bear what is owed."""
        self._clearing.house(BACKSTOP)
        for position in list(account.positions.values()):
            market = self._markets[position.spec.symbol]
            request = _closing(position, abs(position.quantity))
            order = self._entry.new_order(account, request)
            order.system = SystemOrder.BACKSTOP
            account.order_log.append(order)
            price = max(1, market.mark // market.spec.tick_atoms)
            self._feed.order_changed(account, order, "orderAccepted")
            self._entry.execution.transfer(order, abs(position.quantity), price, BACKSTOP)
            self._feed.liquidated(market, request.side.value, price, order.executed)
        marks = asset_marks(self._markets)
        if margin_state(account, self._markets, marks).net_equity < 0:
            self._clearing.rescue(account)
        account.is_liquidating = False

    def _worth(self, position: Position) -> int:
        mark = self._markets[position.spec.symbol].mark
        return abs(position.quantity) * position.spec.step_atoms * mark // SCALE


def _is_due(state: MarginState) -> bool:
    """Tell whether the margin fraction is at or below the one required."""
    return state.exposure > 0 and state.net_equity <= state.maintenance


def _closing(position: Position, steps: int) -> OrderRequest:
    side = Side.ASK if position.quantity > 0 else Side.BID
    return OrderRequest(
        symbol=position.spec.symbol,
        side=side,
        order_type=OrderType.MARKET,
        quantity=steps,
        reduce_only=True,
    )
