"""Study panes: what they ask for, what keys do, what a person can ask of a number."""

from typing import Any

import msgspec
import pytest

from core.domain.fixed import UNIT
from core.domain.glossary import GLOSSARY
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import (
    CurvePoint,
    FootprintCandle,
    FootprintView,
    FundingView,
    HeatTrade,
    PairsView,
    ProfileBar,
    SweepRow,
    TapeLine,
)
from tests.tui.fake_studies import MARKET, NS, START, FakeStudies, funding, pairs
from tests.tui.study_stage import STUDIES, Stage, pane_named
from tui.render.depth import refill_text
from tui.render.footprint import feet_of, fitted
from tui.render.heatmap import newest_touch, price_at, raster_of
from tui.render.numbers import price_text, venue_mark
from tui.render.study import brief, short
from tui.render.tape import TapeRing
from tui.widgets.messages import FocusAside, MarketChosen

FAKE = FakeStudies()
OTHER = InstrumentId("orion:BTC_USDC_PERP")


@pytest.mark.parametrize("name", [name for name in STUDIES if name not in {"funding", "pairs"}])
async def test_a_pane_without_a_view_says_what_it_waits_for(name: str) -> None:
    """Nothing looks like data before there is any; without a market nothing is asked for."""
    pane = pane_named(name)
    async with Stage(pane, market=None).run_test(size=(60, 20)):
        assert pane.topic() is None
        pane.redraw()
        assert "no market chosen" in pane.all_text
        pane.follow(MARKET)
        assert pane.topic().split("/")[:2] == [name, MARKET]
        assert pane.waiting in pane.all_text
        assert "waiting" in pane.row_text(0)


@pytest.mark.parametrize("name", ["depth", "flow", "trend", "profile", "heatmap", "footprint"])
async def test_a_view_of_another_market_is_not_drawn(name: str) -> None:
    """A late answer for the market before changes nothing."""
    pane = pane_named(name)
    async with Stage(pane).run_test(size=(60, 20)):
        late = FakeStudies(instrument=OTHER)
        pane.show(getattr(late, name)())
        assert pane.view is None


async def test_depth_shows_the_numbers_of_the_view() -> None:
    """Spread, score and costs stand as the view says; a notional the book lacks says so."""
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(100, 30)):
        view = FAKE.depth()
        lacking = msgspec.structs.replace(view.costs[0], slippage_bps=None, vwap=None)
        pane.show(msgspec.structs.replace(view, costs=(lacking, *view.costs[1:])))
        text = pane.all_text
        assert f"{view.spread_bps:.2f} bps" in text
        assert "liquidity 72.4" in text
        assert "half in 1.4s · 86% back" in text
        assert "no depth" in text


async def test_a_one_sided_book_has_no_mid_and_one_slope() -> None:
    """What is not known is a dash; the curve still shows the side there is."""
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(100, 30)):
        pane.show(FAKE.depth(has_asks=False))
        assert "mid        —" in pane.all_text
        assert "cumulative depth" in pane.all_text
        pane.show(FAKE.depth(has_bids=False, has_asks=False))
        assert "the book is empty" in pane.all_text


async def test_an_old_book_says_so_and_fades() -> None:
    """The age grows without new views; from five seconds on it is called stale."""
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(100, 30)):
        pane.show(FAKE.depth())
        assert "STALE" not in pane.row_text(0)
        pane.tick(START + 9 * NS)
        assert "STALE 9s" in pane.row_text(0)
        assert pane.ink.style("text") == pane.palette.style("stale")


# ---- the tape -----------------------------------------------------------------------------------


async def test_the_tape_asks_for_what_a_person_chose() -> None:
    """`f` raises the least notional and begins again at none, `g` joins sweeps."""
    pane = pane_named("tape")
    async with Stage(pane).run_test(size=(50, 24)) as pilot:
        seen = []
        for _ in range(6):
            await pilot.press("f")
            seen.append(int(pane.topic().split("/")[-1]))
        assert seen == [1_000, 5_000, 10_000, 50_000, 100_000, 0]
        await pilot.press("g", "F")
        assert pane.topic().split("/")[-2:] == ["sweeps", "100000"]
        assert "sweeps ≥100k" in pane.row_text(0)


async def test_the_tape_draws_ways_large_prints_and_holes() -> None:
    """A sweep shows first and last price with its prints; a hole stands where it is."""
    pane = pane_named("tape")
    async with Stage(pane).run_test(size=(44, 12)):
        lines = (
            TapeLine(3, START, 141 * UNIT, UNIT, Side.BUY, 1, 141 * UNIT),
            TapeLine(26, START, 14120 * UNIT // 100, 9 * UNIT, Side.BUY, 7,
                     14126 * UNIT // 100, True, 12),
        )  # fmt: skip
        view = msgspec.structs.replace(FAKE.tape(4), rows=lines, missed=12, hidden=3)
        pane.show(view)
        rows = [pane.row_text(row).strip("┃│┏┓┗┛ ") for row in range(12)]
        missed = next(index for index, row in enumerate(rows) if " 12 missed ╌" in row)
        assert rows[missed + 1].startswith("▸▲")
        assert "141.20→141.26 ×7" in rows[missed + 1]  # noqa: RUF001
        assert "◆ 9.00" in rows[missed + 1]
        assert "3 hidden" in rows[-1]


def _line(serial: int, *, missed: int = 0, prints: int = 1, price: int = 100) -> TapeLine:
    return TapeLine(serial, 5, price * UNIT, UNIT, Side.BUY, prints, price * UNIT, False, missed)


def test_lines_keep_their_place_in_the_ring() -> None:
    """New lines take the next places, also where serials jump; a hole takes one of its own."""
    ring = TapeRing()
    first = ring.place([_line(10), _line(17)], 8)
    then = ring.place([_line(17), _line(40, missed=3), _line(41)], 8)
    assert [(p.slot, p.line.serial) for p in first if p.line] == [(10, 10), (11, 17)]
    assert [p.slot for p in then] == [10, 11, 12, 13, 14]
    assert [p.missed for p in then] == [0, 0, 3, 0, 0]


def test_a_sweep_that_goes_on_keeps_its_place() -> None:
    """More prints joined to the newest line change its row, not the rows around it."""
    ring = TapeRing()
    ring.place([_line(10), _line(12, prints=2)], 8)
    grown = ring.place([_line(10), _line(15, prints=5), _line(16, price=101)], 8)
    assert [(p.slot, p.line.serial) for p in grown if p.line] == [(10, 10), (11, 15), (12, 16)]


def test_the_ring_shows_one_row_less_than_it_has() -> None:
    """A free row parts the newest from the oldest, whatever came."""
    ring = TapeRing()
    for start in range(0, 40, 7):
        placed = ring.place([_line(serial) for serial in range(start, start + 12)], 8)
        assert [p.slot % 8 for p in placed] == [s % 8 for s in range(start + 5, start + 12)]


# ---- the heatmap --------------------------------------------------------------------------------


async def _heatmap_stage(pane: Any) -> Any:
    columns, rows, step = map(int, pane.topic().split("/")[2:])
    view = FAKE.heatmap(columns, rows, step)
    pane.show(view)
    return view


async def test_a_change_in_the_newest_column_marks_its_cells_only() -> None:
    """One cell of the raster is one cell of the terminal."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=(80, 24)):
        view = await _heatmap_stage(pane)
        before = pane.marked_cells
        cells = bytearray(view.cells)
        index = 2 * view.columns + view.columns - 1
        cells[index] = (cells[index] + 128) % 256
        pane.show(msgspec.structs.replace(view, cells=bytes(cells)))
        assert pane.marked_cells - before == 1


async def test_the_heatmap_scrolls_no_more_than_once_a_second() -> None:
    """A raster that moved by less waits; one that moved by a second is drawn."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=(80, 24)):
        view = await _heatmap_stage(pane)
        early = msgspec.structs.replace(view, start_ts=view.start_ts + NS // 4)
        pane.show(early)
        assert pane.view is view
        late = msgspec.structs.replace(view, start_ts=view.start_ts + NS)
        pane.show(late)
        assert pane.view is late


async def test_the_crosshair_reads_size_and_prints_and_stays_on_its_data() -> None:
    """The read-out is the raster's; a scroll moves the crosshair with its column."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=(120, 24)) as pilot:
        view = await _heatmap_stage(pane)
        column, row = view.columns - 1, view.rows // 2
        cells = bytearray(view.cells)
        cells[row * view.columns + column] = 51
        trades = (*view.trades, HeatTrade(column, row, 7 * UNIT, 0))
        pane.show(msgspec.structs.replace(view, cells=bytes(cells), trades=trades))
        await pilot.press("down")
        price = price_at(view, row) / UNIT
        resting = view.full_size * 51 / 255 / UNIT
        assert f"{price:.2f}" in pane.row_text(0)
        assert f"resting {resting:.0f}" in pane.row_text(0)
        assert "bought" in pane.row_text(0)
        held = pane.crosshair
        await pilot.press("left")
        assert pane.crosshair == (held[0] - view.step_ns, held[1])
        await pilot.press("x")
        assert pane.crosshair is None


async def test_without_a_crosshair_the_arrows_move_the_focus() -> None:
    """The pane does not trap a person."""
    pane = pane_named("heatmap")
    stage = Stage(pane)
    async with stage.run_test(size=(80, 24)) as pilot:
        await _heatmap_stage(pane)
        await pilot.press("right")
        await pilot.pause()
        assert [type(message) for message in stage.told] == [FocusAside]


async def test_the_time_of_a_column_can_be_chosen() -> None:
    """`s` takes the next step and asks for another raster."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=(80, 24)) as pilot:
        before = pane.topic()
        await pilot.press("s")
        assert pane.topic() == before.rsplit("/", 1)[0] + "/2000"
        assert pane.view is None


# ---- footprint and profile ----------------------------------------------------------------------


def test_imbalance_is_diagonal_at_three_to_one() -> None:
    """Bought over sold one row below, sold over bought one row above; control is the heaviest."""
    bars = (
        ProfileBar(103, 10, 5), ProfileBar(102, 16, 30), ProfileBar(101, 10, 29),
        ProfileBar(100, 9, 4),
    )  # fmt: skip
    candle = msgspec.structs.replace(FAKE.footprint(1).candles[0], bars=bars)
    feet = feet_of(candle, 1)
    assert {price: foot.is_bought_heavy for price, foot in feet.items()} == {
        103: False, 102: True, 101: True, 100: False,
    }  # fmt: skip
    assert {price: foot.is_sold_heavy for price, foot in feet.items()} == {
        103: False, 102: True, 101: False, 100: False,
    }  # fmt: skip
    assert [price for price, foot in feet.items() if foot.is_control] == [102]


async def test_a_narrow_footprint_shows_fewer_candles() -> None:
    """The newest ones stay; the topic asks for as many as fit."""
    for width, count in ((60, 3), (100, 6), (30, 1)):
        pane = pane_named("footprint")
        async with Stage(pane).run_test(size=(width, 24)):
            assert pane.topic().split("/")[3] == str(count)
            pane.show(FAKE.footprint(8))
            assert "14:30" in pane.row_text(22)


async def test_a_profile_with_too_many_rows_is_grouped_until_a_person_chooses() -> None:
    """At first sight it takes coarser rows; keys take over."""
    pane = pane_named("profile")
    async with Stage(pane).run_test(size=(60, 12)) as pilot:
        pane.show(FAKE.profile(rows=200))
        assert pane.topic().endswith("/10")
        await pilot.press("G")
        pane.show(FAKE.profile(rows=200))
        assert pane.topic().endswith("/5")


async def test_the_profile_cursor_starts_at_the_point_of_control() -> None:
    """Its row is read out at the foot."""
    pane = pane_named("profile")
    async with Stage(pane).run_test(size=(60, 24)) as pilot:
        view = FAKE.profile(rows=40)
        pane.show(view)
        await pilot.press("down")
        assert pane.cursor_price == view.point_of_control
        await pilot.press("down")
        assert f"{pane.cursor_price / UNIT:.2f} sold" in pane.row_text(23)


# ---- tables -------------------------------------------------------------------------------------


async def test_funding_sorts_by_any_column_with_the_unknown_last() -> None:
    """Numbers fall first, then rise; a row without the number stays at the end."""
    pane = pane_named("funding")
    async with Stage(pane).run_test(size=(130, 24)) as pilot:
        view = funding()
        pane.show(view)
        for _ in range(12):
            await pilot.press("s")
            if pane.fields[pane.sorted_by].name == "year %":
                break
        known = sorted((r.annual_pct for r in view.rows if r.annual_pct is not None), reverse=True)
        assert [row.annual_pct for row in pane.ordered()] == [*known, None]
        await pilot.press("S")
        assert [row.annual_pct for row in pane.ordered()] == [*reversed(known), None]
        assert "▴year %" in pane.row_text(1)


async def test_the_cursor_stays_on_its_row_when_the_order_changes() -> None:
    """And enter asks for that row's market."""
    pane = pane_named("pairs")
    stage = Stage(pane)
    async with stage.run_test(size=(110, 24)) as pilot:
        pane.show(pairs())
        await pilot.press("down", "down")
        held = pane.row_at_cursor()
        await pilot.press("s", "S")
        assert pane.row_at_cursor() == held
        await pilot.press("enter")
        await pilot.pause()
        chosen = stage.told[-1]
        assert isinstance(chosen, MarketChosen)
        assert chosen.instrument == held.first


async def test_the_time_to_the_next_funding_runs_down() -> None:
    """By the engine's clock; at zero it says now."""
    pane = pane_named("funding")
    async with Stage(pane).run_test(size=(130, 24)):
        row = msgspec.structs.replace(funding().rows[0], next_funding_ts=START + 3_661 * NS)
        pane.show(msgspec.structs.replace(funding(), rows=(row,)))
        pane.tick(START)
        assert "01:01:01" in pane.row_text(2)
        pane.tick(START + 2 * NS)
        assert "01:00:59" in pane.row_text(2)
        pane.tick(START + 4_000 * NS)
        assert " now" in pane.row_text(2)


# ---- asking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tape", *STUDIES])
async def test_every_pane_explains_its_numbers(name: str) -> None:
    """Nothing to say without a view; known words and values with one."""
    pane = pane_named(name)
    async with Stage(pane).run_test(size=(100, 30)):
        assert pane.explain() == ()
        makers: dict[str, Any] = {"funding": funding, "pairs": pairs}
        make = makers[name] if name in makers else getattr(FAKE, name)
        pane.show(make())
        said = pane.explain()
        assert said
        for number in said:
            assert number.key in GLOSSARY
            assert number.value


# ---- what a trader tripped over ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("half_s", "share", "words", "brief_words"),
    [
        (1.4, 0.86, "half in 1.4s · 86% back", "1.4s · 86%"),
        (2.2, -0.77, "half in 2.2s · then lost again", "2.2s · lost"),
        (None, 0.31, "only 31% back", "only 31%"),
        (None, 0.0, "none back", "none back"),
        (None, -0.46, "none back, 46% more gone", "none back"),
        (None, None, "— no trade measured yet", "—"),
    ],
)
def test_a_refill_is_said_in_words_that_cannot_be_misread(
    half_s: float | None, share: float | None, words: str, brief_words: str
) -> None:
    """No number back is ever negative, and what is not known has no unit."""
    view = msgspec.structs.replace(FAKE.depth(), resilience_half_s=half_s, resilience_share=share)

    assert refill_text(view) == words
    assert refill_text(view, is_short=True) == brief_words


async def test_a_spread_without_a_tick_is_told_in_basis_points_only() -> None:
    """A recording carries no tick: nothing is said of ticks."""
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(100, 30)):
        pane.show(msgspec.structs.replace(FAKE.depth(), spread_ticks=None))
        assert "tick" not in pane.all_text


@pytest.mark.parametrize("height", range(14, 34))
async def test_a_table_without_room_for_a_number_is_not_begun(height: int) -> None:
    """Heading and titles alone would promise numbers that are not there."""
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(44, height)):
        pane.show(FAKE.depth())
        rows = [pane.row_text(row)[1:-1] for row in range(1, height - 1)]
        titles = [row for row, text in enumerate(rows) if text.startswith(("notional", "within"))]
        assert all(row + 1 < len(rows) and rows[row + 1].strip()[0].isdigit() for row in titles)


async def test_far_levels_do_not_press_the_depth_curve_into_the_middle() -> None:
    """The curve ends two per cent from the mid, though the book goes on to a tenth of it."""
    view = FAKE.depth()
    far = CurvePoint(view.bids[-1].price // 10, view.bids[-1].cumulative * 2)
    pane = pane_named("depth")
    async with Stage(pane).run_test(size=(100, 30)):
        pane.show(msgspec.structs.replace(view, bids=(*view.bids, far)))
        assert "138.44" in pane.all_text
        assert "144.10" in pane.all_text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0.0867, "0.087"), (0.0023, "0.002"), (0.0004, "<.001"), (0.27, "0.27"), (512.0, "512")],
)
def test_a_small_size_is_no_power_of_ten(size: float, text: str) -> None:
    """Five cells are enough for a size a person can read."""
    assert brief(size, 5) == text


async def test_the_time_of_a_sweep_is_whole_or_not_there() -> None:
    """In a narrow pane the way gives room first, then the time; neither is cut."""
    view = FAKE.flow()
    sweep = SweepRow(
        ts_event=START, side=Side.SELL, first_price=617_782 * UNIT // 10,
        last_price=617_771 * UNIT // 10, size=UNIT // 8, prints=6,
    )  # fmt: skip
    pane = pane_named("flow")
    for width in range(36, 60):
        async with Stage(pane_named("flow")).run_test(size=(width, 24)) as pilot:
            pane = pilot.app.pane  # type: ignore[attr-defined]
            pane.show(msgspec.structs.replace(view, price_decimals=1, sweeps=(sweep,)))
            line = next(row for row in pane.all_text.splitlines() if "last sweep" in row)
            assert "…" not in line
            assert "×6" in line  # noqa: RUF001


def test_the_crosshair_finds_its_row_again_on_another_grid() -> None:
    """A price inside a row belongs to that row, whatever grid it was chosen on."""
    pane = pane_named("heatmap")
    view = FakeStudies().heatmap(60, 40)
    for row in range(view.rows):
        low = view.top_price - (row + 1) * view.row_step
        for price in (low, low + 1, low + view.row_step // 2, low + view.row_step - 1):
            pane.crosshair = (view.start_ts, price)
            assert pane._place(view) == (0, row)


def test_the_touch_beside_the_heatmap_is_the_price_and_not_the_edge_of_its_row() -> None:
    """Rows hold several ticks; the axis says the best prices as the ladder does."""
    view = FakeStudies().heatmap(60, 40)
    assert view.best_bids[-1] >= 0
    bid = view.top_price - (view.best_bids[-1] + 1) * view.row_step + view.row_step // 2
    raster = raster_of(view, 60, 20, is_plain=False)

    touch = newest_touch(msgspec.structs.replace(view, newest_bid=bid), raster)

    assert (price_text(bid, view.price_decimals), "bid") in touch.values()


async def test_a_heatmap_the_analyst_no_longer_makes_is_called_stale() -> None:
    """It is made anew every second: after five it is old."""
    pane = pane_named("heatmap")
    async with Stage(pane).run_test(size=(80, 24)):
        view = FAKE.heatmap(*pane._room())
        pane.show(view)
        pane.tick(view.computed_at + 6 * NS)
        assert "STALE 6s" in pane.row_text(0)


async def test_cumulative_delta_is_the_same_number_wherever_it_stands() -> None:
    """Only the newest seconds are drawn; the delta is still counted from the anchor."""
    view = FAKE.flow()
    kept = tuple(
        msgspec.structs.replace(point, cumulative=point.cumulative + 5_000)
        for point in view.series[-60:]
    )
    pane = pane_named("flow")
    async with Stage(pane).run_test(size=(100, 30)):
        pane.show(msgspec.structs.replace(view, series=kept))
        (told,) = [number.value for number in pane.explain() if number.key == "cvd"]
        assert told == short(kept[-1].cumulative, is_signed=True)
        assert f"CVD {told} " in pane.all_text
        assert " 0.00" not in pane.all_text.partition("windows")[0]


# ---- a footprint that runs away ------------------------------------------------------------------


def _run_away(step: int = UNIT) -> FootprintView:
    """Five candles of ten rows each, every one ten rows above the last."""
    candles = [
        FootprintCandle(
            start_ts=START + number * 60 * NS, open=low * step, high=(low + 9) * step,
            low=low * step, close=(low + 9) * step,
            bars=tuple(ProfileBar((low + row) * step, UNIT, 2 * UNIT) for row in range(9, -1, -1)),
            delta=10.0, volume=30.0,
        )
        for number, low in enumerate(range(100, 150, 10))
    ]  # fmt: skip
    return msgspec.structs.replace(FAKE.footprint(), row_step=step, candles=tuple(candles))


def test_rows_are_joined_until_the_candles_stand_together() -> None:
    """Fifty rows do not fit in twenty-seven; joined by two they do, and nothing is lost."""
    view = _run_away()

    found = fitted(view, 100, 30)

    assert found.row_step == 2 * UNIT
    assert [len(candle.bars) for candle in found.candles] == [5] * 5
    for before, after in zip(view.candles, found.candles, strict=True):
        assert sum(bar.sold for bar in after.bars) == sum(bar.sold for bar in before.bars)
        assert sum(bar.bought for bar in after.bars) == sum(bar.bought for bar in before.bars)
        assert [bar.price for bar in after.bars] == sorted(
            {bar.price // (2 * UNIT) * 2 * UNIT for bar in before.bars}, reverse=True
        )


def test_a_candle_is_not_joined_to_a_lump() -> None:
    """In a low pane the oldest candles leave; a middling one keeps five rows."""
    assert fitted(_run_away(), 100, 12).row_step == 2 * UNIT
    assert fitted(_run_away(), 100, 60).row_step == UNIT


async def test_rows_a_person_chose_are_not_joined() -> None:
    """The pane says the height of the rows it draws."""
    pane = pane_named("footprint")
    async with Stage(pane).run_test(size=(100, 32)):
        pane.show(_run_away())
        assert "rows of 2.00" in pane.row_text(0)
        pane.group = 1
        pane.redraw()
        assert "rows of 1.00" in pane.row_text(0)


@pytest.mark.parametrize(
    ("name", "view", "words"),
    [
        ("pairs", PairsView(rows=()), "no two watched markets of one base"),
        ("funding", FundingView(rows=()), "no watched market told a mark and a rate"),
    ],
)
async def test_an_empty_table_says_what_it_would_need(name: str, view: Any, words: str) -> None:
    """Nothing to show is said in the words of the table, not as if it still waited."""
    pane = pane_named(name)
    async with Stage(pane).run_test(size=(80, 12)):
        pane.show(view)
        assert words in pane.all_text


@pytest.mark.parametrize(
    ("instrument", "mark"),
    [
        ("alpha:X", "al"),
        ("binance-spot:X", "bs"),
        ("binance-usdm:X", "bu"),
        (":X", ""),
        ("ab-:X", "ab"),
    ],
)
def test_two_venues_of_one_house_have_two_marks(instrument: str, mark: str) -> None:
    """`bi` twice in a watchlist would be one venue to the eye."""
    assert venue_mark(instrument) == mark
