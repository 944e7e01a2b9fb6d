"""The shell around `LeaderTracker`: a private stream with the leader's key, and REST behind it."""

import asyncio
import logging
import random
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import msgspec

from core.domain.errors import VenueError
from core.domain.events import (
    Body,
    ConnectionChanged,
    LeaderFilled,
    LinkState,
    OrderReport,
    PositionReport,
    QueryAnswered,
    QueryKind,
)
from core.domain.ids import LeaderId, VenueId, account_id
from core.domain.order import Fill
from core.exchange.backoff import Backoff
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import ORDER_WINDOW_MS
from core.exchange.backpack.leader import LeaderTracker
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.queries import AccountReader
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream
from core.exchange.contract import Clock, Transport
from core.exchange.session import keep_streaming

CHECK_SECS: Final = 10.0
OVERLAP_NS: Final = 60_000_000_000
RETRY_SECS: Final = 2.0
log = logging.getLogger(__name__)


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to follow."""

    leader: LeaderId
    venue: VenueId
    """What instruments are named after."""
    credentials: Credentials
    since: int | None = None
    """Venue time in ns from which fills count; the time of start if None."""


class LeaderFeed:
    """Publishes `LeaderFilled` for every fill of an account after `since`.

    While fills are read that a broken stream missed, those of the new stream wait, so that all come
    in the order of the venue's time.

    Args:
        followed: Whom to follow.
        transport: Carries the bytes; closed with the feed.
        clock: Wall and monotonic time.
        publish: Takes every `LeaderFilled`; must not block.
        rng: Jitter of reconnects.
        pacing: Spacing of REST queries.
        on_state: Told when the stream comes and goes.
    """

    def __init__(
        self,
        followed: Followed,
        transport: Transport,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
        *,
        pacing: PacingLimits | None = None,
        on_state: Callable[[LinkState, str], None] | None = None,
    ) -> None:
        venue, credentials = followed.venue, followed.credentials
        account = account_id(venue, f"leader-{followed.leader}")
        since = clock.now() if followed.since is None else followed.since
        self._account = account
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._on_state = on_state
        self._client = RestClient(transport, clock, credentials, pacing, rng)
        self._reader = AccountReader(self._client, account)
        self._tracker = LeaderTracker(followed.leader, since)
        self._waiting: list[Fill] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

        def signature(timestamp_ms: int) -> tuple[str, str, str, str]:
            return subscribe_signature(
                credentials, timestamp_ms=timestamp_ms, window_ms=ORDER_WINDOW_MS
            )

        codec = BackpackCodec(venue, account)
        self._stream = PrivateStream(venue, codec, signature, lambda: self._client.offset_ns)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks.append(self._group.create_task(self._run(), name="leader stream"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in (*self._tasks, self._catching_up):
            if task is not None:
                task.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._transport.close()

    async def _run(self) -> None:
        backoff = Backoff(self._rng)
        await keep_streaming(self._transport, self._stream, self._clock, self._take, backoff)

    def _take(self, body: Body) -> None:
        if isinstance(body, OrderReport) and body.fill is not None:
            self._take_fill(body.fill)
        elif isinstance(body, PositionReport):
            self._tracker.position(body)
        elif isinstance(body, ConnectionChanged):
            self._take_state(body)

    def _take_fill(self, fill: Fill) -> None:
        if self._waiting is not None:
            self._waiting.append(fill)
            return
        filled: LeaderFilled | None = self._tracker.fill(fill, self._clock.now())
        if filled is not None:
            self._publish(filled)

    def _take_state(self, change: ConnectionChanged) -> None:
        if self._on_state is not None:
            self._on_state(change.state, change.detail)
        if change.state is LinkState.UP:
            self._waiting = [] if self._waiting is None else self._waiting
            if self._catching_up is not None:
                self._catching_up.cancel()
            self._catching_up = self._group.create_task(self._catch_up(), name="leader history")

    async def _catch_up(self) -> None:
        while True:
            try:
                await self._client.measure_clock()
                missed = await self._reader.fills(None, self._tracker.cursor - OVERLAP_NS)
                asked_at = self._clock.now() + self._client.offset_ns
                positions = await self._reader.positions(None)
            except VenueError as error:
                log.warning("leader.history_failed", extra={"error": str(error)})
                await asyncio.sleep(RETRY_SECS)
                continue
            self._merge(missed, positions, asked_at)
            break
        await self._keep_checking()

    async def _keep_checking(self) -> None:
        """Hold the stream against REST: one that tells nothing of a fill is given up."""
        while True:
            await asyncio.sleep(CHECK_SECS)
            try:
                fills = await self._reader.fills(None, self._tracker.cursor - OVERLAP_NS)
            except VenueError as error:
                log.warning("leader.check_failed", extra={"error": str(error)})
                continue
            now = self._clock.now()
            told = QueryAnswered(
                ts_event=now,
                ts_recv=now,
                query_id=0,
                kind=QueryKind.FILLS,
                account=self._account,
                fills=fills,
            )
            self._stream.rest_told(told, self._clock.monotonic())

    def _merge(
        self, missed: tuple[Fill, ...], positions: tuple[PositionReport, ...], asked_at: int
    ) -> None:
        waiting, self._waiting = self._waiting or [], None
        fills = [fill for fill in missed if fill.ts_event >= self._tracker.since]
        for fill in sorted([*fills, *waiting], key=lambda fill: fill.ts_event):
            self._take_fill(fill)
        self._tracker.positions(positions, asked_at)
