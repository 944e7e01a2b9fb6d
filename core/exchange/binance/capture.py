"""Reads recorded Binance traffic: bare frames, or captures that keep REST replies beside them.

A capture's line is `{"t":"recv","conn":..,"ts":..,"data":"<frame>"}` or `{"t":"http",..,"url":..}`;
the replies to `/depth` start the books, and their address names the market.
"""

from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import Body, MalformedFrame
from core.domain.ids import Symbol, VenueId, instrument_id
from core.exchange.binance import rest
from core.exchange.binance.codec import BinanceCodec

_CAPTURED: Final = b'{"t":"'
_DEPTH: Final = "/depth"
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, DataInvalid, ValueError)


class _Line(msgspec.Struct, gc=False):
    t: str
    url: str = ""
    data: str = ""


_LINE: Final = msgspec.json.Decoder(_Line)


class BinanceCapture:
    """Decodes the lines of one recording; never raises."""

    def __init__(self, venue: VenueId) -> None:
        self._venue = venue
        self._codec = BinanceCodec(venue)

    def decode(self, line: bytes, ts_recv: int) -> list[Body]:
        """Decode one line, of whichever form."""
        if not line.startswith(_CAPTURED):
            return self._codec.decode(line, ts_recv)
        try:
            captured = _LINE.decode(line)
            if captured.t == "recv":
                return self._codec.decode(captured.data.encode(), ts_recv)
            return self._reply(captured, ts_recv) if captured.t == "http" else []
        except _BAD as error:
            return [self._malformed(line, str(error), ts_recv)]

    def _reply(self, captured: _Line, ts_recv: int) -> list[Body]:
        """Read the book a REST reply holds; other replies are not market data."""
        address = urlsplit(captured.url)
        symbols = parse_qs(address.query).get("symbol", [])
        if not address.path.endswith(_DEPTH) or len(symbols) != 1:
            return []
        instrument = instrument_id(self._venue, Symbol(symbols[0]))
        return [rest.book_snapshot(captured.data.encode(), instrument, ts_recv)]

    def _malformed(self, line: bytes, reason: str, ts_recv: int) -> MalformedFrame:
        return MalformedFrame(
            ts_event=ts_recv,
            ts_recv=ts_recv,
            venue=self._venue,
            raw=line[:4096],
            reason=reason[:200],
        )
