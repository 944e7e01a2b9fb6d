"""The volume profile of one market."""

from typing import ClassVar, Final

from textual.binding import BindingType

from core.domain.study_views import ProfileView, profile_topic
from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.numbers import price_text
from tui.render.palette import Palette
from tui.render.profile import bar_text, profile_rows, row_of_control
from tui.render.study import Block, message, sized
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane

GROUPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
_CROWDED: Final = 2
"""A profile of this many times the rows on screen is grouped coarser at first sight."""


class Profile(StudyPane[ProfileView]):
    """Volume by price: sold and bought, point of control, value area, clusters."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.PRICE_ROWS)]
    places: ClassVar = (Place.PRICE_ROWS, Place.PANE)
    study = "Profile"
    waiting = "waiting for prints"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.group = GROUPS[0]
        self.cursor_price: int | None = None
        self._is_group_chosen = False

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return profile_topic(self.instrument, self.group) if self.instrument else None

    def begin(self) -> None:
        """Start another market at its finest rows, without a cursor."""
        self.group, self.cursor_price, self._is_group_chosen = GROUPS[0], None, False

    def took(self, view: ProfileView) -> None:
        """Until a person chooses, take rows coarse enough to see the whole shape."""
        if self._is_group_chosen or not view.rows or self.inner_height < 1:
            return
        wanted = self.group * len(view.rows) / (self.inner_height * _CROWDED)
        if wanted > self.group:
            self.group = next((group for group in GROUPS if group >= wanted), GROUPS[-1])

    # -- what a person chooses -------------------------------------------------------------

    def action_group_rows(self, step: int) -> None:
        """Take more or fewer ticks a row."""
        index = max(0, min(GROUPS.index(self.group) + step, len(GROUPS) - 1))
        self.group, self._is_group_chosen, self.cursor_price = GROUPS[index], True, None

    def row_count(self) -> int:
        """Return how many rows the cursor can be on."""
        return len(self.view.rows) if self.view else 0

    def action_move_cursor(self, rows: int) -> None:
        """Move the cursor over the prices; it starts at the point of control."""
        view = self.view
        if view is None or not view.rows:
            return
        index = self._cursor_row(view)
        index = row_of_control(view) if index is None else index + rows
        self.cursor_price = view.rows[max(0, min(index, len(view.rows) - 1))].price
        self.redraw()

    def _cursor_row(self, view: ProfileView) -> int | None:
        if self.cursor_price is None:
            return None
        for index, bar in enumerate(view.rows):
            if bar.price <= self.cursor_price:
                return index
        return len(view.rows) - 1 if view.rows else None

    # -- what is drawn ---------------------------------------------------------------------

    def note(self, view: ProfileView) -> Titles:
        """Return the point of control."""
        if view.point_of_control is None:
            return []
        return [(f"◆ {price_text(view.point_of_control, view.price_decimals)}", "own")]

    def hint(self) -> Titles:
        """Return the row under the cursor, or the value area."""
        view = self.view
        if view is None or not view.rows:
            return []
        row = self._cursor_row(view)
        if row is not None:
            return [(bar_text(view, row), "text_soft")]
        low = price_text(view.value_low, view.price_decimals)
        return [(f"value {low}–{price_text(view.value_high, view.price_decimals)}", "muted")]  # noqa: RUF001

    def pictured(self, view: ProfileView, width: int, height: int) -> Block:
        """Draw a bar a price."""
        if not view.rows:
            return message("no prints yet", width, height, self.palette)
        cursor = self._cursor_row(view)
        return profile_rows(view, width, height, self.ink, cursor=cursor)

    def explain(self) -> tuple[Explained, ...]:
        """Return point of control and value area."""
        view = self.view
        if view is None:
            return ()
        decimals = view.price_decimals
        total = sized(sum(bar.sold + bar.bought for bar in view.rows))
        inputs = f"{total} over {len(view.rows)} rows of {price_text(view.row_step, decimals)}"
        area = f"{price_text(view.value_low, decimals)} to {price_text(view.value_high, decimals)}"
        control = price_text(view.point_of_control, decimals)
        return (
            Explained(key="point_of_control", value=control, inputs=inputs),
            Explained(key="value_area", value=area, inputs=f"70% of {total}"),
        )
