"""The card before an order: what it would cost and lead to, and what the gate would say now.

Pure: everything comes in. Nothing of it is kept, and no approval leaves this module.
"""

from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import ZERO_NOTIONAL, Notional, Price, Quantity
from core.domain.instrument import Instrument
from core.domain.intent import Denied, Intent, NeedsConfirmation
from core.domain.order import OrderTerms, Side
from core.domain.ticket import CardVerdict, LimitUse, Ticket, TicketView
from core.risk.exposure import is_reducing, notional, value, worst_case_after
from core.risk.gate import check_together
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.margin import liquidation_distance_pct, margin_fraction, reservation
from core.risk.room import denial_text
from core.runtime.manual.depth import Walk
from core.runtime.manual.tickets import Worded

_CENT: Final = Decimal(100)
_BPS: Final = Decimal(10_000)
_HALF: Final = Decimal("0.5")


class Surroundings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the card needs beside the gate's picture."""

    walk: Walk
    margin_elsewhere: Notional | None
    """Initial margin of every other market's worst case."""


def unclear(ticket: Ticket, inputs: GateInputs, text: str, at: int) -> TicketView:
    """Say what a ticket lacks, with the prices of the moment."""
    rules = inputs.instrument
    return TicketView(
        instrument=ticket.instrument,
        side=ticket.side,
        made_at=at,
        verdict=CardVerdict.UNCLEAR,
        text=text,
        best_bid=_text(inputs.market.best_bid),
        best_ask=_text(inputs.market.best_ask),
        tick="" if rules is None else str(rules.tick),
        step="" if rules is None else str(rules.step),
        base="" if rules is None else rules.base,
        quote="" if rules is None else rules.quote,
        free_before=_money(inputs.free_capital),
    )


def card(
    asked: Worded, intent: Intent, inputs: GateInputs, limits: RiskLimits, around: Surroundings
) -> TicketView:
    """Build the card of an order the gate is shown but does not get."""
    terms, rules = asked.terms, inputs.instrument
    assert rules is not None, "a worded ticket has a market"
    worth = notional(terms, inputs)
    tied = reservation(terms, inputs)
    free = inputs.free_capital
    signed = terms.quantity if terms.side is Side.BUY else -terms.quantity
    verdict, rule, found, allowed, text = _judged(intent, inputs, limits)
    distance = liquidation_distance_pct(terms, inputs)
    fraction = margin_fraction(terms, inputs)
    before, after = _margins(terms, inputs, around)
    return TicketView(
        instrument=terms.instrument,
        side=terms.side,
        made_at=inputs.at,
        verdict=verdict,
        text=text,
        rule=rule,
        value=found,
        limit=allowed,
        best_bid=_text(inputs.market.best_bid),
        best_ask=_text(inputs.market.best_ask),
        tick=str(rules.tick),
        step=str(rules.step),
        base=rules.base,
        quote=rules.quote,
        quantity=str(terms.quantity),
        limit_price=str(terms.limit_price),
        notional=_money(worth) or "",
        bound_by=asked.bound_by,
        taken=str(around.walk.taken),
        vwap=_on_tick(around.walk.vwap, rules),
        slippage_bps=_slippage(around.walk.vwap, inputs),
        fee=_money(worth.scaled_by(inputs.taker_fee)) or "",
        position_before=str(inputs.position),
        position_after=str(inputs.position + signed),
        margin_before=_money(before),
        margin_after=_money(after),
        margin_fraction_after=None if fraction is None else f"{fraction * _CENT:.1f}",
        liquidation_distance=None if distance is None else f"{distance:.1f}",
        liquidation_price=_liquidation(signed, distance, inputs, rules),
        worst_case=_money(worst_case_after(terms, inputs)) or "",
        loss_at_stop=_loss_at_stop(terms, inputs),
        free_before=_money(free),
        free_after=None if free is None else _money(free - tied),
        uses=tuple(_uses(terms, inputs, limits, tied)),
    )


def _judged(
    intent: Intent, inputs: GateInputs, limits: RiskLimits
) -> tuple[CardVerdict, str, str, str, str]:
    verdict = check_together(intent, (inputs,), limits)
    if isinstance(verdict, Denied):
        text = denial_text(verdict)
        return CardVerdict.DENIED, verdict.rule, verdict.value, verdict.limit, text
    if isinstance(verdict, NeedsConfirmation):
        text = f"asks you again: {verdict.notional} is above {verdict.threshold}"
        return CardVerdict.ASKED, "R25", verdict.notional, verdict.threshold, text
    return CardVerdict.APPROVED, "", "", "", ""


def _slippage(vwap: Price | None, inputs: GateInputs) -> str | None:
    bid, ask = inputs.market.best_bid, inputs.market.best_ask
    if vwap is None or bid is None or ask is None:
        return None
    mid = (bid + ask).scaled_by(_HALF)
    return f"{abs((vwap - mid).ratio_to(mid)) * _BPS:.1f}"


def _margins(
    terms: OrderTerms, inputs: GateInputs, around: Surroundings
) -> tuple[Notional | None, Notional | None]:
    """Return the initial margin of every worst case, without and with the order."""
    if around.margin_elsewhere is None:
        return None, None
    share, elsewhere = inputs.initial_margin, around.margin_elsewhere
    before = worst_case_now(terms, inputs).scaled_by(share) + elsewhere
    return before, worst_case_after(terms, inputs).scaled_by(share) + elsewhere


def worst_case_now(terms: OrderTerms, inputs: GateInputs) -> Notional:
    """Return W of the market without the order."""
    bids, asks = inputs.position + inputs.live_bids, inputs.position - inputs.live_asks
    return value(max(abs(bids), abs(asks)), terms, inputs)


def _liquidation(
    signed: Quantity, distance: Decimal | None, inputs: GateInputs, rules: Instrument
) -> str | None:
    """Return the price at that distance from the mark, on the side that hurts; None beyond 0."""
    mark, after = inputs.market.mark, inputs.position + signed
    if mark is None or distance is None or after.is_zero:
        return None
    price = mark.scaled_by(1 - distance / _CENT * after.sign)
    return str(price.floored_to(rules.tick)) if price.sign > 0 else None


def _loss_at_stop(terms: OrderTerms, inputs: GateInputs) -> str | None:
    if terms.stop_loss is None or inputs.instrument is None:
        return None
    multiplier = inputs.instrument.contract_multiplier
    stop = terms.stop_loss.trigger_price
    entry = (terms.limit_price * terms.quantity).scaled_by(multiplier)
    left = (stop * terms.quantity).scaled_by(multiplier)
    fees = (entry + left).scaled_by(inputs.taker_fee)
    return _money(abs(entry - left) + fees)


# ---- limits --------------------------------------------------------------------------------------


def _uses(
    terms: OrderTerms, inputs: GateInputs, limits: RiskLimits, tied: Notional
) -> list[LimitUse]:
    """Name each limit with its use before and after; what reduces is bound by none of them."""
    if is_reducing(terms, inputs) or inputs.equity is None or inputs.instrument is None:
        return []
    worth, equity, quote = notional(terms, inputs), inputs.equity, inputs.instrument.quote
    cap = min(_of(limits.max_order_notional), _part(equity, limits.max_order_equity_pct))
    uses = [_use("R10", "Order", ZERO_NOTIONAL, worth, cap, quote)]
    if inputs.market.depth is not None:
        room = _part(inputs.market.depth, limits.max_depth_share_pct)
        uses.append(_use("R10", "Depth", ZERO_NOTIONAL, worth, room, quote))
    standing = _part(equity, limits.max_open_value_pct)
    opened = inputs.open_value
    uses.append(_use("R11", "Open orders", opened, opened + worth, standing, quote))
    now, after = worst_case_now(terms, inputs), worst_case_after(terms, inputs)
    uses.append(_use("R12", "Position", now, after, _of(limits.max_position_notional), quote))
    if inputs.gross_elsewhere is not None:
        gross = inputs.gross_elsewhere
        most = equity.scaled_by(Decimal(str(limits.max_leverage)))
        uses.append(_use("R12", "Gross", now + gross, after + gross, most, quote))
    if inputs.free_capital is not None:
        uses.append(_use("R14", "Capital", ZERO_NOTIONAL, tied, inputs.free_capital, quote))
    asks = _part(equity, limits.confirm_above_equity_pct)
    return [*uses, _use("R25", "Asks", ZERO_NOTIONAL, worth, asks, quote)]


def _use(
    rule: str, title: str, before: Notional, after: Notional, limit: Notional, unit: str
) -> LimitUse:
    is_positive = limit.sign > 0
    return LimitUse(
        rule=rule,
        title=title,
        before=f"{before.value:.0f}",
        after=f"{after.value:.0f}",
        limit=f"{limit.value:.0f}",
        unit=unit,
        fraction=float(after.ratio_to(limit)) if is_positive else 1.0,
    )


def _of(amount: float) -> Notional:
    return Notional(Decimal(str(amount)))


def _part(whole: Notional, percent: float) -> Notional:
    return whole.scaled_by(Decimal(str(percent)) / _CENT)


def _money(amount: Notional | None) -> str | None:
    return None if amount is None else f"{amount.value:.2f}"


def _text(price: Price | None) -> str | None:
    return None if price is None else str(price)


def _on_tick(price: Price | None, rules: Instrument) -> str | None:
    """Write an average with two digits more than the tick has."""
    if price is None:
        return None
    digits = max(0, -rules.tick.value.normalize().as_tuple().exponent) + 2  # type: ignore[operator]
    return f"{price.value:.{digits}f}"
