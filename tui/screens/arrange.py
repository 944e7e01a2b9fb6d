"""The screen's layout: panes stand where the plan says."""

from typing import ClassVar, TypeVar

from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.render.plan import Plan

_NOWHERE = Region(0, 0, 0, 0)


class PlanLayout(Layout):
    """Puts each child at the region its id has in the plan."""

    name: ClassVar[str] = "plan"

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.floating: dict[str, Region] = {}
        """Regions of the panes that lie over others, by id."""

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,
        greedy: bool = True,  # noqa: FBT001, FBT002
    ) -> ArrangeResult:
        """Place every child."""
        del parent, size, greedy
        regions = {**(self.plan.regions if self.plan else {}), **self.floating}
        return [
            WidgetPlacement(regions.get(child.id or "", _NOWHERE), Offset(0, 0), Spacing(), child)
            for child in children
        ]


SomeWidget = TypeVar("SomeWidget", bound=Widget)


def neighbour(here: Widget, others: list[SomeWidget], direction: int) -> SomeWidget | None:
    """Return the nearest widget at the left (-1) or right (1), on the same rows if possible."""

    def distance(other: Widget) -> tuple[int, int]:
        above = max(other.region.y - here.region.bottom + 1, 0)
        below = max(here.region.y - other.region.bottom + 1, 0)
        gap = other.region.x - here.region.x
        return above + below, abs(gap)

    aside = [o for o in others if (o.region.x - here.region.x) * direction > 0]
    return min(aside, key=distance, default=None)
