"""Rules every order passes, entries and reduces alike (risk-and-faults section 3). Pure."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from core.domain.exact import Price
from core.domain.facts import TradingState
from core.domain.instrument import MarketState
from core.domain.intent import Denied, Leg
from core.domain.order import OrderTerms, OrderType
from core.risk.exposure import is_reducing, reducible, reference_price, references
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.wording import decimal_of, money, outside, pct, too_old

Rule = Callable[[Leg, GateInputs, RiskLimits], Denied | None]
_MAX_DIGITS: Final = 28
_REDUCE_COLLAR_PCT: Final = Decimal(5)


def r01_state(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask whether account, strategy and market allow it."""
    may_reduce = inputs.state in (TradingState.ACTIVE, TradingState.REDUCING)
    if may_reduce and is_reducing(leg.terms, inputs):
        return None
    if inputs.state is not TradingState.ACTIVE:
        text = inputs.state_reason or f"trading is {inputs.state}"
        return Denied("R01", inputs.state, "active", text)
    if inputs.is_strategy_on:
        return None
    return Denied("R01", "strategy off", "strategy on", "the strategy is switched off")


def r02_fence(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask whether this process holds lock and latch."""
    if not inputs.is_fenced:
        return None
    return Denied("R02", "fenced", "lock held, latch armed", "the kill latch or the lock is lost")


def r03_reconciled(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for a young match with the venue and a journal that keeps up."""
    if inputs.is_journal_slow:
        return Denied("R03", "journal slow", "under 250 ms", "the journal does not keep up")
    if inputs.is_reconciling:
        return Denied("R03", "comparing", "matched", "this market is being compared with the venue")
    return too_old("R03", "matched reconcile", inputs.reconcile_age_ns, limits.max_reconcile_age_ms)


def r04_market(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for a listed, allowed, open market with young rules and enough volume."""
    instrument = inputs.instrument
    if instrument is None:
        return Denied("R04", leg.terms.instrument, "a listed market", "the market is not known")
    if limits.allowed_markets and leg.terms.instrument not in limits.allowed_markets:
        return Denied("R04", leg.terms.instrument, "allowed_markets", "the market is not allowed")
    denied = too_old("R04", "the market's rules", inputs.rules_age_ns, limits.max_rules_age_ms)
    return denied or _volume(inputs, limits) or _market_state(leg, instrument.state)


def _volume(inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    if not limits.min_day_volume:
        return None
    least = decimal_of(limits.min_day_volume)
    if inputs.day_volume is None:
        return Denied("R04", "unknown", f"{least}", "the volume of the day is not known")
    if inputs.day_volume.value >= least:
        return None
    return Denied("R04", money(inputs.day_volume), f"{least}", "too little volume in 24 hours")


def _market_state(leg: Leg, state: MarketState) -> Denied | None:
    is_allowed = state is MarketState.OPEN or (
        state is MarketState.POST_ONLY and leg.terms.post_only
    )
    if is_allowed or (state is MarketState.LIMIT_ONLY and leg.terms.order_type is OrderType.LIMIT):
        return None
    return Denied("R04", state, "open", f"the market is {state}")


def r05_numbers(leg: Leg, _inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask for numbers above zero, within 28 digits."""
    for name, number in (("quantity", leg.terms.quantity), ("limit price", leg.terms.limit_price)):
        if number.sign <= 0:
            return Denied("R05", str(number), "> 0", f"{name} must be above zero")
        if len(number.value.as_tuple().digits) > _MAX_DIGITS:
            return Denied("R05", str(number), "28 digits", f"{name} has too many digits")
    return None


def r06_filters(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask for tick, step, the venue's bounds and its price multipliers."""
    rules, price, quantity = inputs.instrument, leg.terms.limit_price, leg.terms.quantity
    assert rules is not None
    if not price.is_multiple_of(rules.tick):
        return Denied("R06", str(price), f"tick {rules.tick}", "off the tick")
    if not quantity.is_multiple_of(rules.step):
        return Denied("R06", str(quantity), f"step {rules.step}", "off the step")
    return (
        outside("quantity", quantity, rules.min_quantity, rules.max_quantity)
        or outside("price", price, rules.min_price, rules.max_price)
        or _multipliers(leg.terms, inputs)
    )


def _multipliers(terms: OrderTerms, inputs: GateInputs) -> Denied | None:
    rules, market = inputs.instrument, inputs.market
    last = market.last if market.mark is None else market.mark
    assert rules is not None
    if last is None:
        return None
    least = None if rules.min_multiplier is None else last.scaled_by(rules.min_multiplier)
    most = None if rules.max_multiplier is None else last.scaled_by(rules.max_multiplier)
    return outside("price against the market", terms.limit_price, least, most)


def r07_units(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask for one stated unit of quantity, and a contract multiplier applied once.

    A quantity to spend may come beside a base quantity only as its bound: what it buys at the
    limit price, converted once, is no more than the base quantity states.
    """
    terms, rules = leg.terms, inputs.instrument
    assert rules is not None
    if rules.contract_multiplier <= 0:
        found = str(rules.contract_multiplier)
        return Denied("R07", found, "> 0", "the contract multiplier is not stated")
    if terms.quote_quantity is None:
        return None
    if terms.order_type is not OrderType.MARKET or terms.quote_quantity.sign <= 0:
        return Denied("R07", str(terms.quote_quantity), "one unit", "quantity is in two units")
    bound = (terms.limit_price * terms.quantity).scaled_by(rules.contract_multiplier)
    if terms.quote_quantity <= bound:
        return None
    return Denied("R07", money(terms.quote_quantity), money(bound), "more to spend than stated")


def r08_collar(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for two references that agree, and a price near them and near the last minute."""
    prices, reference = references(inputs), reference_price(inputs)
    if reference is None:
        text = f"{len(prices)} reference price(s), two are needed"
        return Denied("R08", str(len(prices)), "2", text)
    low, high = min(prices), max(prices)
    apart = pct(high - low, low)
    if apart > decimal_of(limits.max_reference_spread_pct):
        limit = f"{limits.max_reference_spread_pct} %"
        return Denied("R08", f"{apart:.3f} %", limit, "reference prices lie apart")
    return _collar(leg.terms, reference, inputs, limits) or _average(leg.terms, inputs, limits)


def _collar(
    terms: OrderTerms, reference: Price, inputs: GateInputs, limits: RiskLimits
) -> Denied | None:
    beyond = pct(terms.limit_price - reference, reference) * terms.side.sign
    most = decimal_of(limits.max_aggressive_collar_pct)
    if is_reducing(terms, inputs):
        most = _REDUCE_COLLAR_PCT
    if beyond > most:
        return Denied("R08", f"{beyond:.3f} %", f"{most} %", "price reaches beyond the collar")
    passive = decimal_of(limits.max_passive_collar_pct)
    if -beyond > passive:
        return Denied("R08", f"{-beyond:.3f} %", f"{passive} %", "price far behind the market")
    return None


def _average(terms: OrderTerms, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Second collar, on the aggressive side of entries: a minute's average is slower to fool."""
    average = inputs.market.average_60s
    if is_reducing(terms, inputs):
        return None
    if average is None or average.sign <= 0:
        return Denied("R08", "none", "an average", "no average price of the last minute")
    beyond = pct(terms.limit_price - average, average) * terms.side.sign
    most = decimal_of(limits.max_average_collar_pct)
    if beyond <= most:
        return None
    return Denied("R08", f"{beyond:.3f} %", f"{most} %", "price far beyond the last minute")


def r09_age(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for a valid book, and young book, mark and balances."""
    market = inputs.market
    if not market.is_book_valid:
        return Denied("R09", "book not valid", "valid", "the order book is not valid")
    denied = too_old("R09", "book", market.book_age_ns, limits.max_book_age_ms)
    if denied is None:
        denied = too_old("R09", "receipt of the book", market.recv_age_ns, limits.max_book_age_ms)
    if denied is None and market.mark is not None:
        denied = too_old("R09", "mark price", market.mark_age_ns, limits.max_mark_age_ms)
    return denied


def r17_duplicate(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask that nothing like it is out, and nothing here is UNKNOWN."""
    if inputs.has_unknown and not leg.terms.reduce_only:
        return Denied("R17", "an order is UNKNOWN", "none", "an order here has no proved outcome")
    if inputs.has_duplicate:
        return Denied("R17", "duplicate", "none within 2 s", "the same order went out already")
    return None


def r19_self_match(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask that it does not trade with ourselves."""
    if not inputs.crosses_own:
        return None
    return Denied("R19", "crosses own order", "no own order", "it would trade with ourselves")


def r20_reduce_only(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask that a reduce takes no more than there is."""
    if not leg.terms.reduce_only:
        return None
    free = reducible(leg.terms.side, inputs)
    if leg.terms.quantity <= free:
        return None
    return Denied("R20", str(leg.terms.quantity), str(free), "reduces more than there is")


HARD_RULES: Final[tuple[Rule, ...]] = (
    r01_state,
    r02_fence,
    r03_reconciled,
    r04_market,
    r05_numbers,
    r06_filters,
    r07_units,
    r09_age,
    r08_collar,
    r17_duplicate,
    r19_self_match,
    r20_reduce_only,
)
