"""Fills without a trade id (risk-and-faults section 6): which of several equal ones is meant.

Each of them stands once in a full page of the history, and the stream tells each once. So a row of
a page, or a telling, is matched with one booked fill that no other row, or telling, stands for;
what finds none is new. Instants may be a millisecond apart: streams and histories round their own
way. Repeats of the stream show by how much their order had filled by then.
"""

from collections.abc import Callable, Iterable

import msgspec

from core.domain.exact import Quantity
from core.domain.order import Fill

APART_MS = 1
_NS_PER_MS = 1_000_000
_Kind = tuple[str, str, str, str, str]
"""Market, order, side, price and quantity: equal fills have equal kinds."""


class Unnumbered:
    """Every booked fill without a trade id, and what the stream told of them."""

    def __init__(self) -> None:
        self._booked: dict[_Kind, list[Fill]] = {}
        self._told: set[tuple[_Kind, str | int]] = set()
        self._claimed: set[tuple[str, str, str, str]] = set()
        """Keys of the fills that the stream told of."""

    def booked(self, fill: Fill) -> None:
        """Remember a fill that was booked."""
        self._booked.setdefault(_kind(fill), []).append(fill)

    def new_of_stream(self, fill: Fill, filled: Quantity) -> Fill | None:
        """Return a fill as it is to be booked; None where it is booked, or was told before.

        `filled` is what its order has filled by the same telling; at 0 the venue does not say, and
        the instant tells fills apart. A fill taken for a repeat is found by the next page.
        """
        telling = (_kind(fill), str(filled) if filled.sign > 0 else fill.ts_event)
        if telling in self._told:
            return None
        self._told.add(telling)
        new = self._unmatched([fill], lambda each: each.key not in self._claimed)
        if new:
            self._claimed.add(new[0].key)
            return new[0]
        return None

    def new_of_page(self, fills: Iterable[Fill]) -> list[Fill]:
        """Return the fills of a full page that are not booked, as they are to be booked."""
        rows: dict[_Kind, list[Fill]] = {}
        for fill in fills:
            rows.setdefault(_kind(fill), []).append(fill)
        return [new for same in rows.values() for new in self._unmatched(same, _any)]

    def _unmatched(self, fills: list[Fill], may_stand: Callable[[Fill], bool]) -> list[Fill]:
        """Match equal fills with booked ones in order of time; number those that found none."""
        booked = self._booked.get(_kind(fills[0]), [])
        free = sorted((each for each in booked if may_stand(each)), key=_millis)
        taken = {each.key for each in booked}
        new: list[Fill] = []
        for fill in sorted(fills, key=_millis):
            while free and _millis(free[0]) < _millis(fill) - APART_MS:
                free.pop(0)
            if free and _millis(free[0]) <= _millis(fill) + APART_MS:
                self._claim(free.pop(0), may_stand)
                continue
            fresh = _numbered(fill, taken)
            taken.add(fresh.key)
            new.append(fresh)
        return new

    def _claim(self, fill: Fill, may_stand: Callable[[Fill], bool]) -> None:
        if may_stand is not _any:
            self._claimed.add(fill.key)


def _any(_fill: Fill) -> bool:
    return True


def _kind(fill: Fill) -> _Kind:
    return (
        fill.instrument,
        fill.venue_order_id,
        fill.side,
        str(fill.price),
        str(fill.quantity),
    )


def _millis(fill: Fill) -> int:
    return fill.ts_event // _NS_PER_MS


def _numbered(fill: Fill, taken: set[tuple[str, str, str, str]]) -> Fill:
    """Return a fill with the first occurrence index whose key is free."""
    while fill.key in taken:
        fill = msgspec.structs.replace(fill, occurrence=fill.occurrence + 1)
    return fill
