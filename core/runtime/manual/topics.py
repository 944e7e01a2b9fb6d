"""The topics of order entry: the card of a ticket, working orders, positions, fills."""

from typing import Final

from core.domain.errors import DataInvalid
from core.domain.ticket import FILLS, POSITIONS, TICKET, WORKING, ticket_of
from core.runtime.frames import Found, Frames, Parts, bounded
from core.runtime.rooms import Rooms

CARD_BEAT_NS: Final = 100_000_000
_SECOND: Final = 1_000_000_000
_HALF: Final = 500_000_000


class ManualTopics:
    """Answers what the ticket and the orders room ask for."""

    def __init__(self, rooms: Rooms) -> None:
        self._pictures = rooms.entry.pictures
        self._blotter = rooms.entry.blotter
        self._moves = rooms.entry.manual.moves
        self._closings = rooms.entry.closing.closings
        self._trading = rooms.trading

    def register(self, frames: Frames) -> None:
        """Serve every kind."""
        frames.serve(TICKET, self._ticket)
        frames.serve(WORKING, self._working)
        frames.serve(POSITIONS, self._positions)
        frames.serve(FILLS, self._fills)

    def _ticket(self, parts: Parts, at: int) -> Found | None:
        """Build the card anew ten times a second: its age is what Enter is judged by."""
        try:
            ticket = ticket_of(parts)
        except (DataInvalid, ValueError):
            return None
        return at // CARD_BEAT_NS, lambda: self._pictures.card(ticket, at)

    def _working(self, parts: Parts, at: int) -> Found | None:
        if parts:
            return None
        key = (at // _HALF, self._trading.orders.moves, self._moves.version)
        return (*key, len(self._trading.orders)), lambda: self._blotter.working(at)

    def _positions(self, parts: Parts, at: int) -> Found | None:
        if parts:
            return None
        key = (at // _SECOND, self._trading.ledger.entries, self._closings.version)
        return key, lambda: self._blotter.positions(at)

    def _fills(self, parts: Parts, at: int) -> Found | None:
        most = bounded(parts[0]) if len(parts) == 1 else 0
        if not most:
            return None
        key = (at // (5 * _SECOND), self._blotter.fills.count)
        return key, lambda: self._blotter.fill_rows(at, most)
