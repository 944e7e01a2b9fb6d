"""Every key of the main screen does what the registry says."""

import pytest

from core.domain.commands import (
    AddToWatchlist,
    Kill,
    PauseReplay,
    RemoveFromWatchlist,
    ResumeTrading,
    SetReplaySpeed,
    StepReplay,
    SwitchStrategy,
)
from core.domain.facts import Mode, TradingState
from core.domain.ids import InstrumentId, StrategyId
from core.domain.kill import KillLevel
from tests.tui.fake_link import FakeLink
from tests.tui.flight import flying
from tui.dialogs.add_market import AddMarket
from tui.dialogs.confirm import Confirm
from tui.dialogs.help import Help
from tui.dialogs.kill import KillDialog


async def test_digits_switch_strategies() -> None:
    """A digit switches the strategy in its slot, off when it is on and on when it is off."""
    async with flying() as flight:
        await flight.press("1", "3")

        assert flight.link.commands == [
            SwitchStrategy(strategy=StrategyId("copy-aurora"), is_on=False),
            SwitchStrategy(strategy=StrategyId("cash-carry"), is_on=True),
        ]
        assert "○" in flight.panes.strategies.row_text(1)
        assert "OFF" in flight.panes.strategies.row_text(1)


async def test_an_empty_slot_says_so() -> None:
    """A digit without a strategy sends nothing and says why."""
    async with flying() as flight:
        await flight.press("9")

        assert flight.link.commands == []
        assert "no strategy in slot 9" in flight.screen_text


async def test_ctrl_k_asks_then_stops_everything() -> None:
    """The chord and one more key halt; the state shows it."""
    async with flying() as flight:
        await flight.press("ctrl+k")
        assert isinstance(flight.app.screen, KillDialog)

        await flight.press("2")

        assert flight.link.commands == [Kill(level=KillLevel.HALT)]
        assert "HALTED" in flight.panes.header.row_text(0)


@pytest.mark.parametrize("key", ["escape", "enter", "n"])
async def test_the_safe_answer_to_stop_all_sends_nothing(key: str) -> None:
    """Escape, Enter and n mean no."""
    async with flying() as flight:
        await flight.press("ctrl+k", key)

        assert flight.link.commands == []
        assert not flight.is_asking()


async def test_r_resumes_only_when_stopped() -> None:
    """Resume is asked for when trading is halted, and is no key otherwise."""
    link = FakeLink()
    async with flying(link) as flight:
        await flight.press("r")
        assert not flight.is_asking()

        link.trading_state = TradingState.HALTED
        link.touch("header")
        await flight.draw()
        await flight.press("r", "y")

        assert link.commands == [ResumeTrading()]


async def test_enter_and_x_choose_markets_for_the_ladders() -> None:
    """Enter puts a row on left ladder, candles and tape; x on the right ladder."""
    async with flying() as flight:
        await flight.press("j", "j", "enter", "j", "j", "x")

        assert flight.panes.ladder_left.instrument == "alpha:BTC_USDC_PERP"
        assert flight.panes.candles.instrument == "alpha:BTC_USDC_PERP"
        assert flight.panes.tape.instrument == "alpha:BTC_USDC_PERP"
        assert flight.panes.ladder_right.instrument == "alpha:ETH_USDC_PERP"
        assert "86,0" in flight.panes.ladder_left.all_text


async def test_arrows_move_the_cursor_like_jk() -> None:
    """Arrow keys and jk are the same, and stay on the list."""
    async with flying() as flight:
        await flight.press("up", "k", "down", "down", "up", "j")

        assert flight.panes.watchlist.cursor == 2


@pytest.mark.parametrize("key", ["delete", "backspace"])
async def test_delete_removes_the_market_under_the_cursor(key: str) -> None:
    """The row's market leaves the watchlist by command, not by the screen's own will."""
    async with flying() as flight:
        await flight.press("j", key)

        name = InstrumentId("orion:SOL_USDC_PERP")
        assert flight.link.commands == [RemoveFromWatchlist(instrument=name)]
        assert len(flight.panes.watchlist.view.rows) == 6


async def test_a_searches_the_catalogue_and_adds() -> None:
    """Typing narrows the catalogue; Enter watches the match."""
    async with flying() as flight:
        await flight.press("a")
        assert isinstance(flight.app.screen, AddMarket)

        await flight.press("d", "o", "g", "e", "enter")

        assert flight.link.commands == [AddToWatchlist(instrument=InstrumentId("alpha:DOGE_USDC"))]
        assert flight.panes.watchlist.view.rows[-1].instrument == "alpha:DOGE_USDC"


async def test_an_unknown_symbol_is_named_with_its_near_ones() -> None:
    """One sentence names what was typed and what is near it; nothing is sent."""
    async with flying() as flight:
        await flight.press("a", "s", "o", "l", "x", "_", "u", "s", "d", "c", "enter")

        assert "No venue lists 'solx_usdc'; near it:" in flight.screen_text
        assert "SOL_USDC" in flight.screen_text
        await flight.press("escape")
        assert flight.link.commands == []


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_every_group(key: str) -> None:
    """The help screen opens on both keys and closes on Escape."""
    async with flying() as flight:
        await flight.press(key)
        assert isinstance(flight.app.screen, Help)
        assert "Kill switch" in flight.screen_text

        await flight.press("escape")
        assert not flight.is_asking()


async def test_palette_finds_actions_markets_and_themes() -> None:
    """The palette runs what it finds."""
    async with flying() as flight:
        await flight.press("ctrl+p")
        assert flight.is_asking()
        await flight.pilot.press(*"theme wingman-light".replace(" ", ""))
        await flight.settle()
        await flight.pilot.pause(0.3)
        await flight.press("down", "enter")

        assert flight.app.theme == "wingman-light"


async def test_t_takes_the_next_theme() -> None:
    """Every theme comes in turn and the panes take its colours."""
    async with flying() as flight:
        await flight.press("t")

        assert flight.app.theme == "wingman-light"
        assert flight.panes.tape.palette is flight.app.palette


async def test_z_zooms_the_focused_pane_and_back() -> None:
    """The focused pane takes the body; z or Escape gives it back."""
    async with flying() as flight:
        await flight.press("z")
        assert flight.panes.watchlist.size.width == 120
        assert not flight.is_shown("candles")

        await flight.press("escape")
        assert flight.is_shown("candles")


async def test_tab_goes_round_and_shift_tab_back() -> None:
    """Tab moves the focus through the panes, and the frame shows it."""
    async with flying() as flight:
        await flight.press("tab")
        assert flight.focused == "candles"
        assert flight.panes.candles.row_text(0).startswith("┏")
        assert flight.panes.watchlist.row_text(0).startswith("╭")

        await flight.press("shift+tab")
        assert flight.focused == "watchlist"


async def test_h_and_l_go_to_the_neighbours() -> None:
    """L goes right, h left, along the same rows."""
    async with flying() as flight:
        await flight.press("l")
        assert flight.focused == "candles"

        await flight.press("l")
        assert flight.focused == "tape"

        await flight.press("h", "h")
        assert flight.panes.candles.crosshair == 0


async def test_enter_switches_the_strategy_under_the_cursor() -> None:
    """In the strategies pane Enter is the digit of the row."""
    async with flying() as flight:
        flight.panes.strategies.focus()
        await flight.press("down", "enter")

        assert flight.link.commands == [
            SwitchStrategy(strategy=StrategyId("cross-venue"), is_on=False)
        ]


async def test_brackets_change_the_interval_within_its_ends() -> None:
    """] is longer, [ shorter, and the ends hold."""
    async with flying() as flight:
        await flight.press("right_square_bracket", "right_square_bracket")
        assert flight.panes.candles.interval == "5m"

        await flight.press(*["left_square_bracket"] * 4)
        assert flight.panes.candles.interval == "1m"


async def test_plus_and_minus_change_the_grouping() -> None:
    """+ is coarser, - finer: 1, 2, 5, 10 ticks."""
    async with flying() as flight:
        await flight.press("plus", "plus")
        assert flight.panes.ladder_left.group == 5
        assert flight.panes.ladder_left.view is not None
        assert flight.panes.ladder_left.view.row_step == 5 * flight.panes.ladder_right.grid.step  # type: ignore[union-attr]

        await flight.press("minus")
        assert flight.panes.ladder_left.group == 2


async def test_c_centres_and_drops_the_cursor() -> None:
    """C brings the touch back to the middle."""
    async with flying() as flight:
        ladder = flight.panes.ladder_left
        ladder.focus()
        await flight.press(*["k"] * 12)
        held = ladder.cursor_price

        await flight.press("c")

        assert held is not None
        assert ladder.cursor_price is None
        assert ladder.grid is not None
        assert ladder.view is not None
        assert ladder.grid.is_central(ladder.view.best_bid or 0)


async def test_replay_keys_work_in_replay_only() -> None:
    """Space, dot and angle brackets are sent in replay, and are nothing elsewhere."""
    async with flying() as flight:
        await flight.press("space", "full_stop", "less_than_sign", "greater_than_sign")
        assert flight.link.commands == []

    link = FakeLink(mode=Mode.REPLAY)
    link.replay = "x1 00:12 / 20:00"
    async with flying(link) as flight:
        assert "x1 00:12 / 20:00" in flight.panes.header.row_text(0)
        assert "REPLAY" in flight.panes.header.row_text(0)
        await flight.press("space", "full_stop", "greater_than_sign", "less_than_sign", "space")

        assert link.commands == [
            PauseReplay(is_paused=True),
            StepReplay(),
            SetReplaySpeed(speed=2.0),
            SetReplaySpeed(speed=1.0),
            PauseReplay(is_paused=True),
        ]


async def test_replay_speed_goes_on_from_what_the_engine_plays() -> None:
    """A replay started at another speed is slowed and hastened from there."""
    link = FakeLink(mode=Mode.REPLAY)
    link.replay = "x8 00:12 / 20:00"
    async with flying(link) as flight:
        await flight.press("greater_than_sign", "less_than_sign", "less_than_sign")

        speeds = [command.speed for command in link.commands if isinstance(command, SetReplaySpeed)]
        assert speeds == [16.0, 8.0, 4.0]


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_with_open_positions_asks(key: str) -> None:
    """Positions or orders open: leaving is a question, and Escape stays."""
    async with flying() as flight:
        await flight.press(key)
        assert isinstance(flight.app.screen, Confirm)
        await flight.press("escape")
        assert flight.app.is_running
        assert not flight.is_asking()

        await flight.pilot.press(key)
        await flight.pilot.pause()
        await flight.pilot.press("y")
        await flight.pilot.pause()
        assert flight.app._exit


async def test_v_turns_the_pages_of_a_small_terminal() -> None:
    """At 80x24 v shows the next group of panes, V the one before."""
    async with flying(size=(80, 24)) as flight:
        assert flight.is_shown("ladder-left")
        assert not flight.is_shown("candles")

        await flight.press("v")
        assert flight.is_shown("candles")
        assert flight.is_shown("tape")

        await flight.press("v")
        assert flight.is_shown("ladder-right")
        await flight.press("V", "V")
        assert flight.is_shown("watchlist")


async def test_a_refused_command_is_told() -> None:
    """What the engine refuses is shown with its words."""
    link = FakeLink()
    link.refusal = "journal is behind: entries denied"
    async with flying(link) as flight:
        await flight.press("1")

        assert "journal is behind: entries denied" in flight.screen_text


async def test_clicks_in_the_footer_run_the_key() -> None:
    """The footer's words are buttons."""
    async with flying() as flight:
        footer = flight.panes.footer
        start = next(a for a, _, name in footer._spans if name == "next-theme")
        await flight.pilot.click("#footer", offset=(start + 2, 0))
        await flight.settle()

        assert flight.app.theme == "wingman-light"
