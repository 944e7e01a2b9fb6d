"""The shell: owns the socket and tasks of one Binance book. Public data only; it cannot trade."""

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
from core.exchange.binance import rest
from core.exchange.binance.catalogue import catalogue_request, instruments_listed
from core.exchange.binance.constants import BinanceMarket
from core.exchange.binance.stream import BinanceStream
from core.exchange.contract import Clock, Transport, TransportError, Wire
from core.exchange.session import keep_streaming

QUERY_SECS: Final = 10.0
CATALOGUE_SECS: Final = 3_600.0
RETRY_SECS: Final = 30.0
_OK: Final = 200
_SERVER_ERROR: Final = 500
log = logging.getLogger(__name__)


class BinanceVenue:
    """One book of Binance as a source of market data.

    Args:
        name: What instruments are named after.
        market: Spot, USD-M or COIN-M.
        transport: Carries the bytes; closed with the venue.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
        rng: Jitter of reconnects.
    """

    def __init__(
        self,
        name: VenueId,
        market: BinanceMarket,
        transport: Transport,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
    ) -> None:
        self.name = name
        self._market = market
        self._transport = transport
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._stream = BinanceStream(name, market)
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        streaming = keep_streaming(
            self._transport, self._stream, self._clock, self._publish, Backoff(self._rng)
        )
        self._start(streaming, "public stream")
        self._start(self._keep_catalogue(), "catalogue")
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

    async def _keep_catalogue(self) -> None:
        """Read the catalogue now and then; sooner again after trouble."""
        while True:
            try:
                body = await self._fetch(catalogue_request(self._market))
                now = self._clock.now()
                self._publish(instruments_listed(body, self.name, self._market, now))
                pause = CATALOGUE_SECS
            except VenueError as error:
                log.warning("venue.read_failed", extra={"venue": self.name, "error": str(error)})
                pause = RETRY_SECS
            await asyncio.sleep(pause)

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market."""
        self._stream.follow(symbol_of(instrument))

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""
        self._stream.unfollow(symbol_of(instrument))

    def query(self, query: Query) -> None:
        """Read a book or candles; the answer, or its failure, comes as an event."""
        self._start(self._answer(query), f"query {query.query_id}")

    async def _answer(self, query: Query) -> None:
        try:
            self._publish(await self._read(query))
        except VenueError as error:
            now = self._clock.now()
            self._publish(
                QueryFailed(
                    ts_event=now,
                    ts_recv=now,
                    query_id=query.query_id,
                    kind=query.kind,
                    target=query.instrument or "",
                    reason=str(error)[:300],
                )
            )

    async def _read(self, query: Query) -> Body:
        if query.instrument is None:
            raise DataInvalid("query names no market")
        instrument, symbol = query.instrument, Symbol(symbol_of(query.instrument))
        if query.kind is QueryKind.BOOK_SNAPSHOT:
            body = await self._fetch(rest.depth_request(self._market, symbol))
            return rest.book_snapshot(body, instrument, self._clock.now())
        if query.kind is QueryKind.CANDLES and query.interval is not None:
            start_ms = (query.since or 0) // 1_000_000
            wire = rest.klines_request(self._market, symbol, query.interval, start_ms=start_ms)
            body = await self._fetch(wire)
            return rest.candles_loaded(body, instrument, query.interval, self._clock.now())
        raise RequestRefused("PUBLIC_ONLY", f"{self.name} has no {query.kind}")

    async def _fetch(self, wire: Wire) -> bytes:
        try:
            reply = await self._transport.request(wire, deadline_secs=QUERY_SECS)
        except TransportError as error:
            raise ConnectivityError("no answer from the venue", error.reason) from error
        if reply.status == _OK:
            return reply.body
        shown = reply.body[:200].decode("utf-8", "replace")
        if reply.status >= _SERVER_ERROR:
            raise ConnectivityError("the venue cannot answer", shown)
        raise RequestRefused(f"HTTP_{reply.status}", shown)
