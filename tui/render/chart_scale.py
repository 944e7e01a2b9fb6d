"""Prices on a chart: the scale, round labels, and texts that fit the axis."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from core.domain.views import CandleRow
from tui.render.numbers import compact

_ROUND: Final = (1.0, 2.0, 5.0, 10.0)
_PAD: Final = 0.03
_STRETCH: Final = 0.2
"""Overlays may widen the scale by this share of the candles' reach on each side, no more."""

_TERA: Final = 1e12
_PETA: Final = 1e15


class Scale(msgspec.Struct, frozen=True, gc=False):
    """Prices to rows: row 0 is the highest. What lies outside gets rows outside."""

    low: float
    high: float
    rows: int

    def part(self, price: float, parts: int) -> int:
        """Return the place of a price counted in 1/`parts` rows from the top, not clamped.

        The lowest price of the scale belongs to the last part.
        """
        share = (self.high - price) / (self.high - self.low)
        count = self.rows * parts
        place = math.floor(max(-1.0, min(share, 2.0)) * count)
        return count - 1 if place == count and price >= self.low else place

    def parts(self, values: Sequence[float | None], parts: int) -> list[int | None]:
        """Return the places of many values, at most one part outside of the scale."""
        low, high, last = self.low, self.high, self.rows * parts
        a_price = last / (high - low)
        return [
            None
            if value is None
            else -1
            if value > high
            else last
            if value < low
            else min(int((high - value) * a_price), last - 1)
            for value in values
        ]

    def half(self, price: float) -> int:
        """Return the half row of a price, clamped to the scale."""
        return max(0, min(self.part(price, 2), self.rows * 2 - 1))

    def row(self, price: float) -> int | None:
        """Return the row of a price, None outside of the scale."""
        row = self.part(price, 1)
        return row if 0 <= row < self.rows else None

    def price(self, row: int) -> float:
        """Return the price in the middle of a row."""
        return self.high - (row + 0.5) / self.rows * (self.high - self.low)


def scale_of(
    buckets: Sequence[CandleRow | None],
    rows: int,
    decimals: int,
    lines: Iterable[Sequence[float | None]] = (),
) -> Scale | None:
    """Choose a scale around all candles, on round prices so that it moves rarely."""
    lows = [bucket.low for bucket in buckets if bucket and bucket.low is not None]
    highs = [bucket.high for bucket in buckets if bucket and bucket.high is not None]
    if not lows or not highs or rows <= 0:
        return None
    low, high = _stretched(min(lows), max(highs), lines)
    reach = max(high - low, 10.0**-decimals * rows / 2, abs(high) * 1e-6)
    if not math.isfinite(reach):
        return None
    step = 10.0 ** math.floor(math.log10(reach)) / 20
    return Scale(
        math.floor((low - reach * _PAD) / step) * step,
        math.ceil((high + reach * _PAD) / step) * step,
        rows,
    )


def _stretched(
    low: float, high: float, lines: Iterable[Sequence[float | None]]
) -> tuple[float, float]:
    """Widen a reach so that overlays are seen, within bounds that keep the candles large."""
    reach = (high - low) * _STRETCH
    values = [value for line in lines for value in line if value is not None]
    inside = [value for value in values if low - reach <= value <= high + reach]
    return min([low, *inside]), max([high, *inside])


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    base = 10.0 ** math.floor(math.log10(least))
    return next((base * part for part in _ROUND if base * part >= least), base * 10)


def labels_of(scale: Scale, decimals: int) -> dict[int, float]:
    """Return rows with round prices, two to four rows apart, highest first."""
    apart = 2 if scale.rows < 12 else 3 if scale.rows < 30 else 4  # noqa: PLR2004 - by height
    least = (scale.high - scale.low) / max(1, scale.rows) * apart
    step = round_step(max(least, 10.0**-decimals))
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    found: dict[int, float] = {}
    for number in range(last, max(first, last - scale.rows) - 1, -1):
        row = scale.row(number * step)
        if row is not None:
            found.setdefault(row, number * step)
    return found


def price_label(price: float, decimals: int, cells: int) -> str:
    """Write a price in at most `cells`: fewer decimals first, no commas, then powers of ten."""
    for count in range(decimals, -1, -1):
        text = f"{price:,.{count}f}"
        if len(text) <= cells:
            return text
    text = f"{price:.0f}"
    if len(text) <= cells:
        return text
    for count in range(4, -1, -1):
        text = f"{price:.{count}e}".replace("e+", "e")
        if len(text) <= cells:
            return text
    return text[:cells]


def amount_text(amount: float) -> str:
    """Write a volume or size in at most seven cells, whatever its magnitude."""
    if not math.isfinite(amount):
        return "—"
    if abs(amount) < _TERA:
        return compact(amount)
    head, _, power = f"{amount:.1e}".partition("e")
    return f"{head}e{int(power)}" if abs(amount) >= _PETA else f"{amount / _TERA:.3g}T"
