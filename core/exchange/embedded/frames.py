"""Public frames, built byte for byte as the wire has them: data keys sorted, prices padded.

`E` is the gateway's instant, `T` the engine's, both in microseconds; a trade's `T` is whole
milliseconds. The hot kinds are written by hand, the rare ones by msgspec.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from core.exchange.embedded.candles import Candle
from core.exchange.embedded.market import Market, Trade
from core.exchange.embedded.spec import FUNDING_INTERVAL_MS, MarketSpec
from core.exchange.embedded.units import (
    NS_PER_MS,
    NS_PER_SEC,
    NS_PER_US,
    iso_seconds,
    padded,
    trimmed,
)

Level = tuple[bool, int, int]
"""(is_bid, price in ticks, size in steps)."""

_ENGINE_LAG_US: Final = 117
"""How much older the engine's instant is than the gateway's."""
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def event_us(now_ns: int) -> int:
    """Return `E`."""
    return now_ns // NS_PER_US


def engine_us(now_ns: int) -> int:
    """Return `T`."""
    return now_ns // NS_PER_US - _ENGINE_LAG_US


def enveloped(stream: str, data: Mapping[str, object]) -> bytes:
    """Wrap a frame's data, keys sorted."""
    return _ENCODER.encode({"data": data, "stream": stream})


def depth(
    stream: str, spec: MarketSpec, ids: tuple[int, int], levels: Iterable[Level], now_ns: int
) -> bytes:
    """Build a depth frame; `ids` are the first and the last update in it."""
    asks: list[str] = []
    bids: list[str] = []
    for is_bid, price, size in levels:
        row = f'["{padded(price, spec.price_decimals)}","{padded(size, spec.quantity_decimals)}"]'
        (bids if is_bid else asks).append(row)
    return (
        f'{{"data":{{"E":{event_us(now_ns)},"T":{engine_us(now_ns)},"U":{ids[0]},'
        f'"a":[{",".join(asks)}],"b":[{",".join(bids)}],"e":"depth","s":"{spec.symbol}",'
        f'"u":{ids[1]}}},"stream":"{stream}"}}'
    ).encode()


def book_ticker(
    spec: MarketSpec, top: tuple[int, int, int, int], update_id: int, now_ns: int
) -> bytes:
    """Build a bookTicker frame; a side without a price is null."""
    bid, bid_size, ask, ask_size = top
    return (
        f'{{"data":{{"A":{_size(ask, ask_size, spec)},"B":{_size(bid, bid_size, spec)},'
        f'"E":{event_us(now_ns)},"T":{engine_us(now_ns)},"a":{_price(ask, spec)},'
        f'"b":{_price(bid, spec)},"e":"bookTicker","s":"{spec.symbol}","u":{update_id}}},'
        f'"stream":"bookTicker.{spec.symbol}"}}'
    ).encode()


def trade(spec: MarketSpec, print_: Trade) -> bytes:
    """Build a trade frame."""
    whole_ms = print_.at_ns // NS_PER_MS * 1_000
    is_maker = "true" if print_.buyer_is_maker else "false"
    return (
        f'{{"data":{{"E":{event_us(print_.at_ns)},"T":{whole_ms},"a":"{print_.seller_order}",'
        f'"b":"{print_.buyer_order}","e":"trade","m":{is_maker},'
        f'"p":"{padded(print_.price, spec.price_decimals)}",'
        f'"q":"{padded(print_.quantity, spec.quantity_decimals)}","s":"{spec.symbol}",'
        f'"t":{print_.id}}},"stream":"trade.{spec.symbol}"}}'
    ).encode()


def kline(spec: MarketSpec, interval: str, bar: Candle, now_ns: int, *, is_closed: bool) -> bytes:
    """Build a kline frame."""
    data = {
        "E": event_us(now_ns),
        "T": iso_seconds(bar.end_secs * NS_PER_SEC),
        "X": is_closed,
        "c": _padded_or_none(bar.close, spec),
        "e": "kline",
        "h": _padded_or_none(bar.high, spec),
        "l": _padded_or_none(bar.low, spec),
        "n": bar.trades,
        "o": _padded_or_none(bar.open, spec),
        "s": spec.symbol,
        "t": iso_seconds(bar.start_secs * NS_PER_SEC),
        "v": padded(bar.volume, spec.quantity_decimals),
    }
    return enveloped(f"kline.{interval}.{spec.symbol}", data)


def ticker(spec: MarketSpec, day: Candle, now_ns: int) -> bytes:
    """Build a ticker frame of the last 24 hours."""
    data = {
        "E": event_us(now_ns),
        "V": trimmed(day.quote, spec.cost_decimals),
        "c": trimmed(day.close or 0, spec.price_decimals),
        "e": "ticker",
        "h": trimmed(day.high or 0, spec.price_decimals),
        "l": trimmed(day.low or 0, spec.price_decimals),
        "n": day.trades,
        "o": trimmed(day.open or 0, spec.price_decimals),
        "s": spec.symbol,
        "v": trimmed(day.volume, spec.quantity_decimals),
    }
    return enveloped(f"ticker.{spec.symbol}", data)


def mark_price(market: Market, now_ns: int) -> bytes:
    """Build a markPrice frame."""
    symbol = market.spec.symbol
    data = {
        "E": event_us(now_ns),
        "T": engine_us(now_ns),
        "e": "markPrice",
        "f": trimmed(market.funding_rate),
        "i": trimmed(market.index),
        "n": next_funding_ms(now_ns),
        "p": trimmed(market.mark),
        "s": symbol,
    }
    return enveloped(f"markPrice.{symbol}", data)


def open_interest(market: Market, now_ns: int) -> bytes:
    """Build an openInterest frame."""
    spec = market.spec
    data = {
        "E": event_us(now_ns),
        "e": "openInterest",
        "o": trimmed(market.open_interest, spec.quantity_decimals),
        "s": spec.symbol,
    }
    return enveloped(f"openInterest.{spec.symbol}", data)


def liquidation(stream: str, spec: MarketSpec, filled: tuple[str, int, int], now_ns: int) -> bytes:
    """Build a liquidation frame of one fill: side, price in ticks, steps."""
    side, price, steps = filled
    data = {
        "E": event_us(now_ns),
        "S": side,
        "T": engine_us(now_ns) // 1_000 * 1_000,
        "e": "liquidation",
        "p": padded(price, spec.price_decimals),
        "q": padded(steps, spec.quantity_decimals),
        "s": spec.symbol,
    }
    return enveloped(stream, data)


def next_funding_ms(now_ns: int) -> int:
    """Return the end of the running funding interval."""
    return (now_ns // NS_PER_MS // FUNDING_INTERVAL_MS + 1) * FUNDING_INTERVAL_MS


def _price(price: int, spec: MarketSpec) -> str:
    return f'"{padded(price, spec.price_decimals)}"' if price else "null"


def _size(price: int, size: int, spec: MarketSpec) -> str:
    return f'"{padded(size, spec.quantity_decimals)}"' if price else "null"


def _padded_or_none(price: int | None, spec: MarketSpec) -> str | None:
    return None if price is None else padded(price, spec.price_decimals)
