"""Admission: which orders may reach the book, and how far a market order may eat.

Everything is read from the books and accounts as they are; nothing is moved.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from core.exchange.embedded.accounts import USDC, Account
from core.exchange.embedded.margin import has_margin_for
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    Expiry,
    Order,
    OrderRequest,
    OrderType,
    Slippage,
    SlippageType,
)
from core.exchange.embedded.refusals import Refusal, client_error
from core.exchange.embedded.rules import Rules
from core.exchange.embedded.spec import ASSETS, scaled_price
from core.exchange.embedded.units import SCALE, atoms

_MOST_ORDERS: Final = 1_000
"""Open orders of one account; the real number is not published."""


def admit(account: Account, order: Order, markets: Mapping[str, Market], rules: Rules) -> None:
    """Refuse an order that may not reach the book. Raises Refusal."""
    request, market = order.request, markets[order.request.symbol]
    check_state(market, request)
    if request.post_only and market.book.would_take(order.price, is_bid=order.is_bid):
        raise Refusal("INVALID_ORDER", "Order would immediately match and take")
    if account.is_house:
        return
    if account.is_liquidating:
        raise Refusal("ACCOUNT_LIQUIDATING", "Account is liquidating")
    if len(account.open_orders) >= _MOST_ORDERS:
        raise Refusal("ORDER_LIMIT", "Order limit reached")
    if rules.strict_bands:
        _check_mean_band(market, order)
    if market.spec.is_perp:
        if not request.reduce_only and not _has_margin(account, order, markets):
            raise Refusal("INSUFFICIENT_MARGIN", "Insufficient margin")
    elif request.reduce_only:
        raise client_error("Reduce only orders are not supported for spot markets")
    elif not _has_funds(account, market, order):
        raise Refusal("INSUFFICIENT_FUNDS", "Insufficient funds")


def asset_marks(markets: Mapping[str, Market]) -> dict[str, int]:
    """Return the price of every asset in atoms of USDC."""
    marks = {asset: SCALE if asset == USDC else 0 for asset in ASSETS}
    for market in markets.values():
        if market.spec.is_perp:
            marks[market.spec.base] = market.mark
    return marks


def price_bound(market: Market, order: Order) -> tuple[int | None, Expiry]:
    """Return the worst price an order may trade at, and why it may not go further.

    None is no bound: the other side is empty.
    """
    request = order.request
    if request.price is not None:
        return request.price, Expiry.IMMEDIATE_OR_CANCEL
    best = market.book.best(is_bid=not order.is_bid)
    if best is None:
        return None, Expiry.INSUFFICIENT_LIQUIDITY
    return _tightest(_market_bounds(market, order, best), is_bid=order.is_bid)


def _market_bounds(market: Market, order: Order, best: int) -> list[tuple[int, Expiry]]:
    """Return what holds a market order back: impact, tolerance, the band around the mark."""
    spec, slippage = market.spec, order.request.slippage
    impact = spec.max_impact if order.is_bid else spec.min_impact
    bounds = [(scaled_price(best, impact), Expiry.PRICE_IMPACT)]
    if slippage is not None:
        reach = _slippage_ticks(slippage, best)
        bounds.append((best + reach if order.is_bid else best - reach, Expiry.SLIPPAGE))
    if spec.mean_band is not None:
        edge = _mean_edge(market, is_bid=order.is_bid)
        bounds.append((edge, Expiry.PRICE_OUT_OF_BOUNDS))
    return bounds


def _tightest(bounds: list[tuple[int, Expiry]], *, is_bid: bool) -> tuple[int, Expiry]:
    return min(bounds, key=lambda each: each[0] if is_bid else -each[0])


def _slippage_ticks(slippage: Slippage, best: int) -> int:
    amount = atoms(slippage.amount)
    if slippage.kind is SlippageType.TICKS:
        return amount // SCALE
    return best * amount // (100 * SCALE)


def _mean_edge(market: Market, *, is_bid: bool) -> int:
    """Return the worst price in ticks that the band around the mark allows a taker."""
    assert market.spec.mean_band is not None
    mark = market.mark // market.spec.tick_atoms
    return scaled_price(mark, market.spec.mean_band[0 if is_bid else 1])


def _check_mean_band(market: Market, order: Order) -> None:
    if order.request.price is None or market.spec.mean_band is None:
        return
    edge = _mean_edge(market, is_bid=order.is_bid)
    if order.price > edge if order.is_bid else order.price < edge:
        raise client_error("Price is too far from the last active price")


def check_state(market: Market, request: OrderRequest) -> None:
    """Refuse what the state of the book does not allow. Raises Refusal."""
    if market.state in {"Closed", "CancelOnly"}:
        raise Refusal("TRADING_PAUSED", "Trading is paused")
    if market.state == "LimitOnly" and request.order_type is OrderType.MARKET:
        raise Refusal("INVALID_ORDER", "Invalid order")


def walked(market: Market, order: Order) -> tuple[int, int]:
    """Return the steps a market order would take from others now, and their cost."""
    steps = cost = 0
    for price, size in _reachable(market, order):
        if order.quantity is None:
            wanted = ((order.request.quote_budget or 0) - cost) // price
        else:
            wanted = order.quantity - steps
        taken = min(size, wanted)
        if taken <= 0:
            break
        steps, cost = steps + taken, cost + taken * price
    return steps, cost


def _reachable(market: Market, order: Order) -> Iterator[tuple[int, int]]:
    """Iterate (price, leaves) of the orders of others within the bound, best first."""
    bound, _ = price_bound(market, order)
    for maker in market.book.orders(is_bid=not order.is_bid):
        price = maker.price
        if bound is not None and (price > bound if order.is_bid else price < bound):
            return
        if maker.owner != order.owner:
            yield price, maker.leaves


def _has_margin(account: Account, order: Order, markets: Mapping[str, Market]) -> bool:
    sized = order
    if order.quantity is None:
        sized = Order(order.id, order.owner, order.request, order.created_ns)
        sized.quantity, _ = walked(markets[order.request.symbol], order)
    return has_margin_for(account, sized, markets, asset_marks(markets))


def _has_funds(account: Account, market: Market, order: Order) -> bool:
    spec = market.spec
    if order.request.price is not None:
        steps, cost = order.leaves, order.leaves * order.price
    else:
        steps, cost = walked(market, order)
    if order.is_bid:
        return account.balance(spec.quote).available >= cost * spec.cost_atoms
    return account.balance(spec.base).available >= steps * spec.step_atoms
