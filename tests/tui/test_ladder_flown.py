"""The ladder under a person's hands: modes, columns, hits, and what a change costs."""

import msgspec

from core.domain.fixed import UNIT
from core.domain.glossary import GLOSSARY
from core.domain.study_views import LadderNote
from core.domain.views import LadderLevel, LadderView
from tests.tui.flight import flying
from tests.tui.ladder_app import AT, CENT, LadderApp, book, busy_book
from tui.dialogs.columns import ChooseColumns
from tui.render.explain import Explained
from tui.render.ladder_columns import PRESETS, Column
from tui.widgets.ladder import Ladder

WIDE = (120, 34)


def _shown(ladder: Ladder) -> frozenset[Column]:
    return ladder._columns(ladder.size.width - 2).shown


def _note_changed(view: LadderView, price: int) -> LadderView:
    """Let one more unit be bought at a price."""
    notes = tuple(
        LadderNote(n.price, n.traded_bid, n.traded_ask + UNIT, n.stacked, n.pulled)
        if n.price == price
        else n
        for n in view.notes
    )
    return msgspec.structs.replace(view, notes=notes)


async def test_a_print_marks_a_few_cells_of_its_row() -> None:
    """One more unit bought at a price costs that number, not the row."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        ladder, view = app.ladder, busy_book()
        rows = [ladder.row_text(y) for y in range(34)]
        before = ladder.marked_cells
        ladder.show(_note_changed(view, 14129 * CENT), AT)

        changed = [y for y in range(34) if ladder.row_text(y) != rows[y]]
        assert [ladder.price_at(y) for y in changed] == [14129 * CENT]
        assert 0 < ladder.marked_cells - before <= 8


async def test_a_redrawn_view_marks_nothing_at_any_width() -> None:
    """The same view again is no change."""
    for size in ((41, 22), (62, 26), WIDE):
        app = LadderApp(busy_book())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            before = app.ladder.marked_cells
            app.ladder.show(busy_book(), AT)
            assert app.ladder.marked_cells == before > 0


async def test_what_was_not_redrawn_is_what_a_full_drawing_gives() -> None:
    """Rows kept from frame to frame are the rows a fresh ladder would draw."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        ladder = app.ladder
        for step in (0, 1, 1, 2, -1, 5, 0):
            moved = book(bid=(14125 + step) * CENT, ask=(14127 + step) * CENT)
            ladder.show(msgspec.structs.replace(moved, notes=busy_book().notes), AT)
            ladder.action_move_cursor(1)
            kept = ladder.all_text
            ladder.forget()
            ladder.redraw()
            assert ladder.all_text == kept


async def test_every_line_hits_the_price_drawn_on_it() -> None:
    """Also with the split below, and with the spread line held among other rows."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("s")
        app.ladder.show(book(bid=14130 * CENT, ask=14132 * CENT), AT)
        hits = 0
        for y in range(app.ladder.size.height):
            price = app.ladder.price_at(y)
            if price is not None:
                hits += 1
                assert f"{price / UNIT:.2f}" in app.ladder.row_text(y)
        assert app.ladder.grid is not None
        assert hits == app.ladder.grid.rows


async def test_a_click_aims_at_the_price_under_it_and_holds_the_grid() -> None:
    """After a click the price stays under the pointer, however the market moves."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        aimed = app.ladder.price_at(10)
        await pilot.click("#ladder", offset=(30, 10))
        for cents in (14126, 14131, 14160):
            app.ladder.show(book(bid=cents * CENT, ask=(cents + 1) * CENT), AT)
            assert app.ladder.price_at(10) == app.ladder.cursor_price == aimed


async def test_s_holds_the_grid_until_it_is_centred() -> None:
    """Static: the market leaves, the grid does not, and the lower edge says how far."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        ladder.focus()
        await flight.press("s")
        grid, view = ladder.grid, ladder.view
        assert grid is not None
        assert view is not None
        far = book(bid=(view.best_bid or 0) + 40 * CENT, ask=(view.best_ask or 0) + 40 * CENT)
        ladder.show(far, flight.link.at)
        edge = ladder.row_text(ladder.size.height - 1)
        assert ladder.grid == grid
        assert "market above 4" in edge

        await flight.press("c")
        assert ladder.grid != grid
        assert "static" in ladder.row_text(ladder.size.height - 1)

        await flight.press("s")
        assert "static" not in ladder.row_text(ladder.size.height - 1)


async def test_the_key_goes_round_the_sets_of_columns() -> None:
    """Every preset comes in turn, and the lower edge names it."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        seen = []
        for _ in PRESETS:
            await pilot.press("O")
            seen.append(app.ladder.choice.name)
            assert _shown(app.ladder) == app.ladder.choice.wanted
            edge = app.ladder.row_text(33)
            assert app.ladder.choice.name in edge or app.ladder.choice.name == "auto"
        assert seen == ["book", "flow", "orders", "auto"]


async def test_columns_are_picked_by_hand_and_kept_for_the_session() -> None:
    """Space switches, Enter takes; another market has the same columns."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("C", "j", "space", "j", "j", "space", "enter")
        wanted = frozenset(Column) - {Column.CUMULATIVE, Column.PROFILE}
        assert _shown(app.ladder) == wanted

        app.ladder.follow(None)
        app.ladder.follow(busy_book().instrument)
        app.ladder.show(busy_book(), AT)
        assert _shown(app.ladder) == wanted

        await pilot.press("O", "O", "O", "O", "O")
        assert app.ladder.choice.name == "own choice"
        assert _shown(app.ladder) == wanted


async def test_escape_leaves_the_columns_as_they_were() -> None:
    """The size cannot be switched off, and Escape takes nothing."""
    app = LadderApp(busy_book())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C", "space", "j", "space")
        dialog = app.screen
        assert isinstance(dialog, ChooseColumns)
        assert dialog._wanted == frozenset(Column) - {Column.CUMULATIVE}

        await pilot.press("escape")
        assert app.ladder.choice.name == "auto"
        assert app.ladder.choice.wanted == PRESETS["auto"]


def _by_key(told: tuple[Explained, ...]) -> dict[str, Explained]:
    return {one.key: one for one in told}


async def test_every_number_can_be_asked() -> None:
    """The keys are the glossary's, the values those of the view, the age the book's."""
    app = LadderApp(busy_book())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        ladder = app.ladder
        ladder.stand.cursor_price = 14123 * CENT
        told = _by_key(ladder.explain())

    assert set(told) <= set(GLOSSARY)
    assert told["spread_bps"].value == f"0.02 · {2 / 14126 * 1e4:.2f} bps"
    assert told["mid"].value == "141.260"
    assert told["microprice"].value == "141.265"
    assert told["cumulative"].value == "24.00"
    assert told["queue_ahead"].value == "340.00"
    assert told["traded_at_price"].value == f"{(90 - 9) * 3 + (80 - 9) * 2}.00"
    assert told["stacked_pulled"].value == "+7.00 -10.50"
    assert told["large_lot"].value == "from 20.00"
    assert {one.age_ms for one in told.values()} == {23}


async def test_nothing_is_explained_that_is_not_there() -> None:
    """An empty side has no spread, a book without studies no large lots."""
    app = LadderApp(book(ask=None))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        told = _by_key(app.ladder.explain())

    assert set(told) == {"imbalance", "cumulative"}
    assert told["imbalance"].value == "+1.000"


async def test_the_bars_of_both_sides_share_one_scale() -> None:
    """A level of half the size has half the bar, whichever side it is on."""
    sizes = (8 * UNIT, 4 * UNIT)
    view = book(levels=2)
    bids = tuple(LadderLevel(x.price, s, s) for x, s in zip(view.bids, sizes, strict=True))
    asks = tuple(LadderLevel(x.price, s, s) for x, s in zip(view.asks, sizes[::-1], strict=True))
    app = LadderApp(msgspec.structs.replace(view, bids=bids, asks=asks))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        bars = {row.price: row.bar for row in app.ladder._shown_rows.values() if row.size}

    assert bars["141.25"] == bars["141.28"]
    assert abs(bars["141.25"] - 2 * bars["141.24"]) <= 1
    assert bars["141.24"] == bars["141.27"]
