"""The shell around `WalletTracker`: one socket for some wallets, and REST behind it.

After every (re)connect the positions are read, and what a broken stream missed is paged from the
last known millisecond on; fills of the new stream wait until that is merged.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import msgspec

from core.domain.errors import ConfigError, ConnectivityError, VenueError
from core.domain.events import Body, ConnectionChanged, LinkState
from core.domain.ids import LeaderId, VenueId
from core.exchange.backoff import Backoff
from core.exchange.contract import Clock, Transport, TransportError, Wire
from core.exchange.hyperliquid import info
from core.exchange.hyperliquid.chain import Hole
from core.exchange.hyperliquid.constants import MOST_WALLETS
from core.exchange.hyperliquid.fills import WalletFill
from core.exchange.hyperliquid.paging import FillPager
from core.exchange.hyperliquid.stream import WalletNews, WalletStream
from core.exchange.hyperliquid.tracker import WalletTracker
from core.exchange.session import keep_streaming

QUERY_SECS: Final = 10.0
RETRY_SECS: Final = 2.0
OVERLAP_MS: Final = 60_000
_MS: Final = 1_000_000
log = logging.getLogger(__name__)


class FollowedWallet(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to follow."""

    leader: LeaderId
    wallet: str
    """The address of a master or sub-account, never of an agent."""
    dexes: tuple[str, ...] = ("",)
    """Builder markets whose positions count too, such as `xyz`."""


class WalletFeed:
    """Publishes `LeaderFilled` for what wallets do from now on.

    Args:
        venue: What instruments are named after.
        followed: At most ten wallets.
        transport: Carries the bytes; closed with the feed.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
        rng: Jitter of reconnects.
        on_hole: Told where fills are missing or positions differ.

    Raises:
        ConfigError: for more wallets than the venue lets one address follow.
    """

    def __init__(
        self,
        venue: VenueId,
        followed: tuple[FollowedWallet, ...],
        transport: Transport,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
        *,
        on_hole: Callable[[Hole], None] | None = None,
    ) -> None:
        if len(followed) > MOST_WALLETS:
            hint = f"At most {MOST_WALLETS} from one address"
            raise ConfigError("too many wallets", str(len(followed)), hint)
        since_ms = clock.now() // _MS
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._on_hole = on_hole or _logged
        self._followed = {each.wallet.lower(): each for each in followed}
        self.trackers = {
            wallet: WalletTracker(each.leader, venue, since_ms)
            for wallet, each in self._followed.items()
        }
        self._waiting: dict[str, list[WalletFill]] = {}
        self._stated: set[str] = set()
        self._stream = WalletStream(venue, self._followed, self._take_news)
        self._catching_up: asyncio.Task[None] | None = None
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks.append(self._group.create_task(self._run(), name="wallet stream"))
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
        if isinstance(body, ConnectionChanged) and body.state is LinkState.UP:
            self._waiting = {wallet: [] for wallet in self._followed}
            if self._catching_up is not None:
                self._catching_up.cancel()
            self._catching_up = self._group.create_task(self._catch_up(), name="wallet history")
        self._publish(body)

    def _take_news(self, news: WalletNews) -> None:
        waiting = self._waiting.get(news.wallet)
        if news.state is not None:
            held = {row.position.coin: row.position.szi for row in news.state.asset_positions}
            if waiting is None:
                self._compare(news.wallet, held, news.state.time, news.dex)
        elif waiting is None:
            self._merge(news.wallet, news.fills)
        else:
            waiting += news.fills

    def _merge(self, wallet: str, fills: tuple[WalletFill, ...] | list[WalletFill]) -> None:
        tracker = self.trackers[wallet]
        known = len(tracker.chain.holes)
        for filled in tracker.take(fills, self._clock.now()):
            self._publish(filled)
        for hole in tracker.chain.holes[known:]:
            self._on_hole(hole)

    def _compare(self, wallet: str, held: info.Held, at_ms: int, dex: str) -> None:
        key = f"{wallet}/{dex}"
        starts = key not in self._stated
        self._stated.add(key)
        for hole in self.trackers[wallet].state(held, at_ms, dex=dex, starts=starts):
            self._on_hole(hole)

    async def _catch_up(self) -> None:
        for wallet in self._followed:
            while True:
                try:
                    await self._catch_up_one(wallet)
                    break
                except VenueError as error:
                    log.warning("wallet.history_failed", extra={"error": str(error)})
                    await asyncio.sleep(RETRY_SECS)

    async def _catch_up_one(self, wallet: str) -> None:
        tracker, now_ms = self.trackers[wallet], self._clock.now() // _MS
        since_ms = tracker.cursor_ms - OVERLAP_MS
        missed = await self._paged(wallet, since_ms, now_ms + OVERLAP_MS, is_twap=False)
        missed += await self._paged(wallet, since_ms, now_ms + OVERLAP_MS, is_twap=True)
        states = [(dex, await self._state(wallet, dex)) for dex in self._followed[wallet].dexes]
        self._merge(wallet, missed + self._waiting.pop(wallet, []))
        for dex, (held, at_ns) in states:
            self._compare(wallet, held, at_ns // _MS, dex)

    async def _paged(
        self, wallet: str, since_ms: int, until_ms: int, *, is_twap: bool
    ) -> list[WalletFill]:
        pager = FillPager(since_ms, until_ms)
        while (window := pager.next_window()) is not None:
            body = await self._ask(info.fills_request(wallet, window, is_twap=is_twap))
            pager.answered(info.fills_page(body, wallet, is_twap=is_twap))
        return pager.fills

    async def _state(self, wallet: str, dex: str) -> tuple[info.Held, int]:
        return info.positions(await self._ask(info.state_request(wallet, dex)))

    async def _ask(self, wire: Wire) -> bytes:
        try:
            reply = await self._transport.request(wire, deadline_secs=QUERY_SECS)
        except TransportError as error:
            raise ConnectivityError("no answer from the venue", error.reason) from error
        return info.checked(reply)


def _logged(hole: Hole) -> None:
    log.warning("wallet.hole", extra={"coin": hole.coin, "time_ms": hole.time_ms})
