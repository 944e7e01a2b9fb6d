"""Margin fractions as the venue states them, with the safe reading where it does not."""

from decimal import Decimal
from typing import Final

from core.domain.instrument import Instrument, InstrumentKind

FULL: Final = Decimal(1)


def initial_margin(rules: Instrument | None) -> Decimal:
    """Return the initial margin as a fraction; all of it where the venue does not say."""
    if rules is None or rules.kind is InstrumentKind.SPOT or rules.initial_margin_base is None:
        return FULL
    return rules.initial_margin_base


def maintenance_margin(rules: Instrument | None) -> Decimal:
    """Return the maintenance margin as a fraction; none where there is none."""
    if rules is None or rules.maintenance_margin_base is None:
        return Decimal(0)
    return rules.maintenance_margin_base
