"""Turns whole books into the one kind of event the book understands: a snapshot, then changes.

For venues that send a whole book each time, without sequence numbers. Frames are numbered here, so
that the splice can prove that none is missing between two of ours.
"""

from collections.abc import Iterable
from decimal import Decimal

from core.domain.events import Body, BookSnapshotSeen, DepthChanged, TextLevel
from core.domain.ids import InstrumentId

_Side = dict[Decimal, TextLevel]


class WholeBooks:
    """The last whole book of each market."""

    def __init__(self) -> None:
        self._sides: dict[InstrumentId, tuple[_Side, _Side]] = {}
        self._ids: dict[InstrumentId, int] = {}

    def forget(self, instrument: InstrumentId | None = None) -> None:
        """Begin again with a snapshot: one market, or all of them after a broken stream."""
        if instrument is None:
            self._sides.clear()
        else:
            self._sides.pop(instrument, None)

    def seen(
        self,
        instrument: InstrumentId,
        bids: Iterable[TextLevel],
        asks: Iterable[TextLevel],
        *,
        ts_event: int,
        ts_recv: int,
    ) -> list[Body]:
        """Return what a whole book changes; the first of a market is a snapshot.

        Raises:
            ArithmeticError: when a price is no number.
        """
        sides = (_keyed(bids), _keyed(asks))
        before = self._sides.get(instrument)
        self._sides[instrument] = sides
        number = self._ids[instrument] = self._ids.get(instrument, 0) + 1
        if before is not None:
            return [self._change(instrument, number, before, sides, ts_event, ts_recv)]
        snapshot = BookSnapshotSeen(
            ts_event=ts_event,
            ts_recv=ts_recv,
            instrument=instrument,
            last_id=number,
            bids=list(sides[0].values()),
            asks=list(sides[1].values()),
        )
        self._ids[instrument] = number + 1
        return [snapshot, self._change(instrument, number + 1, sides, sides, ts_event, ts_recv)]

    @staticmethod
    def _change(
        instrument: InstrumentId,
        number: int,
        before: tuple[_Side, _Side],
        after: tuple[_Side, _Side],
        ts_event: int,
        ts_recv: int,
    ) -> DepthChanged:
        return DepthChanged(
            ts_event=ts_event,
            ts_recv=ts_recv,
            instrument=instrument,
            first_id=number,
            last_id=number,
            prev_id=number - 1,
            bids=_changed(before[0], after[0]),
            asks=_changed(before[1], after[1]),
        )


def _keyed(levels: Iterable[TextLevel]) -> _Side:
    return {Decimal(price): (price, size) for price, size in levels}


def _changed(before: _Side, after: _Side) -> list[TextLevel]:
    gone = [(price, "0") for key, (price, _) in before.items() if key not in after]
    return gone + [level for key, level in after.items() if before.get(key) != level]
