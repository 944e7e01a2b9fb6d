"""The depth heatmap: resting size over time and price, with the prints on it."""

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType

from core.domain.study_views import HeatmapView, heatmap_topic
from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.heatmap import (
    AXIS,
    Crosshair,
    HeatPainter,
    Raster,
    axis_cell,
    labelled_rows,
    newest_touch,
    price_at,
    raster_of,
    read_out,
    time_at,
    time_row,
)
from tui.render.numbers import age_text
from tui.render.palette import Palette, Runs
from tui.render.study import Block, blank, exact, message, sized, span_text
from tui.widgets.messages import FocusAside
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane

STEPS_MS: Final = (1_000, 2_000, 5_000, 15_000, 60_000)
_NS_PER_SEC: Final = 1_000_000_000
_SCALE: Final = ("heat_2", "heat_5", "heat_8", "heat_11", "heat_15")


class Heatmap(StudyPane[HeatmapView]):
    """A raster that scrolls by whole columns, at most once a second; only changed rows are drawn.

    The crosshair stays on its price and instant while the picture moves on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.HEATMAP)]
    places: ClassVar = (Place.HEATMAP, Place.PANE)
    study = "Heatmap"
    stale_ms: ClassVar = 5_000
    waiting = "collecting the book's past"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.step_ms = STEPS_MS[0]
        self.crosshair: tuple[int, int] | None = None
        """Instant (ns) and price (10^-10)."""
        self._painter = HeatPainter(palette)
        self._signatures: dict[int, object] = {}
        self._raster: Raster | None = None

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        columns, rows = self._room()
        if not self.instrument or columns < 4 or rows < 2:  # noqa: PLR2004 - nothing to see
            return None
        return heatmap_topic(self.instrument, columns, rows, self.step_ms)

    def _room(self) -> tuple[int, int]:
        """Return columns and raster rows that fit."""
        halves = 1 if self.palette.is_plain else 2
        return self.size.width - 2 - AXIS, (self.inner_height - 1) * halves

    def begin(self) -> None:
        """Forget the crosshair of the market before."""
        self.crosshair = None

    def on_forget(self) -> None:
        """Drop what decides which rows need drawing."""
        self._signatures.clear()

    def use_palette(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._painter = HeatPainter(palette)
        super().use_palette(palette)

    def is_ours(self, view: HeatmapView) -> bool:
        """Take views of this market; a scrolled one only when a second has passed."""
        held = self.view
        if not super().is_ours(view):
            return False
        if held is None or (held.step_ns, held.columns) != (view.step_ns, view.columns):
            return True
        is_scrolled = held.start_ts != view.start_ts
        return not is_scrolled or abs(view.start_ts - held.start_ts) >= _NS_PER_SEC

    def made_at(self, view: HeatmapView) -> int | None:
        """Return when the raster was made."""
        return view.computed_at

    # -- what a person chooses -------------------------------------------------------------

    def action_time_step(self) -> None:
        """Take the next longer time of a column; after the longest, the shortest."""
        index = (STEPS_MS.index(self.step_ms) + 1) % len(STEPS_MS)
        self.step_ms, self.view = STEPS_MS[index], None
        self.forget()
        self.redraw()

    def action_crosshair_off(self) -> None:
        """Put the crosshair away."""
        self.crosshair = None
        self.redraw()

    def action_move_cursor(self, rows: int) -> None:
        """Move the crosshair by a row of the screen; the first time it appears."""
        self._move(0, rows)

    def action_move_aside(self, direction: int) -> None:
        """Move the crosshair by a column; without one, the focus goes to the neighbour."""
        if self.crosshair is None:
            self.post_message(FocusAside(direction))
        else:
            self._move(direction, 0)

    def _move(self, across: int, down: int) -> None:
        view = self.view
        if view is None or view.columns < 1 or view.rows < 1:
            return
        place = self._place(view)
        if place is None:
            place = (view.columns - 1, view.rows // 2)
        else:
            halves = 1 if self.palette.is_plain else 2
            place = (place[0] + across, place[1] + down * halves)
        column = max(0, min(place[0], view.columns - 1))
        row = max(0, min(place[1], view.rows - 1))
        self.crosshair = (time_at(view, column), price_at(view, row))
        self.redraw()

    def _place(self, view: HeatmapView) -> Crosshair | None:
        """Return column and row of the crosshair in the raster; None where it has left."""
        if self.crosshair is None or view.step_ns <= 0 or view.row_step <= 0:
            return None
        column = (self.crosshair[0] - view.start_ts) // view.step_ns
        row = (view.top_price - 1 - self.crosshair[1]) // view.row_step
        if 0 <= column < view.columns and 0 <= row < view.rows:
            return column, row
        return None

    # -- what is drawn ---------------------------------------------------------------------

    def title(self) -> Titles:
        """Return market and what stands under the crosshair."""
        texts = super().title()
        if self.view is not None and (place := self._place(self.view)) is not None:
            texts.append((f"  {read_out(self.view, *place)}", "text_soft"))
        return texts

    def note(self, view: HeatmapView) -> Titles:
        """Return the time of a column."""
        return [(f"{span_text(view.step_ns / _NS_PER_SEC)} a column", "muted")]

    def hint(self) -> Titles:
        """Return the scale of the colours."""
        if self.view is None:
            return []
        full = sized(self.view.full_size)
        if self.palette.is_plain:
            return [(f"░▒▓█ up to {full}", "muted")]
        return [("0 ", "muted"), *(("█", role) for role in _SCALE), (f" {full}", "muted")]

    def pictured(self, view: HeatmapView, width: int, height: int) -> Block:
        """Draw the whole picture, whatever was drawn before."""
        self._signatures.clear()
        rows = dict(self._changed(view, width, height))
        return [rows.get(row, blank(width, self.palette)) for row in range(height)]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the rows whose cells changed."""
        view = self.view
        if view is None or view.columns < 1 or view.rows < 1 or not any(view.cells):
            self._signatures.clear()
            text = self.waiting if self.instrument else "no market chosen"
            yield from enumerate(message(text, width, height, self.palette))
            return
        yield from self._changed(view, width, height)

    def _changed(self, view: HeatmapView, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        columns = max(1, width - AXIS)
        shown = max(0, height - 1)
        raster = raster_of(view, columns, shown, is_plain=self.palette.is_plain)
        place = self._place(view)
        cross: Crosshair | None = None
        if place is not None:
            across, down = place[0] - raster.first_column, place[1] - raster.first_row
            cross = (across, down // raster.halves)
        labels = labelled_rows(view, raster, shown)
        touch = newest_touch(view, raster)
        pad = (" " * (columns - raster.columns), self.palette.style("text"))
        used = -(-raster.rows // raster.halves)
        for row in range(shown):
            axis = axis_cell(row, labels, touch, self.palette)
            look = self._painter.signature(raster, row, cross), axis, width
            if self._signatures.get(row) == look:
                continue
            self._signatures[row] = look
            if row >= used:
                yield row, blank(width, self.palette)
                continue
            cells = self._painter.row(raster, row, cross)
            yield row, exact([pad, *cells, axis], width, self.palette)
        if height > 0:
            times = time_row(view, raster, raster.columns, self.palette)
            yield height - 1, exact([pad, *times], width, self.palette)

    def explain(self) -> tuple[Explained, ...]:
        """Return what a cell's colour means."""
        view = self.view
        if view is None:
            return ()
        inputs = f"{view.columns} columns of {span_text(view.step_ns / _NS_PER_SEC)}"
        scale = f"0 to {sized(view.full_size)}"
        said = [Explained(key="heat", value=scale, inputs=inputs, age_ms=self.age_ms)]
        place = self._place(view)
        if place is not None:
            age = age_text(self.age_ms)
            said.insert(
                0, Explained(key="heat", value=read_out(view, *place), inputs=f"made {age}")
            )
        return tuple(said)
