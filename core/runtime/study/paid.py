"""Effective and realised spread as the prints come (`core.analysis.impact.spread_paid`)."""

from bisect import bisect_left, bisect_right
from collections import deque
from operator import itemgetter
from typing import Final

from core.analysis.impact import SpreadPaid
from core.analysis.units import BPS, SECOND_NS
from core.domain.order import Side
from core.domain.views import TapeRow

HORIZON_NS: Final = 5 * SECOND_NS
MEASURED_KEPT: Final = 1_000
_WAITING_KEPT: Final = 2_000
_SPARE_MIDS: Final = 4_096
Waiting = tuple[int, int, int, int, int]
"""Instant, price, size, sign, bid + ask before it."""


class SpreadMeter:
    """Keeps mids by the venue's clock, and prints until the horizon after them has passed."""

    __slots__ = ("_measured", "_mids", "_times", "_waiting")

    def __init__(self) -> None:
        self._times: list[int] = []
        self._mids: list[int] = []
        self._waiting: deque[Waiting] = deque(maxlen=_WAITING_KEPT)
        self._measured: deque[tuple[int, float, float]] = deque(maxlen=MEASURED_KEPT)

    def see_mid(self, ts_event: int, twice_mid: int) -> None:
        """Take a mid (bid + ask) that changed; going back in time counts as no time passing."""
        times, mids = self._times, self._mids
        if times and ts_event <= times[-1]:
            mids[-1] = twice_mid
            return
        times.append(ts_event)
        mids.append(twice_mid)
        if len(times) > _SPARE_MIDS:
            self._drop(ts_event)

    def _drop(self, now: int) -> None:
        gone = bisect_left(self._times, now - 2 * HORIZON_NS) - 1
        if gone > _SPARE_MIDS // 2:
            del self._times[:gone]
            del self._mids[:gone]

    def see_print(self, row: TapeRow) -> None:
        """Take a print; its mid is the last strictly before it."""
        before = bisect_left(self._times, row.ts_event)
        if before:
            sign = 1 if row.side is Side.BUY else -1
            self._waiting.append((row.ts_event, row.price, row.size, sign, self._mids[before - 1]))

    def settle(self, ts_event: int) -> None:
        """Measure the prints whose horizon is behind this instant of the venue's clock."""
        waiting = self._waiting
        while waiting and waiting[0][0] + HORIZON_NS <= ts_event:
            at, price, size, sign, twice = waiting.popleft()
            later = self._mids[bisect_right(self._times, at + HORIZON_NS) - 1]
            scale = 2 * BPS * sign * size / twice
            self._measured.append((size, scale * (2 * price - twice), scale * (2 * price - later)))

    def restart(self) -> None:
        """Forget the mids: the book was rebuilt, what came between is unknown."""
        self._times.clear()
        self._mids.clear()
        self._waiting.clear()

    def paid(self) -> SpreadPaid | None:
        """Return what takers paid over the newest prints measured; None where there are none."""
        weight = sum(map(itemgetter(0), self._measured))
        if not weight:
            return None
        effective = sum(map(itemgetter(1), self._measured)) / weight
        realized = sum(map(itemgetter(2), self._measured)) / weight
        return SpreadPaid(
            effective_bps=effective,
            realized_bps=realized,
            impact_bps=effective - realized,
            trades=len(self._measured),
        )
