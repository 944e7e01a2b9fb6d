"""Reads the lines Wingman's own recordings add to the frames: head, connection, REST reply."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.errors import ConfigError, DataInvalid
from core.domain.events import Body, BookSnapshotSeen, MalformedFrame
from core.domain.ids import InstrumentId, Symbol, VenueId, instrument_id
from core.exchange.backpack import market_replies as backpack_replies
from core.exchange.binance import rest as binance_rest
from core.exchange.replay import KINDS, ReplayDecoder

_OURS: Final = b'{"wingman":'
_FORM: Final = 1
BookReader = Callable[[bytes, InstrumentId, int], BookSnapshotSeen]
_BOOKS: Final[dict[str, BookReader]] = {
    "backpack": backpack_replies.book_snapshot,
    "binance-spot": binance_rest.book_snapshot,
    "binance-usdm": binance_rest.book_snapshot,
    "binance-coinm": binance_rest.book_snapshot,
}


class Head(msgspec.Struct, frozen=True, gc=False):
    """The first line of an own recording."""

    wingman: str
    form: int
    venue: str
    kind: str


class _ReplyLine(msgspec.Struct, frozen=True, gc=False):
    wingman: str
    query: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"")


def read_head(line: bytes) -> Head | None:
    """Return what an own recording says of itself; None for any other recording.

    Raises:
        ConfigError: when it is of a form this version cannot read.
    """
    if not line.startswith(_OURS):
        return None
    try:
        head = msgspec.json.decode(line, type=Head)
    except msgspec.DecodeError:
        return None
    if head.form != _FORM or head.kind not in KINDS:
        raise ConfigError(
            "recording is of a form this version cannot read",
            f"form {head.form}, kind {head.kind!r}",
            "Use the version that wrote it",
        )
    return head


class OwnRecordingDecoder:
    """Decodes the lines of one recording of `wingman record`."""

    def __init__(self, head: Head) -> None:
        self._venue = VenueId(head.venue)
        self._frames = ReplayDecoder(head.kind, self._venue).decode
        self._book = _BOOKS.get(head.kind)
        self._lines = msgspec.json.Decoder(_ReplyLine)

    def decode(self, line: bytes, recv_ns: int) -> list[Body]:
        """Decode one line; never raises."""
        if not line.startswith(_OURS):
            return self._frames(line, recv_ns)
        try:
            own = self._lines.decode(line)
            return [self._snapshot(own, recv_ns)] if own.wingman == "reply" else []
        except (msgspec.DecodeError, DataInvalid) as error:
            return [self._malformed(line, recv_ns, error)]

    def _snapshot(self, own: _ReplyLine, recv_ns: int) -> BookSnapshotSeen:
        if self._book is None:
            raise DataInvalid("a book's reply in a recording that needs none", self._venue)
        symbol = Symbol(own.query.get("symbol", ""))
        return self._book(bytes(own.body), instrument_id(self._venue, symbol), recv_ns)

    def _malformed(self, line: bytes, recv_ns: int, error: Any) -> MalformedFrame:
        return MalformedFrame(
            ts_event=recv_ns, ts_recv=recv_ns, venue=self._venue, raw=line[:200], reason=str(error)
        )
