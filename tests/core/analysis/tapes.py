"""Hand-made prints for tests."""

from fractions import Fraction

from hypothesis import strategies as st

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import TapeRow

Made = tuple[int, float | str, float | str, str]
"""Instant ns, price, size, `b` or `s` for who crossed."""


def tape(*made: Made) -> list[TapeRow]:
    """Write prints, oldest first."""
    return [
        TapeRow(
            number,
            at,
            int(Fraction(str(price)) * UNIT),
            int(Fraction(str(size)) * UNIT),
            Side.BUY if side == "b" else Side.SELL,
        )
        for number, (at, price, size, side) in enumerate(made)
    ]


@st.composite
def tapes(draw: st.DrawFn) -> list[TapeRow]:
    """Draw prints in time order."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(0, 1_000),
                st.integers(1, 40),
                st.integers(1, 10**13),
                st.sampled_from(Side),
            ),
            max_size=40,
        )
    )
    ordered = sorted(drawn, key=lambda made: made[0])
    return [TapeRow(n, at, p * UNIT, size, side) for n, (at, p, size, side) in enumerate(ordered)]
