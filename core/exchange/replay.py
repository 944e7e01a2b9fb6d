"""Decoders for recordings: one table from the kind of a recording to the codec that reads it."""

from collections.abc import Callable
from typing import Final

from core.domain.events import Body
from core.domain.ids import VenueId
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.binance.capture import BinanceCapture
from core.exchange.hyperliquid.codec import HyperliquidCodec

FrameDecoder = Callable[[bytes, int], list[Body]]
_CODECS: Final[dict[str, Callable[[VenueId], FrameDecoder]]] = {
    "backpack": lambda venue: BackpackCodec(venue).decode,
    "binance-spot": lambda venue: BinanceCapture(venue).decode,
    "binance-usdm": lambda venue: BinanceCapture(venue).decode,
    "binance-coinm": lambda venue: BinanceCapture(venue).decode,
    "hyperliquid": lambda venue: HyperliquidCodec(venue).decode,
}
KINDS: Final = tuple(_CODECS)
"""Kinds of recordings that can be replayed."""


class ReplayDecoder:
    """Decodes the lines of one recording.

    Raises:
        ValueError: when the kind is unknown.
    """

    def __init__(self, kind: str, venue: VenueId) -> None:
        if kind not in _CODECS:
            raise ValueError(f"recording kind must be one of {', '.join(KINDS)}, was {kind!r}")
        self.decode = _CODECS[kind](venue)
        """Takes a line's message and its receive time in ns; never raises."""
