"""The prints of one market with running totals, so that any window costs a binary search."""

from bisect import bisect_left, bisect_right, insort
from typing import Final

import msgspec

from core.analysis.units import ratio
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import TapeRow

PRINTS_KEPT: Final = 20_000
_SPARE: Final = 4_096


class WindowTotals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Prints with start <= instant < end.

    Attributes:
        money: Sum of price times size, units of 10^-20.
        twap: Last price averaged over time, quote units (`core.analysis.flow.twap`).
        missed: Prints known to be missing between these.
    """

    buy: int
    sell: int
    money: int
    trades: int
    twap: float | None
    missed: int


class PrintLog:
    """Bounded; the oldest prints leave. A print that comes late counts with the one before it."""

    __slots__ = (
        "_areas",
        "_bought",
        "_first",
        "_moneys",
        "_sold",
        "count",
        "ordered_sizes",
        "rows",
        "times",
    )

    def __init__(self) -> None:
        self.rows: list[TapeRow] = []
        self.times: list[int] = []
        self.count = 0
        """Prints ever taken."""
        self.ordered_sizes: list[int] = []
        """Sizes of the prints held, ascending."""
        self._first = 0
        self._bought: list[int] = []
        self._sold: list[int] = []
        self._moneys: list[int] = []
        self._areas: list[int] = []

    def __len__(self) -> int:
        return len(self.rows) - self._first

    def add(self, row: TapeRow) -> int:
        """Take a print; return the instant it counts with."""
        times = self.times
        bought = sold = money = area = 0
        instant = row.ts_event
        if times:
            last = times[-1]
            instant = max(instant, last)
            bought, sold, money = self._bought[-1], self._sold[-1], self._moneys[-1]
            area = self._areas[-1] + self.rows[-1].price * (instant - last)
        if row.side is Side.BUY:
            bought += row.size
        else:
            sold += row.size
        self.rows.append(row)
        times.append(instant)
        self._bought.append(bought)
        self._sold.append(sold)
        self._moneys.append(money + row.price * row.size)
        self._areas.append(area)
        insort(self.ordered_sizes, row.size)
        self.count += 1
        if len(self) > PRINTS_KEPT:
            self._drop_oldest()
        return instant

    def _drop_oldest(self) -> None:
        """Forget one print; its column entries go later, many at once."""
        sizes = self.ordered_sizes
        del sizes[bisect_left(sizes, self.rows[self._first].size)]
        self._first += 1
        if self._first < _SPARE:
            return
        # The last of the gone stays: totals are differences to it.
        gone = self._first - 1
        for column in (self.rows, self.times, self._bought, self._sold, self._moneys, self._areas):
            del column[:gone]
        self._first = 1

    @property
    def since(self) -> int | None:
        """Instant of the oldest print held, ns."""
        return self.times[self._first] if len(self) else None

    @property
    def is_full(self) -> bool:
        """Whether prints have left."""
        return self.count > PRINTS_KEPT

    @property
    def last(self) -> TapeRow | None:
        """The newest print."""
        return self.rows[-1] if self.rows else None

    def newest(self, count: int) -> list[TapeRow]:
        """Return the newest prints, oldest of them first."""
        return self.rows[max(self._first, len(self.rows) - count) :]

    def window(self, start: int, end: int) -> WindowTotals:
        """Total the prints held with start <= instant < end."""
        first = max(self._first, bisect_left(self.times, start))
        last = max(first, bisect_left(self.times, end))
        trades = last - first
        return WindowTotals(
            buy=_between(self._bought, first, last),
            sell=_between(self._sold, first, last),
            money=_between(self._moneys, first, last),
            trades=trades,
            twap=self._twap(first, last, start, end),
            missed=self._missed(first, last),
        )

    def _missed(self, first: int, last: int) -> int:
        if first >= last:
            return 0
        return self.rows[last - 1].serial - self.rows[first].serial + 1 - (last - first)

    def _twap(self, first: int, last: int, start: int, end: int) -> float | None:
        """Average the last price from the start, or from the first price known, to the end."""
        begun = first - 1 if first > self._first else first
        if begun >= len(self.rows) or begun >= last or not len(self):
            return None
        known_from = max(start, self.times[begun])
        held = self.rows[last - 1].price * (end - self.times[last - 1])
        area = self._areas[last - 1] + held - self._areas[begun]
        area -= self.rows[begun].price * (known_from - self.times[begun])
        return ratio(area, (end - known_from) * UNIT)

    def missed_in_all(self) -> int:
        """Count the prints known to be missing between those held."""
        return self._missed(self._first, len(self.rows))

    def after(self, instant: int) -> int:
        """Return how many prints held are later than an instant."""
        return len(self.rows) - max(self._first, bisect_right(self.times, instant))


def _between(totals: list[int], first: int, last: int) -> int:
    if first >= last:
        return 0
    return totals[last - 1] - (totals[first - 1] if first else 0)
