"""Traded size by price: exact near the market for the ladder, on rows for the profile.

A key is the price of a print that sold into bids, or minus the price of one that bought from asks;
rows floor keys, so that bids are grouped down and asks up, as on the ladder.
"""

from collections.abc import Iterable
from heapq import nsmallest
from math import gcd
from typing import Final

from core.analysis.profile import ProfileRow

PRICES_KEPT: Final = 4_096
_PRICES_LEFT: Final = 3_072
GRIDS_KEPT: Final = 6
ROWS_KEPT: Final = 2_048


class LadderVolumes:
    """Traded at bid and at ask by price since the study began, for any few row heights.

    Of more than `PRICES_KEPT` prices those farthest from the newest print are given up: no ladder
    shows them, and the profile has them.
    """

    __slots__ = ("_grids", "by_key")

    def __init__(self) -> None:
        self.by_key: dict[int, int] = {}
        self._grids: dict[int, dict[int, int]] = {}

    def add(self, key: int, size: int) -> None:
        """Take a print."""
        by_key = self.by_key
        by_key[key] = by_key.get(key, 0) + size
        for step, rows in self._grids.items():
            row = key // step * step
            rows[row] = rows.get(row, 0) + size
        if len(by_key) > PRICES_KEPT:
            self._give_up_far(abs(key))

    def _give_up_far(self, price: int) -> None:
        near = nsmallest(_PRICES_LEFT, self.by_key, key=lambda key: abs(abs(key) - price))
        self.by_key = {key: self.by_key[key] for key in near}
        self._grids.clear()

    def rows(self, step: int) -> dict[int, int]:
        """Return size by row key; kept up from then on, for the heights asked for last."""
        rows = self._grids.get(step)
        if rows is None:
            while len(self._grids) >= GRIDS_KEPT:
                del self._grids[next(iter(self._grids))]
            rows = self._grids[step] = _folded(self.by_key.items(), step)
        return rows


def _folded(sizes: Iterable[tuple[int, int]], step: int) -> dict[int, int]:
    rows: dict[int, int] = {}
    for key, size in sizes:
        row = key // step * step
        rows[row] = rows.get(row, 0) + size
    return rows


class ProfileVolumes:
    """All that traded since the study began, by price row; no print is ever given up.

    Rows begin one tick high; when they are more than `ROWS_KEPT`, they are joined by two or by
    five in turn, so that heights stay 1, 2, 10, 20, 100 and so on ticks.

    Attributes:
        step: Height of a row now, units of 10^-10.
    """

    __slots__ = ("_factor", "bought", "sold", "step")

    def __init__(self, tick: int | None) -> None:
        self.step = tick or 1
        self._factor = 2
        self.sold: dict[int, int] = {}
        self.bought: dict[int, int] = {}

    def add(self, price: int, sold: int, bought: int) -> None:
        """Take a print."""
        row = price // self.step * self.step
        if sold:
            self.sold[row] = self.sold.get(row, 0) + sold
        if bought:
            self.bought[row] = self.bought.get(row, 0) + bought
        if len(self.sold) + len(self.bought) > 2 * ROWS_KEPT:
            self._coarsen()

    def _coarsen(self) -> None:
        if self.step == 1:  # no tick is known: what divides all prices is one
            self.step = gcd(*self.sold, *self.bought)
        while len(self.sold) + len(self.bought) > 2 * ROWS_KEPT:
            self.step *= self._factor
            self._factor = 7 - self._factor
            self.sold = _folded(self.sold.items(), self.step)
            self.bought = _folded(self.bought.items(), self.step)

    def grouped(self, step: int) -> tuple[int, tuple[ProfileRow, ...]]:
        """Return the row height and the rows, lowest first.

        The height is the smallest that both `step` and the rows kept divide.
        """
        height = step * self.step // gcd(step, self.step)
        sold, bought = _folded(self.sold.items(), height), _folded(self.bought.items(), height)
        prices = sorted(sold.keys() | bought.keys())
        found, taken = sold.get, bought.get
        return height, tuple([ProfileRow(p, found(p, 0), taken(p, 0)) for p in prices])
