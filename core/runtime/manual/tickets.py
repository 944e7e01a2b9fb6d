"""From a ticket to the terms of an order: price on the tick, size, exits. Pure and exact.

Prices are rounded to the less aggressive side, sizes toward zero; what cannot be meant is refused
in one sentence.
"""

from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import ZERO_NOTIONAL, Notional, Price, Quantity
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import AttachedExit, OrderTerms, Side, TimeInForce, TriggerBy
from core.domain.ticket import SizeBy, Ticket
from core.risk.exposure import reducible, reference_price
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.sizing import SizeCaps, SizeMode, SizeWish, sized

_CENT: Final = Decimal(100)
_MODES: Final = {
    SizeBy.FREE_PERCENT: SizeMode.FIXED,
    SizeBy.EQUITY_PERCENT: SizeMode.EQUITY_PERCENT,
    SizeBy.RISK_PERCENT: SizeMode.RISK_PERCENT,
    SizeBy.VOLATILITY_TARGET: SizeMode.VOLATILITY_TARGET,
}
_PERCENTS: Final = frozenset({SizeBy.FREE_PERCENT, SizeBy.EQUITY_PERCENT, SizeBy.RISK_PERCENT})
TAKE_PROFIT_REACH: Final = Decimal("0.01")
STOP_LOSS_REACH: Final = Decimal("0.05")
"""How far beyond its trigger an exit may trade: the collar of reduces for a stop."""


class Situation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a ticket is worded by."""

    inputs: GateInputs
    limits: RiskLimits
    allocation: Notional | None
    """What a person's own orders may use."""
    volatility_pct: Decimal | None = None
    """Measured, percent a year."""


class Worded(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The terms a ticket comes to, and what made the size smaller than wished."""

    terms: OrderTerms
    bound_by: str = ""


def worded(ticket: Ticket, now: Situation) -> Worded | str:
    """Return the terms of a ticket, or what is missing or contradicts itself."""
    rules = now.inputs.instrument
    if rules is None:
        return f"{ticket.instrument} is not known: no venue of this run lists it"
    fault = _contradiction(ticket)
    if fault is not None:
        return fault
    price = limit_price(ticket, now, rules)
    if isinstance(price, str):
        return price
    fault = _exit_fault(ticket, price, rules)
    if fault is not None:
        return fault
    size = _size(ticket, now, price, rules)
    if isinstance(size, str):
        return size
    quantity, bound_by = size
    terms = OrderTerms(
        instrument=rules.id,
        side=ticket.side,
        quantity=quantity,
        limit_price=price,
        time_in_force=TimeInForce.IOC if ticket.is_at_collar else ticket.time_in_force,
        post_only=ticket.post_only,
        reduce_only=ticket.reduce_only,
        take_profit=_exit(ticket.take_profit, ticket.side, TAKE_PROFIT_REACH, rules),
        stop_loss=_exit(ticket.stop_loss, ticket.side, STOP_LOSS_REACH, rules),
    )
    return Worded(terms=terms, bound_by=bound_by)


def _contradiction(ticket: Ticket) -> str | None:
    is_immediate = ticket.is_at_collar or ticket.time_in_force is not TimeInForce.GTC
    if ticket.post_only and is_immediate:
        return "post-only rests or is refused; it cannot be immediate: choose one of the two"
    if ticket.size <= 0:
        return "a size above zero is needed"
    if ticket.size_by in _PERCENTS and ticket.size > _CENT:
        return f"a share of at most 100 % is needed, was {ticket.size:f} %"
    has_exits = ticket.take_profit is not None or ticket.stop_loss is not None
    if ticket.reduce_only and has_exits:
        return "an order that reduces takes no exits of its own: leave take-profit and stop empty"
    return None


def limit_price(ticket: Ticket, now: Situation, rules: Instrument) -> Price | str:
    """Return the price on the tick, less aggressive; at the collar where none is given."""
    price = ticket.limit_price
    if price is None:
        if not ticket.is_at_collar:
            return "a limit price is needed"
        reference = reference_price(now.inputs)
        if reference is None:
            return "two reference prices are needed for the collar: mark, index or the book"
        price = collared(reference, ticket.side, now.limits)
    if price.sign <= 0:
        return f"a price above zero is needed, was {price}"
    on_tick = (
        price.floored_to(rules.tick) if ticket.side is Side.BUY else price.ceiled_to(rules.tick)
    )
    return on_tick if on_tick.sign > 0 else f"{price} is below the tick of {rules.tick}"


def collared(reference: Price, side: Side, limits: RiskLimits) -> Price:
    """Return the furthest price the collar lets an aggressive order reach."""
    reach = Decimal(str(limits.max_aggressive_collar_pct)) / _CENT
    return reference.scaled_by(1 + reach * side.sign)


# ---- exits ---------------------------------------------------------------------------------------


def _exit_fault(ticket: Ticket, price: Price, rules: Instrument) -> str | None:
    for name, trigger, wanted in (
        ("take-profit", ticket.take_profit, ticket.side.sign),
        ("stop-loss", ticket.stop_loss, -ticket.side.sign),
    ):
        if trigger is None:
            continue
        if trigger.sign <= 0 or not trigger.is_multiple_of(rules.tick):
            return f"{name} {trigger} is off the tick of {rules.tick}"
        if (trigger - price).sign != wanted:
            where = "above" if wanted > 0 else "below"
            return f"the {name} of a {ticket.side} stands {where} its price of {price}"
    return None


def _exit(
    trigger: Price | None, side: Side, reach: Decimal, rules: Instrument
) -> AttachedExit | None:
    """Attach an exit with a limit beyond its trigger: never a market order."""
    if trigger is None:
        return None
    furthest = trigger.scaled_by(1 - reach * side.sign)
    is_perpetual = rules.kind is InstrumentKind.PERPETUAL
    is_sell = side is Side.BUY
    limit = furthest.ceiled_to(rules.tick) if is_sell else furthest.floored_to(rules.tick)
    return AttachedExit(
        trigger_price=trigger,
        limit_price=limit,
        trigger_by=TriggerBy.MARK_PRICE if is_perpetual else TriggerBy.LAST_PRICE,
    )


# ---- size ----------------------------------------------------------------------------------------


def _size(
    ticket: Ticket, now: Situation, price: Price, rules: Instrument
) -> tuple[Quantity, str] | str:
    if ticket.reduce_only and ticket.size_by is SizeBy.FREE_PERCENT:
        held = reducible(ticket.side, now.inputs)
        return _enough(held.scaled_by(ticket.size / _CENT), rules, "position")
    if ticket.size_by is SizeBy.BASE:
        return _enough(Quantity(ticket.size), rules, "size")
    if ticket.size_by is SizeBy.QUOTE:
        unit = price.scaled_by(rules.contract_multiplier)
        return _enough(Notional(ticket.size).at(unit), rules, "size")
    caps, wish = _caps(ticket.side, now), _wish(ticket, now)
    if isinstance(caps, str) or isinstance(wish, str):
        return caps if isinstance(caps, str) else str(wish)
    found = sized(wish, caps, price, rules)
    if isinstance(found, str):
        return found
    return found.quantity, "" if found.bound_by == "wish" else found.bound_by


def _enough(quantity: Quantity, rules: Instrument, what: str) -> tuple[Quantity, str] | str:
    on_step = quantity.truncated_to(rules.step)
    if on_step.sign <= 0 or on_step < rules.min_quantity:
        return f"the {what} comes to {on_step} {rules.base}, the least is {rules.min_quantity}"
    return on_step, ""


def _wish(ticket: Ticket, now: Situation) -> SizeWish | str:
    amount = ticket.size
    if ticket.size_by is SizeBy.FREE_PERCENT:
        free = room_for(now.inputs)
        if free is None or free.sign <= 0:
            return "there is no free capital for your own orders"
        amount = free.scaled_by(ticket.size / _CENT).value
    return SizeWish(
        mode=_MODES[ticket.size_by],
        amount=amount,
        stop_price=ticket.stop_loss,
        volatility_pct=now.volatility_pct,
    )


def _caps(side: Side, now: Situation) -> SizeCaps | str:
    inputs, limits = now.inputs, now.limits
    if inputs.equity is None or now.allocation is None:
        return "equity is not known yet: a size in percent needs it"
    share = inputs.equity.scaled_by(Decimal(str(limits.max_order_equity_pct)) / _CENT)
    depth = inputs.market.depth
    return SizeCaps(
        equity=inputs.equity,
        allocation=now.allocation,
        order_cap=min(Notional(Decimal(str(limits.max_order_notional))), share),
        depth_cap=None
        if depth is None
        else depth.scaled_by(Decimal(str(limits.max_depth_share_pct)) / _CENT),
        margin_cap=_exposure_room(side, inputs, limits),
        free_capital=room_for(inputs),
    )


def room_for(inputs: GateInputs) -> Notional | None:
    """Return the notional that the free capital carries: margin and fees as a taker."""
    if inputs.free_capital is None:
        return None
    share = inputs.initial_margin + inputs.taker_fee
    return Notional(inputs.free_capital.value / share)


def _exposure_room(side: Side, inputs: GateInputs, limits: RiskLimits) -> Notional | None:
    """Return what position cap and leverage leave for an order of this side."""
    if inputs.market.mark is None or inputs.equity is None or inputs.instrument is None:
        return None
    held = inputs.position + inputs.live_bids
    if side is Side.SELL:
        held = inputs.live_asks - inputs.position
    multiplier = inputs.instrument.contract_multiplier
    carried = (inputs.market.mark * held).scaled_by(multiplier)
    elsewhere = ZERO_NOTIONAL if inputs.gross_elsewhere is None else inputs.gross_elsewhere
    leverage = inputs.equity.scaled_by(Decimal(str(limits.max_leverage))) - elsewhere
    return min(Notional(Decimal(str(limits.max_position_notional))), leverage) - carried
