"""Admission: which orders may reach the book, and how far a market order may eat.

Everything is read from the books and accounts as they are; nothing is moved.
"""

from collections.abc import Iterator, Mapping

from core.exchange.embedded.accounts import USDC, Account
from core.exchange.embedded.margin import has_margin_for
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import Order
from core.exchange.embedded.refusals import Refusal, client_error
from core.exchange.embedded.spec import ASSETS, scaled_price
from core.exchange.embedded.units import SCALE


def admit(account: Account, order: Order, markets: Mapping[str, Market]) -> None:
    """Refuse an order that may not reach the book. Raises Refusal."""
    request, market = order.request, markets[order.request.symbol]
    if request.post_only and market.book.would_take(order.price, is_bid=order.is_bid):
        raise Refusal("INVALID_ORDER", "Order would immediately match and take")
    if account.is_house:
        return
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


def price_bound(market: Market, order: Order) -> int | None:
    """Return the worst price an order may trade at; None where the other side is empty."""
    if order.request.price is not None:
        return order.request.price
    best = market.book.best(is_bid=not order.is_bid)
    if best is None:
        return None
    spec = market.spec
    return scaled_price(best, spec.max_impact if order.is_bid else spec.min_impact)


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
    bound = price_bound(market, order)
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
