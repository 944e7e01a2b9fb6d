"""Looking around on a chart: zoom, pan, crosshair, and what is asked of the engine."""

import random

import pytest

from tui.render.chart_lens import (
    MOST_CANDLES,
    Lens,
    Reach,
    aimed,
    crosshair_moved,
    pan_step,
    panned,
    panned_home,
    shifted,
    wanted_candles,
    zoomed,
)
from tui.render.chart_spec import USUAL_ZOOM, ZOOMS

MINUTE = 60 * 10**9
NEWEST = 1_000_000 * MINUTE


def _reach(columns: int = 100, candles: int | None = None) -> Reach:
    oldest = None if candles is None else NEWEST - (candles - 1) * MINUTE
    return Reach(newest=NEWEST, oldest=oldest, interval_ns=MINUTE, columns=columns)


def test_panning_goes_back_and_returns_to_the_newest() -> None:
    """Back by slots; to the newest, which is then followed again."""
    lens = panned(Lens(), 30, _reach())
    assert lens.end_ts == NEWEST - 30 * MINUTE

    assert panned(lens, -10, _reach()).end_ts == NEWEST - 20 * MINUTE
    assert panned(lens, -31, _reach()).end_ts is None
    assert pan_step(Lens(), 100) == 33


@pytest.mark.parametrize("zoom", range(len(ZOOMS)))
def test_panning_ends_where_the_history_begins(zoom: int) -> None:
    """Home leaves no blank at the left and asks for no more than the engine gives."""
    lens = Lens(zoom_step=zoom)
    shown = min(lens.slots(60) * lens.zoom.group, MOST_CANDLES)

    home = panned_home(lens, _reach(60))
    short = panned_home(lens, _reach(60, candles=shown + 7))

    end = NEWEST if home.end_ts is None else home.end_ts
    assert (NEWEST - end) // MINUTE + shown == MOST_CANDLES
    assert wanted_candles(home, 60, NEWEST, MINUTE) <= MOST_CANDLES
    assert short.end_ts == NEWEST - 7 * MINUTE or shown == MOST_CANDLES
    assert panned(short, 50, _reach(60, candles=shown + 7)) == short


def test_enough_candles_are_asked_for() -> None:
    """What is shown, what lies between it and now, and no more than a step beyond."""
    for zoom in range(len(ZOOMS)):
        for back in (0, 1, 77):
            lens = Lens(zoom_step=zoom, end_ts=NEWEST - back * MINUTE if back else None)
            need = lens.slots(50) * lens.zoom.group + back
            count = wanted_candles(lens, 50, NEWEST, MINUTE)
            assert min(need, MOST_CANDLES) <= count <= max(need + 28, 10)
    assert wanted_candles(Lens(), 0, None, 0) == 10


def test_zooming_holds_its_ends() -> None:
    """Three cells a candle at most; and never smaller than the whole history needs."""
    lens = Lens()
    for _ in range(9):
        lens = zoomed(lens, 1, _reach())
    assert lens.zoom.cells == 3

    for _ in range(20):
        lens = zoomed(lens, -1, _reach(150))
    assert lens.slots(150) * ZOOMS[lens.zoom_step - 1].group < MOST_CANDLES


def test_zooming_keeps_the_candle_under_the_crosshair() -> None:
    """Its instant stays under the crosshair, and in the picture."""
    chance = random.Random(11)
    for _ in range(200):
        lens = Lens(
            zoom_step=USUAL_ZOOM, crosshair=chance.randint(0, 99),
            end_ts=NEWEST - chance.randint(1, 200) * MINUTE,
        )  # fmt: skip
        assert lens.end_ts is not None
        assert lens.crosshair is not None
        at = lens.end_ts - lens.crosshair * MINUTE
        near = zoomed(lens, 1, _reach())
        end = NEWEST if near.end_ts is None else near.end_ts
        assert near.crosshair is not None
        assert near.crosshair < near.slots(100)
        assert end - near.crosshair * MINUTE == at


def test_the_crosshair_moves_the_chart_at_its_edge() -> None:
    """Left edge: the past comes in; right edge: the present, and past the newest it goes away."""
    first = crosshair_moved(Lens(), 1, _reach())
    assert first.crosshair == 0

    at_edge = Lens(crosshair=99)
    beyond = crosshair_moved(at_edge, 1, _reach())
    assert (beyond.crosshair, beyond.end_ts) == (99, NEWEST - MINUTE)

    back = crosshair_moved(Lens(crosshair=0, end_ts=NEWEST - MINUTE), -1, _reach())
    assert (back.crosshair, back.end_ts) == (0, None)
    assert crosshair_moved(Lens(crosshair=0), -1, _reach()).crosshair is None


def test_the_crosshair_stays_on_its_candle() -> None:
    """New candles push it left; on the newest it follows; while looking back nothing moves."""
    assert shifted(Lens(crosshair=3), 2).crosshair == 5
    assert shifted(Lens(crosshair=0), 2).crosshair == 0
    assert shifted(Lens(crosshair=3, end_ts=1), 2).crosshair == 3
    assert shifted(Lens(), 2).crosshair is None


def test_another_market_keeps_the_choices_and_drops_the_place() -> None:
    """Zoom and overlays are a person's taste; place, crosshair and locked scale are not."""
    lens = Lens(zoom_step=0, end_ts=5, crosshair=3, cross_row=2, locked=(1.0, 2.0), is_line=True)
    assert lens.reset() == Lens(zoom_step=0, is_line=True)


def test_aiming_at_an_instant_far_away_pans_there() -> None:
    """The instant comes to the middle."""
    lens = aimed(Lens(), NEWEST - 250 * MINUTE, _reach())
    assert lens.end_ts == NEWEST - 200 * MINUTE
    assert lens.crosshair == 50
