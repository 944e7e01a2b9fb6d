"""Market data of followed markets: by the library's streams where it has them, else by asking.

One task a market and kind. Whole books become numbered changes; prints count once.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from core.domain.events import Body, Channel, ConnectionChanged, LinkState, QuoteSeen, TradeSeen
from core.domain.ids import InstrumentId, VenueId
from core.domain.order import Side
from core.exchange.backoff import Backoff
from core.exchange.ccxt import reading
from core.exchange.ccxt.library import Exchange, as_error
from core.exchange.ccxt.numbers import text
from core.exchange.contract import Clock
from core.exchange.whole_books import WholeBooks

BOOK_LEVELS: Final = 100
BOOK_POLL_SECS: Final = 1.0
TRADE_POLL_SECS: Final = 2.0
_SECOND: Final = 1e9
_REMEMBERED: Final = 20_000
_OWN_QUOTE: Final = -2
log = logging.getLogger(__name__)


class MarketData:
    """Reads books and prints and publishes them as events."""

    def __init__(
        self,
        venue: VenueId,
        exchange: Exchange,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
    ) -> None:
        self._venue = venue
        self._exchange = exchange
        self._clock = clock
        self._publish = publish
        self._rng = rng
        self._books = WholeBooks()
        self._seen: dict[tuple[str, str], None] = {}
        self._numbers: dict[InstrumentId, int] = {}
        self._link: LinkState | None = None

    def does_stream(self, kind: str) -> bool:
        """Tell whether the library streams `OrderBook` or `Trades` of this exchange."""
        return self._exchange.has.get(f"watch{kind}") is True

    async def follow_book(self, instrument: InstrumentId, unified: str) -> None:
        """Publish a market's book for as long as it goes; never returns."""
        read = self._reader("watch_order_book", "fetch_order_book", "OrderBook")
        poll = 0.0 if self.does_stream("OrderBook") else BOOK_POLL_SECS

        async def once() -> None:
            book = await read(unified, None if not poll else BOOK_LEVELS)
            self._take_book(instrument, book)

        await self._repeat(once, poll, lambda: self._books.forget(instrument))

    async def follow_trades(self, instrument: InstrumentId, unified: str) -> None:
        """Publish a market's prints for as long as it goes; never returns."""
        read = self._reader("watch_trades", "fetch_trades", "Trades")
        poll = 0.0 if self.does_stream("Trades") else TRADE_POLL_SECS

        async def once() -> None:
            self._take_trades(instrument, await read(unified))

        await self._repeat(once, poll, lambda: None)

    def book_read(self, instrument: InstrumentId, book: Any) -> None:
        """Take a book that was asked for: it starts anew."""
        self._books.forget(instrument)
        self._take_book(instrument, book)

    def _reader(self, streamed: str, asked: str, kind: str) -> Callable[..., Awaitable[Any]]:
        found: Callable[..., Awaitable[Any]] = getattr(
            self._exchange, streamed if self.does_stream(kind) else asked
        )
        return found

    async def _repeat(
        self, once: Callable[[], Awaitable[None]], pause: float, on_trouble: Callable[[], None]
    ) -> None:
        backoff = Backoff(self._rng)
        began = self._clock.monotonic()
        while True:
            try:
                await once()
                self._note(LinkState.UP, "")
                await asyncio.sleep(pause)
            except Exception as error:  # noqa: BLE001  the library raises what it likes
                reason = str(as_error(error))
                log.warning("venue.read_failed", extra={"venue": self._venue, "error": reason})
                on_trouble()
                self._note(LinkState.DOWN, reason)
                lived = (self._clock.monotonic() - began) / _SECOND
                await asyncio.sleep(backoff.pause_secs(lived))
                began = self._clock.monotonic()

    def _note(self, state: LinkState, detail: str) -> None:
        """Say when the way to the venue changes; all books are void when it goes down."""
        if state is self._link:
            return
        self._link = state
        if state is LinkState.DOWN:
            self._books.forget()
        now = self._clock.now()
        change = ConnectionChanged(
            ts_event=now,
            ts_recv=now,
            venue=self._venue,
            channel=Channel.PUBLIC,
            state=state,
            detail=detail[:200],
        )
        self._publish(change)

    def _take_book(self, instrument: InstrumentId, book: Any) -> None:
        now = self._clock.now()
        bids = reading.levels(book["bids"][:BOOK_LEVELS])
        asks = reading.levels(book["asks"][:BOOK_LEVELS])
        at = reading.instant(book, now)
        if self._link is not LinkState.UP:
            self._note(LinkState.UP, "")
        for body in self._books.seen(instrument, bids, asks, ts_event=at, ts_recv=now):
            self._publish(body)
        self._publish(
            QuoteSeen(
                ts_event=at,
                ts_recv=now,
                instrument=instrument,
                update_id=_OWN_QUOTE,
                bid=bids[0][0] if bids else None,
                bid_size=bids[0][1] if bids else None,
                ask=asks[0][0] if asks else None,
                ask_size=asks[0][1] if asks else None,
            )
        )

    def _take_trades(self, instrument: InstrumentId, rows: Iterable[Any]) -> None:
        now = self._clock.now()
        for row in sorted(rows, key=lambda each: each.get("timestamp") or 0):
            if row.get("side") in {"buy", "sell"} and self._is_new(instrument, row):
                self._publish(self._trade(instrument, row, now))

    def _is_new(self, instrument: InstrumentId, row: Any) -> bool:
        name = row.get("id") or f"{row['timestamp']}/{row['price']}/{row['amount']}/{row['side']}"
        key = (instrument, str(name))
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True

    def _trade(self, instrument: InstrumentId, row: Any, now: int) -> TradeSeen:
        number = self._numbers[instrument] = self._numbers.get(instrument, 0) + 1
        return TradeSeen(
            ts_event=reading.instant(row, now),
            ts_recv=now,
            instrument=instrument,
            trade_id=number,
            price=text(row["price"]),
            size=text(row["amount"]),
            aggressor_side=Side(row["side"]),
        )
