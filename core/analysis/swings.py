"""Swing highs and lows, and the prices they agree on: support and resistance.

A swing is known only `strength` traded candles later; `known_at` says when, so that nobody looks
ahead by accident.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from core.analysis.units import BPS
from core.domain.views import CandleRow

STRENGTH: Final = 3
TOLERANCE_BPS: Final = 20.0


class SwingKind(StrEnum):
    """Which way the price turned."""

    HIGH = "high"
    LOW = "low"


class Swing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A turn of the price, quote units; instants are candle starts, ns."""

    kind: SwingKind
    price: float
    start_ts: int
    known_at: int


class Zone(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Prices where swings agree.

    Attributes:
        low: Lowest swing in it, quote units.
        high: Highest swing in it.
        touches: Swings in it.
        last_ts: Start of the newest of them, ns.
        is_support: Whether it lies below the price it was asked for.
    """

    low: float
    high: float
    touches: int
    last_ts: int
    is_support: bool


def swings(rows: Sequence[CandleRow], strength: int = STRENGTH) -> list[Swing]:
    """Return the swings of candles, oldest first; candles without trades are stepped over.

    A high is a swing when it is above the highs of `strength` candles before it and not below
    those after it (Williams's fractal; of equal highs the first counts). Lows the other way.
    """
    kept = [row for row in rows if row.high is not None and row.low is not None]
    highs = [row.high for row in kept if row.high is not None]
    lows = [-row.low for row in kept if row.low is not None]
    found = []
    for place in range(strength, len(kept) - strength):
        times = (kept[place].start_ts, kept[place + strength].start_ts)
        if _is_peak(highs, place, strength):
            found.append(_swing(SwingKind.HIGH, highs[place], times))
        if _is_peak(lows, place, strength):
            found.append(_swing(SwingKind.LOW, -lows[place], times))
    return found


def _is_peak(values: Sequence[float], place: int, strength: int) -> bool:
    top = values[place]
    return top > max(values[place - strength : place]) and top >= max(
        values[place + 1 : place + 1 + strength]
    )


def _swing(kind: SwingKind, price: float, times: tuple[int, int]) -> Swing:
    return Swing(kind=kind, price=price, start_ts=times[0], known_at=times[1])


def zones(
    found: Sequence[Swing], last_price: float, tolerance_bps: float = TOLERANCE_BPS
) -> list[Zone]:
    """Join swings within a tolerance of the lowest of them into zones, lowest first."""
    groups: list[list[Swing]] = []
    for swing in sorted(found, key=lambda swing: swing.price):
        if groups and swing.price - groups[-1][0].price <= tolerance_bps / BPS * swing.price:
            groups[-1].append(swing)
        else:
            groups.append([swing])
    return [_zone(group, last_price) for group in groups]


def _zone(group: Sequence[Swing], last_price: float) -> Zone:
    low, high = group[0].price, group[-1].price
    return Zone(
        low=low,
        high=high,
        touches=len(group),
        last_ts=max(swing.start_ts for swing in group),
        is_support=(low + high) / 2 < last_price,
    )
