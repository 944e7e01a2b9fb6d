"""The newest executions of every book."""

from collections.abc import Sequence
from typing import ClassVar, Final

from core.domain.ids import InstrumentId
from core.domain.ticket import FILLS, FillRow, FillsView
from tui.render.fills import fill_cells, fill_totals
from tui.render.study import Cell
from tui.widgets.blotter import BlotterPane
from tui.widgets.table import Field

_ROWS: Final = 200


class Fills(BlotterPane[FillsView, FillRow]):
    """What was traded, newest first."""

    study: ClassVar = "Fills"
    nothing: ClassVar = "no fills yet"
    stale_ms: ClassVar = 15_000
    dropped: ClassVar = (2, 9, 6, 8, 7)
    fields: ClassVar = (
        Field(name="time", cells=9, sort_key=lambda row: row.serial, is_left=True),
        Field(name="market", cells=10, sort_key=lambda row: row.instrument, is_left=True,
              is_text=True),
        Field(name="", cells=3, is_left=True),
        Field(name="side", cells=7, sort_key=lambda row: row.side, is_left=True, is_text=True),
        Field(name="quantity", cells=10, sort_key=lambda row: float(row.quantity)),
        Field(name="price", cells=12, sort_key=lambda row: float(row.price)),
        Field(name="worth", cells=12, sort_key=lambda row: float(row.notional)),
        Field(name="fee", cells=15, sort_key=lambda row: float(row.fee)),
        Field(name="liq.", cells=8, sort_key=lambda row: row.liquidity, is_text=True),
        Field(name="book", cells=17, sort_key=lambda row: row.book, is_text=True),
    )  # fmt: skip

    def topic(self) -> str | None:
        """Return the topic it draws."""
        return f"{FILLS}/{_ROWS}"

    def begin_order(self) -> None:
        """Stand newest first."""
        self.is_rising = False

    def on_mount(self) -> None:
        """Begin with the newest."""
        self.begin_order()

    def listed(self, view: FillsView) -> Sequence[FillRow]:
        """Return the executions."""
        return view.rows

    def markets_of(self, row: FillRow) -> tuple[InstrumentId, ...]:
        """Return the row's market."""
        return (row.instrument,)

    def identity(self, row: FillRow) -> object:
        """Return the execution's number."""
        return row.serial

    def texts(self, row: FillRow) -> list[Cell]:
        """Return a text and a role for every column."""
        return fill_cells(row)

    def totals(self, view: FillsView) -> str:
        """Return what all add up to."""
        return fill_totals(view)
