"""Hyperliquid's public frames as domain events. Total: never raises, logs or reads a clock."""

from collections.abc import Callable
from typing import Final

import msgspec

from core.domain.events import (
    Body,
    MalformedFrame,
    QuoteSeen,
    TextLevel,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import InstrumentId, Symbol, VenueId, instrument_id
from core.exchange.hyperliquid import wire
from core.exchange.hyperliquid.constants import SIDES
from core.exchange.whole_books import WholeBooks

_MS: Final = 1_000_000
_REMEMBERED: Final = 4_096
_BAD: Final = (
    *(msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError),
    *(ArithmeticError, KeyError),
)
_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK: Final = msgspec.json.Decoder(wire.Book)
_BBO: Final = msgspec.json.Decoder(wire.Bbo)
_TRADES: Final = msgspec.json.Decoder(list[wire.Trade])
_QUIET: Final = frozenset({"subscriptionResponse", "pong"})


class HyperliquidCodec:
    """Decodes market data.

    Books come whole and become changes; prints repeated after a subscription count once. Trade ids
    are hashes there, so prints are numbered here, for whoever looks for missing ones.
    """

    def __init__(self, venue: VenueId) -> None:
        self._venue = venue
        self._ids: dict[str, InstrumentId] = {}
        self._books = WholeBooks()
        self._seen_trades: dict[tuple[str, int, int], None] = {}
        self._trade_numbers: dict[str, int] = {}
        self._decoders: dict[str, Callable[[msgspec.Raw, int], list[Body]]] = {
            "l2Book": self._book,
            "bbo": self._bbo,
            "trades": self._trades,
            "error": self._error,
        }

    def forget_books(self) -> None:
        """Start every book anew: the stream broke."""
        self._books.forget()

    def decode(self, frame: bytes, ts_recv: int) -> list[Body]:
        """Decode one frame.

        `{"channel":"l2Book","data":{"coin":"BTC","time":..,"levels":[[{"px":"84143.0",...}],[..]]}}`
        """
        try:
            envelope = _ENVELOPE.decode(frame)
            if envelope.channel in _QUIET:
                return []
            decoder = self._decoders.get(envelope.channel)
            if decoder is None:
                return [self._unknown(frame, ts_recv)]
            return decoder(envelope.data, ts_recv)
        except _BAD as error:
            self._books.forget()
            return [self._malformed(frame, repr(error), ts_recv)]

    def whole_book(self, body: bytes, ts_recv: int) -> list[Body]:
        """Read a book from REST: `null` for a coin nobody knows.

        Raises:
            ValueError: when it is not of that form.
        """
        try:
            book = msgspec.json.decode(body, type=wire.Book | None)
            if book is None:
                raise ValueError("the venue knows no such coin")
            self._books.forget(self.instrument(book.coin))
            return self._seen(book, ts_recv)
        except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError) as error:
            raise ValueError(f"book cannot be read: {error}") from error

    def instrument(self, coin: str) -> InstrumentId:
        """Name a market; builder markets keep their prefix, as in `xyz:CL`."""
        known = self._ids.get(coin)
        if known is None:
            known = self._ids[coin] = instrument_id(self._venue, Symbol(coin))
        return known

    # ---- one builder a channel -----------------------------------------------------------------

    def _book(self, data: msgspec.Raw, ts_recv: int) -> list[Body]:
        return self._seen(_BOOK.decode(data), ts_recv)

    def _seen(self, book: wire.Book, ts_recv: int) -> list[Body]:
        bids, asks = (_texts(side) for side in book.levels)
        return self._books.seen(
            self.instrument(book.coin), bids, asks, ts_event=book.time * _MS, ts_recv=ts_recv
        )

    def _bbo(self, data: msgspec.Raw, ts_recv: int) -> list[Body]:
        quote = _BBO.decode(data)
        bid, ask = quote.bbo
        seen = QuoteSeen(
            ts_event=quote.time * _MS,
            ts_recv=ts_recv,
            instrument=self.instrument(quote.coin),
            update_id=-2,
            bid=None if bid is None else bid.px,
            bid_size=None if bid is None else bid.sz,
            ask=None if ask is None else ask.px,
            ask_size=None if ask is None else ask.sz,
        )
        return [seen]

    def _trades(self, data: msgspec.Raw, ts_recv: int) -> list[Body]:
        fresh = [trade for trade in _TRADES.decode(data) if self._is_new(trade)]
        return [self._trade(trade, ts_recv) for trade in fresh]

    def _is_new(self, trade: wire.Trade) -> bool:
        key = (trade.coin, trade.tid, trade.time)
        if trade.tid and key in self._seen_trades:
            return False
        self._seen_trades[key] = None
        if len(self._seen_trades) > _REMEMBERED:
            del self._seen_trades[next(iter(self._seen_trades))]
        return True

    def _trade(self, trade: wire.Trade, ts_recv: int) -> TradeSeen:
        number = self._trade_numbers[trade.coin] = self._trade_numbers.get(trade.coin, 0) + 1
        return TradeSeen(
            ts_event=trade.time * _MS,
            ts_recv=ts_recv,
            instrument=self.instrument(trade.coin),
            trade_id=number,
            price=trade.px,
            size=trade.sz,
            aggressor_side=SIDES[trade.side],
        )

    # ---- what is no market data ----------------------------------------------------------------

    def _error(self, data: msgspec.Raw, ts_recv: int) -> list[Body]:
        message = msgspec.json.decode(data, type=str)[:200]
        error = VenueErrorFrame(
            ts_event=ts_recv, ts_recv=ts_recv, venue=self._venue, code=0, message=message
        )
        return [error]

    def _unknown(self, frame: bytes, ts_recv: int) -> UnknownFrame:
        return UnknownFrame(ts_event=ts_recv, ts_recv=ts_recv, venue=self._venue, raw=frame[:4096])

    def _malformed(self, frame: bytes, reason: str, ts_recv: int) -> MalformedFrame:
        return MalformedFrame(
            ts_event=ts_recv,
            ts_recv=ts_recv,
            venue=self._venue,
            raw=frame[:4096],
            reason=reason[:200],
        )


def _texts(levels: list[wire.Level]) -> list[TextLevel]:
    return [(level.px, level.sz) for level in levels]
