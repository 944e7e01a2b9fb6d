"""Margin as the gate counts it: what an order ties up, and how far liquidation is. Exact.

Fractions are pure numbers (0.05 is 5 %). Exposure is the worst case of risk-and-faults section 1.
"""

from decimal import Decimal
from typing import Final

from core.domain.exact import ZERO_NOTIONAL, Notional
from core.domain.instrument import InstrumentKind
from core.domain.order import OrderTerms
from core.risk.exposure import notional, worst_case_after
from core.risk.inputs import GateInputs
from core.risk.liquidation import distance_pct

FULL: Final = Decimal(1)


def reservation(terms: OrderTerms, inputs: GateInputs) -> Notional:
    """Return what an order ties up: initial margin and fees as a taker; spot its full notional."""
    if terms.reduce_only:
        return ZERO_NOTIONAL
    assert inputs.instrument is not None
    asked = notional(terms, inputs)
    is_spot = inputs.instrument.kind is InstrumentKind.SPOT
    share = FULL if is_spot else inputs.initial_margin
    return asked.scaled_by(share + inputs.taker_fee)


def margin_fraction(terms: OrderTerms, inputs: GateInputs) -> Decimal | None:
    """Return equity over gross worst-case exposure after the order; None without exposure."""
    gross = _gross_after(terms, inputs)
    if gross is None or inputs.equity is None or gross.sign <= 0:
        return None
    return inputs.equity.ratio_to(gross)


def liquidation_distance_pct(terms: OrderTerms, inputs: GateInputs) -> Decimal | None:
    """Return how far this market may move against us before liquidation, in percent of its mark.

    W is the worst case of this market; None where it would carry nothing.
    """
    gross, worst = _gross_after(terms, inputs), worst_case_after(terms, inputs)
    if gross is None or inputs.equity is None:
        return None
    return distance_pct(inputs.equity, gross, worst, inputs.maintenance_margin)


def _gross_after(terms: OrderTerms, inputs: GateInputs) -> Notional | None:
    if inputs.gross_elsewhere is None:
        return None
    return worst_case_after(terms, inputs) + inputs.gross_elsewhere
