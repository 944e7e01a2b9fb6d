"""Addresses and words of Binance's public interfaces."""

from enum import StrEnum
from typing import Final


class BinanceMarket(StrEnum):
    """Which of its books: they share symbols, so each is a venue of its own."""

    SPOT = "spot"
    USDM = "usdm"
    COINM = "coinm"
    """Inverse contracts: sizes count contracts worth a fixed number of US dollars."""


REST_URLS: Final = {
    BinanceMarket.SPOT: "https://api.binance.com",
    BinanceMarket.USDM: "https://fapi.binance.com",
    BinanceMarket.COINM: "https://dapi.binance.com",
}
STREAM_URLS: Final = {
    BinanceMarket.SPOT: "wss://stream.binance.com:9443/stream",
    BinanceMarket.USDM: "wss://fstream.binance.com/stream",
    BinanceMarket.COINM: "wss://dstream.binance.com/stream",
}
DEPTH_PATHS: Final = {
    BinanceMarket.SPOT: "/api/v3/depth",
    BinanceMarket.USDM: "/fapi/v1/depth",
    BinanceMarket.COINM: "/dapi/v1/depth",
}
KLINE_PATHS: Final = {
    BinanceMarket.SPOT: "/api/v3/klines",
    BinanceMarket.USDM: "/fapi/v1/klines",
    BinanceMarket.COINM: "/dapi/v1/klines",
}
CATALOGUE_PATHS: Final = {
    BinanceMarket.SPOT: "/api/v3/exchangeInfo",
    BinanceMarket.USDM: "/fapi/v1/exchangeInfo",
    BinanceMarket.COINM: "/dapi/v1/exchangeInfo",
}
DEPTH_LIMIT: Final = 1_000
KLINES_LIMIT: Final = 1_000
_FUTURES: Final = ("depth@100ms", "bookTicker", "aggTrade", "kline_1m", "ticker", "markPrice@1s")
STREAM_KINDS: Final = {
    BinanceMarket.SPOT: ("depth@100ms", "bookTicker", "trade", "kline_1m", "ticker"),
    BinanceMarket.USDM: _FUTURES,
    BinanceMarket.COINM: _FUTURES,
}
"""Streams of one followed market."""
