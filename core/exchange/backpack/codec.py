"""Backpack's stream frames as domain events. Pure and total: never raises, logs, reads a clock."""

import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    OpenInterestSeen,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import AccountId, InstrumentId, Symbol, VenueId, instrument_id, symbol_of
from core.domain.order import Side
from core.exchange.backpack import wire
from core.exchange.backpack.constants import SIDES
from core.exchange.backpack.private_codec import PrivateCodec
from core.exchange.backpack.times import NS_PER_MS, NS_PER_US, instant

RECORDED_SNAPSHOT: Final = "recordedSnapshot"
"""Stream name of books in our own recordings."""
_KEPT_RAW: Final = 4_096
_BAD: Final = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    OverflowError,
    DataInvalid,
    ValueError,
    KeyError,
)
_NAMED: Final = re.compile(rb'"s"\s*:\s*"([A-Za-z0-9._]{1,60})"')
_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_W = TypeVar("_W")
_FrameDecoder = Callable[[bytes, int], Body]
_MOST_STREAMS: Final = 4_096


class BackpackCodec:
    """Decodes frames of one venue that speaks this language.

    Args:
        venue: What instruments are named after.
        account: Whose private messages these are; None where only public ones come.
    """

    def __init__(self, venue: VenueId, account: AccountId | None = None) -> None:
        self._venue = venue
        self._ids: dict[str, InstrumentId] = {}
        self._by_stream: dict[bytes, _FrameDecoder] = {}
        self._decoders: dict[str, _FrameDecoder] = {
            "depth": _depth_decoder(self._instrument),
            RECORDED_SNAPSHOT: _whole(wire.Snapshot, self._snapshot),
            "bookTicker": _whole(wire.BookTicker, self._book_ticker),
            "trade": _whole(wire.Trade, self._trade),
            "ticker": _whole(wire.Ticker, self._ticker),
            "markPrice": _whole(wire.MarkPrice, self._mark_price),
            "openInterest": _whole(wire.OpenInterest, self._open_interest),
            "liquidation": _whole(wire.Liquidation, self._liquidation),
        }
        if account is not None:
            self._add_private(PrivateCodec(account, self._instrument))

    def _add_private(self, private: PrivateCodec) -> None:
        self._decoders |= {
            "account.orderUpdate": _whole(wire.OrderUpdate, private.order_update),
            "account.positionUpdate": _whole(wire.PositionUpdate, private.position_update),
            "account.balanceUpdate": _whole(wire.BalanceUpdate, private.balance_update),
        }

    def decode(self, frame: bytes, ts_recv: int) -> list[Body]:
        """Decode one frame.

        `{"data":{"E":1790915525103070,"T":1790915525102951,"U":6904947650,"a":[],
        "b":[["86640.8","1.32076"]],"e":"depth","s":"BTC_USDC_PERP","u":6904947650},
        "stream":"depth.BTC_USDC_PERP"}`; errors `{"id":null,"error":{"code":4006,...}}`.
        """
        try:
            # The wire puts the stream's name last: `..."stream":"depth.SOL_USDC"}`.
            decoder = self._by_stream.get(frame[frame.rfind(b'"', 0, -2) + 1 : -2])
            if decoder is not None:
                return [decoder(frame, ts_recv)]
            return [self._decode_any(frame, ts_recv)]
        except _BAD as error:
            return [self._malformed(frame, str(error), ts_recv)]

    def _decode_any(self, frame: bytes, ts_recv: int) -> Body:
        """Decode the first frame of a stream, and whatever is no stream's frame."""
        envelope = _ENVELOPE.decode(frame)
        if not envelope.data:
            if envelope.error is not None:
                return self._error(envelope.error, ts_recv)
            return self._unknown(frame, ts_recv)
        decoder = self._decoder_of(envelope.stream)
        if decoder is None:
            return self._unknown(frame, ts_recv)
        body = decoder(frame, ts_recv)
        if len(self._by_stream) < _MOST_STREAMS:
            self._by_stream[envelope.stream.encode()] = decoder
        return body

    def _decoder_of(self, stream: str) -> _FrameDecoder | None:
        kind, _, rest = stream.partition(".")
        second = rest.partition(".")[0]
        if kind == "kline":
            return _whole(wire.Kline, partial(self._kline, second))
        return self._decoders.get(kind) or self._decoders.get(f"{kind}.{second}")

    def _instrument(self, symbol: str) -> InstrumentId:
        known = self._ids.get(symbol)
        if known is None:
            known = self._ids[symbol] = instrument_id(self._venue, Symbol(symbol))
        return known

    # ---- one builder a public kind -------------------------------------------------------------

    def _snapshot(self, book: wire.Snapshot, ts_recv: int) -> BookSnapshotSeen:
        return BookSnapshotSeen(
            ts_event=book.T * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(book.s),
            last_id=book.u,
            bids=book.b,
            asks=book.a,
        )

    def _book_ticker(self, quote: wire.BookTicker, ts_recv: int) -> QuoteSeen:
        return QuoteSeen(
            ts_event=quote.T * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(quote.s),
            update_id=quote.u,
            bid=quote.b,
            bid_size=quote.B,
            ask=quote.a,
            ask_size=quote.A,
        )

    def _trade(self, trade: wire.Trade, ts_recv: int) -> TradeSeen:
        return TradeSeen(
            ts_event=trade.T * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(trade.s),
            trade_id=trade.t,
            price=trade.p,
            size=trade.q,
            aggressor_side=Side.SELL if trade.m else Side.BUY,
        )

    def _kline(self, interval: str, candle: wire.Kline, ts_recv: int) -> CandleSeen:
        return CandleSeen(
            ts_event=candle.E * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(candle.s),
            interval=interval,
            start_ts=instant(candle.t),
            end_ts=instant(candle.T),
            open=candle.o,
            high=candle.h,
            low=candle.l,
            close=candle.c,
            volume=candle.v or "0",
            is_closed=candle.X,
        )

    def _ticker(self, ticker: wire.Ticker, ts_recv: int) -> TickerSeen:
        return TickerSeen(
            ts_event=ticker.E * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(ticker.s),
            open=ticker.o,
            last=ticker.c,
            high=ticker.h,
            low=ticker.l,
            volume=ticker.v,
            quote_volume=ticker.V,
        )

    def _mark_price(self, mark: wire.MarkPrice, ts_recv: int) -> MarkPriceSeen:
        return MarkPriceSeen(
            ts_event=(mark.T or mark.E) * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(mark.s),
            mark_price=mark.p,
            index_price=mark.i,
            funding_rate=mark.f,
            next_funding_ts=None if mark.n is None else mark.n * NS_PER_MS,
        )

    def _open_interest(self, seen: wire.OpenInterest, ts_recv: int) -> OpenInterestSeen:
        return OpenInterestSeen(
            ts_event=seen.E * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(seen.s),
            quantity=seen.o,
        )

    def _liquidation(self, seen: wire.Liquidation, ts_recv: int) -> LiquidationSeen:
        return LiquidationSeen(
            ts_event=(seen.T or seen.E) * NS_PER_US,
            ts_recv=ts_recv,
            instrument=self._instrument(seen.s),
            side=SIDES[seen.S],
            price=seen.p,
            size=seen.q,
        )

    # ---- what is no data -----------------------------------------------------------------------

    def _error(self, error: wire.StreamError, ts_recv: int) -> VenueErrorFrame:
        return VenueErrorFrame(
            ts_event=ts_recv,
            ts_recv=ts_recv,
            venue=self._venue,
            code=error.code,
            message=error.message[:500],
        )

    def _unknown(self, frame: bytes, ts_recv: int) -> UnknownFrame:
        return UnknownFrame(
            ts_event=ts_recv, ts_recv=ts_recv, venue=self._venue, raw=frame[:_KEPT_RAW]
        )

    def _malformed(self, frame: bytes, reason: str, ts_recv: int) -> MalformedFrame:
        named = _NAMED.search(frame) if b"depth" in frame else None
        return MalformedFrame(
            ts_event=ts_recv,
            ts_recv=ts_recv,
            venue=self._venue,
            raw=frame[:_KEPT_RAW],
            reason=reason[:200],
            instrument=None if named is None else self._instrument(named[1].decode()),
        )


def recorded_snapshot(snapshot: BookSnapshotSeen) -> bytes:
    """Write a book that came by REST as a frame, so that a recording holds what replay needs."""
    symbol = symbol_of(snapshot.instrument)
    data = {
        "T": snapshot.ts_event // NS_PER_US,
        "a": snapshot.asks,
        "b": snapshot.bids,
        "s": symbol,
        "u": snapshot.last_id,
    }
    return msgspec.json.encode({"data": data, "stream": f"{RECORDED_SNAPSHOT}.{symbol}"})


def decode(
    frame: bytes, ts_recv: int, venue: VenueId, account: AccountId | None = None
) -> list[Body]:
    """Decode one frame without keeping a codec; for tests and tools."""
    return BackpackCodec(venue, account).decode(frame, ts_recv)


def _whole(kind: type[_W], build: Callable[[_W, int], Body]) -> _FrameDecoder:
    """Build a decoder that reads envelope and body in one pass.

    It takes the wire as documented, and quoted numbers if that fails.
    """
    shape = msgspec.defstruct(f"{kind.__name__}Frame", [("data", kind)], gc=False)
    strict = msgspec.json.Decoder(shape).decode
    lax = msgspec.json.Decoder(shape, strict=False).decode

    def decoded(frame: bytes, ts_recv: int) -> Body:
        try:
            return build(strict(frame).data, ts_recv)  # type: ignore[attr-defined]
        except msgspec.ValidationError:
            return build(lax(frame).data, ts_recv)  # type: ignore[attr-defined]

    return decoded


def _depth_decoder(instrument_of: Callable[[str], InstrumentId]) -> _FrameDecoder:
    """Build the one decoder that is worth writing out: most of what comes is depth."""

    class DepthFrame(msgspec.Struct, gc=False):
        data: wire.Depth

    strict = msgspec.json.Decoder(DepthFrame).decode
    lax = msgspec.json.Decoder(DepthFrame, strict=False).decode
    known: dict[str, InstrumentId] = {}

    def decoded(frame: bytes, ts_recv: int) -> Body:
        try:
            depth = strict(frame).data
        except msgspec.ValidationError:
            depth = lax(frame).data
        instrument = known.get(depth.s)
        if instrument is None:
            instrument = known[depth.s] = instrument_of(depth.s)
        return DepthChanged(
            ts_event=depth.T * NS_PER_US,
            ts_recv=ts_recv,
            instrument=instrument,
            first_id=depth.U,
            last_id=depth.u,
            bids=depth.b,
            asks=depth.a,
        )

    return decoded
