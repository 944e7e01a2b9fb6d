"""Sends Backpack's REST requests: within the budget, signed with the venue's clock.

An order leaves once, or not at all. Queries and cancels may be tried again, each time with a new
signature.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from core.domain.errors import ConnectivityError, RequestRefused, VenueError
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.constants import QUERY_WINDOW_MS
from core.exchange.backpack.latency import LatencyMeter
from core.exchange.backpack.pacing import Pacer, PacingLimits
from core.exchange.backpack.public_requests import time_request
from core.exchange.backpack.questions import Fields, Question
from core.exchange.backpack.refusals import Outcome, ReplyError, outcome_of, reply_error
from core.exchange.backpack.replies import venue_time_ns
from core.exchange.backpack.requests import Signer
from core.exchange.backpack.service import ServiceWatch
from core.exchange.backpack.signing import Credentials
from core.exchange.backpack.venue_clock import VenueClock
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire

LONGEST_CANCEL_SECS: Final = 5.0
HISTORY_PATIENCE_SECS: Final = 90.0
CANCEL_PATIENCE_SECS: Final = 8.0
_NS_PER_MS: Final = 1_000_000
_NS_PER_SECOND: Final = 1_000_000_000
_FIRST_ERROR: Final = 400
_SERVER_ERROR: Final = 500


class RestClient:
    """One account's (or nobody's) requests.

    Args:
        transport: Carries the bytes.
        clock: Wall and monotonic time.
        credentials: The account's key; None for public requests alone.
        pacing: Spacing, patience and retries.
        rng: Jitter of retries and pauses.

    Attributes:
        venue_clock: The estimate of the venue's time.
        service: Whether the venue is in service.
        latency: Round trips of requests.
        clock_doubted: Set when the venue called our time wrong.
        service_changed: Set when the venue went out of service.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        credentials: Credentials | None = None,
        pacing: PacingLimits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.clock = clock
        self.signer = None if credentials is None else Signer(credentials)
        self.venue_clock = VenueClock()
        self.service = ServiceWatch()
        self.latency = LatencyMeter()
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
            venue_ns=venue_time_ns(_good(reply).body),
            wall_ns=self.clock.now(),
        )

    # ---- orders and cancels --------------------------------------------------------------------

    def entry_refusal(self) -> str:
        """Say why no order may leave now, empty if one may."""
        if not self.service.is_open:
            return f"the venue is out of service: {self.service.reason}"
        now = self.clock.monotonic()
        paused = self.pacer.paused_ns(now)
        if paused:
            return f"the venue asked for a pause, {paused / _NS_PER_SECOND:.0f} s left"
        return "message budget is used up" if self.pacer.wait_ns(Lane.ENTRY, now) else ""

    async def send_order(self, wire: Wire) -> Reply:
        """Send an order, at once and once. Raises TransportError."""
        self.pacer.take(Lane.ENTRY, self.clock.monotonic())
        return await self._request(wire, Lane.ENTRY)

    async def send_cancel(self, build: Callable[[], Wire]) -> Reply:
        """Send a cancel, again if need be, each time with a fresh signature. Raises TransportError.

        A reply of the venue's trouble is returned when no attempt is left.
        """
        attempt = 0
        while True:
            if not await self._cancel_turn():
                raise TransportError("no turn for a cancel in time", sent=False)
            is_last = attempt >= self.pacer.limits.retries
            try:
                reply = await self._request(build(), Lane.CANCEL)
            except TransportError:
                if is_last:
                    raise
            else:
                if is_last or not await self._is_worth_repeating(reply):
                    return reply
            await asyncio.sleep(self.pacer.retry_secs(attempt))
            attempt += 1

    async def _cancel_turn(self) -> bool:
        try:
            await self._take_turn(Lane.CANCEL)
        except ConnectivityError:
            return False
        return True

    async def _is_worth_repeating(self, reply: Reply) -> bool:
        """Whether a cancel may do better now; a wrong clock is put right first."""
        if reply.status < _FIRST_ERROR:
            return False
        error = reply_error(reply)
        if error.is_expired:
            await self._measured_anew()
            return True
        return outcome_of(reply) is Outcome.AMBIGUOUS and not error.is_not_found

    # ---- queries -------------------------------------------------------------------------------

    async def ask(
        self, question: Question, page: Fields | None = None, lane: Lane = Lane.RECONCILE
    ) -> Reply:
        """Ask a signed question, or a page of it.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        fields = question.fields | (page or {})
        return await self.query(question.path, question.instruction, fields, lane)

    async def query(
        self, path: str, instruction: str, fields: Fields, lane: Lane = Lane.RECONCILE
    ) -> Reply:
        """Ask a signed question.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        signer = self._signing()
        return await self.read(
            lambda: signer.query(
                path, instruction, fields, timestamp_ms=self.venue_ms(), window_ms=QUERY_WINDOW_MS
            ),
            lane=lane,
        )

    async def change(self, build: Callable[[Signer, int], Wire]) -> Reply:
        """Send a setting or another command that may be repeated; built with the venue's ms.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        signer = self._signing()
        return await self.read(lambda: build(signer, self.venue_ms()))

    def _signing(self) -> Signer:
        if self.signer is None:
            raise RequestRefused("NO_CREDENTIALS", "no key for this account")
        return self.signer

    async def send_history(self, wire: Wire) -> Reply:
        """Send a question of the history lane, once; its turn is taken. Raises TransportError."""
        return await self._request(wire, Lane.HISTORY)

    async def read(
        self, build: Callable[[], Wire], *, is_history: bool = False, lane: Lane = Lane.QUERY
    ) -> Reply:
        """Wait for a turn, build a query (so that its signature is fresh) and send it.

        What may heal is tried again; a request that came too late is, once, by a clock put right.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        lane = Lane.HISTORY if is_history else lane
        attempt, was_expired = 0, False
        while True:
            await self._take_turn(lane)
            is_last = attempt >= self.pacer.limits.retries
            try:
                reply = await self._sent(build(), lane)
            except ConnectivityError:
                if is_last:
                    raise
                await asyncio.sleep(self.pacer.retry_secs(attempt))
                attempt += 1
                continue
            if was_expired or not _is_expired(reply):
                if is_last or reply.status < _SERVER_ERROR:
                    return _good(reply)
                await asyncio.sleep(self.pacer.retry_secs(attempt))
                attempt += 1
                continue
            was_expired = True
            await self._measured_anew()

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
        reply = await self._transport.request(wire, deadline_secs=deadline_secs)
        now = self.clock.monotonic()
        self.latency.add(now - sent_at)
        self.pacer.told(lane, reply.status, reply.headers.get("retry-after"), now)
        if self.service.told(reply):
            self.service_changed.set()
        if _is_expired(reply):
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


def _is_expired(reply: Reply) -> bool:
    return reply.status >= _FIRST_ERROR and reply_error(reply).is_expired


def _good(reply: Reply) -> Reply:
    if reply.status < _FIRST_ERROR:
        return reply
    error: ReplyError = reply_error(reply)
    if outcome_of(reply) is Outcome.AMBIGUOUS and not error.is_not_found:
        raise ConnectivityError("the venue cannot answer", f"{error.code} {error.message}")
    code = "NOT_FOUND" if error.is_not_found else error.code
    raise RequestRefused(code, error.message)
