"""Widgets mark only what changed, and know what stands where."""

import msgspec
import pytest

from core.domain.order import Side
from core.domain.study_views import TapeLine
from core.domain.views import BookState, LadderLevel, LadderView, TapeView
from tests.tui.fake_link import FakeLink
from tests.tui.flight import flying
from tui.widgets.ladder import Ladder

UNIT = 10**10


async def test_a_changed_size_marks_only_its_cells() -> None:
    """One digit of one level costs a few cells, not a row and not a pane."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        view = ladder.view
        assert view is not None
        before = ladder.marked_cells
        level = view.bids[2]
        changed = LadderLevel(level.price, level.size + UNIT // 10, level.cumulative)
        bids = (*view.bids[:2], changed, *view.bids[3:])
        ladder.show(msgspec.structs.replace(view, bids=bids), flight.link.at)

        assert 0 < ladder.marked_cells - before <= 8


async def test_the_same_view_marks_nothing() -> None:
    """Equal text is no change, whatever the version says."""
    async with flying() as flight:
        marked = {pane: pane.marked_cells for pane in flight.panes.all}
        for topic in ("strategies", "risk", "account", "alerts"):
            flight.link.touch(topic)
        await flight.draw()

        assert marked == {pane: pane.marked_cells for pane in flight.panes.all}


async def test_a_size_below_what_is_shown_marks_nothing() -> None:
    """Sizes are quantised to the digits of the column."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        view = ladder.view
        assert view is not None
        before = ladder.marked_cells
        level = view.asks[1]
        changed = LadderLevel(level.price, level.size + 1, level.cumulative + 1)
        asks = (view.asks[0], changed, *view.asks[2:])
        ladder.show(msgspec.structs.replace(view, asks=asks), flight.link.at)

        assert ladder.marked_cells == before


async def test_a_print_costs_its_row_and_the_marker() -> None:
    """The tape is a ring: a new print overwrites the oldest row."""
    async with flying() as flight:
        tape = flight.panes.tape
        view = tape.view
        assert view is not None
        rows = {y: tape.row_text(y) for y in range(tape.size.height)}
        newest = view.rows[-1]
        new = TapeLine(newest.serial + 1, newest.ts_event, newest.price, 5 * UNIT, Side.SELL)
        tape.show(msgspec.structs.replace(view, rows=(*view.rows[1:], new)))

        changed = [y for y in rows if rows[y] != tape.row_text(y)]
        assert len(changed) <= 4


async def test_tape_tells_what_it_missed() -> None:
    """Dropped prints are counted where a person sees it."""
    async with flying() as flight:
        tape = flight.panes.tape
        assert tape.view is not None
        assert isinstance(tape.view, TapeView)
        tape.show(msgspec.structs.replace(tape.view, missed=12))

        assert "12 missed" in tape.row_text(tape.size.height - 1)


async def test_the_grid_stands_still_while_the_touch_is_central() -> None:
    """A tick up or down moves the spread line, not the prices around it."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        view, grid = ladder.view, ladder.grid
        assert view is not None
        assert grid is not None
        moved = _shifted(view, 2 * view.row_step)
        ladder.show(moved, flight.link.at)

        assert ladder.grid == grid
        assert ladder.price_at(2) == grid.price_at(0)


async def test_the_grid_recentres_when_the_touch_leaves_the_middle_third() -> None:
    """Far away it follows, but never while the person's cursor is in it."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        view, grid = ladder.view, ladder.grid
        assert view is not None
        assert grid is not None
        far = _shifted(view, 8 * view.row_step)
        ladder.action_move_cursor(1)
        ladder.show(far, flight.link.at)
        assert ladder.grid == grid
        assert "market above" in ladder.row_text(ladder.size.height - 1)

        ladder.center()
        assert ladder.grid is not None
        assert ladder.grid.is_central(far.best_bid or 0)


def _shifted(view: LadderView, by: int) -> LadderView:
    """Move a whole book up."""

    def side(levels: tuple[LadderLevel, ...]) -> tuple[LadderLevel, ...]:
        return tuple(LadderLevel(x.price + by, x.size, x.cumulative) for x in levels)

    return msgspec.structs.replace(
        view,
        best_bid=(view.best_bid or 0) + by,
        best_ask=(view.best_ask or 0) + by,
        bids=side(view.bids),
        asks=side(view.asks),
    )


async def test_hits_on_the_ladder_name_the_price_drawn_there() -> None:
    """A click's price is the price that stands on that line."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        for y in range(2, ladder.size.height - 1):
            price = ladder.price_at(y)
            if price is not None:
                assert f"{price / UNIT:.2f}" in ladder.row_text(y)


async def test_hits_on_the_watchlist_name_the_row() -> None:
    """Clicking a row moves the cursor to it; clicking it again shows it."""
    async with flying() as flight:
        await flight.pilot.click("#watchlist", offset=(5, 4))
        await flight.pilot.pause()
        assert flight.panes.watchlist.cursor == 2

        await flight.pilot.click("#watchlist", offset=(5, 4))
        await flight.settle()
        assert flight.panes.ladder_left.instrument == "alpha:BTC_USDC_PERP"


@pytest.mark.parametrize("state", [BookState.STALE, BookState.INVALID, BookState.SYNCING])
async def test_a_book_not_to_be_trusted_says_so(state: BookState) -> None:
    """The state stands in words in the title, and colours fade."""
    link = FakeLink()
    link.markets[link.watched[0]].book_state = state
    async with flying(link) as flight:
        assert state.upper() in flight.panes.ladder_left.row_text(0)


async def test_the_age_of_a_silent_book_grows() -> None:
    """Without new views the age on screen goes on."""
    async with flying() as flight:
        ladder: Ladder = flight.panes.ladder_left
        assert "<1s" in ladder.row_text(0)
        ladder.tick(flight.link.at + 7 * 10**9)

        assert "7s" in ladder.row_text(0)


async def test_own_orders_are_marked_with_their_size() -> None:
    """A diamond and the leaves stand beside the price."""
    async with flying() as flight:
        text = flight.panes.ladder_left.all_text
        assert "◆ 2.50" in text
        assert "◆ 1.20" in text


async def test_a_sparse_book_is_grouped_at_first_sight() -> None:
    """When few rows of the finest grid hold size, a coarser one is taken."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        view = ladder.view
        assert view is not None
        sparse = msgspec.structs.replace(view, bids=view.bids[::8], asks=view.asks[::8])
        ladder.follow(flight.link.watched[2])
        ladder.follow(flight.link.watched[0])
        ladder.show(sparse, flight.link.at)

        assert ladder.group >= 5


async def test_the_frame_of_a_focused_ladder_is_heavy_on_every_row() -> None:
    """Rows that did not change take the new frame too."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        ladder.focus()
        await flight.pilot.pause()
        rows = [ladder.row_text(y) for y in range(1, ladder.size.height - 1)]

        assert all(row.startswith("┃") and row.endswith("┃") for row in rows)
