"""Open positions over every book: result, margin, liquidation, funding; closed by a key."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import BindingType

from core.domain.commands import ClosePosition, StopClosing
from core.domain.ids import InstrumentId
from core.domain.ticket import POSITIONS, HeldRow, PositionsView
from tui.actions import Place, bindings_at
from tui.render.positions import position_cells, position_totals
from tui.render.study import Cell
from tui.widgets.blotter import BlotterPane
from tui.widgets.messages import TradeWished
from tui.widgets.table import Field


class Positions(BlotterPane[PositionsView, HeldRow]):
    """Positions; `x` closes the row's in slices, `X` half of it, `w` stops a closing."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.POSITIONS)]
    places: ClassVar = (Place.POSITIONS, Place.TABLE, Place.PANE)
    study: ClassVar = "Positions"
    nothing: ClassVar = "flat: no position is open"
    dropped: ClassVar = (7, 1, 8, 6, 3, 10, 4, 11)
    fields: ClassVar = (
        Field(name="market", cells=10, sort_key=lambda row: row.instrument, is_left=True,
              is_text=True),
        Field(name="", cells=3, is_left=True),
        Field(name="held", cells=12, sort_key=lambda row: float(row.quantity)),
        Field(name="entry", cells=11, sort_key=lambda row: _number(row.entry_price)),
        Field(name="mark", cells=11, sort_key=lambda row: _number(row.mark_price)),
        Field(name="unreal.", cells=11, sort_key=lambda row: _number(row.unrealized_pnl)),
        Field(name="realized", cells=11, sort_key=lambda row: float(row.realized_pnl)),
        Field(name="worth", cells=10, sort_key=lambda row: _number(row.notional)),
        Field(name="margin", cells=9, sort_key=lambda row: _number(row.margin)),
        Field(name="liq ≈", cells=11, sort_key=lambda row: _number(row.liquidation_price)),
        Field(name="away", cells=7, sort_key=lambda row: row.liquidation_pct),
        Field(name="funding", cells=28, sort_key=lambda row: row.funding_pct),
    )  # fmt: skip

    def topic(self) -> str | None:
        """Return the topic it draws."""
        return POSITIONS

    def listed(self, view: PositionsView) -> Sequence[HeldRow]:
        """Return the positions."""
        return view.rows

    def markets_of(self, row: HeldRow) -> tuple[InstrumentId, ...]:
        """Return the row's market."""
        return (row.instrument,)

    def identity(self, row: HeldRow) -> object:
        """Return whose position in what it is."""
        return (row.account, row.instrument)

    def texts(self, row: HeldRow) -> list[Cell]:
        """Return a text and a role for every column."""
        return position_cells(row, self.engine_at)

    def totals(self, view: PositionsView) -> str:
        """Return what all add up to."""
        return position_totals(view)

    def action_close_position(self, percent: int) -> None:
        """Close so much of the row's position in reduce-only slices."""
        row = self.row_at_cursor()
        if row is not None:
            wish = ClosePosition(instrument=row.instrument, percent=Decimal(percent))
            self.post_message(TradeWished(wish))

    def action_stop_closing(self) -> None:
        """Send no further slice."""
        row = self.row_at_cursor()
        if row is not None:
            self.post_message(TradeWished(StopClosing(instrument=row.instrument)))


def _number(text: str | None) -> float | None:
    return float(text) if text else None
