"""Spreads followed markets over as many sockets as they need."""

from collections.abc import Callable
from typing import Final

from core.domain.ids import InstrumentId, Symbol, VenueId, symbol_of
from core.exchange.backpack.public_stream import PublicStream
from core.exchange.backpack.watch import WatchLimits

SYMBOLS_A_SOCKET: Final = 40


class Shards:
    """The public streams of one venue.

    A market stays on its socket; a new socket is opened when all are full.

    Args:
        venue: What instruments are named after.
        limits: How long streams may be silent.
        symbols_a_socket: Markets a socket carries at most.
        start: Keeps one more stream going.

    Attributes:
        streams: The streams, the first of them there from the beginning.
    """

    def __init__(
        self,
        venue: VenueId,
        limits: WatchLimits,
        symbols_a_socket: int,
        start: Callable[[PublicStream], None],
    ) -> None:
        self.streams = [PublicStream(venue, limits)]
        self._venue = venue
        self._limits = limits
        self._symbols_a_socket = max(1, symbols_a_socket)
        self._start = start

    def follow(self, symbol: Symbol) -> None:
        """Subscribe a market now and after every reconnect."""
        self._home_of(symbol).follow(symbol)

    def unfollow(self, symbol: Symbol) -> None:
        """Unsubscribe a market."""
        for stream in self.streams:
            stream.unfollow(symbol)

    def carrier_of(self, instrument: InstrumentId) -> PublicStream | None:
        """Return the stream that carries a market; None if it is not followed."""
        symbol = symbol_of(instrument)
        return next((each for each in self.streams if symbol in each.symbols), None)

    def symbols(self) -> tuple[Symbol, ...]:
        """Return everything that is followed."""
        return tuple(symbol for stream in self.streams for symbol in stream.symbols)

    def _home_of(self, symbol: Symbol) -> PublicStream:
        for stream in self.streams:
            if symbol in stream.symbols:
                return stream
        for stream in self.streams:
            if len(stream.symbols) < self._symbols_a_socket:
                return stream
        stream = PublicStream(self._venue, self._limits, is_first=False)
        self.streams.append(stream)
        self._start(stream)
        return stream
