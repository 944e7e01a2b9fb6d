"""Every terminal size has a layout; none of them ends the cockpit."""

import pytest
from textual.geometry import Region

from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import flying
from tui.render.plan import SizeClass, size_class_of
from tui.render.rooms import ROOMS, plan_for


@pytest.mark.parametrize(
    ("width", "height", "size_class"),
    [
        (1, 1, SizeClass.TOO_SMALL), (59, 40, SizeClass.TOO_SMALL), (200, 15, SizeClass.TOO_SMALL),
        (60, 16, SizeClass.COMPACT), (80, 24, SizeClass.COMPACT), (111, 60, SizeClass.COMPACT),
        (112, 34, SizeClass.NORMAL), (120, 40, SizeClass.NORMAL), (200, 60, SizeClass.LARGE),
    ],
)  # fmt: skip
def test_size_class(width: int, height: int, size_class: SizeClass) -> None:
    """The class follows from both sides."""
    assert size_class_of(width, height) is size_class


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (112, 34), (120, 40), (176, 50), (300, 90)])
@pytest.mark.parametrize("room", [room.id for room in ROOMS])
@pytest.mark.parametrize("page", range(8))
def test_panes_tile_the_screen_without_overlap(size: tuple[int, int], page: int, room: str) -> None:
    """Every cell belongs to exactly one pane."""
    plan = plan_for(*size, room=room, page=page)
    regions = list(plan.regions.values())

    assert sum(region.area for region in regions) == size[0] * size[1]
    assert all(Region(0, 0, *size).contains_region(region) for region in regions)
    assert not any(a.overlaps(b) for i, a in enumerate(regions) for b in regions[:i])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_sheet_never_covers_the_left_ladder(size: tuple[int, int]) -> None:
    """Nobody judges risk over hidden prices."""
    plan = plan_for(*size)
    assert not plan.sheet.overlaps(plan.regions["ladder-left"])


def test_more_room_shows_more_panes() -> None:
    """A large terminal has what a normal one has not."""
    normal, large = plan_for(120, 40), plan_for(200, 60)
    assert set(normal.regions) < set(large.regions)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (10, 3), (59, 16), (60, 15)])
async def test_a_terminal_too_small_says_what_it_needs(size: tuple[int, int]) -> None:
    """One sentence instead of a broken screen, and no crash where not even that fits."""
    link = FakeLink()
    link.raise_alert(big_order_alert(link))
    async with flying(link, size=size) as flight:
        if size[0] >= 59:
            assert "at least 60 x 16" in flight.screen_text


async def test_growing_back_restores_everything() -> None:
    """From too small to normal, large and compact: each time its own panes."""
    async with flying(size=(20, 5)) as flight:
        for size, pane in (((120, 40), "candles"), ((80, 24), "tabs"), ((200, 60), "tape-right")):
            await flight.pilot.resize_terminal(*size)
            await flight.pilot.pause()
            await flight.draw()
            assert flight.app.screen.query_one(f"#{pane}").display
            assert "SOL" in flight.panes.ladder_left.all_text


async def test_compact_header_keeps_mode_freshness_and_state() -> None:
    """At 80 columns the header still answers its questions."""
    async with flying(size=(80, 24)) as flight:
        text = flight.panes.header.row_text(0)
        for part in ("SIMULATION", "ACTIVE", "102,431.22", "+431.22 +0.42%", "●al", "●or"):
            assert part in text
