"""Lines of a tape: single prints, or one aggressor's prints joined; with a least notional."""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from core.analysis.sizes import continues
from core.domain.study_views import TapeLine
from core.domain.views import TapeRow

LINES_KEPT: Final = 2_000
"""Lines a new filter is made from; a filter goes on keeping what comes."""
SHOWN_KEPT: Final = 500
FILTERS_KEPT: Final = 6
Worth = tuple[int, TapeLine]
"""Price times size in units of 10^-20, and the line."""
Numbered = tuple[int, TapeLine]
"""Which line of its mode it is, from 0, and the line."""


class JoinedLines:
    """The prints of one market as lines, one an aggressor; the newest may still grow.

    Prints of one instant and side whose price does not turn back are of one aggressor, as far as
    public data tells (`core.analysis.sizes.aggressors`).
    """

    __slots__ = ("_open", "_serial", "closed", "count")

    def __init__(self) -> None:
        self.closed: deque[Worth] = deque(maxlen=LINES_KEPT)
        self.count = 0
        """Lines closed so far, those that have left included."""
        self._open: list[TapeRow] = []
        self._serial: int | None = None
        """Serial of the last print before the open line."""

    def add(self, row: TapeRow) -> Worth | None:
        """Take a print; return the line it closed."""
        if self._open and continues(self._open[-1], row, 0):
            self._open.append(row)
            return None
        closed = self.open_line()
        if closed is not None:
            self.closed.append(closed)
            self.count += 1
            self._serial = self._open[-1].serial
        self._open = [row]
        return closed

    def open_line(self) -> Worth | None:
        """Return the newest line as far as it has come."""
        group = self._open
        return line_of(group, self._serial) if group else None

    @property
    def open_levels(self) -> int:
        """Prices the newest line has traded at."""
        return len({row.price for row in self._open})


def line_of(group: list[TapeRow], serial_before: int | None) -> Worth:
    """Make a line of the prints of one aggressor; holes in the serials count as missed before it.

    Holes within the group count too: nothing else would show them.
    """
    first, last = group[0], group[-1]
    begun = first.serial - 1 if serial_before is None else serial_before
    line = TapeLine(
        last.serial,
        first.ts_event,
        first.price,
        sum([row.size for row in group]),
        first.side,
        prints=len(group),
        last_price=last.price,
        missed_before=last.serial - begun - len(group),
    )
    return sum([row.price * row.size for row in group]), line


class LineFilter:
    """The newest lines worth at least so much, kept up as lines are offered.

    Prints missed before a line that is left out show before the next one kept.
    """

    __slots__ = ("_least", "_missed", "lines", "offered")

    def __init__(self, least: int) -> None:
        self._least = least
        """Money, units of 10^-20."""
        self._missed = 0
        self.lines: deque[Numbered] = deque(maxlen=SHOWN_KEPT)
        self.offered = 0

    def offer(self, worth: Worth) -> None:
        """Take the next line of the mode."""
        kept = self.passed(worth)
        if kept is None:
            self._missed += worth[1].missed_before
        else:
            self._missed = 0
            self.lines.append((self.offered, kept))
        self.offered += 1

    def offer_all(self, lines: Iterable[Worth]) -> None:
        """Take many."""
        offer = self.offer
        for worth in lines:
            offer(worth)

    def passed(self, worth: Worth) -> TapeLine | None:
        """Return the line with what was missed before it, None where it is worth too little."""
        money, line = worth
        if money < self._least:
            return None
        if not self._missed:
            return line
        missed = line.missed_before + self._missed
        return msgspec.structs.replace(line, missed_before=missed)

    def shown(self, rows: int, newest: Worth | None) -> tuple[list[TapeLine], int]:
        """Return the newest lines, oldest first, and how many lines between them were left out.

        `newest` is a line not offered yet, because it may still grow.
        """
        kept = list(self.lines)[-rows:]
        offered = self.offered
        if newest is not None:
            passed = self.passed(newest)
            if passed is not None:
                kept = [*kept, (offered, passed)][-rows:]
            offered += 1
        hidden = offered - kept[0][0] - len(kept) if kept else offered
        return [line for _, line in kept], hidden


class TapeBook:
    """Both modes of one market's tape, and the filters asked for last."""

    __slots__ = ("_filters", "joined", "singles")

    def __init__(self) -> None:
        self.joined = JoinedLines()
        self.singles: deque[Worth] = deque(maxlen=LINES_KEPT)
        self._filters: dict[tuple[bool, int], LineFilter] = {}

    def add(self, row: TapeRow) -> Worth | None:
        """Take a print; return the aggressor's line that it closed."""
        before = self.singles[-1][1].serial if self.singles else None
        single = line_of([row], before)
        self.singles.append(single)
        closed = self.joined.add(row)
        for (is_joined, _), kept in self._filters.items():
            if not is_joined:
                kept.offer(single)
            elif closed is not None:
                kept.offer(closed)
        return closed

    def shown(self, rows: int, least: int, *, is_joined: bool) -> tuple[list[TapeLine], int]:
        """Return the newest lines of a mode worth at least `least` (10^-20), and those hidden."""
        key = (is_joined, least)
        kept = self._filters.get(key)
        if kept is None:
            while len(self._filters) >= FILTERS_KEPT:
                del self._filters[next(iter(self._filters))]
            kept = self._filters[key] = LineFilter(least)
            kept.offer_all(self.joined.closed if is_joined else self.singles)
        return kept.shown(rows, self.joined.open_line() if is_joined else None)
