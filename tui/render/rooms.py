"""The rooms of the cockpit: which panes a person sees together, one key each."""

from collections.abc import Mapping
from typing import Final

import msgspec
from textual.geometry import Region

from tui.render import room_cockpit, room_journal, room_market, room_orders, room_risk
from tui.render.plan import Layout, Plan, SizeClass, middle_of, size_class_of


class Room(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One room; its pages differ with the size of the terminal."""

    id: str
    title: str
    pages: Mapping[SizeClass, Mapping[str, Layout]]


ROOMS: Final = (
    Room(id="cockpit", title="Cockpit", pages=room_cockpit.PAGES),
    Room(id="market", title="Market", pages=room_market.PAGES),
    Room(id="orders", title="Orders", pages=room_orders.PAGES),
    Room(id="risk", title="Risk", pages=room_risk.PAGES),
    Room(id="journal", title="Journal", pages=room_journal.PAGES),
)
BY_ID: Final = {room.id: room for room in ROOMS}


def plan_for(
    width: int,
    height: int,
    *,
    room: str = "cockpit",
    page: int = 0,
    zoomed: str | None = None,
    strategies: int = 3,
) -> Plan:
    """Lay out the screen.

    Args:
        width: Cells across.
        height: Rows.
        room: Id of the room.
        page: Which of the room's groups of panes; beyond the last it starts over.
        zoomed: Id of a pane that takes the whole body.
        strategies: How many there are; few leave room for more markets.
    """
    size_class = size_class_of(width, height)
    if size_class is SizeClass.TOO_SMALL:
        whole = Region(0, 0, width, height)
        return Plan(size_class=size_class, regions={"small": whole}, sheet=whole, middle=whole)
    frame = {
        "header": Region(0, 0, width, 1),
        "tabs": Region(0, 1, width, 1),
        "alert-line": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
    }
    body = Region(0, 2, width, height - 4)
    pages = BY_ID[room].pages[size_class]
    names = tuple(pages)
    page %= len(names)
    panes, sheet = pages[names[page]](body, max(1, strategies))
    return Plan(
        size_class=size_class,
        regions={**frame, **(panes if zoomed is None else {zoomed: body})},
        sheet=sheet,
        middle=middle_of(body),
        pages=names if len(names) > 1 else (),
        page=page,
    )
