"""Columns by width and by choice, and the numbers in them."""

import pytest

from core.domain.fixed import UNIT
from tui.render.ladder_cells import lettered, short_cell, size_cell
from tui.render.ladder_columns import EVERY, LEAST, PRESETS, Column, Columns


@pytest.mark.parametrize("preset", PRESETS)
def test_the_columns_fill_the_width_exactly(preset: str) -> None:
    """Price, profile and two equal sides are the whole row; a side is the sum of its columns."""
    for width in range(4, 200):
        columns = Columns.of(width, 6, PRESETS[preset])
        assert columns.price + columns.profile + 2 * columns.side == width
        parts = columns.size + columns.cumulative + columns.traded + columns.changes + columns.own
        assert parts == columns.side


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (38, {Column.SIZE, Column.CUMULATIVE}),
        (42, {Column.SIZE, Column.CUMULATIVE}),
        (58, {Column.SIZE, Column.CUMULATIVE, Column.TRADED, Column.PROFILE}),
        (78, EVERY - {Column.OWN}),
        (118, EVERY),
    ],
)
def test_more_room_shows_more_columns(width: int, shown: frozenset[Column]) -> None:
    """Narrow ladders show the book, middle ones the prints, wide ones everything."""
    assert Columns.of(width, 6).shown == shown


def test_wider_never_shows_less() -> None:
    """A column that fits in a width fits in every wider one."""
    before: frozenset[Column] = frozenset()
    for width in range(20, 200):
        shown = Columns.of(width, 8).shown
        assert before <= shown
        before = shown


def test_a_column_has_its_least_cells_or_none() -> None:
    """No column is squeezed below its longest number, save a lone size."""
    for width in range(30, 200):
        columns = Columns.of(width, 6)
        for column in columns.shown - {Column.SIZE}:
            assert getattr(columns, column.value) >= LEAST[column]


def test_only_wanted_columns_are_shown() -> None:
    """A choice leaves out what was not chosen, however much room there is."""
    wanted = frozenset({Column.SIZE, Column.TRADED})
    assert Columns.of(150, 6, wanted).shown == wanted


@pytest.mark.parametrize(
    ("size", "decimals", "text"),
    [
        (UNIT // 2, 2, "0.50"), (12_345 * UNIT // 100, 1, "123.5"), (99_999 * UNIT, 0, "99999"),
        (123_456 * UNIT, 0, "123k"), (1_234_567 * UNIT, 2, "1.23M"), (10**15 * UNIT, 0, "1.00P"),
        (UNIT // 1000, 2, "<.01"), (UNIT // 4, 0, "<1"), (0, 0, "0"),
    ],
)  # fmt: skip
def test_sizes_keep_their_decimals_and_five_cells(size: int, decimals: int, text: str) -> None:
    """What does not fit has a letter; what is less than the last digit says so, never zero."""
    assert size_cell(size, decimals) == text


@pytest.mark.parametrize("digits", [1, 994, 995, 996, 9_949, 9_951, 9_994, 9_996, 99_951])
def test_numbers_never_outgrow_their_cells(digits: int) -> None:
    """Whatever the magnitude and the rounding, five cells and four are enough."""
    for power in range(-4, 26):
        size = digits * UNIT * 10**power if power >= 0 else digits * UNIT // 10**-power
        assert all(len(size_cell(size, decimals)) <= 5 for decimals in range(4))
        assert len(short_cell(size)) <= 4


def test_letters_go_up_in_thousands() -> None:
    """Each letter is a thousand of the one before."""
    assert [lettered(12.0 * 1000**n, 2) for n in range(1, 7)] == [
        "12k", "12M", "12G", "12T", "12P", "12E",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [75, 80, 90, 120])
def test_stacked_and_pulled_stand_apart_where_there_is_room(width: int) -> None:
    """Both may have five cells: a sixth keeps `+2.2k-2.3k` from being read as one number."""
    columns = Columns.of(width, 6)

    assert columns.changes == 0 or columns.changes - columns.changes // 2 > 5
