"""Recent candles by price: sold and bought at every row."""

from typing import ClassVar, Final

from textual.binding import BindingType

from core.domain.study_views import FootprintView, footprint_topic
from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.footprint import (
    RATIO,
    candles_that_fit,
    fitted,
    footprint_rows,
    total_of,
)
from tui.render.numbers import clock_text, price_text
from tui.render.palette import Palette
from tui.render.study import Block, message, short
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane

INTERVALS: Final = ("1m", "5m", "15m", "1h")
GROUPS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Ticks of a row; 0 lets the engine choose."""


class Footprint(StudyPane[FootprintView]):
    """Columns of candles, rows of prices: sold x bought, imbalances and the row of most volume."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.FOOTPRINT, Place.PRICE_ROWS)]
    places: ClassVar = (Place.FOOTPRINT, Place.PRICE_ROWS, Place.PANE)
    study = "Footprint"
    waiting = "waiting for prints: a footprint begins with the study"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.interval = INTERVALS[0]
        self.group = GROUPS[0]
        self.shift = 0
        """Rows the window was moved down by a person."""

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        if not self.instrument or self.inner_height < 1:
            return None
        candles = candles_that_fit(self.size.width - 2)
        return footprint_topic(self.instrument, self.interval, candles, self.group)

    def begin(self) -> None:
        """Go back to the prices of now."""
        self.shift = 0

    def is_ours(self, view: FootprintView) -> bool:
        """Whether the view is of this market and interval."""
        return super().is_ours(view) and view.interval == self.interval

    # -- what a person chooses -------------------------------------------------------------

    def action_next_interval(self) -> None:
        """Take the next longer interval; after the longest, the shortest."""
        index = (INTERVALS.index(self.interval) + 1) % len(INTERVALS)
        self.interval, self.view, self.shift = INTERVALS[index], None, 0
        self.redraw()

    def action_group_rows(self, step: int) -> None:
        """Take more or fewer ticks a row; the finest end leaves it to the engine."""
        index = max(0, min(GROUPS.index(self.group) + step, len(GROUPS) - 1))
        if GROUPS[index] != self.group:
            self.group, self.view, self.shift = GROUPS[index], None, 0
            self.redraw()

    def action_move_cursor(self, rows: int) -> None:
        """Move the window over the prices."""
        self.shift = max(-500, min(self.shift + rows, 500))
        self.redraw()

    # -- what is drawn ---------------------------------------------------------------------

    def note(self, view: FootprintView) -> Titles:
        """Return interval and row height."""
        step = price_text(self._fitted(view).row_step, view.price_decimals)
        return [(self.interval, "accent"), (f"  rows of {step}", "muted")]

    def hint(self) -> Titles:
        """Return what the marks mean."""
        if self.shift:
            return [(f"moved by {-self.shift:+d} rows", "warning")]
        if self.view is None or self.size.width < 50:  # noqa: PLR2004 - no room for words
            return []
        return [(f"sold × bought  ‹ › {RATIO}:1  ", "faint"), ("◆ most", "muted")]  # noqa: RUF001

    def pictured(self, view: FootprintView, width: int, height: int) -> Block:
        """Draw candles by price."""
        if not any(candle.bars for candle in view.candles):
            return message(self.waiting, width, height, self.palette)
        return footprint_rows(self._fitted(view), width, height, self.ink, shift=self.shift)

    def _fitted(self, view: FootprintView) -> FootprintView:
        """Return the view with rows as coarse as the pane needs, unless a person chose them."""
        if self.group:
            return view
        return fitted(view, self.size.width - 2, self.inner_height)

    def explain(self) -> tuple[Explained, ...]:
        """Return delta and volume of the newest candle, and what an imbalance is."""
        view = self.view
        if view is None or not view.candles:
            return ()
        newest = self._fitted(view).candles[-1]
        delta, volume = total_of(view.candles)
        inputs = f"all {len(view.candles)} candles; {short(volume)} traded"
        totals = {bar.price: bar.sold + bar.bought for bar in newest.bars}
        control = max(totals, key=lambda price: totals[price]) if totals else None
        return (
            Explained(
                key="delta",
                value=short(newest.delta, is_signed=True),
                inputs=f"the candle of {clock_text(newest.start_ts)[:5]}",
            ),
            Explained(key="delta", value=short(delta, is_signed=True), inputs=inputs),
            Explained(
                key="point_of_control",
                value=price_text(control, view.price_decimals),
                inputs=f"the candle of {clock_text(newest.start_ts)[:5]}",
            ),
            Explained(key="footprint", value=f"{RATIO} : 1", inputs="one row apart"),
        )
