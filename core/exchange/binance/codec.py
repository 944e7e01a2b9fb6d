"""Binance's public frames as domain events. Pure and total: never raises, logs or reads a clock."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

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
_W = TypeVar("_W")


class BinanceCodec:
    """Decodes the frames of one market kind.

    It remembers which symbol's deltas it saw last: a recorded book snapshot does not name its own.
    """

    def __init__(self, venue: VenueId) -> None:
        self._venue = venue
        self._ids: dict[str, InstrumentId] = {}
        self._book_of: InstrumentId | None = None
        self._unnamed: wire.Envelope | None = None
        self._decoders: dict[str, Callable[[msgspec.Raw, int], Body | None]] = {
            "depth": _typed(wire.Depth, self._depth),
            "bookTicker": _typed(wire.BookTicker, self._book_ticker),
            "trade": _typed(wire.Trade, self._trade),
            "aggTrade": _typed(wire.AggTrade, self._agg_trade),
            "kline": _typed(wire.Kline, self._kline),
            "markPrice": _typed(wire.MarkPrice, self._mark_price),
            "ticker": _typed(wire.Ticker, self._ticker),
            "forceOrder": _typed(wire.Liquidation, self._liquidation),
        }

    def decode(self, frame: bytes, ts_recv: int) -> list[Body]:
        """Decode one frame.

        A combined-stream frame: `{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT",..}}`.
        """
        try:
            envelope = _ENVELOPE.decode(frame)
            if envelope.stream is not None and envelope.data:
                return self._decode_stream(frame, envelope.stream, envelope.data, ts_recv)
            return self._decode_rest(frame, envelope, ts_recv)
        except _BAD as error:
            return [self._malformed(frame, str(error), ts_recv)]

    def _decode_stream(
        self, frame: bytes, stream: str, data: msgspec.Raw, ts_recv: int
    ) -> list[Body]:
        kind = stream.split("@", 2)[1] if "@" in stream else ""
        decoder = self._decoders.get(kind) or self._decoders.get(kind.partition("_")[0])
        if decoder is None:
            return [self._unknown(frame, ts_recv)]
        body = decoder(data, ts_recv)
        if body is None:
            return []
        if self._unnamed is not None and isinstance(body, DepthChanged):
            snapshot, self._unnamed = self._unnamed, None
            return [body, self._snapshot(snapshot, body.instrument, ts_recv)]
        return [body]

    def _decode_rest(self, frame: bytes, envelope: wire.Envelope, ts_recv: int) -> list[Body]:
        if envelope.error is not None:
            code, message = envelope.error.code, envelope.error.msg
            return [self._error(code, message, ts_recv)]
        if envelope.lastUpdateId is None:
            return [] if envelope.id is not None else [self._unknown(frame, ts_recv)]
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


def _typed(
    kind: type[_W], build: Callable[[_W, int], Any]
) -> Callable[[msgspec.Raw, int], Body | None]:
    decode = msgspec.json.Decoder(kind).decode

    def decoded(data: msgspec.Raw, ts_recv: int) -> Body | None:
        body: Body | None = build(decode(data), ts_recv)
        return body

    return decoded
