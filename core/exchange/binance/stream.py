"""The conversation on Binance's combined-stream socket. No clock, no socket."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.domain.ids import Symbol, VenueId
from core.exchange.binance.codec import BinanceCodec
from core.exchange.binance.constants import STREAM_KINDS, BinanceMarket
from core.exchange.conversation import PublicConversation

_BATCH: Final = 50


class BinanceStream(PublicConversation):
    """Market data of the followed symbols; every request is answered `{"result":null,"id":1}`."""

    def __init__(self, venue: VenueId, market: BinanceMarket) -> None:
        super().__init__(venue, BinanceCodec(venue).decode)
        self._market = market
        self._request_id = 0

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        return tuple(f"{symbol.lower()}@{kind}" for kind in STREAM_KINDS[self._market])

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write the frames that subscribe or unsubscribe streams."""
        names = list(streams)
        return [
            self._control_frame(method, names[start : start + _BATCH])
            for start in range(0, len(names), _BATCH)
        ]

    def _control_frame(self, method: str, names: list[str]) -> bytes:
        self._request_id += 1
        return msgspec.json.encode({"method": method, "params": names, "id": self._request_id})
