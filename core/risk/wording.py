"""Comparing and wording of the gate's rules: bounds, ages, money."""

from decimal import Decimal
from typing import Final, TypeVar

from core.domain.exact import Notional, Price, Quantity
from core.domain.intent import Denied

_MILLI: Final = 1_000_000
_CENT: Final = Decimal(100)
_N = TypeVar("_N", Price, Quantity)


def outside(name: str, number: _N, least: _N | None, most: _N | None) -> Denied | None:
    """Deny a number beyond the venue's bounds (R06)."""
    if least is not None and number < least:
        return Denied("R06", str(number), f">= {least}", f"{name} below minimum")
    if most is not None and number > most:
        return Denied("R06", str(number), f"<= {most}", f"{name} above maximum")
    return None


def too_old(rule: str, name: str, age_ns: int | None, limit_ms: int) -> Denied | None:
    """Deny by something that was never seen, or too long ago."""
    if age_ns is None:
        return Denied(rule, "never", f"{limit_ms} ms", f"{name} was never seen")
    if age_ns <= limit_ms * _MILLI:
        return None
    return Denied(rule, f"{age_ns // _MILLI} ms", f"{limit_ms} ms", f"{name} is too old")


def above(rule: str, found: Notional, cap: Notional, text: str) -> Denied | None:
    """Deny money above its cap."""
    return None if found <= cap else Denied(rule, money(found), money(cap), text)


def pct(part: Price, whole: Price) -> Decimal:
    """Return a part in percent of a whole."""
    return part.ratio_to(whole) * _CENT


def share_of(equity: Notional, percent: float) -> Notional:
    """Return so many percent of the equity."""
    return equity.scaled_by(decimal_of(percent) / _CENT)


def decimal_of(number: float) -> Decimal:
    """Read a configured number by its written form."""
    return Decimal(str(number))


def money(amount: Notional) -> str:
    """Write money with two decimals."""
    return f"{amount.value:.2f}"
