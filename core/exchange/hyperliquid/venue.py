"""The shell: owns the socket and tasks of Hyperliquid's public data. It cannot trade."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from core.domain.effects import Query
from core.domain.errors import ConnectivityError, DataInvalid, RequestRefused, VenueError
from core.domain.events import Body, QueryFailed, QueryKind
from core.domain.ids import InstrumentId, Symbol, VenueId, symbol_of
from core.exchange.backoff import Backoff
from core.exchange.contract import Clock, Transport, TransportError, Wire
from core.exchange.hyperliquid import info
from core.exchange.hyperliquid.stream import MarketStream
from core.exchange.session import keep_streaming

QUERY_SECS: Final = 10.0
CATALOGUE_SECS: Final = 900.0
RETRY_SECS: Final = 5.0
_MS: Final = 1_000_000
log = logging.getLogger(__name__)


class HyperliquidVenue:
    """Market data of one venue.

    A market is subscribed once the catalogue names it: an unknown name would end the socket.

    Args:
        name: What instruments are named after.
        transport: Carries the bytes; closed with the venue.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
        rng: Jitter of reconnects.
        dexes: Builder markets to list besides the main one, such as `xyz`.
    """

    def __init__(
        self,
        name: VenueId,
        transport: Transport,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
        *,
        dexes: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._dexes = ("", *dexes)
        self._stream = MarketStream(name)
        self._known: set[Symbol] = set()
        self._wanted: dict[Symbol, None] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        streaming = keep_streaming(
            self._transport, self._stream, self._clock, self._publish, Backoff(self._rng)
        )
        self._start(self._keep_catalogue(), "catalogue")
        self._start(streaming, "public stream")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._transport.close()

    def _start(self, work: Coroutine[Any, Any, None], title: str) -> None:
        task = self._group.create_task(work, name=f"{self.name} {title}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market, once the catalogue has it."""
        symbol = symbol_of(instrument)
        self._wanted[symbol] = None
        if symbol in self._known:
            self._stream.follow(symbol)

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""
        self._wanted.pop(symbol_of(instrument), None)
        self._stream.unfollow(symbol_of(instrument))

    def query(self, query: Query) -> None:
        """Read a book or candles; the answer, or its failure, comes as an event."""
        self._start(self._answer(query), f"query {query.query_id}")

    async def _keep_catalogue(self) -> None:
        while True:
            try:
                for dex in self._dexes:
                    await self._list(dex)
                pause = CATALOGUE_SECS
            except VenueError as error:
                log.warning("venue.read_failed", extra={"venue": self.name, "error": str(error)})
                pause = RETRY_SECS
            await asyncio.sleep(pause)

    async def _list(self, dex: str) -> None:
        body = await self._ask(info.info_request("meta", dex=dex or None))
        listed = info.instruments_listed(body, self.name, self._clock.now())
        self._known |= {symbol_of(each.id) for each in listed.instruments}
        self._publish(listed)
        for symbol in self._wanted:
            if symbol in self._known:
                self._stream.follow(symbol)

    async def _answer(self, query: Query) -> None:
        try:
            for body in await self._read(query):
                self._publish(body)
        except (VenueError, ValueError) as error:
            now = self._clock.now()
            failure = QueryFailed(
                ts_event=now,
                ts_recv=now,
                query_id=query.query_id,
                kind=query.kind,
                target=query.instrument or "",
                reason=str(error)[:300],
            )
            self._publish(failure)

    async def _read(self, query: Query) -> list[Body]:
        if query.instrument is None:
            raise DataInvalid("query names no market")
        coin, now = symbol_of(query.instrument), self._clock.now()
        if query.kind is QueryKind.BOOK_SNAPSHOT:
            body = await self._ask(info.info_request("l2Book", coin=coin))
            return self._stream.codec.whole_book(body, self._clock.now())
        if query.kind is QueryKind.CANDLES and query.interval is not None:
            since_ms = (query.since or 0) // _MS
            wire = info.candles_request(coin, query.interval, since_ms, now // _MS)
            body = await self._ask(wire)
            return [info.candles_loaded(body, query.instrument, query.interval, now)]
        raise RequestRefused("PUBLIC_ONLY", f"{self.name} has no {query.kind}")

    async def _ask(self, wire: Wire) -> bytes:
        try:
            reply = await self._transport.request(wire, deadline_secs=QUERY_SECS)
        except TransportError as error:
            raise ConnectivityError("no answer from the venue", error.reason) from error
        return info.checked(reply)
