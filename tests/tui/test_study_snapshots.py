"""What the study panes look like: each in the states a person can name."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from core.domain.views import TapeMode
from tests.tui.fake_studies import MARKET, NS, START, FakeStudies, funding, pairs
from tests.tui.study_stage import STUDIES, Stage, palette_named, pane_named

Snap = Callable[..., bool]
SMALL, WIDE = (60, 20), (100, 30)
TINY = {"instrument": "alpha:SHIB_USDC", "mid": 0.00001234, "tick": 1e-8, "decimals": 8,
        "size": 4e6}  # fmt: skip
HUGE = {"instrument": "alpha:BTC_USDC", "mid": 9_876_543_210.5, "tick": 0.5, "decimals": 1,
        "size": 7e9}  # fmt: skip
WIDE_NAME = {"instrument": "alpha:狗狗币_USDC_永续"}


def _view(name: str, pane: Any, **given: Any) -> Any:
    fake = FakeStudies(**given)
    if name in {"funding", "pairs"}:
        return funding() if name == "funding" else pairs()
    if name == "heatmap":
        return fake.heatmap(*map(int, pane.topic().split("/")[2:]))
    if name == "tape":
        return fake.tape(pane.inner_height, is_joined=pane.mode is TapeMode.SWEEPS)
    return getattr(fake, name)()


def _showing(
    name: str, *, late: int = 0, view: Any = None, **given: Any
) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what happens before the picture is taken: the view comes, time passes."""

    async def run(pilot: Pilot[Any]) -> None:
        stage = pilot.app
        assert isinstance(stage, Stage)
        pane = stage.pane
        await pilot.pause()
        pane.show(_view(name, pane, **given) if view is None else view)
        if hasattr(pane, "tick"):
            pane.tick(START + late * NS)
        await pilot.pause()

    return run


@pytest.mark.parametrize("theme", ["wingman-dark", "wingman-light"])
@pytest.mark.parametrize("name", ["tape", *STUDIES])
def test_study_pane(snap_compare: Snap, name: str, theme: str) -> None:
    """Every pane alive, in dark and in light."""
    stage = Stage(pane_named(name, palette_named(theme)), theme=theme)
    size = WIDE if theme == "wingman-dark" else SMALL
    assert snap_compare(stage, terminal_size=size, run_before=_showing(name))


@pytest.mark.parametrize("name", ["depth", "heatmap", "trend"])
def test_stale_study(snap_compare: Snap, name: str) -> None:
    """Old numbers fade and say their age."""
    stage = Stage(pane_named(name))
    assert snap_compare(stage, terminal_size=SMALL, run_before=_showing(name, late=400))


@pytest.mark.parametrize("name", ["tape", "depth", "flow", "footprint", "profile", "heatmap"])
@pytest.mark.parametrize("given", [TINY, HUGE, WIDE_NAME], ids=["tiny", "huge", "wide-name"])
def test_study_of_an_unusual_market(snap_compare: Snap, name: str, given: dict[str, Any]) -> None:
    """Prices of eight decimals, sizes of billions, names of double width: columns hold."""
    stage = Stage(pane_named(name), market=str(given["instrument"]))
    assert snap_compare(stage, terminal_size=SMALL, run_before=_showing(name, **given))


def test_empty_study(snap_compare: Snap) -> None:
    """Nothing came yet."""
    assert snap_compare(Stage(pane_named("flow")), terminal_size=SMALL)


def test_one_sided_depth(snap_compare: Snap) -> None:
    """The asks are gone."""
    view = FakeStudies().depth(has_asks=False)
    stage = Stage(pane_named("depth"), market=MARKET)
    assert snap_compare(stage, terminal_size=WIDE, run_before=_showing("depth", view=view))


def test_joined_tape(snap_compare: Snap) -> None:
    """Sweeps, a filter, large prints and a hole."""
    pane = pane_named("tape")
    pane.mode, pane.least_notional = TapeMode.SWEEPS, 10_000
    assert snap_compare(Stage(pane), terminal_size=(40, 24), run_before=_showing("tape"))


def test_heatmap_in_sixteen_colours(snap_compare: Snap) -> None:
    """Shades of blocks stand for colours that cannot be told apart."""
    pane = pane_named("heatmap", palette_named(is_plain=True))
    assert snap_compare(Stage(pane), terminal_size=(80, 24), run_before=_showing("heatmap"))


def test_heatmap_with_a_crosshair(snap_compare: Snap) -> None:
    """What rests and traded where the lines meet."""

    async def run(pilot: Pilot[Any]) -> None:
        await _showing("heatmap")(pilot)
        await pilot.press("down", *["left"] * 12, *["up"] * 4)

    assert snap_compare(Stage(pane_named("heatmap")), terminal_size=(90, 24), run_before=run)


def test_gappy_profile(snap_compare: Snap) -> None:
    """A profile of one row, and no value area."""
    view = FakeStudies().profile(rows=20)
    bare = msgspec.structs.replace(
        view, rows=view.rows[:1], point_of_control=None, value_high=None, value_low=None
    )
    stage = Stage(pane_named("profile"))
    assert snap_compare(stage, terminal_size=SMALL, run_before=_showing("profile", view=bare))
