"""The line to the venue: requests in their turn, each timed, and the clock they are signed with.

What a request asks and whether it may be repeated is the client's; here one leaves, once.
"""

import asyncio
import random
from typing import Final

from core.domain.errors import ConnectivityError, RequestRefused, VenueError
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.condition import ConditionWatch
from core.exchange.backpack.latency import LatencyMeter
from core.exchange.backpack.pacing import Pacer, PacingLimits
from core.exchange.backpack.public_requests import time_request
from core.exchange.backpack.refusals import Outcome, ReplyError, outcome_of, reply_error
from core.exchange.backpack.replies import venue_time_ns
from core.exchange.backpack.service import ServiceWatch
from core.exchange.backpack.venue_clock import VenueClock
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire

LONGEST_CANCEL_SECS: Final = 5.0
HISTORY_PATIENCE_SECS: Final = 90.0
CANCEL_PATIENCE_SECS: Final = 8.0
FIRST_ERROR: Final = 400
_NS_PER_MS: Final = 1_000_000
_NS_PER_SECOND: Final = 1_000_000_000


class Line:
    """One line to one venue.

    Args:
        transport: Carries the bytes.
        clock: Wall and monotonic time.
        pacing: Spacing, patience and retries.
        rng: Jitter of retries and pauses.

    Attributes:
        venue_clock: The estimate of the venue's time.
        service: Whether the venue is in service.
        latency: Round trips of requests.
        condition: Whether the venue shows stress.
        clock_doubted: Set when the venue called our time wrong.
        service_changed: Set when the venue went out of service.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        pacing: PacingLimits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.clock = clock
        self.venue_clock = VenueClock()
        self.service = ServiceWatch()
        self.latency = LatencyMeter()
        self.condition = ConditionWatch()
        self.pacer = Pacer(pacing, rng or random.Random(0))  # noqa: S311  jitter, no secret
        self.clock_doubted = asyncio.Event()
        self.service_changed = asyncio.Event()
        self._transport = transport

    # ---- the venue's time ----------------------------------------------------------------------

    @property
    def offset_ns(self) -> int:
        """Venue time minus local time."""
        return self.venue_clock.offset_ns(self.clock.monotonic(), self.clock.now())

    @property
    def error_bound_ns(self) -> int | None:
        """Half the round trip of the measurement that counts, None before the first."""
        return self.venue_clock.bound_ns

    def venue_ns(self) -> int:
        """Return the venue's clock in ns, as far as it is known."""
        return self.venue_clock.now(self.clock.monotonic(), self.clock.now())

    def venue_ms(self) -> int:
        """Return the venue's clock in ms, as far as it is known."""
        return self.venue_ns() // _NS_PER_MS

    async def measure_clock(self) -> None:
        """Compare clocks once.

        Raises:
            VenueError: when no answer came or it is no time.
        """
        await self._take_turn(Lane.QUERY)
        sent_at = self.clock.monotonic()
        reply = await self._sent(time_request(), Lane.QUERY)
        received_at = self.clock.monotonic()
        self.venue_clock.compare(
            sent_at=sent_at,
            received_at=received_at,
            venue_ns=venue_time_ns(good(reply).body),
            wall_ns=self.clock.now(),
        )

    async def _measured_anew(self) -> None:
        """Measure the clock again; without an answer the old estimate stands."""
        self.venue_clock.doubt()
        try:
            await self.measure_clock()
        except VenueError:
            return

    # ---- sending -------------------------------------------------------------------------------

    async def _sent(self, wire: Wire, lane: Lane) -> Reply:
        try:
            return await self._request(wire, lane)
        except TransportError as error:
            raise ConnectivityError("no answer from the venue", error.reason) from error

    async def _request(self, wire: Wire, lane: Lane) -> Reply:
        deadline_secs = self.pacer.limits.deadline_secs
        if lane is Lane.CANCEL:
            deadline_secs = min(deadline_secs, LONGEST_CANCEL_SECS)
        sent_at = self.clock.monotonic()
        try:
            reply = await self._transport.request(wire, deadline_secs=deadline_secs)
        except TransportError:
            now = self.clock.monotonic()
            self.condition.unanswered(now - sent_at, now)
            raise
        now = self.clock.monotonic()
        self.latency.add(now - sent_at)
        self.condition.answered(reply.status, now - sent_at, now)
        self.pacer.told(lane, reply.status, reply.headers.get("retry-after"), now)
        if self.service.told(reply):
            self.service_changed.set()
        if is_expired(reply):
            self.clock_doubted.set()
        return reply

    async def _take_turn(self, lane: Lane) -> None:
        """Wait until a request may leave, and count it.

        Raises:
            ConnectivityError: when that would take too long.
        """
        give_up_at = self.clock.monotonic() + int(self._patience_secs(lane) * _NS_PER_SECOND)
        while wait := self._wait_ns(lane):
            if self.clock.monotonic() + wait > give_up_at:
                detail = f"{wait / _NS_PER_SECOND:.0f} s until the next request"
                raise ConnectivityError("too many requests to the venue", detail)
            await asyncio.sleep(wait / _NS_PER_SECOND)
        self.pacer.take(lane, self.clock.monotonic())

    def _wait_ns(self, lane: Lane) -> int:
        return max(0, self.pacer.wait_ns(lane, self.clock.monotonic()))

    def _patience_secs(self, lane: Lane) -> float:
        if lane is Lane.HISTORY:
            return HISTORY_PATIENCE_SECS
        return CANCEL_PATIENCE_SECS if lane is Lane.CANCEL else self.pacer.limits.patience_secs


def is_expired(reply: Reply) -> bool:
    """Tell whether the venue called our time wrong."""
    return reply.status >= FIRST_ERROR and reply_error(reply).is_expired


def good(reply: Reply) -> Reply:
    """Return a reply that is no error.

    Raises:
        ConnectivityError: when the venue has trouble.
        RequestRefused: when it answered with an error.
    """
    if reply.status < FIRST_ERROR:
        return reply
    error: ReplyError = reply_error(reply)
    if outcome_of(reply) is Outcome.AMBIGUOUS and not error.is_not_found:
        raise ConnectivityError("the venue cannot answer", f"{error.code} {error.message}")
    code = "NOT_FOUND" if error.is_not_found else error.code
    raise RequestRefused(code, error.message)
