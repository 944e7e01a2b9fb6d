"""The one gate before the signer: a pure function of an intent's leg and the moment.

Fail closed; the first rule that fails denies with its code, the value it saw and what would have
been allowed. Only this module makes a `RiskApproved`. Rule numbers: risk-and-faults section 3.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.instrument import MarketState
from core.domain.intent import Denied, Intent, Leg, NeedsConfirmation, RiskApproved, terms_hash
from core.domain.intent import Verdict as GateVerdict
from core.domain.order import OrderTerms, OrderType, Side, TimeInForce
from core.risk.exposure import (
    is_reducing,
    notional,
    reducible,
    reference_price,
    references,
    worst_case_after,
)
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits

_MILLI: Final = 1_000_000
_MAX_DIGITS: Final = 28
_BPS: Final = Decimal(10_000)
_CENT: Final = Decimal(100)
_REDUCE_COLLAR_PCT: Final = Decimal(5)
_N = TypeVar("_N", Price, Quantity)
Rule = Callable[[Leg, GateInputs, RiskLimits], Denied | None]


def check(intent: Intent, leg: Leg, inputs: GateInputs, limits: RiskLimits) -> GateVerdict:
    """Judge one leg of an intent."""
    for rule in _HARD_RULES:
        denied = rule(leg, inputs, limits)
        if denied is not None:
            return denied
    if not is_reducing(leg.terms, inputs):
        for rule in _ENTRY_RULES:
            denied = rule(leg, inputs, limits)
            if denied is not None:
                return denied
        question = _question(intent, leg, inputs, limits)
        if question is not None:
            return question
    return RiskApproved(
        intent_id=intent.intent_id,
        strategy=intent.strategy,
        leg=leg,
        terms_hash=terms_hash((leg,)),
        approved_at=inputs.at,
        confirmed_by=inputs.confirmed_by,
    )


# ---- rules every order passes ------------------------------------------------------------------


def _r01_state(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    if inputs.state is TradingState.ACTIVE and inputs.is_strategy_on:
        return None
    if inputs.state is TradingState.REDUCING and is_reducing(leg.terms, inputs):
        return None
    if inputs.state is TradingState.ACTIVE and is_reducing(leg.terms, inputs):
        return None
    if inputs.state is TradingState.ACTIVE:
        return Denied("R01", "strategy off", "strategy on", "the strategy is switched off")
    return Denied("R01", inputs.state, "active", f"the account is {inputs.state}")


def _r02_fence(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    if not inputs.is_fenced:
        return None
    return Denied("R02", "fenced", "lock held, latch armed", "the kill latch or the lock is lost")


def _r03_reconciled(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    if inputs.is_journal_slow:
        return Denied("R03", "journal slow", "under 250 ms", "the journal does not keep up")
    return _too_old(
        "R03", "matched reconcile", inputs.reconcile_age_ns, limits.max_reconcile_age_ms
    )


def _r04_market(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    instrument = inputs.instrument
    if instrument is None:
        return Denied("R04", leg.terms.instrument, "a listed market", "the market is not known")
    state = instrument.state
    is_allowed = state is MarketState.OPEN or (
        state is MarketState.POST_ONLY and leg.terms.post_only
    )
    if is_allowed or (state is MarketState.LIMIT_ONLY and leg.terms.order_type is OrderType.LIMIT):
        return None
    return Denied("R04", state, "open", f"the market is {state}")


def _r05_numbers(leg: Leg, _inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    for name, number in (("quantity", leg.terms.quantity), ("limit price", leg.terms.limit_price)):
        if number.sign <= 0:
            return Denied("R05", str(number), "> 0", f"{name} must be above zero")
        if len(number.value.as_tuple().digits) > _MAX_DIGITS:
            return Denied("R05", str(number), "28 digits", f"{name} has too many digits")
    return None


def _r06_filters(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    rules, price, quantity = inputs.instrument, leg.terms.limit_price, leg.terms.quantity
    assert rules is not None
    if not price.is_multiple_of(rules.tick):
        return Denied("R06", str(price), f"tick {rules.tick}", "off the tick")
    if not quantity.is_multiple_of(rules.step):
        return Denied("R06", str(quantity), f"step {rules.step}", "off the step")
    return _outside("quantity", quantity, rules.min_quantity, rules.max_quantity) or _outside(
        "price", price, rules.min_price, rules.max_price
    )


def _r08_collar(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    prices, reference = references(inputs), reference_price(inputs)
    if reference is None:
        text = f"{len(prices)} reference price(s), two are needed"
        return Denied("R08", str(len(prices)), "2", text)
    low, high = min(prices), max(prices)
    apart = _pct(high - low, low)
    if apart > Decimal(str(limits.max_reference_spread_pct)):
        limit = f"{limits.max_reference_spread_pct} %"
        return Denied("R08", f"{apart:.3f} %", limit, "reference prices lie apart")
    return _collar(leg.terms, reference, inputs, limits)


def _r09_age(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    market = inputs.market
    if not market.is_book_valid:
        return Denied("R09", "book not valid", "valid", "the order book is not valid")
    denied = _too_old("R09", "book", market.book_age_ns, limits.max_book_age_ms)
    if denied is None and market.mark is not None:
        denied = _too_old("R09", "mark price", market.mark_age_ns, limits.max_mark_age_ms)
    return denied


def _r17_duplicate(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    if inputs.has_unknown and not leg.terms.reduce_only:
        return Denied("R17", "an order is UNKNOWN", "none", "an order here has no proved outcome")
    if inputs.has_duplicate:
        return Denied("R17", "duplicate", "none within 2 s", "the same order went out already")
    return None


def _r19_self_match(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    if not inputs.crosses_own:
        return None
    return Denied("R19", "crosses own order", "no own order", "it would trade with ourselves")


def _r20_reduce_only(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    if not leg.terms.reduce_only:
        return None
    free = reducible(leg.terms.side, inputs)
    if leg.terms.quantity <= free:
        return None
    return Denied("R20", str(leg.terms.quantity), str(free), "reduces more than there is")


# ---- rules of entries --------------------------------------------------------------------------


def _r10_notional(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    asked = notional(leg.terms, inputs)
    if inputs.equity is None or inputs.equity.sign <= 0:
        return Denied("R10", "no equity", "> 0", "equity is not known")
    caps = {
        "order cap": Notional(_decimal(limits.max_order_notional)),
        "share of equity": inputs.equity.scaled_by(_decimal(limits.max_order_equity_pct) / _CENT),
    }
    name, cap = min(caps.items(), key=lambda item: item[1].value)
    if asked <= cap:
        return None
    return Denied("R10", _money(asked), _money(cap), f"order notional above the {name}")


def _r11_open_orders(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    if inputs.live_orders < limits.max_open_orders:
        return None
    limit = str(limits.max_open_orders)
    return Denied("R11", str(inputs.live_orders), limit, "too many open orders in this market")


def _r12_position(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    worst = worst_case_after(leg.terms, inputs)
    cap = Notional(_decimal(limits.max_position_notional))
    if worst > cap:
        return Denied("R12", _money(worst), _money(cap), "worst-case position above its cap")
    assert inputs.equity is not None
    if inputs.gross_elsewhere is None:
        return Denied("R12", "no mark", "a mark", "another position cannot be priced")
    gross = worst + inputs.gross_elsewhere
    most = inputs.equity.scaled_by(_decimal(limits.max_leverage))
    if gross > most:
        return Denied("R12", _money(gross), _money(most), "gross exposure above the leverage cap")
    return None


def _r21_slippage(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    market = inputs.market
    touch = market.best_ask if leg.terms.side is Side.BUY else market.best_bid
    if leg.terms.time_in_force is TimeInForce.GTC or touch is None:
        return None
    if market.best_bid is None or market.best_ask is None:
        return None
    mid = (market.best_bid + market.best_ask).scaled_by(Decimal("0.5"))
    cost = abs((touch - mid).ratio_to(mid)) * _BPS
    if cost <= _decimal(limits.max_slippage_bps):
        return None
    limit = f"{limits.max_slippage_bps} bps"
    return Denied("R21", f"{cost:.1f} bps", limit, "crossing the spread costs too much")


def _r22_clock(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    if inputs.clock_offset_ns is None or inputs.clock_error_ns is None:
        return Denied("R22", "never", "measured", "the venue's clock was never measured")
    for name, found_ns, limit_ms in (
        ("the clocks differ", abs(inputs.clock_offset_ns), limits.max_clock_offset_ms),
        ("the venue's clock is uncertain", inputs.clock_error_ns, limits.max_clock_error_ms),
    ):
        if found_ns > limit_ms * _MILLI:
            return Denied("R22", f"{found_ns // _MILLI} ms", f"{limit_ms} ms", name)
    return None


def _r23_signal(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    if inputs.signal_ts is None or inputs.confirmed_by is not None:
        return None
    denied = _too_old("R23", "signal", inputs.at - inputs.signal_ts, limits.max_signal_age_ms)
    if denied is not None or inputs.signal_price is None:
        return denied
    market = inputs.market
    touch = market.best_ask if leg.terms.side is Side.BUY else market.best_bid
    if touch is None:
        return Denied("R23", "no price", "a price", "nothing to trade against")
    drift = (touch - inputs.signal_price).ratio_to(inputs.signal_price) * _BPS
    against = drift * leg.terms.side.sign
    if against <= _decimal(limits.max_signal_drift_bps):
        return None
    limit = f"{limits.max_signal_drift_bps} bps"
    return Denied("R23", f"{against:.1f} bps", limit, "the price ran away since the signal")


_HARD_RULES: Final[tuple[Rule, ...]] = (
    _r01_state,
    _r02_fence,
    _r03_reconciled,
    _r04_market,
    _r05_numbers,
    _r06_filters,
    _r09_age,
    _r08_collar,
    _r17_duplicate,
    _r19_self_match,
    _r20_reduce_only,
)
_ENTRY_RULES: Final[tuple[Rule, ...]] = (
    _r10_notional,
    _r11_open_orders,
    _r12_position,
    _r21_slippage,
    _r22_clock,
    _r23_signal,
)


# ---- confirmation (R25) ------------------------------------------------------------------------


def _question(
    intent: Intent, leg: Leg, inputs: GateInputs, limits: RiskLimits
) -> NeedsConfirmation | None:
    assert inputs.equity is not None
    threshold = inputs.equity.scaled_by(_decimal(limits.confirm_above_equity_pct) / _CENT)
    asked = notional(leg.terms, inputs)
    wanted = terms_hash(intent.legs)
    if asked <= threshold or inputs.confirmed_hash == wanted:
        return None
    reference = reference_price(inputs)
    assert reference is not None, "R08 has passed"
    return NeedsConfirmation(
        terms_hash=wanted,
        notional=_money(asked),
        threshold=_money(threshold),
        reference_price=reference,
    )


# ---- words -------------------------------------------------------------------------------------


def _collar(
    terms: OrderTerms, reference: Price, inputs: GateInputs, limits: RiskLimits
) -> Denied | None:
    beyond = _pct(terms.limit_price - reference, reference) * terms.side.sign
    most = _decimal(limits.max_aggressive_collar_pct)
    if is_reducing(terms, inputs):
        most = _REDUCE_COLLAR_PCT
    if beyond > most:
        return Denied("R08", f"{beyond:.3f} %", f"{most} %", "price reaches beyond the collar")
    passive = _decimal(limits.max_passive_collar_pct)
    if -beyond > passive:
        return Denied("R08", f"{-beyond:.3f} %", f"{passive} %", "price far behind the market")
    return None


def _outside(name: str, number: _N, least: _N | None, most: _N | None) -> Denied | None:
    if least is not None and number < least:
        return Denied("R06", str(number), f">= {least}", f"{name} below minimum")
    if most is not None and number > most:
        return Denied("R06", str(number), f"<= {most}", f"{name} above maximum")
    return None


def _too_old(rule: str, name: str, age_ns: int | None, limit_ms: int) -> Denied | None:
    if age_ns is None:
        return Denied(rule, "never", f"{limit_ms} ms", f"{name} was never seen")
    if age_ns <= limit_ms * _MILLI:
        return None
    return Denied(rule, f"{age_ns // _MILLI} ms", f"{limit_ms} ms", f"{name} is too old")


def _pct(part: Price, whole: Price) -> Decimal:
    return part.ratio_to(whole) * _CENT


def _decimal(number: float) -> Decimal:
    """Read a configured number by its written form."""
    return Decimal(str(number))


def _money(amount: Notional) -> str:
    return f"{amount.value:.2f}"
