"""Exposure as the gate counts it (risk-and-faults section 1): worst case, in exact decimals."""

from decimal import Decimal
from typing import Final

from core.domain.exact import ZERO_QUANTITY, Notional, Price, Quantity
from core.domain.instrument import InstrumentKind
from core.domain.order import OrderTerms, Side
from core.risk.inputs import GateInputs

MIN_REFERENCES: Final = 2


def reference_price(inputs: GateInputs) -> Price | None:
    """Return the median of mark, index (or trade VWAP) and book mid; None with fewer than two."""
    prices = sorted(references(inputs))
    if len(prices) < MIN_REFERENCES:
        return None
    low, high = prices[(len(prices) - 1) // 2], prices[len(prices) // 2]
    return (low + high).scaled_by(Decimal("0.5"))


def worst_case_after(terms: OrderTerms, inputs: GateInputs) -> Notional:
    """Return W of the market with this order live: max(|q + B|, |q - A|) at the mark."""
    bids, asks = inputs.live_bids, inputs.live_asks
    if terms.side is Side.BUY:
        bids += terms.quantity
    else:
        asks += terms.quantity
    worst = max(abs(inputs.position + bids), abs(inputs.position - asks))
    return value(worst, terms, inputs)


def is_reducing(terms: OrderTerms, inputs: GateInputs) -> bool:
    """Whether the order can only shrink the position: flagged on perpetuals, and within it."""
    instrument = inputs.instrument
    if instrument is None:
        return False
    if instrument.kind is not InstrumentKind.SPOT and not terms.reduce_only:
        return False
    return terms.quantity <= reducible(terms.side, inputs)


def reducible(side: Side, inputs: GateInputs) -> Quantity:
    """Return what an order of this side may still take off, other pending reduces counted."""
    if inputs.position.sign * side.sign >= 0:
        return ZERO_QUANTITY
    pending = inputs.live_bids if side is Side.BUY else inputs.live_asks
    free = abs(inputs.position) - pending
    return free if free.sign > 0 else ZERO_QUANTITY


def references(inputs: GateInputs) -> list[Price]:
    """Return what there is of mark, index (or trade VWAP) and book mid."""
    market = inputs.market
    found = [market.mark, market.index, market.trade_vwap if market.mark is None else None]
    if market.best_bid is not None and market.best_ask is not None:
        found.append((market.best_bid + market.best_ask).scaled_by(Decimal("0.5")))
    return [price for price in found if price is not None and price.sign > 0]


def notional(terms: OrderTerms, inputs: GateInputs) -> Notional:
    """Return what the order is worth at its limit price."""
    assert inputs.instrument is not None
    return (terms.limit_price * terms.quantity).scaled_by(inputs.instrument.contract_multiplier)


def value(quantity: Quantity, terms: OrderTerms, inputs: GateInputs) -> Notional:
    """Return what a quantity is worth at the mark, or at the limit price where there is none."""
    assert inputs.instrument is not None
    price = terms.limit_price if inputs.market.mark is None else inputs.market.mark
    return (price * quantity).scaled_by(inputs.instrument.contract_multiplier)
