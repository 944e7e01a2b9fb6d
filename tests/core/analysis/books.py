"""Books for tests of the analysis room, and a naive oracle in exact fractions."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from core.analysis.units import Level
from core.domain.fixed import UNIT

SIZES = st.integers(1, 10**14)
"""Up to 10,000 units, down to 10^-10."""


def _side(prices: list[int], sizes: list[int], *, best_is_highest: bool) -> list[Level]:
    return list(zip(sorted(prices, reverse=best_is_highest), sizes, strict=True))


@st.composite
def sides(draw: st.DrawFn, low: int, high: int, *, best_is_highest: bool) -> list[Level]:
    """Draw one side, best first; it may be empty."""
    prices = draw(st.lists(st.integers(low, high), unique=True, max_size=12))
    sizes = draw(st.lists(SIZES, min_size=len(prices), max_size=len(prices)))
    return _side(prices, sizes, best_is_highest=best_is_highest)


BIDS = sides(1 * UNIT, 110 * UNIT, best_is_highest=True)
ASKS = sides(90 * UNIT, 200 * UNIT, best_is_highest=False)
"""They overlap, so that some books are crossed."""


def mid_of(bids: Sequence[Level], asks: Sequence[Level]) -> Fraction | None:
    """Return the exact mid in quote units."""
    return Fraction(bids[0][0] + asks[0][0], 2 * UNIT) if bids and asks else None


def eaten(levels: Sequence[Level], notional: int) -> tuple[Fraction, Fraction, int]:
    """Return quote paid, base taken and levels touched, the slow and plain way."""
    left, base, count = Fraction(notional, UNIT), Fraction(0), 0
    for price_units, size_units in levels:
        if left == 0:
            break
        price, size = Fraction(price_units, UNIT), Fraction(size_units, UNIT)
        paid = min(left, price * size)
        left, base, count = left - paid, base + paid / price, count + 1
    return Fraction(notional, UNIT) - left, base, count


def level(price: str | float, size: str | float) -> Level:
    """Write a level in units."""
    return int(Fraction(str(price)) * UNIT), int(Fraction(str(size)) * UNIT)
