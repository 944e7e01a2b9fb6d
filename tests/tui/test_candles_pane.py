"""The candle pane under keys and answers."""

import msgspec
import pytest

from tests.tui.chart_app import AT, app_on, sol_market
from tests.tui.fake_market import NS
from tui.render.chart_spec import Lower, Preset
from tui.widgets.candles import INTERVALS

SIZE = (100, 30)


async def test_keys_change_what_is_drawn() -> None:
    """Overlays, study, line, zoom, lock: each shows at once and says so."""
    app = app_on(sol_market())
    async with app.run_test(size=SIZE) as pilot:
        app.answer()
        app.pane.focus()
        await pilot.press("e")
        assert app.pane.lens.preset is Preset.BANDS
        assert "BB+" in app.pane.row_text(29)
        await pilot.press("p")
        assert app.pane.lens.lower is Lower.RSI
        assert "RSI 14" in app.pane.all_text
        await pilot.press("b", "u", "y")
        assert "÷2 · line · scale locked" in app.pane.row_text(29)
        await pilot.press("b", "y", "i", "i")
        assert "×2" in app.pane.row_text(29)  # noqa: RUF001 - the sign is meant


async def test_panning_asks_for_more_candles_and_the_end_comes_back() -> None:
    """The topic follows the place; `end` follows the newest again."""
    app = app_on(sol_market())
    async with app.run_test(size=SIZE) as pilot:
        app.answer()
        app.pane.focus()
        before = app.pane.topic()
        await pilot.press("H", "H")
        app.answer()
        assert app.pane.topic() != before
        assert app.pane.overlays_topic() == (app.pane.topic() or "").replace("candles", "overlays")
        assert "back" in app.pane.row_text(29)
        picture = app.pane.picture()
        assert picture is not None
        assert picture.buckets[0] is not None
        await pilot.press("home")
        app.answer()
        assert (app.pane.topic() or "").endswith("/500")
        await pilot.press("end")
        assert app.pane.lens.end_ts is None
        assert app.pane.topic() == before


async def test_the_crosshair_reads_the_candle_out() -> None:
    """Left turns it on; the title has the values; x puts it away; right of the newest too."""
    app = app_on(sol_market())
    async with app.run_test(size=SIZE) as pilot:
        app.answer()
        app.pane.focus()
        await pilot.press("left", "left", "left")
        picture = app.pane.picture()
        assert picture is not None
        bucket = picture.buckets[-3]
        assert bucket is not None
        assert bucket.open is not None
        assert f"O {bucket.open:.2f}" in app.pane.row_text(0)
        assert f"V {bucket.volume:.0f}" in app.pane.row_text(0)
        await pilot.press("up")
        assert app.pane.lens.cross_row is not None
        await pilot.press("x")
        assert app.pane.crosshair is None
        await pilot.press("left", "right")
        assert app.pane.crosshair is None


async def test_the_crosshair_names_own_fills_and_holes() -> None:
    """On the candle of a fill the quantity; on a quiet one that nothing traded."""
    app = app_on(sol_market())
    async with app.run_test(size=(140, 30)) as pilot:
        app.answer()
        app.pane.focus()
        await pilot.press(*["left"] * 7)
        assert "▼1.20" in app.pane.row_text(0)
        await pilot.press(*["left"] * 17)
        assert "no trades" in app.pane.row_text(0)
        await pilot.press(*["left"] * 8)
        assert "no data" in app.pane.row_text(0)


async def test_ticks_are_drawn_once_a_second_and_keys_at_once() -> None:
    """A price that ticks ten times a second repaints nothing in between."""
    market = sol_market()
    app = app_on(market)
    async with app.run_test(size=SIZE) as pilot:
        app.answer()
        marked = app.pane.marked_cells
        count = int((app.pane.topic() or "").rpartition("/")[2])
        for _ in range(9):
            market.mid += market.tick * 5
            app.now += 0.1
            app.pane.show(market.candles("1m", count, AT))
            app.pane.draw_when_due()
            assert app.pane.marked_cells == marked
        app.now += 0.2
        app.pane.draw_when_due()
        assert app.pane.marked_cells > marked
        app.pane.focus()
        marked = app.pane.marked_cells
        await pilot.press("e")
        assert app.pane.marked_cells > marked


async def test_views_of_another_market_or_interval_are_not_drawn() -> None:
    """What was asked before the switch comes too late."""
    market = sol_market()
    app = app_on(market)
    async with app.run_test(size=SIZE):
        app.answer()
        late = market.candles("1m", 60, AT), market.overlays("1m", 60, AT)
        app.pane.use_interval("1h")
        app.pane.show(late[0])
        app.pane.show_overlays(late[1])
        assert app.pane.view is None
        assert app.pane.overlays is None
        assert "loading history" in app.pane.all_text


async def test_the_crosshair_stays_on_its_candle_when_a_new_one_begins() -> None:
    """The instant under it is the same before and after."""
    market = sol_market()
    app = app_on(market)
    async with app.run_test(size=SIZE) as pilot:
        app.answer()
        app.pane.focus()
        await pilot.press("left", "left", "left")
        before = app.pane.picture()
        count = int((app.pane.topic() or "").rpartition("/")[2])
        app.pane.show(market.candles("1m", count, AT + 60 * NS))
        app.now += 2
        app.pane.draw_when_due()
        after = app.pane.picture()
        assert before is not None
        assert after is not None
        assert after.window.start(after.slot) == before.window.start(before.slot)


@pytest.mark.parametrize("width", [30, 40, 54, 60, 70, 80, 120, 200])
async def test_the_chosen_interval_is_shown_at_every_width(width: int) -> None:
    """All eleven where there is room, else the nearest ones; the chosen is always among them."""
    app = app_on(sol_market())
    async with app.run_test(size=(width, 16)) as pilot:
        app.pane.focus()
        for interval in INTERVALS:
            app.pane.use_interval(interval)
            app.answer()
            await pilot.pause()
            words = app.pane.row_text(0).replace("━", " ").split()
            assert interval in words
            assert len(app.pane.row_text(0)) == width


async def test_the_chart_explains_its_numbers() -> None:
    """Every key of the glossary that the chart has a number for, with inputs and age."""
    market = sol_market()
    app = app_on(market)
    async with app.run_test(size=SIZE):
        app.answer()
        said = {part.key: part for part in app.pane.explain()}
        view = market.overlays("1m", 100, AT)
        rsi = next(line.values[-1] for line in view.lines if line.name == "rsi")

        assert set(said) == {
            "candle", "change", "ema", "vwap_day", "bollinger", "rsi", "macd", "atr", "adx",
            "support_resistance",
        }  # fmt: skip
        assert said["rsi"].value == f"RSI 14 {rsi:.1f}"
        assert said["rsi"].age_ms == 0
        assert "O " in said["candle"].value


async def test_nothing_is_explained_where_nothing_is_known() -> None:
    """No candles, no claims; candles without overlays, only what they say themselves."""
    market = sol_market()
    app = app_on(market)
    async with app.run_test(size=SIZE):
        assert app.pane.explain() == ()
        app.pane.show(msgspec.structs.replace(market.candles("1m", 60, AT), fills=()))
        assert {part.key for part in app.pane.explain()} == {"candle", "change"}
