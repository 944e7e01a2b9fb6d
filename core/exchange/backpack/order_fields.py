"""Writes an order's terms in the venue's words (3.4). Pure; what is not set is left out."""

from core.domain.exact import plain
from core.domain.ids import ClientOrderId, symbol_of
from core.domain.order import (
    AttachedExit,
    OrderTerms,
    OrderType,
    SelfTradePrevention,
    Slippage,
    SlippageUnit,
    TimeInForce,
)
from core.exchange.backpack.constants import (
    ORDER_TYPE_WORDS,
    PERPETUAL_SUFFIX,
    SELF_TRADE_WORDS,
    SIDE_WORDS,
    SLIPPAGE_WORDS,
    TIME_IN_FORCE_WORDS,
    TRIGGER_BY_WORDS,
)
from core.exchange.backpack.signing import Value

Fields = dict[str, Value]
_WHOLE_PERCENT = 100


def order_fields(terms: OrderTerms, client_order_id: ClientOrderId) -> Fields:
    """Write an order; self-trade prevention is always set."""
    symbol = symbol_of(terms.instrument)
    prevention = terms.self_trade_prevention or SelfTradePrevention.REJECT_TAKER
    fields: Fields = {
        "clientId": int(client_order_id),
        "orderType": ORDER_TYPE_WORDS[terms.order_type],
        "selfTradePrevention": SELF_TRADE_WORDS[prevention],
        "side": SIDE_WORDS[terms.side],
        "symbol": symbol,
        "timeInForce": TIME_IN_FORCE_WORDS[terms.time_in_force],
    }
    fields |= _size(terms)
    if terms.order_type is OrderType.LIMIT:
        fields["price"] = str(terms.limit_price)
    if terms.post_only:
        fields["postOnly"] = True
    if terms.reduce_only and symbol.endswith(PERPETUAL_SUFFIX):
        fields["reduceOnly"] = True
    if terms.redeems_lent and not symbol.endswith(PERPETUAL_SUFFIX):
        fields["autoLendRedeem"] = True
    fields |= _slippage(terms.slippage)
    return fields | _exit("takeProfit", terms.take_profit) | _exit("stopLoss", terms.stop_loss)


def _size(terms: OrderTerms) -> Fields:
    """Write how much: plain, by quote amount, or with its trigger; exactly one of them."""
    if terms.trigger_price is not None:
        return _trigger(terms)
    if terms.quote_quantity is not None:
        return {"quoteQuantity": str(terms.quote_quantity)}
    return {"quantity": str(terms.quantity)}


def _trigger(terms: OrderTerms) -> Fields:
    percent = terms.trigger_percent
    fields: Fields = {
        "triggerPrice": str(terms.trigger_price),
        "triggerQuantity": str(terms.quantity) if percent is None else f"{percent.normalize():f}%",
    }
    if terms.trigger_by is not None:
        fields["triggerBy"] = TRIGGER_BY_WORDS[terms.trigger_by]
    return fields


def _slippage(slippage: Slippage | None) -> Fields:
    if slippage is None:
        return {}
    return {
        "slippageTolerance": plain(slippage.amount),
        "slippageToleranceType": SLIPPAGE_WORDS[slippage.unit],
    }


def _exit(name: str, attached: AttachedExit | None) -> Fields:
    if attached is None:
        return {}
    fields: Fields = {f"{name}TriggerPrice": str(attached.trigger_price)}
    if attached.limit_price is not None:
        fields[f"{name}LimitPrice"] = str(attached.limit_price)
    if attached.trigger_by is not None:
        fields[f"{name}TriggerBy"] = TRIGGER_BY_WORDS[attached.trigger_by]
    return fields


def terms_problem(terms: OrderTerms) -> str:
    """Say why these terms are no order of this venue, empty if they are one."""
    is_limit = terms.order_type is OrderType.LIMIT
    if terms.post_only and (not is_limit or terms.time_in_force is not TimeInForce.GTC):
        return "post-only needs a limit order that stays"
    if terms.quote_quantity is not None and is_limit:
        return "an amount of the quote needs a market order"
    if terms.quote_quantity is not None and terms.trigger_price is not None:
        return "a conditional order has no amount of the quote"
    if terms.slippage is not None and is_limit:
        return "a slippage tolerance needs a market order"
    return _slippage_problem(terms.slippage) or _trigger_problem(terms)


def _slippage_problem(slippage: Slippage | None) -> str:
    if slippage is None:
        return ""
    amount, is_ticks = slippage.amount, slippage.unit is SlippageUnit.TICKS
    if not amount.is_finite() or amount <= 0 or not (is_ticks or amount <= _WHOLE_PERCENT):
        return f"slippage tolerance must be over 0 and at most 100 %, was {amount}"
    if is_ticks and amount != amount.to_integral_value():
        return f"slippage tolerance must be whole ticks, was {amount}"
    return ""


def _trigger_problem(terms: OrderTerms) -> str:
    percent = terms.trigger_percent
    if terms.trigger_price is None:
        is_bare = terms.trigger_by is None and percent is None
        return "" if is_bare else "a trigger needs its price"
    if percent is not None and not (percent.is_finite() and 0 < percent <= _WHOLE_PERCENT):
        return f"trigger share must be over 0 and at most 100 %, was {percent} %"
    return ""
