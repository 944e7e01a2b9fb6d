"""The peer: ccxt's own websocket path, from frame text to its order book."""

from collections.abc import Callable

import ccxt.pro
from ccxt.async_support.base.ws.client import Client

from tests.benchmarks.depth_frames import SYMBOL, Text

_UNIFIED = "BTC/USDC:USDC"
_MARKET = {
    "symbol": SYMBOL,
    "baseSymbol": "BTC",
    "quoteSymbol": "USDC",
    "marketType": "PERP",
    "orderBookState": "Open",
    "filters": {
        "price": {"tickSize": "0.1", "minPrice": "0.1", "maxPrice": None},
        "quantity": {"stepSize": "0.00001", "minQuantity": "0.00001", "maxQuantity": None},
    },
}


class CcxtBook:
    """A ccxt exchange whose book was primed with a snapshot. Needs a running event loop."""

    def __init__(self, bids: Text, asks: Text, nonce: int) -> None:
        self._exchange = ccxt.pro.backpack()
        self._exchange.set_markets([self._exchange.parse_market(_MARKET)])
        self._client = Client(
            "wss://127.0.0.1/", self._exchange.handle_message, _ignore, _ignore, _ignore, {}
        )
        snapshot = {
            "bids": [[float(price), float(size)] for price, size in reversed(bids)],
            "asks": [[float(price), float(size)] for price, size in asks],
            "nonce": nonce,
            "symbol": _UNIFIED,
        }
        self._exchange.orderbooks[_UNIFIED] = self._exchange.order_book(snapshot)

    @property
    def take(self) -> Callable[[str], None]:
        """What ccxt calls for each text frame."""
        handler: Callable[[str], None] = self._client.handle_text_or_binary_message
        return handler

    def top(self) -> tuple[float, float]:
        """Return best bid and best ask."""
        book = self._exchange.orderbooks[_UNIFIED]
        return book["bids"][0][0], book["asks"][0][0]

    async def close(self) -> None:
        """Release what ccxt holds."""
        await self._exchange.close()


def _ignore(*_: object) -> None:
    pass
