"""Feed: turns what happened into frames, for topics that somebody hears."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from core.exchange.embedded import frames, position_frames, private_frames
from core.exchange.embedded.accounts import Account, Fill
from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.candles import INTERVALS, Candle, bucket_start
from core.exchange.embedded.clearing import Clearing, PositionMoved
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.margin import exposure_of
from core.exchange.embedded.market import Market, Trade
from core.exchange.embedded.orders import Order
from core.exchange.embedded.streams import DEPTH_WINDOWS_MS, Hub
from core.exchange.embedded.units import NS_PER_SEC

if TYPE_CHECKING:
    from core.exchange.embedded.fault_streams import StreamFaults

_ORDER_STREAM = "account.orderUpdate"
_POSITION_STREAM = "account.positionUpdate"
_BALANCE_STREAM = "account.balanceUpdate"


class _Window:
    """Levels that changed since the last frame of one depth window."""

    __slots__ = ("first_id", "levels")

    def __init__(self, first_id: int) -> None:
        self.first_id = first_id
        self.levels: dict[tuple[bool, int], int] = {}


class Feed:
    """Builds and publishes every stream of one venue."""

    def __init__(
        self, markets: Mapping[str, Market], clearing: Clearing, agenda: Agenda, faults: Faults
    ) -> None:
        self.hub = Hub()
        self._markets = markets
        self._clearing = clearing
        self._instant = agenda.instant
        self._faults = faults
        self._agenda = agenda
        self._twists: StreamFaults | None = None
        self.on_trade: Callable[[Market], None] = _nobody
        """Hears of every print, after it stands on the tape."""
        self._windows: dict[str, _Window] = {}
        self._klines: dict[str, tuple[int, int]] = {}

    def book_changed(self, market: Market) -> None:
        """Publish one book event; every event takes one update id."""
        levels = market.book.drain()
        if not levels:
            return
        market.update_id += 1
        symbol, update_id, now_ns = market.spec.symbol, market.update_id, self._instant.ns
        stream = f"depth.{symbol}"
        if self.hub.wants(stream):
            ids = (update_id, update_id)
            self._publish(stream, market, frames.depth(stream, market.spec, ids, levels, now_ns))
        for each in DEPTH_WINDOWS_MS:
            self._collect(f"depth.{each}ms.{symbol}", update_id, levels)
        top = market.moved_top()
        if top is not None and self.hub.wants(f"bookTicker.{symbol}"):
            frame = frames.book_ticker(market.spec, top, update_id, now_ns)
            self._publish(f"bookTicker.{symbol}", market, frame)

    def traded(self, market: Market, trade: Trade) -> None:
        """Publish one print."""
        stream = f"trade.{market.spec.symbol}"
        if self.hub.wants(stream):
            self._publish(stream, market, frames.trade(market.spec, trade))
        self.on_trade(market)

    def liquidated(self, market: Market, side: str, price: int, steps: int) -> None:
        """Publish one liquidation fill, under both names the stream may have."""
        for stream in ("liquidation", f"liquidation.{market.spec.symbol}"):
            if self.hub.wants(stream):
                made = frames.liquidation(
                    stream, market.spec, (side, price, steps), self._instant.ns
                )
                self._publish(stream, market, made)

    def flush_window(self, window_ms: int) -> None:
        """Publish what one depth window collected."""
        for market in self._markets.values():
            stream = f"depth.{window_ms}ms.{market.spec.symbol}"
            window = self._windows.pop(stream, None)
            if window is None:
                continue
            levels = [(is_bid, price, size) for (is_bid, price), size in window.levels.items()]
            ids = (window.first_id, market.update_id)
            frame = frames.depth(stream, market.spec, ids, levels, self._instant.ns)
            self._publish(stream, market, frame)

    def each_second(self) -> None:
        """Publish tickers, marks and candles."""
        now_ns = self._instant.ns
        for market in self._markets.values():
            symbol = market.spec.symbol
            if self.hub.wants(f"ticker.{symbol}") and (day := market.day(now_ns)) is not None:
                self._publish(f"ticker.{symbol}", market, frames.ticker(market.spec, day, now_ns))
            if market.spec.is_perp and self.hub.wants(f"markPrice.{symbol}"):
                self._publish(f"markPrice.{symbol}", market, frames.mark_price(market, now_ns))
            for interval in INTERVALS:
                self._kline(market, interval)

    def each_minute(self) -> None:
        """Publish open interest."""
        for market in self._markets.values():
            stream = f"openInterest.{market.spec.symbol}"
            if market.spec.is_perp and self.hub.wants(stream):
                self._publish(stream, market, frames.open_interest(market, self._instant.ns))

    def order_changed(
        self, account: Account, order: Order, event: str, fill: Fill | None = None
    ) -> None:
        """Publish one order event to its owner."""
        if account.is_house:
            return
        symbol = order.request.symbol
        topics = self._private_topics(account, _ORDER_STREAM, symbol)
        if topics:
            spec = self._markets[symbol].spec
            data = private_frames.order_update(order, spec, event, fill, self._instant.ns)
            self._publish_private(account, symbol, topics, data)

    def money_moved(self) -> None:
        """Publish the positions and balances that changed since the last call."""
        for move in self._clearing.drain_positions():
            topics = self._private_topics(move.account, _POSITION_STREAM, move.position.spec.symbol)
            if topics:
                data = self._position_data(move, is_snapshot=False)
                self._publish_private(move.account, move.position.spec.symbol, topics, data)
        for account, asset in self._clearing.drain_balances():
            topics = self._private_topics(account, _BALANCE_STREAM, None)
            if topics:
                data = private_frames.balance_update(account, asset, self._instant.ns)
                self._publish_private(account, None, topics, data)

    def position_snapshots(self, account: Account, stream: str) -> list[bytes]:
        """Return one frame per open position a fresh subscription hears first."""
        symbol = stream.removeprefix(_POSITION_STREAM).removeprefix(".")
        return [
            frames.enveloped(
                stream,
                self._position_data(
                    PositionMoved(account, "", position, position.quantity, position.settled),
                    is_snapshot=True,
                ),
            )
            for position in account.positions.values()
            if symbol in {"", position.spec.symbol}
        ]

    def _position_data(self, move: PositionMoved, *, is_snapshot: bool) -> dict[str, object]:
        market = self._markets[move.position.spec.symbol]
        exposure = exposure_of(move.account, market)
        now_ns = self._instant.ns
        return position_frames.position_update(
            move, market, exposure, now_ns, is_snapshot=is_snapshot
        )

    def _collect(self, stream: str, update_id: int, levels: list[tuple[bool, int, int]]) -> None:
        if not self.hub.wants(stream):
            self._windows.pop(stream, None)
            return
        window = self._windows.get(stream)
        if window is None:
            window = self._windows[stream] = _Window(update_id)
        for is_bid, price, size in levels:
            window.levels[is_bid, price] = size

    def _kline(self, market: Market, interval: str) -> None:
        stream = f"kline.{interval}.{market.spec.symbol}"
        if not self.hub.wants(stream):
            self._klines.pop(stream, None)
            return
        start = bucket_start(self._instant.ns // NS_PER_SEC, interval)
        shown = self._klines.get(stream)
        if shown is not None and shown[0] != start:
            self._publish_kline(market, interval, shown[0], is_closed=True)
        state = (start, market.candles.version)
        if shown != state:
            self._klines[stream] = state
            self._publish_kline(market, interval, start, is_closed=False)

    def _publish_kline(self, market: Market, interval: str, start: int, *, is_closed: bool) -> None:
        bars: list[Candle] = market.candles.candles(interval, start, start)
        for bar in bars:
            frame = frames.kline(market.spec, interval, bar, self._instant.ns, is_closed=is_closed)
            self._publish(f"kline.{interval}.{market.spec.symbol}", market, frame)

    def _private_topics(self, account: Account, name: str, symbol: str | None) -> list[str]:
        streams = [name] if symbol is None else [name, f"{name}.{symbol}"]
        topics = [private_topic(account, stream) for stream in streams]
        return [topic for topic in topics if self.hub.wants(topic)]

    def _publish(self, stream: str, market: Market, frame: bytes) -> None:
        if market.state == "Closed":
            return
        if self._faults.is_quiet:
            self.hub.publish(stream, frame)
        else:
            self._faulty().public(stream, market, frame)

    def _faulty(self) -> "StreamFaults":
        from core.exchange.embedded.fault_streams import (  # noqa: PLC0415  only faults pay
            StreamFaults,
        )

        if self._twists is None:
            self._twists = StreamFaults(self._faults, self._agenda, self.hub)
        return self._twists

    def _publish_private(
        self, account: Account, symbol: str | None, topics: list[str], data: dict[str, object]
    ) -> None:
        if not self._faults.is_quiet:
            self._faulty().private(account.name, symbol, topics, data)
            return
        for topic in topics:
            stream = topic.partition("|")[2]
            self.hub.publish(topic, frames.enveloped(stream, data))


def _nobody(_market: Market) -> None:
    """Hear, and do nothing."""


def private_topic(account: Account, stream: str) -> str:
    """Return the topic of a private stream of one account."""
    return f"{account.name}|{stream}"
