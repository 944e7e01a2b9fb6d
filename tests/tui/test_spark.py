"""Small curves: exact width, gaps as gaps, heights as a naive computation says."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from tui.render.spark import BLOCKS, braille_spark, braille_spark_rows, sparkline, thinned

values = st.lists(st.one_of(st.none(), st.floats(), st.floats(-1e6, 1e6)), max_size=80)


def test_blocks_rise_from_the_lowest_to_the_highest() -> None:
    """Eight heights; one value alone stands in the middle; the newest is at the right."""
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == BLOCKS
    assert sparkline([5], 3) == "  ▄"
    assert sparkline([1, 2], 4) == "  ▁█"


def test_gaps_stay_gaps() -> None:
    """None, NaN and infinities leave a hole; a history of holes is blank."""
    assert sparkline([1, None, 2], 3) == "▁ █"
    assert sparkline([1, math.nan, math.inf, 2], 4) == "▁  █"
    assert sparkline([None, None], 4) == "    "
    assert braille_spark([None, None], 4) == "    "
    assert braille_spark([1, 1, None, None, 1, 1], 3)[1] == " "


def test_braille_has_two_values_a_cell_and_four_heights() -> None:
    """Lowest and highest dot, left and right."""
    assert braille_spark([0, 3], 1) == chr(0x2800 | 0x40 | 0x08 | 0x10 | 0x20)
    assert braille_spark([0, 1], 1) == chr(0x2800 | 0x40 | 0x08 | 0x10 | 0x20)
    assert braille_spark([2, 2], 1) == chr(0x2800 | 0x04 | 0x20)


def test_braille_rows_hold_each_value_at_its_height() -> None:
    """The end of each column is where a naive computation puts the value."""
    chance = random.Random(2)
    history = [chance.random() for _ in range(20)]
    rows = braille_spark_rows(history, 10, 3)
    low, high = min(history), max(history)
    bits = {0: (0x40, 0x80), 1: (0x04, 0x20), 2: (0x02, 0x10), 3: (0x01, 0x08)}

    for place, value in enumerate(history):
        level = round((value - low) / (high - low) * 11)
        cell = ord(rows[2 - level // 4][place // 2]) - 0x2800
        assert cell & bits[level % 4][place % 2]


def test_thinning_averages_equal_stretches() -> None:
    """Each bucket is the mean of what is known in it."""
    assert thinned([1, 3, 5, None, None, None, 2, 4], 4) == [2, 5, None, 3]
    assert thinned([1, 2], 5) == [1, 2]


@given(values, st.integers(-2, 40), st.integers(0, 4))
def test_any_history_is_exactly_as_wide_as_asked(
    history: list[float | None], width: int, height: int
) -> None:
    """No history and no width makes it fail."""
    assert len(sparkline(history, width)) == max(0, width)
    assert [len(row) for row in braille_spark_rows(history, width, height)] == [
        max(0, width)
    ] * height
