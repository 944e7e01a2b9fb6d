"""Numbers as a trader reads them: fixed decimals, few digits, always a sign on a change."""

import math
from datetime import UTC, datetime
from typing import Final

from core.domain.fixed import DIGITS, UNIT

NOTHING: Final = "—"
_NS: Final = 1_000_000_000
_THOUSAND: Final = 1_000
_STEPS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def price_text(price: int | None, decimals: int) -> str:
    """Write a book price (units of 10^-10) with fixed decimals and thousands commas."""
    if price is None:
        return NOTHING
    whole = round(price / 10 ** (DIGITS - decimals)) if decimals < DIGITS else price
    sign = "-" if whole < 0 else ""
    head, tail = divmod(abs(whole), 10**decimals)
    return f"{sign}{head:,}.{tail:0{decimals}d}" if decimals else f"{sign}{head:,}"


def compact(value: float) -> str:
    """Write a number with about three significant digits in at most six cells."""
    magnitude = abs(value)
    for limit, letter in _STEPS:
        if magnitude >= limit * (10 if letter == "k" else 1):
            return f"{_three_digits(value / limit)}{letter}"
    return _three_digits(value) if magnitude < _THOUSAND else f"{value:.0f}"


def _three_digits(value: float) -> str:
    magnitude = abs(value)
    decimals = 0 if magnitude >= 100 else 1 if magnitude >= 10 else 2  # noqa: PLR2004
    return f"{value:.{decimals}f}"


def fixed_size(size: int, decimals: int) -> str:
    """Write a book size with the decimals of its column; large ones in thousands."""
    value = size / UNIT
    return f"{value:.{decimals}f}" if value < 100_000 else compact(value)  # noqa: PLR2004


def size_decimals(scale: int, most: int) -> int:
    """Choose the decimals of a size column whose largest size is `scale`."""
    value = scale / UNIT
    wanted = 0 if value >= 1_000 else 1 if value >= 100 else 2 if value >= 10 else 3  # noqa: PLR2004
    return min(wanted, most)


def nice_ceiling(value: float) -> float:
    """Round up to a number with one or two round digits, so that scales change rarely."""
    if value <= 0:
        return 1.0
    base = 10.0 ** math.floor(math.log10(value))
    return next(
        (base * step for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if value <= base * step),
        base * 10,
    )


def money_text(amount: str | None, decimals: int = 2) -> str:
    """Write exact money text with thousands commas."""
    if amount is None:
        return NOTHING
    try:
        return f"{float(amount):,.{decimals}f}"
    except ValueError:
        return amount[:24]


def signed_money(amount: str | None, decimals: int = 2) -> str:
    """Write exact money text with its sign, also when it is a gain."""
    text = money_text(amount, decimals)
    if amount is None or text.startswith("-"):
        return text
    return f"+{text}"


def sign_of(amount: str | None) -> int:
    """Return -1, 0 or 1 for exact money text."""
    try:
        value = float(amount or 0)
    except ValueError:
        return 0
    return (value > 0) - (value < 0)


def percent_text(value: float | None, decimals: int = 2) -> str:
    """Write a change in percent with its sign."""
    return NOTHING if value is None else f"{value:+.{decimals}f}%"


def age_text(age_ms: int | None) -> str:
    """Write an age so coarsely that a fresh one does not change at every frame."""
    if age_ms is None:
        return NOTHING
    seconds = age_ms // _THOUSAND
    if seconds < 1:
        return "<1s"
    if seconds < 100:  # noqa: PLR2004 - below that, seconds fit in three cells
        return f"{seconds}s"
    minutes = seconds // 60
    return f"{minutes}m" if minutes < 100 else f"{minutes // 60}h"  # noqa: PLR2004


def countdown_text(remaining_ms: int) -> str:
    """Write the time left, in whole seconds rounded up, as 0:07."""
    seconds = max(0, -(-remaining_ms // _THOUSAND))
    return f"{seconds // 60}:{seconds % 60:02d}"


def clock_text(at_ns: int) -> str:
    """Write an instant as a UTC time of day."""
    seconds = at_ns // _NS % 86_400
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def date_text(at_ns: int) -> str:
    """Write an instant as a UTC date."""
    return f"{datetime.fromtimestamp(at_ns // _NS, tz=UTC):%Y-%m-%d}"


def decimal_text(text: str, most: int = 9) -> str:
    """Shorten exact decimal text to at most `most` cells by dropping decimals."""
    if len(text) <= most or "." not in text:
        return text
    return text[:most].rstrip(".")


def market_name(instrument: str) -> str:
    """Shorten a symbol for narrow columns: `SOL_USDC_PERP` is SOL-PERP, `SOL_USDC` SOL/USDC."""
    symbol = instrument.partition(":")[2] or instrument
    parts = symbol.split("_")
    if len(parts) == 3 and parts[2].isalpha():  # noqa: PLR2004 - base, quote, kind
        return f"{parts[0]}-{parts[2]}"
    return "/".join(parts)


def venue_mark(instrument: str) -> str:
    """Name a venue in two letters; one of two words by its initials."""
    first, _, second = instrument.partition(":")[0].partition("-")
    return first[0] + second[0] if first and second else first[:2]
