"""Addresses, words and limits of Hyperliquid's public interfaces, as known in September 2026."""

from typing import Final

from core.domain.order import Side

REST_URL: Final = "https://api.hyperliquid.xyz"
STREAM_URL: Final = "wss://api.hyperliquid.xyz/ws"
INFO_PATH: Final = "/info"
PAGE_ROWS: Final = 2_000
"""A full page of fills: there may be more."""
MOST_WALLETS: Final = 10
"""Different wallets one address may follow on streams, counted over all its sockets."""
PING_NS: Final = 6_000_000_000
"""Own pings: the server sends none, and closes what it has not spoken to for 60 s."""
SIDES: Final = {"B": Side.BUY, "A": Side.SELL}
QUOTE: Final = "USDC"
PERP_PRICE_DECIMALS: Final = 6
SYSTEM_WORDS: Final = ("Liquidated", "Auto-Deleveraging", "Settlement", "Spot Dust Conversion")
"""How the `dir` of fills begins that are no decision of the trader."""
MARKET_STREAMS: Final = ("l2Book", "trades", "bbo")
WALLET_STREAMS: Final = ("userFills", "userTwapSliceFills", "clearinghouseState")
