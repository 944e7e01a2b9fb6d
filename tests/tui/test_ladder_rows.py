"""From a view to rows: what stands where, and what a terminal without colours still tells."""

import pytest

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import LadderView, OwnOrder
from tests.tui.ladder_app import CENT, book, busy_book
from tui.render.grid import Grid
from tui.render.ladder import Row, ladder_row
from tui.render.ladder_columns import Columns
from tui.render.ladder_lines import column_titles, split_runs, spread_of, spread_runs
from tui.render.ladder_rows import OwnMark, Scales, drawing_of, facts_of, own_text, row_of
from tui.render.palette import Runs
from tui.theme import fallback, palette_of

PALETTE = palette_of(fallback())
PLAIN = palette_of(fallback(), is_plain=True)
GRID = Grid.centred(14126 * CENT, CENT, 21)


def _text(runs: Runs) -> str:
    return "".join(text for text, _ in runs)


def _rows(view: LadderView, width: int = 118, cursor: int | None = None) -> dict[str, Row]:
    """Return the rows of a view by the price they show."""
    columns = Columns.of(width, 6)
    drawing = drawing_of(view, GRID, columns, Scales().fitted(view, GRID))
    facts = facts_of(view, GRID, cursor)
    rows = [row_of(one, index, drawing) for index, one in enumerate(facts)]
    return {row.price: row for row in rows}


def test_prints_and_changes_stand_at_their_price() -> None:
    """Sold, bought, stacked and pulled are the note's of the row."""
    view = busy_book()
    rows = _rows(view)
    for note in view.notes:
        row = rows.get(f"{note.price / UNIT:.2f}")
        if row is None:
            continue
        assert row.sold == (f"{note.traded_bid / UNIT:.1f}" if note.traded_bid else "")
        assert row.bought == (f"{note.traded_ask / UNIT:.1f}" if note.traded_ask else "")
        assert row.stacked == ("+7.0" if note.stacked else "")
        assert row.pulled == ("-10" if note.pulled else "")


def test_the_profile_is_proportional_and_has_one_peak() -> None:
    """A bar's eighths follow the volume; the row with most volume is the peak."""
    view = busy_book()
    rows = _rows(view)
    volumes = {
        f"{n.price / UNIT:.2f}": n.traded_bid + n.traded_ask
        for n in view.notes
        if f"{n.price / UNIT:.2f}" in rows
    }
    peak = max(volumes, key=lambda price: volumes[price])

    assert [price for price, row in rows.items() if row.is_peak] == [peak]
    for price, volume in volumes.items():
        expected = rows[peak].volume * volume / volumes[peak]
        assert abs(rows[price].volume - expected) <= 1


def test_own_orders_of_a_row_are_added_up() -> None:
    """The size is the sum; the queue is that before the first of them."""
    orders = tuple(
        OwnOrder(14120 * CENT, Side.BUY, leaves * UNIT, ahead)
        for leaves, ahead in ((2, 50 * UNIT), (3, 7 * UNIT), (1, None))
    )
    row = _rows(book(own_orders=orders))["141.20"]

    assert row.own == "6.00 ▸7.0"
    assert row.own_side is Side.BUY


def test_an_unknown_queue_is_left_out_and_an_empty_one_is_zero() -> None:
    """None is not zero."""
    rows = _rows(
        book(
            own_orders=(
                OwnOrder(14120 * CENT, Side.BUY, UNIT),
                OwnOrder(14130 * CENT, Side.SELL, UNIT, 0),
            )
        )
    )
    assert rows["141.20"].own == "1.00"
    assert rows["141.30"].own == "1.00 ▸0"
    assert own_text(None, 2) == ""


def test_own_sizes_keep_the_decimals_that_fit() -> None:
    """Six cells; a size in thousands of thousands has a letter."""
    texts = [own_text(OwnMark(Side.BUY, size, None), 5) for size in (15 * 10**6, 12345678 * 10**8)]
    assert texts == ["0.0015", "123k"]


def test_large_lots_are_marked_from_the_threshold_on() -> None:
    """A level of exactly the threshold is large; without a threshold none is."""
    view = book(large_size=18 * UNIT)
    for level in view.bids[:10]:
        row = _rows(view)[f"{level.price / UNIT:.2f}"]
        assert row.is_large == (level.size >= 18 * UNIT)
    assert not any(row.is_large for row in _rows(book()).values())


def test_marks_stand_in_the_text_and_not_only_in_colour() -> None:
    """Large lots, alerts, own orders, the last trade and the cursor have glyphs of their own."""
    columns = Columns.of(60, 6)
    row = Row(
        price="141.25", side=Side.BUY, size="18.0", cumulative="42", own="2.50 ▸340",
        own_side=Side.BUY, last=Side.SELL, is_cursor=True, is_large=True, is_alert=True,
    )  # fmt: skip
    text = _text(ladder_row(row, columns, PLAIN))
    for glyph in ("■", "!", "◆ 2.50 ▸340", "▸▼141.25"):
        assert glyph in text


def test_own_orders_stand_on_their_own_side_where_they_have_a_column() -> None:
    """Own bids at the far left, own asks at the far right, and a diamond at the price."""
    columns = Columns.of(118, 6)
    for side in Side:
        row = Row(price="141.25", side=side, own="2.50", own_side=side)
        text = _text(ladder_row(row, columns, PALETTE))
        place = text.index("◆ 2.50")
        assert place < columns.own if side is Side.BUY else place > 118 - columns.own
        assert "141.25◆" in text


def test_an_alert_draws_a_line_over_the_empty_half() -> None:
    """The half without a level has the line, the half with one keeps its numbers."""
    row = Row(price="141.25", side=Side.SELL, size="18.0", is_alert=True)
    left, _, right = _text(ladder_row(row, Columns.of(39, 6), PLAIN)).partition("141.25")
    assert "╌╌" in left
    assert right.split() == ["!", "18.0"]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("width", [39, 58, 74, 78, 105, 118])
def test_the_longest_numbers_are_never_cut(side: Side, width: int) -> None:
    """Each column holds its longest text beside its neighbours' longest."""
    row = Row(
        price="141.25", side=side, size="999.9", cumulative="12345", sold="23456", bought="34567",
        stacked="+1.1k", pulled="-2.2k", own="123.45 ▸4.4k", own_side=side, is_large=True,
    )  # fmt: skip
    columns = Columns.of(width, 6)
    text = _text(ladder_row(row, columns, PALETTE))
    wanted = ["999.9", "12345", "141.25", "■", "◆", "123.45", "▸4.4k"]
    wanted += ["23456", "34567"] if columns.traded else []
    wanted += ["+1.1k", "-2.2k"] if columns.changes else []
    assert "…" not in text
    assert all(part in text for part in wanted)


@pytest.mark.parametrize("width", [10, 17, 24, 31, 39, 45, 60, 77, 90, 118, 198])
@pytest.mark.parametrize("palette", [PALETTE, PLAIN], ids=["colours", "plain"])
def test_every_line_fills_its_width(width: int, palette: object) -> None:
    """Rows, titles, spread and split have the cells of the pane, whatever is on them."""
    view = busy_book()
    columns = Columns.of(width, 6)
    assert palette in {PALETTE, PLAIN}
    chosen = PLAIN if palette is PLAIN else PALETTE
    for row in _rows(view, width, cursor=14125 * CENT).values():
        assert len(_text(ladder_row(row, columns, chosen))) == width
    assert len(_text(column_titles(columns, chosen))) == width
    line = spread_of(view, has_split=True)
    assert len(_text(spread_runs(line, columns, chosen))) == width
    assert len(_text(split_runs(view.imbalance, width, chosen, is_stale=False))) == width


def test_numbers_stand_right_under_their_titles() -> None:
    """Titles and numbers of a column end in the same cell, on both sides."""
    columns = Columns.of(118, 6)
    titles = _text(column_titles(columns, PALETTE))
    row = Row(
        price="141.25", side=Side.SELL, size="18.0", cumulative="42.0", sold="11.1", bought="22.2",
        stacked="+33", pulled="-44",
    )  # fmt: skip
    text = _text(ladder_row(row, columns, PALETTE))
    pairs = (("ask", "18.0"), ("buys", "22.2"), ("sells", "11.1"))
    for title, number in pairs:
        assert titles.index(title) + len(title) == text.index(number) + len(number)
    ends = {word: titles.rindex(word) + len(word) for word in ("cum", "pull", "stk")}
    for title, number in (("cum", "42.0"), ("pull", "-44"), ("stk", "+33")):
        assert ends[title] == text.index(number) + len(number)


@pytest.mark.parametrize(("imbalance", "percent"), [(-1.0, 0), (-0.5, 25), (0.0, 50), (1.0, 100)])
def test_the_split_is_exact(imbalance: float, percent: int) -> None:
    """The bar's bid cells are the bids' share of all its cells."""
    text = _text(split_runs(imbalance, 81, PLAIN, is_stale=False))
    bar = text.count("█"), text.count("░")

    assert f"bids {percent}%" in text
    assert f"{100 - percent}% asks" in text
    assert abs(bar[0] / sum(bar) - percent / 100) < 0.02


def test_the_microprice_has_its_place_between_the_touch() -> None:
    """Three quarters of the way to the ask is three quarters of the gauge."""
    line = spread_of(book(), has_split=True)
    assert line.left == "µ 141.265"
    assert line.mark == 6


def test_a_missing_side_is_named() -> None:
    """An empty side is no zero spread."""
    assert spread_of(book(ask=None), has_split=True).middle == "no asks"
    assert spread_of(book(bid=None), has_split=True).middle == "no bids"


def test_prices_below_nothing_are_not_shown() -> None:
    """A grid near zero leaves its lowest rows without a price."""
    grid = Grid.centred(3 * CENT, CENT, 11)
    view = book(bid=2 * CENT, ask=3 * CENT, levels=2)
    drawing = drawing_of(view, grid, Columns.of(39, 6), Scales())
    rows = [row_of(one, index, drawing) for index, one in enumerate(facts_of(view, grid, None))]
    assert [row.price for row in rows if not row.price] == [""] * 3
    assert min(row.price for row in rows if row.price) == "0.01"
