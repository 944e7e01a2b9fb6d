"""Rules of entries: size, exposure, margin, capital, losses, pace, cost, clock, signal. Pure."""

from decimal import Decimal
from typing import Final

from core.domain.exact import Notional
from core.domain.intent import Denied, Leg
from core.domain.order import Side, TimeInForce
from core.risk.exposure import notional, value, worst_case_after
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.margin import liquidation_distance_pct, margin_fraction, reservation
from core.risk.rules_order import Rule
from core.risk.wording import above, decimal_of, money, share_of, too_old

_MILLI: Final = 1_000_000
_BPS: Final = Decimal(10_000)
_CENT: Final = Decimal(100)


def r10_hard_cap(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for a size below the one cap that nothing overrides."""
    cap = Notional(decimal_of(limits.max_order_notional))
    return above("R10", notional(leg.terms, inputs), cap, "order notional above the order cap")


def r10_notional(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for a size small against equity and against the depth inside the collar."""
    asked = notional(leg.terms, inputs)
    if inputs.equity is None or inputs.equity.sign <= 0:
        return Denied("R10", "no equity", "> 0", "equity is not known")
    cap = share_of(inputs.equity, limits.max_order_equity_pct)
    denied = above("R10", asked, cap, "order notional above the share of equity")
    if denied is not None:
        return denied
    if inputs.market.depth is None:
        return Denied("R10", "unknown", "a depth", "the depth inside the collar is not known")
    room = share_of(inputs.market.depth, limits.max_depth_share_pct)
    return above("R10", asked, room, "order notional above the share of depth inside the collar")


def r11_open_orders(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for few and small open orders."""
    for found, most, text in (
        (inputs.live_orders, limits.max_open_orders, "too many open orders in this market"),
        (inputs.orders_total, limits.max_open_orders_total, "too many open orders"),
    ):
        if found >= most:
            return Denied("R11", str(found), str(most), text)
    assert inputs.equity is not None
    standing = inputs.open_value + notional(leg.terms, inputs)
    most_value = share_of(inputs.equity, limits.max_open_value_pct)
    return above("R11", standing, most_value, "value of open orders above its share of equity")


def r12_position(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for worst cases below the caps of market, asset and leverage."""
    worst = worst_case_after(leg.terms, inputs)
    cap = Notional(decimal_of(limits.max_position_notional))
    denied = above("R12", worst, cap, "worst-case position above its cap")
    if denied is not None:
        return denied
    assert inputs.equity is not None
    if inputs.gross_elsewhere is None:
        return Denied("R12", "no mark", "a mark", "another position cannot be priced")
    most = inputs.equity.scaled_by(decimal_of(limits.max_leverage))
    gross = worst + inputs.gross_elsewhere
    return above("R12", gross, most, "gross exposure above the leverage cap") or _asset(
        leg, inputs, limits
    )


def _asset(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    signed = leg.terms.quantity if leg.terms.side is Side.BUY else -leg.terms.quantity
    after, before = abs(inputs.asset_net + signed), abs(inputs.asset_net)
    if after <= before:
        return None
    cap = Notional(decimal_of(limits.max_asset_notional))
    worth = value(after, leg.terms, inputs)
    return above("R12", worth, cap, "net holding of the asset above its cap")


def r13_margin(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask for margin and a distance from liquidation after the order."""
    fraction = margin_fraction(leg.terms, inputs)
    least = max(inputs.initial_margin, inputs.maintenance_margin * _multiple(limits))
    if fraction is not None and fraction < least:
        found = f"{fraction * _CENT:.2f} %"
        return Denied("R13", found, f"{least * _CENT:.2f} %", "too little margin after the order")
    distance = liquidation_distance_pct(leg.terms, inputs)
    most_near = decimal_of(limits.min_liquidation_distance_pct)
    if distance is None or distance >= most_near:
        return None
    return Denied("R13", f"{distance:.2f} %", f"{most_near} %", "liquidation would be too near")


def _multiple(limits: RiskLimits) -> Decimal:
    return decimal_of(limits.min_margin_multiple)


def r14_capital(leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask for free capital of the strategy."""
    needed = reservation(leg.terms, inputs)
    if inputs.free_capital is None:
        return Denied("R14", money(needed), "unknown", "the strategy's capital is not known")
    return above("R14", needed, inputs.free_capital, "not enough free capital of the strategy")


def r15_losses(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask that no loss limit or cool-down stands."""
    if not inputs.loss_stop:
        return None
    return Denied("R15", "stopped", "no loss limit hit", inputs.loss_stop)


def r16_budget(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask that entries leave the message budget to cancels and comparisons."""
    if inputs.entries_60s < limits.max_entries_per_min:
        return None
    found, most = str(inputs.entries_60s), str(limits.max_entries_per_min)
    return Denied("R16", found, most, "entries used up their share of the message budget")


def r18_repeated(_leg: Leg, inputs: GateInputs, _limits: RiskLimits) -> Denied | None:
    """Ask that the strategy does not run in circles."""
    if not inputs.repeated:
        return None
    return Denied("R18", "repeating", "progress", inputs.repeated)


def r21_slippage(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask that taking this size from the book costs little against the mid."""
    market = inputs.market
    if leg.terms.post_only or market.best_bid is None or market.best_ask is None:
        return None
    mid = (market.best_bid + market.best_ask).scaled_by(Decimal("0.5"))
    touch = market.best_ask if leg.terms.side is Side.BUY else market.best_bid
    if leg.terms.time_in_force is TimeInForce.GTC and not _crosses(leg, inputs):
        return None
    expected = touch if market.vwap is None else market.vwap
    cost = abs((expected - mid).ratio_to(mid)) * _BPS
    if cost <= decimal_of(limits.max_slippage_bps):
        return None
    limit = f"{limits.max_slippage_bps} bps"
    return Denied("R21", f"{cost:.1f} bps", limit, "taking it from the book costs too much")


def _crosses(leg: Leg, inputs: GateInputs) -> bool:
    bid, ask = inputs.market.best_bid, inputs.market.best_ask
    assert bid is not None
    assert ask is not None
    price = leg.terms.limit_price
    return price >= ask if leg.terms.side is Side.BUY else price <= bid


def r22_clock(_leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask that the venue's clock is near ours, and surely so."""
    if inputs.clock_offset_ns is None or inputs.clock_error_ns is None:
        return Denied("R22", "never", "measured", "the venue's clock was never measured")
    for name, found_ns, limit_ms in (
        ("the clocks differ", abs(inputs.clock_offset_ns), limits.max_clock_offset_ms),
        ("the venue's clock is uncertain", inputs.clock_error_ns, limits.max_clock_error_ms),
    ):
        if found_ns > limit_ms * _MILLI:
            return Denied("R22", f"{found_ns // _MILLI} ms", f"{limit_ms} ms", name)
    return None


def r23_signal(leg: Leg, inputs: GateInputs, limits: RiskLimits) -> Denied | None:
    """Ask that the signal is young and the price has not run away since."""
    if inputs.signal_ts is None or inputs.confirmed_by is not None:
        return None
    denied = too_old("R23", "signal", inputs.at - inputs.signal_ts, limits.max_signal_age_ms)
    if denied is not None or inputs.signal_price is None:
        return denied
    market = inputs.market
    touch = market.best_ask if leg.terms.side is Side.BUY else market.best_bid
    if touch is None:
        return Denied("R23", "no price", "a price", "nothing to trade against")
    drift = (touch - inputs.signal_price).ratio_to(inputs.signal_price) * _BPS
    against = drift * leg.terms.side.sign
    if against <= decimal_of(limits.max_signal_drift_bps):
        return None
    limit = f"{limits.max_signal_drift_bps} bps"
    return Denied("R23", f"{against:.1f} bps", limit, "the price ran away since the signal")


ENTRY_RULES: Final[tuple[Rule, ...]] = (
    r10_hard_cap,
    r10_notional,
    r11_open_orders,
    r12_position,
    r13_margin,
    r14_capital,
    r15_losses,
    r16_budget,
    r18_repeated,
    r21_slippage,
    r22_clock,
    r23_signal,
)
