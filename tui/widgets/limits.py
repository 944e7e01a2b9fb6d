"""Every limit with its use now and the highest of the day; Enter changes one."""

from typing import ClassVar

from textual.binding import BindingType

from core.domain.risk_views import LimitRow, LimitsView
from tui.actions import Place, bindings_at
from tui.render.limits import is_near, limit_detail, limit_row, titles
from tui.render.palette import Palette, Runs
from tui.render.study import heading
from tui.widgets.listing import ListPane
from tui.widgets.messages import LimitChosen
from tui.widgets.pane import Titles

_DETAIL_LINES = 3


class Limits(ListPane):
    """The limits in the order of the configuration, or the nearest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.LIMITS)]
    places: ClassVar = (Place.LIMITS, Place.PANE)
    empty = "waiting for the limits"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view: LimitsView | None = None
        self.is_nearest_first = False

    def show(self, view: LimitsView) -> None:
        """Draw the limits; the cursor stays on its limit."""
        self.view = view
        held: LimitRow | None = self.item
        rows = list(view.rows)
        if self.is_nearest_first:
            rows.sort(key=lambda row: -1.0 if row.fraction is None else row.fraction, reverse=True)
        if held is not None:
            self.cursor = next((i for i, r in enumerate(rows) if r.name == held.name), 0)
        self.put(rows)

    def action_nearest_first(self) -> None:
        """Put the limits that are nearest first, or in the order of the configuration."""
        self.is_nearest_first = not self.is_nearest_first
        self.cursor = 0
        self.items = ()
        if self.view is not None:
            self.show(self.view)

    def action_change_limit(self) -> None:
        """Ask for a new value of the limit under the cursor."""
        if self.item is not None:
            self.post_message(LimitChosen(self.item.name))

    def title(self) -> Titles:
        """Return the pane's name."""
        order = " nearest first" if self.is_nearest_first else ""
        return [("Limits", "text"), (order, "muted")]

    def status(self) -> Titles:
        """Return how many limits are near or reached, and the version of them all."""
        if self.view is None:
            return [("◌ waiting", "info")]
        near = sum(is_near(row) for row in self.view.rows)
        reached = sum((row.fraction or 0) >= 1 for row in self.view.rows)
        texts: Titles = []
        if reached:
            texts.append((f"■ {reached} reached ", "danger"))
        if near - reached:
            texts.append((f"! {near - reached} near ", "warning"))
        return [*texts, (f"v {self.view.version}", "faint")]

    def head(self, width: int) -> list[Runs]:
        """Draw the names of the columns."""
        return [titles(width, self.palette)] if self.items else []

    def more(self, width: int, room: int) -> list[Runs]:
        """Say what the limit under the cursor is."""
        if self.item is None or room < _DETAIL_LINES + 3:
            return []
        detail = limit_detail(self.item, width, _DETAIL_LINES, self.palette)
        return [heading(self.item.title, width, self.palette, right="⏎ changes it"), *detail]

    def item_row(self, item: LimitRow, width: int, *, ground: str, pointer: str) -> Runs:
        """Draw one limit."""
        return limit_row(item, width, self.palette, ground=ground, pointer=pointer)
