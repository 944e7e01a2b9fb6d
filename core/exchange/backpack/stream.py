"""The conversation about one account on Backpack's socket. No clock, no socket.

A valid subscription is never acknowledged and errors name no request (4.2): any error after a
private subscription is a failed login.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.events import Body, Channel, OrderReport, QueryAnswered, VenueErrorFrame
from core.domain.ids import VenueId, VenueOrderId
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import PRIVATE_STREAMS
from core.exchange.backpack.witness import PrivateWitness
from core.exchange.conversation import Conversation

_NS_PER_MS: Final = 1_000_000


class PrivateStream(Conversation):
    """One account's orders, positions and balances.

    Args:
        venue: Whose instruments the reports name.
        codec: Made for the account.
        signature: Signs a fresh subscription; takes the venue's time in ms.
        clock_offset_ns: Returns venue time minus local time.
        witness: Holds what REST tells of orders against this stream.
    """

    channel = Channel.PRIVATE

    def __init__(
        self,
        venue: VenueId,
        codec: BackpackCodec,
        signature: Callable[[int], tuple[str, str, str, str]],
        clock_offset_ns: Callable[[], int],
        witness: PrivateWitness | None = None,
    ) -> None:
        super().__init__(venue, codec.decode)
        self._witness = witness or PrivateWitness()
        self._signature = signature
        self._clock_offset_ns = clock_offset_ns

    def connected(self, now: int, monotonic: int) -> None:  # noqa: ARG002 - one shape for all
        """Log in with a fresh signature."""
        self._start(now)
        venue_ns = now + self._clock_offset_ns()
        self._witness.connected(venue_ns)
        signature = self._signature(venue_ns // _NS_PER_MS)
        login = {"method": "SUBSCRIBE", "params": PRIVATE_STREAMS, "signature": signature}
        self._outgoing.append(msgspec.json.encode(login))

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:  # noqa: ARG002
        """Take one frame; an error frame ends the conversation."""
        for body in self._decode(frame, now):
            self._events.append(body)
            if isinstance(body, VenueErrorFrame):
                self._fault = f"login refused: {body.code} {body.message}"
            elif isinstance(body, OrderReport):
                self._witness.stream_told(body.venue_order_id, body.filled_quantity.value)
            self.newest_ts = max(self.newest_ts, body.ts_event)

    def disconnected(self, reason: str, now: int) -> None:
        """End the conversation."""
        self._witness.disconnected()
        super().disconnected(reason, now)

    def rest_told(self, body: Body, monotonic: int) -> None:
        """Note an answer of REST about orders: this stream has to tell of them too."""
        for order, filled, happened_at in told_orders(body):
            self._witness.rest_told(order, filled, happened_at=happened_at, monotonic=monotonic)
        if self._witness.next_deadline() is not None:
            self.wake()

    def next_deadline(self) -> int | None:
        """Return when silence about an order is a fault; an account may rest for hours."""
        return self._witness.next_deadline()

    def fault(self, monotonic: int) -> str:
        """Say what is wrong."""
        return self._fault or self._witness.fault(monotonic)


def told_orders(body: Body) -> list[tuple[VenueOrderId, Decimal, int]]:
    """Read which orders an answer of REST proves: id, least filled quantity, venue time."""
    if isinstance(body, OrderReport):
        return [(body.venue_order_id, body.filled_quantity.value, body.ts_event)]
    if not isinstance(body, QueryAnswered):
        return []
    fills = [(fill.venue_order_id, fill.quantity.value, fill.ts_event) for fill in body.fills]
    reports = [row for row in body.rows if isinstance(row, OrderReport)]
    return fills + [
        (row.venue_order_id, row.filled_quantity.value, row.ts_event) for row in reports
    ]
