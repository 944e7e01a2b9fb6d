"""Where the grid stands: dynamic, static, and under a person's cursor."""

import random

import pytest

from core.domain.views import LadderView
from tests.tui.ladder_app import CENT, book
from tui.widgets.ladder_stand import Stand

ROWS = 18


def _at(cents: int) -> LadderView:
    return book(bid=cents * CENT, ask=(cents + 2) * CENT)


def _lines(stand: Stand) -> list[int | None]:
    return [stand.price_on(line) for line in range(1, ROWS + 2)]


@pytest.mark.parametrize("how", ["cursor", "static"])
def test_nothing_moves_while_the_grid_is_held(how: str) -> None:
    """Wherever the market goes, every line keeps its price, and the spread line its place."""
    rng, stand = random.Random(4), Stand()
    stand.place(_at(14125), ROWS)
    if how == "cursor":
        stand.move_cursor(1, _at(14125))
    stand.is_static = how == "static"
    before, cents = _lines(stand), 14125
    for _ in range(300):
        cents += rng.choice((-3, -1, 0, 1, 3))
        stand.place(_at(cents), ROWS)
        assert _lines(stand) == before


def test_a_dynamic_grid_keeps_the_touch_in_its_middle_third() -> None:
    """Without a cursor it moves exactly when the touch leaves the middle third."""
    rng, stand, cents = random.Random(5), Stand(), 14125
    stand.place(_at(cents), ROWS)
    moved = 0
    for _ in range(300):
        before = stand.grid
        cents += rng.choice((-2, -1, 1, 2))
        view = _at(cents)
        assert before is not None
        was_central = before.is_central((cents + 1) * CENT)
        stand.place(view, ROWS)
        assert stand.grid is not None
        assert stand.grid.is_central((cents + 1) * CENT)
        assert (stand.grid == before) == was_central
        moved += stand.grid != before
    assert moved > 3


def test_lines_and_prices_are_inverse() -> None:
    """Every row's line names the row's price; the spread line names none."""
    stand = Stand()
    stand.place(_at(14125), ROWS)
    assert stand.grid is not None
    for index in range(ROWS):
        assert stand.price_on(stand.line_of(index)) == stand.grid.price_at(index)
    assert stand.price_on(stand.spread_line) is None
    assert stand.price_on(0) is None
    assert stand.price_on(ROWS + 2) is None


def test_a_held_grid_says_where_the_market_went_and_how_far() -> None:
    """Rows from the middle, and the direction; nothing while the touch is central."""
    stand = Stand()
    stand.place(_at(14125), ROWS)
    stand.is_static = True
    assert stand.away(_at(14125)) is None
    assert str(stand.away(_at(14155))) == "market above 30 rows"
    assert str(stand.away(_at(14105))) == "market below 20 rows"


def test_centring_ends_the_hold_and_keeps_the_mode() -> None:
    """The cursor is dropped, the touch is in the middle, static stays static."""
    stand = Stand()
    stand.is_static = True
    stand.place(_at(14125), ROWS)
    stand.move_cursor(1, _at(14125))
    stand.center(_at(14300), ROWS)

    assert stand.cursor_price is None
    assert stand.is_static
    assert stand.grid is not None
    assert stand.grid.index_of(14301 * CENT) == ROWS // 2


def test_a_new_height_keeps_the_price_in_the_middle_of_a_held_grid() -> None:
    """Only a cursor that has no row any more is dropped."""
    stand = Stand()
    stand.place(_at(14125), ROWS)
    stand.move_cursor(1, _at(14125))
    held = stand.cursor_price
    stand.place(_at(14150), ROWS - 6)
    assert stand.cursor_price == held

    stand.move_cursor(-5, _at(14150))
    far = stand.cursor_price
    stand.place(_at(14150), 4)
    assert far is not None
    assert stand.cursor_price is None


def test_the_cursor_scrolls_the_grid_at_its_edge() -> None:
    """The person moves the grid; the cursor stays on its edge row."""
    stand, view = Stand(), _at(14125)
    stand.place(view, ROWS)
    for _ in range(ROWS + 5):
        stand.move_cursor(1, view)
    assert stand.grid is not None
    assert stand.cursor_price == stand.grid.price_at(ROWS - 1)


def test_another_tick_lays_the_grid_anew() -> None:
    """A grid of other steps has no row for the old cursor."""
    stand = Stand()
    stand.place(_at(14125), ROWS)
    stand.move_cursor(1, _at(14125))
    stand.place(book(bid=14120 * CENT, ask=14130 * CENT, step=5 * CENT), ROWS)
    assert stand.cursor_price is None
    assert stand.grid is not None
    assert stand.grid.step == 5 * CENT
