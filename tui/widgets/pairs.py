"""Spreads between venues and between spot and perpetual."""

from collections.abc import Sequence
from typing import ClassVar

from core.domain.ids import InstrumentId
from core.domain.study_views import PAIRS, PairRow, PairsView
from tui.render.explain import Explained
from tui.render.pairs import RANGE, SPARK, lead_text, pair_cells, pair_name
from tui.render.study import Cell, fixed
from tui.render.text import clean
from tui.widgets.pane import Titles
from tui.widgets.table import Field, TablePane


class Pairs(TablePane[PairsView, PairRow]):
    """Spread now and in its range, what could be executed, correlation and who leads."""

    study = "Pairs"
    waiting = "waiting for two markets"
    nothing: ClassVar = "no two watched markets of one base"
    fields: ClassVar = (
        Field(name="pair", cells=26, is_left=True, is_text=True, sort_key=pair_name),
        Field(name="now bps", cells=9, sort_key=lambda row: row.spread_bps),
        Field(name="low", cells=8, sort_key=lambda row: row.low_bps),
        Field(name=" in range", cells=RANGE, is_left=True),
        Field(name="high", cells=8, sort_key=lambda row: row.high_bps),
        Field(name="mean", cells=9, sort_key=lambda row: row.mean_bps),
        Field(name="executable", cells=12, sort_key=lambda row: row.executable_bps),
        Field(name="corr", cells=7, sort_key=lambda row: row.correlation),
        Field(name="leads", cells=11, sort_key=lambda row: row.lead_s),
        Field(name="sure", cells=6, sort_key=lambda row: row.lead_correlation),
        Field(name=" spread", cells=SPARK, is_left=True),
    )
    dropped: ClassVar = (9, 10, 5, 8, 2, 4, 7, 3)

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return PAIRS

    def listed(self, view: PairsView) -> Sequence[PairRow]:
        """Return the pairs."""
        return view.rows

    def markets_of(self, row: PairRow) -> tuple[InstrumentId, ...]:
        """Return both markets."""
        return (row.first, row.second)

    def texts(self, row: PairRow) -> list[Cell]:
        """Return the columns."""
        return pair_cells(row, is_followed=self.instrument in {row.first, row.second})

    def hint(self) -> Titles:
        """Say what stands for what."""
        hint = super().hint()
        return hint or ([("first over second, before fees", "faint")] if self.row_count() else [])

    def explain(self) -> tuple[Explained, ...]:
        """Return spread, correlation and lead of the row under the cursor."""
        row = self.row_at_cursor()
        if row is None:
            return ()
        pair = f"{clean(row.first)} over {clean(row.second)}"
        spread = f"{fixed(row.spread_bps, 2, is_signed=True)} bps"
        executable = f"{fixed(row.executable_bps, 2, is_signed=True)} bps"
        band = f"{fixed(row.low_bps, 1)} to {fixed(row.high_bps, 1)} bps"
        sure = f"correlation {fixed(row.lead_correlation, 2)} at that distance"
        return (
            Explained(key="venue_spread", value=spread, inputs=f"{pair}; {band} seen"),
            Explained(key="executable_spread", value=executable, inputs="before fees"),
            Explained(key="correlation", value=fixed(row.correlation, 3), inputs=pair),
            Explained(key="lead_lag", value=lead_text(row), inputs=sure),
        )
