"""The funding and basis table of all watched perpetuals."""

from collections.abc import Sequence
from typing import ClassVar

from core.domain.ids import InstrumentId
from core.domain.study_views import FUNDING, FundingRow, FundingView
from tui.render.explain import Explained
from tui.render.funding import SPARK, funding_cells, until_text
from tui.render.numbers import price_text
from tui.render.study import Cell, fixed
from tui.render.text import clean
from tui.widgets.pane import Titles
from tui.widgets.table import Field, TablePane


class Funding(TablePane[FundingView, FundingRow]):
    """Mark, index, basis, funding per hour and year, time to the next payment."""

    study = "Funding and basis"
    waiting = "waiting for marks and rates"
    nothing: ClassVar = "no watched market told a mark and a rate"
    fields: ClassVar = (
        Field(name="market", cells=12, is_left=True, is_text=True,
              sort_key=lambda row: str(row.instrument.partition(":")[2])),
        Field(name="", cells=3, is_left=True),
        Field(name="mark", cells=12, sort_key=lambda row: row.mark_price),
        Field(name="index", cells=12, sort_key=lambda row: row.index_price),
        Field(name="basis bps", cells=11, sort_key=lambda row: row.basis_bps),
        Field(name="a year %", cells=10, sort_key=lambda row: row.basis_annual_pct),
        Field(name="rate %", cells=10, sort_key=lambda row: row.rate_pct),
        Field(name="per", cells=5, sort_key=lambda row: row.interval_hours),
        Field(name="hour %", cells=11, sort_key=lambda row: row.hourly_pct),
        Field(name="year %", cells=9, sort_key=lambda row: row.annual_pct),
        Field(name="next in", cells=10, sort_key=lambda row: row.next_funding_ts),
        Field(name=" basis", cells=SPARK, is_left=True),
    )  # fmt: skip
    dropped: ClassVar = (3, 5, 7, 8, 11, 2, 6, 1)

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return FUNDING

    def listed(self, view: FundingView) -> Sequence[FundingRow]:
        """Return the perpetuals."""
        return view.rows

    def markets_of(self, row: FundingRow) -> tuple[InstrumentId, ...]:
        """Return the perpetual."""
        return (row.instrument,)

    def texts(self, row: FundingRow) -> list[Cell]:
        """Return the columns."""
        is_followed = row.instrument == self.instrument
        return funding_cells(row, self.engine_at, is_followed=is_followed)

    def clock_face(self) -> object:
        """Count down by the second while a payment is to come."""
        return self.engine_at // 1_000_000_000

    def hint(self) -> Titles:
        """Say who pays."""
        hint = super().hint()
        return hint or ([("above 0 longs pay", "faint")] if self.row_count() else [])

    def explain(self) -> tuple[Explained, ...]:
        """Return basis and funding of the row under the cursor."""
        row = self.row_at_cursor()
        if row is None:
            return ()
        mark = price_text(row.mark_price, row.price_decimals)
        index = price_text(row.index_price, row.price_decimals)
        name = clean(row.instrument)
        hours = f"{fixed(row.interval_hours, 0)} h"
        rate = f"{name}: {fixed(row.rate_pct, 4)}% every {hours}"
        wait = until_text(row.next_funding_ts, self.engine_at)
        basis = f"{fixed(row.basis_bps, 2, is_signed=True)} bps"
        a_year = f"{fixed(row.basis_annual_pct, 2, is_signed=True)}%"
        hourly = f"{fixed(row.hourly_pct, 5, is_signed=True)}%"
        annual = f"{fixed(row.annual_pct, 2, is_signed=True)}%"
        return (
            Explained(key="basis", value=basis, inputs=f"{name}: mark {mark}, index {index}"),
            Explained(key="basis", value=a_year, inputs=f"{basis} every {hours}, over 365 days"),
            Explained(key="funding_hourly", value=hourly, inputs=rate),
            Explained(key="funding_annual", value=annual, inputs=f"{rate}, next in {wait}"),
        )
