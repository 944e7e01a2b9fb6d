"""Which columns a ladder shows, and how many cells each gets. Both sides of the price are equal."""

from enum import StrEnum
from typing import Final

import msgspec


class Column(StrEnum):
    """A column a person can choose. Most stand on both sides of the price, mirrored."""

    SIZE = "size"
    CUMULATIVE = "cumulative"
    TRADED = "traded"
    PROFILE = "profile"
    """Volume by price as a bar, once, beside the price."""
    CHANGES = "changes"
    """Stacked and pulled size."""
    OWN = "own"
    """Own orders on their own side; without it they stand on the empty half of their row."""


LEAST: Final = {
    Column.SIZE: 7,
    Column.CUMULATIVE: 6,
    Column.TRADED: 6,
    Column.PROFILE: 6,
    Column.CHANGES: 10,
    Column.OWN: 15,
}
"""Cells a column needs for its longest text and one blank."""
MEANING: Final = {
    Column.SIZE: "Size resting at the price",
    Column.CUMULATIVE: "Size from the touch up to and with the row",
    Column.TRADED: "Sold into the bids, bought from the asks",
    Column.PROFILE: "Volume traded at the price as a bar",
    Column.CHANGES: "Size stacked (+) and pulled (-) of late",
    Column.OWN: "Own orders with the queue ahead of them",
}
EVERY: Final = frozenset(Column)
PRESETS: Final = {
    "auto": EVERY,
    "book": frozenset({Column.SIZE, Column.CUMULATIVE}),
    "flow": frozenset({Column.SIZE, Column.TRADED, Column.PROFILE, Column.CHANGES}),
    "orders": frozenset({Column.SIZE, Column.CUMULATIVE, Column.OWN}),
}
"""`auto` shows as many as fit, the most important first."""
PRICE_MARKS: Final = 3
"""Cursor and last trade before the price, alert or own order after it."""
_GROWTH: Final = (
    (Column.CHANGES, 11),
    (Column.CUMULATIVE, 7),
    (Column.TRADED, 7),
    (Column.CUMULATIVE, 8),
    (Column.SIZE, 16),
    (Column.TRADED, 8),
    (Column.CUMULATIVE, 10),
    (Column.TRADED, 9),
    (Column.CHANGES, 13),
)
"""Where cells to spare go, in turn; the rest is the size column's, whose bar grows finer."""
_WIDEST_PROFILE: Final = 18


class Columns(msgspec.Struct, frozen=True, gc=False):
    """Cells of the columns of one side, from the price outward; 0 for those not shown."""

    width: int
    price: int
    profile: int
    side: int
    """Cells of either side: what the price and the profile leave."""
    size: int
    cumulative: int
    traded: int
    changes: int
    own: int

    @classmethod
    def of(
        cls, width: int, price_cells: int, wanted: frozenset[Column] = PRESETS["auto"]
    ) -> "Columns":
        """Share a width out.

        Args:
            width: Cells of a row.
            price_cells: Cells of the longest price.
            wanted: Columns to show; those that do not fit are left out, the least important first.
        """
        price = min(width, price_cells + PRICE_MARKS)
        shown = _fitting(width - price, wanted)
        profile = 0
        if Column.PROFILE in shown:
            spare = width - price - 2 * _cells(shown)
            least = LEAST[Column.PROFILE]
            profile = min(_WIDEST_PROFILE, least + max(0, spare - least) // 4)
        price += (width - price - profile) % 2
        side = (width - price - profile) // 2
        cells = _shared(side, shown)
        return cls(
            width, price, profile, side, cells[Column.SIZE], cells[Column.CUMULATIVE],
            cells[Column.TRADED], cells[Column.CHANGES], cells[Column.OWN],
        )  # fmt: skip

    @property
    def price_cells(self) -> int:
        """Cells for the digits of a price."""
        return max(0, self.price - PRICE_MARKS)

    @property
    def book(self) -> int:
        """Cells of size and cumulative together: where the bars of a side are drawn."""
        return self.size + self.cumulative

    @property
    def shown(self) -> frozenset[Column]:
        """The columns that have cells."""
        return frozenset(column for column in Column if getattr(self, column.value) > 0)


def _cells(shown: frozenset[Column]) -> int:
    """Count the least cells of a side."""
    return sum(LEAST[column] for column in shown if column is not Column.PROFILE)


def _fitting(room: int, wanted: frozenset[Column]) -> frozenset[Column]:
    """Choose columns up to the first that does not fit; the size is always there."""
    shown = frozenset({Column.SIZE})
    for column in (column for column in Column if column in wanted):
        trial = shown | {column}
        both = 2 * _cells(trial) + (LEAST[Column.PROFILE] if Column.PROFILE in trial else 0)
        if both > room:
            break
        shown = trial
    return shown


def _shared(side: int, shown: frozenset[Column]) -> dict[Column, int]:
    """Give every column its least cells, then what is left in turn."""
    cells = {c: LEAST[c] if c in shown and c is not Column.PROFILE else 0 for c in Column}
    spare = side - sum(cells.values())
    for column, most in _GROWTH:
        if cells[column]:
            more = max(0, min(spare, most - cells[column]))
            cells[column] += more
            spare -= more
    cells[Column.SIZE] += spare
    return cells
