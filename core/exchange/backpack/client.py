"""Sends Backpack's REST requests: paced queries, signed with the venue's clock; orders at once."""

import asyncio
from collections.abc import Callable
from typing import Final

from core.domain.errors import ConnectivityError, RequestRefused
from core.exchange.backpack.constants import QUERY_WINDOW_MS
from core.exchange.backpack.pacing import PacingLimits, QueryPacer
from core.exchange.backpack.refusals import Outcome, ReplyError, outcome_of, reply_error
from core.exchange.backpack.replies import venue_time_ns
from core.exchange.backpack.requests import Fields, Signer, time_request
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire

QUERY_SECS: Final = 10.0
ORDER_SECS: Final = 10.0
_NS_PER_MS: Final = 1_000_000
_NS_PER_SECOND: Final = 1_000_000_000
_FIRST_ERROR: Final = 400
_TOO_MANY: Final = 429


class RestClient:
    """One account's (or nobody's) requests.

    Attributes:
        offset_ns: Venue time minus local time as last measured.
        error_bound_ns: Half the round trip of that measurement, None before the first.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        credentials: Credentials | None = None,
        pacing: PacingLimits | None = None,
    ) -> None:
        self.offset_ns = 0
        self.error_bound_ns: int | None = None
        self.clock = clock
        self.signer = None if credentials is None else Signer(credentials)
        self._transport = transport
        self._pacer = QueryPacer(pacing)

    def venue_ms(self) -> int:
        """Return the venue's clock in ms, as far as it is known."""
        return (self.clock.now() + self.offset_ns) // _NS_PER_MS

    async def send(self, wire: Wire) -> Reply:
        """Send an order or a cancel, at once and once. Raises TransportError."""
        return await self._transport.request(wire, deadline_secs=ORDER_SECS)

    async def query(self, path: str, instruction: str, fields: Fields) -> Reply:
        """Ask a signed question.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        signer = self.signer
        if signer is None:
            raise RequestRefused("NO_CREDENTIALS", "no key for this account")
        return await self.read(
            lambda: signer.query(
                path, instruction, fields, timestamp_ms=self.venue_ms(), window_ms=QUERY_WINDOW_MS
            )
        )

    async def read(self, build: Callable[[], Wire], *, is_history: bool = False) -> Reply:
        """Wait for a turn, build a query (so that its signature is fresh) and send it.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
        await self._take_turn(is_history=is_history)
        try:
            reply = await self._transport.request(build(), deadline_secs=QUERY_SECS)
        except TransportError as error:
            raise ConnectivityError("no answer from the venue", error.reason) from error
        if reply.status == _TOO_MANY:
            self._pacer.too_many(self.clock.monotonic())
        if reply.status < _FIRST_ERROR:
            self._pacer.went_well()
            return reply
        raise _as_error(reply)

    async def _take_turn(self, *, is_history: bool) -> None:
        now = self.clock.monotonic()
        pause_ns = self._pacer.reserve(now, is_history=is_history) - now
        if pause_ns > 0:
            await asyncio.sleep(pause_ns / _NS_PER_SECOND)

    async def measure_clock(self) -> None:
        """Compare clocks: half the round trip is the error bound.

        Raises:
            VenueError: when no answer came or it is no time.
        """
        sent_at = self.clock.monotonic()
        reply = await self.read(time_request)
        round_trip = self.clock.monotonic() - sent_at
        venue_now = venue_time_ns(reply.body) + round_trip // 2
        self.offset_ns = venue_now - self.clock.now()
        self.error_bound_ns = round_trip // 2 + _NS_PER_MS


def _as_error(reply: Reply) -> ConnectivityError | RequestRefused:
    error: ReplyError = reply_error(reply)
    if outcome_of(reply) is Outcome.AMBIGUOUS and not error.is_not_found:
        return ConnectivityError("the venue cannot answer", f"{error.code} {error.message}")
    code = "NOT_FOUND" if error.is_not_found else error.code
    return RequestRefused(code, error.message)
