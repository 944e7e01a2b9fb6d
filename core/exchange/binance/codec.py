"""Binance's public frames as domain events. Pure and total: never raises, logs or reads a clock."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import InstrumentId, Symbol, VenueId, instrument_id
from core.domain.order import Side
from core.exchange.binance import wire

_MS: Final = 1_000_000
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
_NAMED: Final = re.compile(rb'"s"\s*:\s*"([A-Z0-9_]{1,40})"')
_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_PREFIX: Final = len('{"stream":"')
_MOST_STREAMS: Final = 4_096
_W = TypeVar("_W")
_FrameDecoder = Callable[[bytes, int], Body | None]


class BinanceCodec:
    """Decodes the frames of one market kind.

    It remembers which symbol's deltas it saw last: a recorded book snapshot does not name its own.
    """

    def __init__(self, venue: VenueId) -> None:
        self._venue = venue
        self._ids: dict[str, InstrumentId] = {}
        self._book_of: InstrumentId | None = None
        self._unnamed: wire.Envelope | None = None
        self._decoders: dict[str, _FrameDecoder] = {
            "depth": _whole(wire.Depth, self._depth),
            "bookTicker": _whole(wire.BookTicker, self._book_ticker),
            "trade": _whole(wire.Trade, self._trade),
            "aggTrade": _whole(wire.AggTrade, self._agg_trade),
            "kline": _whole(wire.Kline, self._kline),
            "markPrice": _whole(wire.MarkPrice, self._mark_price),
            "ticker": _whole(wire.Ticker, self._ticker),
            "forceOrder": _whole(wire.Liquidation, self._liquidation),
        }
        self._by_stream: dict[bytes, _FrameDecoder] = {}

    def decode(self, frame: bytes, ts_recv: int) -> list[Body]:
        """Decode one frame.

        A combined-stream frame: `{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT",..}}`.
        """
        try:
            decoder = self._by_stream.get(_stream_name(frame))
            if decoder is not None and self._unnamed is None:
                body = decoder(frame, ts_recv)
                return [] if body is None else [body]
            return self._decode_any(frame, ts_recv)
        except _BAD as error:
            return [self._malformed(frame, str(error), ts_recv)]

    def _decode_any(self, frame: bytes, ts_recv: int) -> list[Body]:
        """Decode the first frame of a stream, and whatever is no stream's frame."""
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream is None or not envelope.data:
            return self._decode_rest(frame, envelope, ts_recv)
        decoder = self._decoder_of(envelope.stream)
        if decoder is None:
            return [self._unknown(frame, ts_recv)]
        body = decoder(frame, ts_recv)
        if len(self._by_stream) < _MOST_STREAMS:
            self._by_stream[envelope.stream.encode()] = decoder
        found: list[Body] = [] if body is None else [body]
        if self._unnamed is not None and isinstance(body, DepthChanged):
            snapshot, self._unnamed = self._unnamed, None
            found.append(self._snapshot(snapshot, body.instrument, ts_recv))
        return found

    def _decoder_of(self, stream: str) -> _FrameDecoder | None:
        kind = stream.split("@", 2)[1] if "@" in stream else ""
        return self._decoders.get(kind) or self._decoders.get(kind.partition("_")[0])

    def _decode_rest(self, frame: bytes, envelope: wire.Envelope, ts_recv: int) -> list[Body]:
        if envelope.error is not None:
            code, message = envelope.error.code, envelope.error.msg
            return [self._error(code, message, ts_recv)]
        if envelope.lastUpdateId is None:
            return [] if envelope.id is not None else [self._unknown(frame, ts_recv)]
        if envelope.symbol is not None:
            return [self._snapshot(envelope, self._instrument(envelope.symbol), ts_recv)]
        if self._book_of is None:
            self._unnamed = envelope
            return []
        return [self._snapshot(envelope, self._book_of, ts_recv)]

    def _instrument(self, symbol: str) -> InstrumentId:
        known = self._ids.get(symbol)
        if known is None:
            known = self._ids[symbol] = instrument_id(self._venue, Symbol(symbol))
        return known

    # ---- one builder a kind --------------------------------------------------------------------

    def _snapshot(
        self, envelope: wire.Envelope, instrument: InstrumentId, ts_recv: int
    ) -> BookSnapshotSeen:
        made = envelope.T or envelope.E
        return BookSnapshotSeen(
            ts_event=ts_recv if made is None else made * _MS,
            ts_recv=ts_recv,
            instrument=instrument,
            last_id=envelope.lastUpdateId or 0,
            bids=envelope.bids,
            asks=envelope.asks,
        )

    def _depth(self, depth: wire.Depth, ts_recv: int) -> DepthChanged:
        self._book_of = instrument = self._instrument(depth.s)
        return DepthChanged(
            ts_event=(depth.T or depth.E) * _MS,
            ts_recv=ts_recv,
            instrument=instrument,
            first_id=depth.U,
            last_id=depth.u,
            bids=depth.b,
            asks=depth.a,
            prev_id=depth.pu,
        )

    def _book_ticker(self, quote: wire.BookTicker, ts_recv: int) -> QuoteSeen:
        made = quote.T or quote.E
        return QuoteSeen(
            ts_event=ts_recv if made is None else made * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(quote.s),
            update_id=quote.u,
            bid=quote.b,
            bid_size=quote.B,
            ask=quote.a,
            ask_size=quote.A,
        )

    def _trade(self, trade: wire.Trade, ts_recv: int) -> TradeSeen | None:
        if trade.X not in {"", "MARKET"}:
            return None
        return TradeSeen(
            ts_event=trade.T * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(trade.s),
            trade_id=trade.t,
            price=trade.p,
            size=trade.q,
            aggressor_side=Side.SELL if trade.m else Side.BUY,
        )

    def _agg_trade(self, trade: wire.AggTrade, ts_recv: int) -> TradeSeen:
        return TradeSeen(
            ts_event=trade.T * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(trade.s),
            trade_id=trade.a,
            price=trade.p,
            size=trade.q,
            aggressor_side=Side.SELL if trade.m else Side.BUY,
        )

    def _kline(self, frame: wire.Kline, ts_recv: int) -> CandleSeen:
        candle = frame.k
        has_trades = candle.n > 0
        return CandleSeen(
            ts_event=frame.E * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(frame.s),
            interval=candle.i,
            start_ts=candle.t * _MS,
            end_ts=(candle.T + 1) * _MS,
            open=candle.o if has_trades else None,
            high=candle.h if has_trades else None,
            low=candle.l if has_trades else None,
            close=candle.c if has_trades else None,
            volume=candle.v,
            is_closed=candle.x,
        )

    def _mark_price(self, mark: wire.MarkPrice, ts_recv: int) -> MarkPriceSeen:
        return MarkPriceSeen(
            ts_event=mark.E * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(mark.s),
            mark_price=mark.p,
            index_price=mark.i,
            funding_rate=mark.r or None,
            next_funding_ts=mark.T * _MS if mark.T else None,
        )

    def _ticker(self, ticker: wire.Ticker, ts_recv: int) -> TickerSeen:
        return TickerSeen(
            ts_event=ticker.E * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(ticker.s),
            open=ticker.o,
            last=ticker.c,
            high=ticker.h,
            low=ticker.l,
            volume=ticker.v,
            quote_volume=ticker.q,
        )

    def _liquidation(self, frame: wire.Liquidation, ts_recv: int) -> LiquidationSeen:
        return LiquidationSeen(
            ts_event=frame.o.T * _MS,
            ts_recv=ts_recv,
            instrument=self._instrument(frame.o.s),
            side=Side.BUY if frame.o.S == "BUY" else Side.SELL,
            price=frame.o.p,
            size=frame.o.q,
        )

    # ---- what is no market data ----------------------------------------------------------------

    def _unknown(self, frame: bytes, ts_recv: int) -> UnknownFrame:
        return UnknownFrame(ts_event=ts_recv, ts_recv=ts_recv, venue=self._venue, raw=frame[:4096])

    def _error(self, code: int, message: str, ts_recv: int) -> VenueErrorFrame:
        return VenueErrorFrame(
            ts_event=ts_recv, ts_recv=ts_recv, venue=self._venue, code=code, message=message
        )

    def _malformed(self, frame: bytes, reason: str, ts_recv: int) -> MalformedFrame:
        named = _NAMED.search(frame[:65_536]) if b"depth" in frame else None
        return MalformedFrame(
            ts_event=ts_recv,
            ts_recv=ts_recv,
            venue=self._venue,
            raw=frame[:4096],
            reason=reason[:200],
            instrument=self._instrument(named[1].decode()) if named else None,
        )


def _stream_name(frame: bytes) -> bytes:
    """Return what stands where a combined-stream frame names its stream; anything else else."""
    return frame[_PREFIX : frame.find(b'"', _PREFIX)]


def _whole(kind: type[_W], build: Callable[[_W, int], Body | None]) -> _FrameDecoder:
    """Build a decoder that reads envelope and body in one pass."""
    shape = msgspec.defstruct(f"{kind.__name__}Frame", [("data", kind)], gc=False)
    decode = msgspec.json.Decoder(shape).decode

    def decoded(frame: bytes, ts_recv: int) -> Body | None:
        return build(decode(frame).data, ts_recv)  # type: ignore[attr-defined]

    return decoded
