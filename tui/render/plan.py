"""Where panes stand: size classes of a terminal, the plan of a screen, and how regions are cut."""

from collections.abc import Callable, Mapping
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


class Plan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Regions by pane id; what is not named is not shown."""

    size_class: SizeClass
    regions: Mapping[str, Region]
    sheet: Region
    """Where an alert sheet stands: never over the left ladder."""
    middle: Region
    """Where start-up progress stands."""
    pages: tuple[str, ...] = ()
    """Names of the groups of panes the room has at this size."""
    page: int = 0


Cut = tuple[dict[str, Region], Region]
"""Regions by pane id, and the region of the sheet."""
Layout = Callable[[Region, int], Cut]
"""Takes the body and how many strategies there are."""


def size_class_of(width: int, height: int) -> SizeClass:
    """Choose the layout for a terminal size."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return SizeClass.TOO_SMALL
    if width < 112 or height < 34:  # noqa: PLR2004 - below, two ladders and a chart do not fit
        return SizeClass.COMPACT
    if width < 176 or height < 50:  # noqa: PLR2004 - from here a third column fits
        return SizeClass.NORMAL
    return SizeClass.LARGE


def middle_of(body: Region) -> Region:
    """Return where a small panel over everything stands."""
    width, height = min(72, body.width), min(9, body.height)
    return Region(
        body.x + (body.width - width) // 2, body.y + (body.height - height) // 3, width, height
    )


def columns(region: Region, *widths: int) -> tuple[Region, ...]:
    """Cut into columns; the last one takes what is left."""
    x, y, width, height = region
    cut = []
    for part in widths:
        cut.append(Region(x, y, part, height))
        x, width = x + part, width - part
    return (*cut, Region(x, y, width, height))


def rows(region: Region, *heights: int) -> tuple[Region, ...]:
    """Cut into rows; the last one takes what is left."""
    x, y, width, height = region
    cut = []
    for part in heights:
        cut.append(Region(x, y, width, part))
        y, height = y + part, height - part
    return (*cut, Region(x, y, width, height))


def share(whole: int, percent: int, least: int = 0, most: int = 10_000) -> int:
    """Return a part of a length within bounds."""
    return max(least, min(most, whole * percent // 100))
