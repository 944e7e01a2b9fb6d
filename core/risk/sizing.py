"""How large a position may be: four ways to wish a size, and the smallest cap wins. Pure, exact.

Sizes are rounded toward zero to the step; below the minimum there is no order.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.exact import Notional, Price, Quantity
from core.domain.instrument import Instrument

_BPS: Final = Decimal(10_000)
_CENT: Final = Decimal(100)


class SizeMode(StrEnum):
    """What the wished size is made of."""

    FIXED = "fixed"
    """A notional in quote units."""
    EQUITY_PERCENT = "equity_percent"
    RISK_PERCENT = "risk_percent"
    """So much of the equity is lost if the stop is hit."""
    VOLATILITY_TARGET = "volatility_target"
    """The allocation scaled by target over measured volatility."""


class SizeWish(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What size is wished.

    Attributes:
        mode: The way it is computed.
        amount: Quote units for FIXED, percent of equity for the percents, percent a year for the
            volatility target.
        stop_price: Where the position is given up (RISK_PERCENT).
        volatility_pct: Measured, percent a year (VOLATILITY_TARGET).
        cost_bps: Fees and slippage of a round trip, added to the stop distance.
    """

    mode: SizeMode
    amount: Decimal
    stop_price: Price | None = None
    volatility_pct: Decimal | None = None
    cost_bps: Decimal = Decimal(30)


class SizeCaps(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What bounds a size, quote units; None bounds nothing."""

    equity: Notional
    allocation: Notional
    order_cap: Notional
    depth_cap: Notional | None = None
    margin_cap: Notional | None = None
    free_capital: Notional | None = None


class Sized(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The size found, and what bound it."""

    quantity: Quantity
    notional: Notional
    bound_by: str


def sized(wish: SizeWish, caps: SizeCaps, price: Price, market: Instrument) -> Sized | str:
    """Return the size to order at a price, or why there is none."""
    wanted = _wanted(wish, caps, price)
    if isinstance(wanted, str):
        return wanted
    bounds = {
        "wish": wanted,
        "order cap": caps.order_cap,
        "depth": caps.depth_cap,
        "margin": caps.margin_cap,
        "free capital": caps.free_capital,
    }
    name, least = min(
        ((name, bound) for name, bound in bounds.items() if bound is not None),
        key=lambda pair: pair[1].value,
    )
    if least.sign <= 0:
        return f"no room: {name} is {least.value:.2f}"
    unit = price.value * market.contract_multiplier
    quantity = Quantity(least.value / unit).truncated_to(market.step)
    if market.max_quantity is not None and quantity > market.max_quantity:
        name, quantity = "venue maximum", market.max_quantity.truncated_to(market.step)
    if quantity.sign <= 0 or quantity < market.min_quantity:
        return f"{quantity} is below the minimum of {market.min_quantity} ({name})"
    worth = (price * quantity).scaled_by(market.contract_multiplier)
    return Sized(quantity=quantity, notional=worth, bound_by=name)


def _wanted(wish: SizeWish, caps: SizeCaps, price: Price) -> Notional | str:
    if wish.amount <= 0:
        return f"a size above zero is needed, was {wish.amount}"
    if wish.mode is SizeMode.FIXED:
        return Notional(wish.amount)
    if wish.mode is SizeMode.EQUITY_PERCENT:
        return caps.equity.scaled_by(wish.amount / _CENT)
    if wish.mode is SizeMode.VOLATILITY_TARGET:
        return _by_volatility(wish, caps)
    return _by_risk(wish, caps, price)


def _by_volatility(wish: SizeWish, caps: SizeCaps) -> Notional | str:
    measured = wish.volatility_pct
    if measured is None or measured <= 0:
        return "the volatility of the market is not known"
    return caps.allocation.scaled_by(min(Decimal(1), wish.amount / measured))


def _by_risk(wish: SizeWish, caps: SizeCaps, price: Price) -> Notional | str:
    if wish.stop_price is None or wish.stop_price == price:
        return "a stop price away from the entry is needed"
    distance = abs((price - wish.stop_price).ratio_to(price)) + wish.cost_bps / _BPS
    return caps.equity.scaled_by(wish.amount / _CENT / distance)
