"""Sends Backpack's REST requests: what may be repeated is, the rest leaves once.

An order leaves once, or not at all. Queries and cancels may be tried again, each time with a new
signature.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from core.domain.errors import ConnectivityError, RequestRefused
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.constants import QUERY_WINDOW_MS
from core.exchange.backpack.line import FIRST_ERROR, Line, good, is_expired
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.questions import Fields, Question
from core.exchange.backpack.refusals import Outcome, outcome_of, reply_error
from core.exchange.backpack.requests import Signer
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire

_NS_PER_SECOND: Final = 1_000_000_000
_SERVER_ERROR: Final = 500


class RestClient(Line):
    """One account's (or nobody's) requests.

    Args:
        transport: Carries the bytes.
        clock: Wall and monotonic time.
        credentials: The account's key; None for public requests alone.
        pacing: Spacing, patience and retries.
        rng: Jitter of retries and pauses.

    Attributes:
        signer: Signs for the account; None where nobody's requests are sent.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        credentials: Credentials | None = None,
        pacing: PacingLimits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(transport, clock, pacing, rng)
        self.signer = None if credentials is None else Signer(credentials)

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
        if reply.status < FIRST_ERROR:
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

    async def read(self, build: Callable[[], Wire], *, lane: Lane = Lane.QUERY) -> Reply:
        """Wait for a turn, build a query (so that its signature is fresh) and send it.

        What may heal is tried again; a request that came too late is, once, by a clock put right.

        Raises:
            ConnectivityError: when no answer came, or the venue has trouble.
            RequestRefused: when it answered with an error.
        """
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
            if was_expired or not is_expired(reply):
                if is_last or reply.status < _SERVER_ERROR:
                    return good(reply)
                await asyncio.sleep(self.pacer.retry_secs(attempt))
                attempt += 1
                continue
            was_expired = True
            await self._measured_anew()
