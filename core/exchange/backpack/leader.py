"""What a followed account did: each fill once, with the position before it. No socket, no clock."""

from collections.abc import Iterable
from typing import Final

from core.domain.events import LeaderFilled, PositionReport
from core.domain.exact import ZERO_QUANTITY, Quantity
from core.domain.ids import InstrumentId, LeaderId, TradeId
from core.domain.order import Fill, Side

REMEMBERED_FILLS: Final = 20_000


class LeaderTracker:
    """Turns a leader's fills into `LeaderFilled`.

    The position is a running sum of fills. What the venue states replaces the sum only where the
    statement lies between two fills by venue time: reports of one instant come in any order.

    Attributes:
        since: Venue time in ns from which fills count.
        cursor: Venue time of the newest fill seen, ns.
    """

    def __init__(self, leader: LeaderId, since: int) -> None:
        self.cursor = since
        self.since = since
        self._leader = leader
        self._seen: dict[tuple[str, str, str, str], None] = {}
        self._running: dict[InstrumentId, Quantity] = {}
        self._filled_at: dict[InstrumentId, int] = {}
        self._stated: dict[InstrumentId, tuple[Quantity, int]] = {}
        self._listed_at: int | None = None

    def fill(self, fill: Fill, ts_recv: int) -> LeaderFilled | None:
        """Take one fill; None if it was seen before or is of the venue's making."""
        if not self._is_new(fill):
            return None
        self.cursor = max(self.cursor, fill.ts_event)
        before = self._moved(fill)
        if fill.is_system:
            return None
        return LeaderFilled(
            ts_event=fill.ts_event,
            ts_recv=ts_recv,
            leader=self._leader,
            instrument=fill.instrument,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            trade_id=TradeId(_trade(fill)),
            venue_order_id=fill.venue_order_id,
            position_before=before,
        )

    def _is_new(self, fill: Fill) -> bool:
        key = (fill.instrument, _trade(fill), fill.venue_order_id, fill.side)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED_FILLS:
            del self._seen[next(iter(self._seen))]
        return True

    def _moved(self, fill: Fill) -> Quantity | None:
        """Move the running position by a fill; return what it was before."""
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        before = self._before(fill, signed)
        self._filled_at[fill.instrument] = fill.ts_event
        if before is not None:
            self._running[fill.instrument] = before + signed
        return before

    def _before(self, fill: Fill, signed: Quantity) -> Quantity | None:
        stated = self._statement(fill.instrument)
        running = self._running.get(fill.instrument)
        if stated is None:
            return running
        quantity, stated_at = stated
        if self._filled_at.get(fill.instrument, 0) <= stated_at < fill.ts_event:
            return quantity
        return quantity - signed if running is None else running

    def _statement(self, instrument: InstrumentId) -> tuple[Quantity, int] | None:
        stated = self._stated.get(instrument)
        if stated is None and self._listed_at is not None:
            return ZERO_QUANTITY, self._listed_at
        return stated

    def position(self, report: PositionReport) -> None:
        """Take a position as the venue states it; the newest statement counts."""
        stated = self._stated.get(report.instrument)
        if stated is None or report.ts_event >= stated[1]:
            self._stated[report.instrument] = (report.quantity, report.ts_event)

    def positions(self, reports: Iterable[PositionReport], at: int) -> None:
        """Take a complete list of positions as of `at` (venue time): the rest is flat."""
        listed = {report.instrument: report.quantity for report in reports}
        for instrument in self._stated.keys() | self._running.keys() | listed.keys():
            stated = self._stated.get(instrument)
            if stated is None or stated[1] <= at:
                self._stated[instrument] = (listed.get(instrument, ZERO_QUANTITY), at)
        self._listed_at = at


def _trade(fill: Fill) -> str:
    """Name a fill's trade; the venue leaves the id of some system fills out."""
    return fill.trade_id or f"{fill.ts_event}:{fill.price}:{fill.quantity}"
