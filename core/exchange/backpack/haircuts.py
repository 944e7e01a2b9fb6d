"""Margin and collateral functions of the venue, exact to 40 digits (2.8, 6.2).

The venue names the functions and their parameters, not their formulas. Where a reply states the
result itself (`collateralWeight`, `imf`, `mmf`), that is the truth and these are a check.
"""

from decimal import Context, Decimal
from typing import Final

from core.domain.errors import DataInvalid
from core.exchange.backpack.public_rows import HaircutRow, SqrtRow

_CONTEXT: Final = Context(prec=40)
_ONE: Final = Decimal(1)


def collateral_weight(haircut: HaircutRow, notional: Decimal) -> Decimal:
    """Return the share of an asset's worth that counts; debts count in full.

    `identity` is the weight itself; `inverseSqrt` falls with size, presumed
    min(weight, base / (1 + penalty * sqrt(notional))).

    Raises:
        DataInvalid: for a function nobody here knows, or one without its parameters.
    """
    if notional <= 0:
        return _ONE
    kind = haircut.kind
    if kind.type == "identity":
        return haircut.weight
    if kind.type != "inverseSqrt" or kind.base is None or kind.positive_curve_penalty is None:
        raise DataInvalid("haircut function is not known", repr(kind.type)[:40])
    slope = _CONTEXT.multiply(kind.positive_curve_penalty, _CONTEXT.sqrt(notional))
    return min(haircut.weight, _CONTEXT.divide(kind.base, _CONTEXT.add(_ONE, slope)))


def collateral_value(haircut: HaircutRow, quantity: Decimal, mark_price: Decimal) -> Decimal:
    """Return what an amount of an asset counts as collateral, in USDC. Raises DataInvalid."""
    notional = _CONTEXT.multiply(quantity, mark_price)
    return _CONTEXT.multiply(notional, collateral_weight(haircut, notional))


def margin_fraction(function: SqrtRow, notional: Decimal) -> Decimal:
    """Return the margin fraction of an exposure, presumed max(base, factor * sqrt(notional)).

    Raises:
        DataInvalid: for a function nobody here knows.
    """
    if function.type != "sqrt":
        raise DataInvalid("margin function is not known", repr(function.type)[:40])
    return max(function.base, _CONTEXT.multiply(function.factor, _CONTEXT.sqrt(abs(notional))))
