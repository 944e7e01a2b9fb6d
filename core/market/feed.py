"""Takes market events into the markets. The hot path of the engine: a depth frame ends here."""

from collections.abc import Callable
from typing import Any, Final

from core.domain.effects import Effect
from core.domain.errors import DataInvalid
from core.domain.events import (
    BookSnapshotSeen,
    CandleSeen,
    CandlesLoaded,
    DepthChanged,
    InstrumentsListed,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    OpenInterestSeen,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
)
from core.domain.fixed import UNIT
from core.market.chase import BookChase
from core.market.history import CandleHistory
from core.market.market import Market
from core.market.markets import Markets

Handler = Callable[[Any, int], tuple[Effect, ...]]
"""Takes a body and the engine time of its step."""

_SECOND: Final = 1_000_000_000
_BUILT_INTERVAL: Final = "1m"
_KINDS: Final = {
    DepthChanged: "depth",
    BookSnapshotSeen: "snapshot",
    QuoteSeen: "quote",
    TradeSeen: "trade",
    TickerSeen: "ticker",
    MarkPriceSeen: "mark_price",
    CandleSeen: "candle",
    CandlesLoaded: "candles",
    OpenInterestSeen: "open_interest",
    LiquidationSeen: "liquidation",
}


class MarketFeed:
    """Handlers of the public bodies, one a kind."""

    def __init__(self, markets: Markets, chase: BookChase, history: CandleHistory) -> None:
        self._markets = markets
        self._by_id = markets.by_id
        self._counters = markets.counters
        self._frames = markets.counters.frames
        self._frames.update(dict.fromkeys(_KINDS.values(), 0))
        self._chase = chase
        self._history = history

    def handlers(self) -> dict[type, Handler]:
        """Return the handler of each body."""
        return {
            DepthChanged: self.depth,
            BookSnapshotSeen: self.snapshot,
            QuoteSeen: self.quote,
            TradeSeen: self.trade,
            TickerSeen: self.ticker,
            MarkPriceSeen: self.mark_price,
            CandleSeen: self.candle,
            CandlesLoaded: self.candles,
            OpenInterestSeen: self.open_interest,
            LiquidationSeen: self.liquidation,
            MalformedFrame: self.malformed,
            UnknownFrame: self.unknown,
            InstrumentsListed: self.instruments,
        }

    def depth(self, frame: DepthChanged, at: int) -> tuple[Effect, ...]:
        """Apply a depth frame."""
        self._frames["depth"] += 1
        market = self._by_id.get(frame.instrument) or self._markets.of(frame.instrument)
        market.book_version += 1
        market.feed_ts = frame.ts_event
        if market.splice.receive(frame, at):
            market.proof_at, market.proof_recv = at, frame.ts_recv
            second = at // _SECOND
            if second != market.mid_at:
                market.sample_mid(second)
            return ()
        market.watch_version += 1
        return self._chase.chase(market, at)

    def snapshot(self, snapshot: BookSnapshotSeen, at: int) -> tuple[Effect, ...]:
        """Start a book from a snapshot."""
        self._frames["snapshot"] += 1
        market = self._markets.of(snapshot.instrument)
        market.book_version += 1
        market.watch_version += 1
        if market.splice.load(snapshot, at):
            market.prove(at, snapshot.ts_recv)
        return self._chase.answered(market, at)

    def quote(self, quote: QuoteSeen, at: int) -> tuple[Effect, ...]:
        """Take a best bid and ask: proof that the stream lives, and a check of the book."""
        self._frames["quote"] += 1
        market = self._by_id.get(quote.instrument) or self._markets.of(quote.instrument)
        market.quote = quote
        market.proof_at, market.proof_recv = at, quote.ts_recv
        splice = market.splice
        if quote.update_id == splice.last_id and not splice.agrees(quote):
            self._counters.top_mismatches += 1
        return ()

    def trade(self, trade: TradeSeen, at: int) -> tuple[Effect, ...]:
        """Add a print to tape and candles."""
        self._frames["trade"] += 1
        market = self._by_id.get(trade.instrument) or self._markets.of(trade.instrument)
        try:
            price = self._markets.bid_keys[trade.price]
            size = self._markets.size_units[trade.size]
        except DataInvalid:
            self._counters.malformed_frames += 1
            return ()
        side = trade.aggressor_side
        missing = market.tape.add(trade.trade_id, trade.ts_event, price, size, side, at)
        if missing >= 0:
            self._counters.missed_trades += missing
            self._note_print(market, price, size, trade.ts_event)
        return ()

    def _note_print(self, market: Market, price: int, size: int, ts_event: int) -> None:
        market.see_print(price, size)
        market.tape_version += 1
        market.watch_version += 1
        minutes = market.minutes
        if not minutes.is_streamed:
            minutes.add_print(price / UNIT, size / UNIT, ts_event)
            market.candles_version += 1

    def ticker(self, ticker: TickerSeen, at: int) -> tuple[Effect, ...]:
        """Keep the newest statistics of the day."""
        self._frames["ticker"] += 1
        market = self._markets.of(ticker.instrument)
        try:
            market.set_ticker(ticker)
        except (DataInvalid, ValueError):
            self._counters.malformed_frames += 1
            return ()
        market.watch_version += 1
        market.prove_by(ticker.ts_event, at, ticker.ts_recv)
        return ()

    def mark_price(self, mark: MarkPriceSeen, at: int) -> tuple[Effect, ...]:
        """Keep the newest mark."""
        self._frames["mark_price"] += 1
        market = self._markets.of(mark.instrument)
        try:
            market.set_mark(mark, at)
        except (DataInvalid, ValueError):
            self._counters.malformed_frames += 1
            return ()
        market.watch_version += 1
        market.prove_by(mark.ts_event, at, mark.ts_recv)
        return ()

    def candle(self, candle: CandleSeen, at: int) -> tuple[Effect, ...]:
        """Take the state of one candle."""
        self._frames["candle"] += 1
        market = self._markets.of(candle.instrument)
        effects: tuple[Effect, ...] = ()
        try:
            series = market.series(candle.interval)
            if series.is_doubted:
                effects = self._history.streamed(candle.instrument, series, candle.start_ts, at)
            series.see(candle)
        except ValueError:
            self._counters.malformed_frames += 1
            return ()
        market.candles_version += 1
        market.watch_version += 1
        return effects

    def candles(self, answer: CandlesLoaded, at: int) -> tuple[Effect, ...]:
        """Take candles of the past."""
        self._frames["candles"] += 1
        try:
            return self._history.loaded(answer, at)
        except ValueError:
            self._counters.malformed_frames += 1
        return ()

    def open_interest(self, seen: OpenInterestSeen, at: int) -> tuple[Effect, ...]:  # noqa: ARG002
        """Keep the newest open interest."""
        self._frames["open_interest"] += 1
        self._markets.of(seen.instrument).open_interest = seen
        return ()

    def liquidation(self, seen: LiquidationSeen, at: int) -> tuple[Effect, ...]:  # noqa: ARG002
        """Count a liquidation."""
        self._frames["liquidation"] += 1
        self._markets.of(seen.instrument).liquidations += 1
        return ()

    def malformed(self, frame: MalformedFrame, at: int) -> tuple[Effect, ...]:
        """Count a bad frame; the book it concerns is no longer believed."""
        self._counters.malformed_frames += 1
        market = None if frame.instrument is None else self._by_id.get(frame.instrument)
        if market is None:
            return ()
        market.splice.invalidate()
        market.book_version += 1
        market.watch_version += 1
        return self._chase.chase(market, at)

    def unknown(self, frame: UnknownFrame, at: int) -> tuple[Effect, ...]:  # noqa: ARG002
        """Count a frame nobody knows."""
        self._counters.unknown_frames += 1
        return ()

    def instruments(self, seen: InstrumentsListed, at: int) -> tuple[Effect, ...]:  # noqa: ARG002
        """Take a venue's rules."""
        self._markets.list_rules(seen.instruments)
        return ()
