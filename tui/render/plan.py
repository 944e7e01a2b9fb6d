"""Where every pane stands, for any terminal size: three layouts, pages for the smallest."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from textual.geometry import Region

MIN_WIDTH: Final = 60
MIN_HEIGHT: Final = 16


class SizeClass(StrEnum):
    """How much there is room for."""

    TOO_SMALL = "too small"
    COMPACT = "compact"
    NORMAL = "normal"
    LARGE = "large"


PAGES: Final = ("Trade", "Chart", "Books", "Risk")


class Plan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Regions by pane id; what is not named is not shown."""

    size_class: SizeClass
    regions: Mapping[str, Region]
    sheet: Region
    """Where an alert sheet stands: never over the left ladder."""
    middle: Region
    """Where start-up progress stands."""


def size_class_of(width: int, height: int) -> SizeClass:
    """Choose the layout for a terminal size."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return SizeClass.TOO_SMALL
    if width < 112 or height < 34:  # noqa: PLR2004 - below, two ladders and a chart do not fit
        return SizeClass.COMPACT
    if width < 176 or height < 50:  # noqa: PLR2004 - from here a third column fits
        return SizeClass.NORMAL
    return SizeClass.LARGE


def plan_for(
    width: int, height: int, *, page: int = 0, zoomed: str | None = None, strategies: int = 3
) -> Plan:
    """Lay out the screen.

    Args:
        width: Cells across.
        height: Rows.
        page: Which group of panes a compact terminal shows.
        zoomed: Id of a pane that takes the whole body.
        strategies: How many there are; few leave room for more markets.
    """
    size_class = size_class_of(width, height)
    if size_class is SizeClass.TOO_SMALL:
        whole = Region(0, 0, width, height)
        return Plan(size_class=size_class, regions={"small": whole}, sheet=whole, middle=whole)
    frame = {
        "header": Region(0, 0, width, 1),
        "alert-line": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
    }
    body = Region(0, 1, width, height - 3)
    if size_class is SizeClass.COMPACT:
        frame["tabs"] = Region(0, 1, width, 1)
        body = Region(0, 2, width, height - 4)
    panes, sheet = _LAYOUTS[size_class](body, page, max(1, strategies))
    if zoomed is not None:
        panes = {zoomed: body}
    middle = _middle(body)
    return Plan(size_class=size_class, regions={**frame, **panes}, sheet=sheet, middle=middle)


def _middle(body: Region) -> Region:
    width, height = min(72, body.width), min(9, body.height)
    return Region(
        body.x + (body.width - width) // 2, body.y + (body.height - height) // 3, width, height
    )


_Panes = tuple[dict[str, Region], Region]


def _columns(region: Region, left: int) -> tuple[Region, Region]:
    x, y, width, height = region
    return Region(x, y, left, height), Region(x + left, y, width - left, height)


def _rows(region: Region, *heights: int) -> tuple[Region, ...]:
    """Cut into rows; the last one takes what is left."""
    x, y, width, height = region
    cut = []
    for part in heights:
        cut.append(Region(x, y, width, part))
        y, height = y + part, height - part
    return (*cut, Region(x, y, width, height))


def _compact(body: Region, page: int, strategies: int) -> _Panes:
    left, right = _columns(body, max(41, body.width * 53 // 100))
    if page == 1:
        chart, side = _columns(body, body.width - 26)
        return {"candles": chart, "tape": side}, right
    if page == 2:  # noqa: PLR2004 - the third page
        half, other = _columns(body, body.width // 2)
        return {"ladder-left": half, "ladder-right": other}, other
    if page == 3:  # noqa: PLR2004 - the fourth page
        half, other = _columns(body, body.width // 2)
        risk, rest = _rows(half, body.height * 6 // 10)
        return {"risk": risk, "strategies": rest, "account": other}, other
    most = body.height - body.height // 2
    above, below = _rows(right, body.height - min(most, 2 + 4 * strategies))
    return {"ladder-left": left, "watchlist": above, "strategies": below}, right


def _normal(body: Region, page: int, strategies: int) -> _Panes:
    del page
    side, main = _columns(body, max(38, body.width * 31 // 100))
    height = body.height
    most, limits, holdings = height * 30 // 100, height * 25 // 100, height * 19 // 100
    plans = min(most, 2 + 5 * strategies)
    watch, panel, risk, account = _rows(side, height - plans - limits - holdings, plans, limits)
    above, below = _rows(main, height * 42 // 100)
    chart, tape = _columns(above, main.width - 26)
    left, right = _columns(below, main.width // 2)
    panes = {
        "watchlist": watch, "strategies": panel, "risk": risk, "account": account,
        "candles": chart, "tape": tape, "ladder-left": left, "ladder-right": right,
    }  # fmt: skip
    return panes, above


def _large(body: Region, page: int, strategies: int) -> _Panes:
    del page
    side, rest = _columns(body, 46)
    center, flank = _columns(rest, rest.width - max(60, rest.width * 38 // 100))
    height = body.height
    plans, limits = min(height * 38 // 100, 2 + 6 * strategies), height * 28 // 100
    watch, panel, risk = _rows(side, height - plans - limits, plans)
    above, below = _rows(center, height * 42 // 100)
    left, right = _columns(below, center.width // 2)
    account, tapes = _rows(flank, above.height)
    tape, other = _columns(tapes, flank.width // 2)
    panes = {
        "watchlist": watch, "strategies": panel, "risk": risk, "account": account,
        "candles": above, "tape": tape, "tape-right": other,
        "ladder-left": left, "ladder-right": right,
    }  # fmt: skip
    return panes, above


_LAYOUTS: Final = {
    SizeClass.COMPACT: _compact,
    SizeClass.NORMAL: _normal,
    SizeClass.LARGE: _large,
}
