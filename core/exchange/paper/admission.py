"""Why a paper account does not take an order, in the code a venue would use. Pure."""

from typing import NamedTuple

from core.domain.exact import ZERO_AMOUNT, Amount
from core.domain.ids import Asset
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.domain.order import OrderTerms
from core.exchange.paper.account import MarkOf, held_by
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.state import PaperState

_SHUT = frozenset({MarketState.CLOSED, MarketState.CANCEL_ONLY})


class Refusal(NamedTuple):
    """A code and what it is about."""

    code: str
    message: str


def terms_refusal(terms: OrderTerms, rules: Instrument | None) -> Refusal | None:
    """Judge an order by its own words and the market's rules."""
    if rules is None or rules.kind is InstrumentKind.OTHER or rules.contract_multiplier != 1:
        return Refusal("INVALID_MARKET", f"{terms.instrument} cannot be traded on paper")
    if rules.state in _SHUT:
        return Refusal("TRADING_PAUSED", f"the market is {rules.state.value}")
    if rules.state is MarketState.POST_ONLY and not terms.post_only:
        return Refusal("TRADING_PAUSED", "the market takes post-only orders alone")
    return _unsupported(terms) or _filter_refusal(terms, rules)


def _unsupported(terms: OrderTerms) -> Refusal | None:
    """Name what a paper account does not keep; it refuses rather than forget a protection."""
    if terms.trigger_price is not None or terms.take_profit or terms.stop_loss:
        return Refusal("NOT_IMPLEMENTED", "paper holds no conditional orders and attached exits")
    if terms.quote_quantity is not None:
        return Refusal("NOT_IMPLEMENTED", "paper takes quantities in base units alone")
    return None


def _filter_refusal(terms: OrderTerms, rules: Instrument) -> Refusal | None:
    price, quantity = terms.limit_price, terms.quantity
    if price.sign <= 0 or not price.is_multiple_of(rules.tick):
        return Refusal("INVALID_PRICE", f"price {price} is no multiple of {rules.tick}")
    if not quantity.is_multiple_of(rules.step) or quantity < rules.min_quantity:
        return Refusal("INVALID_QUANTITY", f"quantity {quantity}: step {rules.step}")
    if quantity.sign <= 0 or (rules.max_quantity is not None and quantity > rules.max_quantity):
        return Refusal("INVALID_QUANTITY", f"quantity {quantity} is out of range")
    return None


def money_refusal(
    state: PaperState, order: PaperOrder, rules: Instrument, mark_of: MarkOf
) -> Refusal | None:
    """Judge whether the account can pay for an order that is not in the book yet."""
    if rules.kind is not InstrumentKind.SPOT and order.terms.reduce_only:
        return None
    account = state.account
    is_spot = rules.kind is InstrumentKind.SPOT
    waiting = tuple(state.open_orders())
    needed = account.margin_needed(waiting if is_spot else (*waiting, order), mark_of)
    equity = account.equity(mark_of)
    locked = account.locked(waiting)
    if is_spot:
        asset, amount = held_by(order, rules)
        free = account.cash.get(asset, ZERO_AMOUNT) - locked.get(asset, ZERO_AMOUNT)
        if asset == account.asset and equity is not None:
            free = min(free, equity - needed - locked.get(asset, ZERO_AMOUNT))
        return None if amount <= free else _short("INSUFFICIENT_FUNDS", amount, free, asset)
    if equity is None:
        return Refusal("INSUFFICIENT_MARGIN", "a position has no mark price yet")
    free = equity - locked.get(account.asset, ZERO_AMOUNT)
    return None if needed <= free else _short("INSUFFICIENT_MARGIN", needed, free, account.asset)


def _short(code: str, needed: Amount, free: Amount, asset: Asset) -> Refusal:
    return Refusal(code, f"needs {needed} {asset}, free are {free}")
