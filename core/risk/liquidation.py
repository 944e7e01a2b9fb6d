"""How near a position is to liquidation, and how urgent that is (section 9). Exact and pure."""

from decimal import Decimal
from typing import Final

from core.domain.alert import Severity
from core.domain.exact import Notional

CRITICAL_BELOW_PCT: Final = Decimal(10)
EMERGENCY_BELOW_PCT: Final = Decimal(5)
WIDER: Final = Decimal("1.1")
"""What was told is over only once the distance is so many times its bound: no flicker."""
_CENT: Final = Decimal(100)


def distance_pct(
    equity: Notional, gross: Notional, worth: Notional, maintenance: Decimal
) -> Decimal | None:
    """Return how far a market may move against us before liquidation, in percent of its mark.

    (E - MMF * G) / W: equity less what maintenance asks for, over the worth of this market. None
    where the market carries nothing.
    """
    if worth.sign <= 0:
        return None
    return (equity - gross.scaled_by(maintenance)).ratio_to(worth) * _CENT


def urgency(distance: Decimal | None, before: Severity | None) -> Severity | None:
    """Return what a distance in percent asks for; `before` is what was told last."""
    if distance is None:
        return None
    if distance < _bound(EMERGENCY_BELOW_PCT, is_told=before is Severity.EMERGENCY):
        return Severity.EMERGENCY
    if distance < _bound(CRITICAL_BELOW_PCT, is_told=before is not None):
        return Severity.CRITICAL
    return None


def _bound(percent: Decimal, *, is_told: bool) -> Decimal:
    return percent * WIDER if is_told else percent
