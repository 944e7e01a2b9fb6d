"""Exact numbers and instants of the wire: scaled integers, decimal text, ISO text.

Every amount in this room is an integer count of atoms (10^-10 of its unit). Nothing here rounds
except where a name says so.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

SCALE_DIGITS: Final = 10
SCALE: Final = 10**SCALE_DIGITS
NS_PER_MS: Final = 1_000_000
NS_PER_US: Final = 1_000
NS_PER_SEC: Final = 1_000_000_000
MINUTE_NS: Final = 60 * NS_PER_SEC

_PLAIN = re.compile(r"-?\d{1,20}(?:\.\d{1,30})?\Z", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_plain_decimal(text: str) -> bool:
    """Tell whether a text is a plain decimal number: no exponent, no sign but a minus."""
    return _PLAIN.match(text) is not None


def scaled(text: str, digits: int = SCALE_DIGITS) -> int | None:
    """Return a decimal text as an integer of 10^-digits, or None where it has more decimals."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > digits:
        return None
    negative = whole.startswith("-")
    value = int(whole.lstrip("-") + fraction.ljust(digits, "0"))
    return -value if negative else value


def atoms(text: str) -> int:
    """Return a decimal text of this room's own tables in atoms."""
    value = scaled(text)
    if value is None:
        raise ValueError(f"more than {SCALE_DIGITS} decimals: {text}")
    return value


def padded(units: int, decimals: int) -> str:
    """Write an integer of 10^-decimals with all its decimals, as the streams do."""
    if decimals == 0:
        return str(units)
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


def trimmed(units: int, decimals: int = SCALE_DIGITS) -> str:
    """Write an integer of 10^-decimals without trailing zeros, as REST does."""
    text = padded(units, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def truncated(value: int, unit: int) -> int:
    """Cut a value to a multiple of `unit`, toward zero."""
    return value // unit * unit if value >= 0 else -(-value // unit * unit)


def rounded_up(value: int, unit: int) -> int:
    """Raise a value to the next multiple of `unit`."""
    return -(-value // unit) * unit


def _instant(ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ns // NS_PER_US)


def iso_seconds(ns: int) -> str:
    """Write an instant as `2026-09-23T04:00:00`, UTC without a zone."""
    return _instant(ns).strftime("%Y-%m-%dT%H:%M:%S")


def iso_millis(ns: int) -> str:
    """Write an instant as `2025-08-13T17:26:01.197`, UTC without a zone."""
    return _instant(ns).isoformat(timespec="milliseconds").removesuffix("+00:00")


def spaced_seconds(ns: int) -> str:
    """Write an instant as `2025-08-11 11:38:00`, the form of REST candles."""
    return _instant(ns).strftime("%Y-%m-%d %H:%M:%S")


class Instant:
    """The engine's now, shared by its parts; only the engine moves it."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        self.ns = ns
