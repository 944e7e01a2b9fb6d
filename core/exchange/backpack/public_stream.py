"""The conversation about public markets on Backpack's socket. No clock, no socket.

A valid subscription is never acknowledged, an unknown symbol is silent, errors name no request
(4.2). So silence has a deadline.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.events import (
    Body,
    BookSnapshotSeen,
    DepthChanged,
    LinkState,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    QuoteSeen,
    TickerSeen,
    VenueErrorFrame,
)
from core.domain.ids import InstrumentId, Symbol, VenueId, instrument_id, symbol_of
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import (
    PERPETUAL_STREAMS,
    PERPETUAL_SUFFIX,
    PUBLIC_STREAMS,
)
from core.exchange.backpack.cross_check import TopOfBooks, Verdict
from core.exchange.backpack.liquidations import OF_ALL_MARKETS, Liquidations
from core.exchange.backpack.watch import StreamWatch, WatchLimits
from core.exchange.conversation import PublicConversation

_BATCH: Final = 100
_INVALID_STREAM: Final = 4006
_NS: Final = 1_000_000_000


def public_streams(symbol: Symbol) -> tuple[str, ...]:
    """Name the streams of one followed market."""
    kinds: tuple[str, ...] = PUBLIC_STREAMS
    if symbol.endswith(PERPETUAL_SUFFIX):
        kinds = (*PUBLIC_STREAMS, *PERPETUAL_STREAMS)
    return tuple(f"{kind}.{symbol}" for kind in kinds)


def control_frames(method: str, streams: Iterable[str]) -> list[bytes]:
    """Write subscribe or unsubscribe frames, a hundred streams each.

    Liquidations go alone: the form of their name is not certain, and a refusal must cost no other.
    """
    names = list(streams)
    sure = [name for name in names if not name.startswith(OF_ALL_MARKETS)]
    batches = [sure[start : start + _BATCH] for start in range(0, len(sure), _BATCH)]
    batches += [[name] for name in names if name.startswith(OF_ALL_MARKETS)]
    return [msgspec.json.encode({"method": method, "params": batch}) for batch in batches]


class PublicStream(PublicConversation):
    """Market data of the followed symbols.

    Args:
        venue: What instruments are named after.
        limits: How long streams may be silent.
        is_first: Whether its coming and going is the venue's; a further socket voids only its own
            books when it goes down.

    Attributes:
        gaps: Depth frames that did not continue the one before.
        errors: Error and malformed frames.
    """

    def __init__(
        self, venue: VenueId, limits: WatchLimits | None = None, *, is_first: bool = True
    ) -> None:
        super().__init__(venue, BackpackCodec(venue).decode)
        limits = limits or WatchLimits()
        self.silence_ns = int(limits.silence_secs * _NS)
        self.gaps = 0
        self.errors = 0
        self.tops = TopOfBooks()
        self._is_first_socket = is_first
        self._watch = StreamWatch(limits)
        self._depth_ids: dict[InstrumentId, int] = {}
        self._depth_awaited: dict[InstrumentId, int] = {}
        self._depth_asked: set[InstrumentId] = set()
        self._unwatched: list[str] = []
        self._liquidations = Liquidations()
        self._noted: dict[type, Callable[[Any, int], None]] = {
            DepthChanged: self._depth,
            QuoteSeen: self._quote,
            TickerSeen: lambda body, at: self._periodic("ticker", body.instrument, at),
            MarkPriceSeen: lambda body, at: self._periodic("markPrice", body.instrument, at),
        }

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What is followed."""
        return tuple(self._symbols)

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        return public_streams(symbol)

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write the frames that subscribe or unsubscribe streams."""
        return control_frames(method, streams)

    def events(self) -> list[Body]:
        """Hand over what happened; that a guessed stream name is invalid is no news."""
        return [body for body in super().events() if not _is_invalid_stream(body)]

    # ---- coming and going ----------------------------------------------------------------------

    def follow(self, symbol: Symbol) -> None:
        """Subscribe a market now and after every reconnect."""
        had_any = self._has_perpetuals()
        super().follow(symbol)
        if self._has_perpetuals() and not had_any:
            self._control("SUBSCRIBE", (OF_ALL_MARKETS,))
        self._unwatched += _periodic_streams(symbol)

    def unfollow(self, symbol: Symbol) -> None:
        """Unsubscribe a market."""
        had_any = self._has_perpetuals()
        super().unfollow(symbol)
        if had_any and not self._has_perpetuals():
            self._control("UNSUBSCRIBE", (OF_ALL_MARKETS,))
        for name in _periodic_streams(symbol):
            self._watch.forget(name)
        self._depth_awaited.pop(instrument_id(self._venue, symbol), None)

    def _has_perpetuals(self) -> bool:
        return any(symbol.endswith(PERPETUAL_SUFFIX) for symbol in self._symbols)

    def connected(self, now: int, monotonic: int) -> None:
        """Subscribe everything on a fresh pipe."""
        super().connected(now, monotonic)
        if self._has_perpetuals():
            self._outgoing += self.control_frames("SUBSCRIBE", (OF_ALL_MARKETS,))
        self._liquidations.restart()
        self._watch.restart()
        self.tops.restart()
        self._depth_ids.clear()
        self._depth_awaited.clear()
        self._depth_asked.clear()
        self._unwatched = [name for symbol in self._symbols for name in _periodic_streams(symbol)]

    def _note(self, state: LinkState, detail: str, now: int) -> None:
        if self._is_first_socket:
            super()._note(state, detail, now)
        elif state is LinkState.DOWN and self.connects:
            self._events += [self._void(symbol, detail, now) for symbol in self._symbols]

    def _void(self, symbol: Symbol, reason: str, now: int) -> MalformedFrame:
        return MalformedFrame(
            ts_event=now,
            ts_recv=now,
            venue=self._venue,
            raw=b"",
            reason=f"stream down: {reason}"[:200],
            instrument=instrument_id(self._venue, symbol),
        )

    # ---- what was heard ------------------------------------------------------------------------

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:
        """Take one frame."""
        before = len(self._events)
        super().receive(frame, now, monotonic)
        for body in self._events[before:]:
            if isinstance(body, MalformedFrame | VenueErrorFrame) and not _is_invalid_stream(body):
                self.errors += 1
            elif type(body) is LiquidationSeen and not self._is_wanted(body, frame):
                self._events.remove(body)

    def _is_wanted(self, seen: LiquidationSeen, frame: bytes) -> bool:
        """Whether a liquidation is of a followed market, and told for the first time."""
        is_followed = symbol_of(seen.instrument) in self._symbols
        return is_followed and self._liquidations.is_news(seen, frame)

    def seen(self, body: Body, monotonic: int) -> None:
        """Note market data and what it proves."""
        super().seen(body, monotonic)
        noted = self._noted.get(type(body))
        if noted is not None:
            noted(body, monotonic)

    def _depth(self, frame: DepthChanged, monotonic: int) -> None:
        del monotonic
        instrument = frame.instrument
        previous = self._depth_ids.get(instrument)
        if previous is not None and frame.first_id != previous + 1:
            self.gaps += 1
        self._depth_ids[instrument] = frame.last_id
        if instrument in self._depth_awaited:
            del self._depth_awaited[instrument]
            self._depth_asked.discard(instrument)

    def _quote(self, quote: QuoteSeen, monotonic: int) -> None:
        self.tops.quote(quote)
        instrument = quote.instrument
        if quote.update_id > self._depth_ids.get(instrument, -1):
            self._depth_awaited.setdefault(instrument, monotonic)

    def _periodic(self, kind: str, instrument: InstrumentId, monotonic: int) -> None:
        self._watch.heard(f"{kind}.{symbol_of(instrument)}", monotonic)

    # ---- what was not heard --------------------------------------------------------------------

    def tick(self, now: int, monotonic: int) -> None:
        """Ask again for streams that are late, and say so."""
        super().tick(now, monotonic)
        for name in self._unwatched:
            self._watch.expect(name, monotonic)
        self._unwatched.clear()
        late = self._watch.overdue(monotonic) + self._late_books(monotonic)
        if late:
            self._fault = self._fault or self._watch.fault()
            self._outgoing += self.control_frames("SUBSCRIBE", late)
            self._events += [self._complaint(name, now) for name in late]

    def _late_books(self, monotonic: int) -> list[str]:
        """Name the depth streams that stand still while the best prices move on."""
        late = [
            instrument
            for instrument, since in self._depth_awaited.items()
            if monotonic - since >= self.silence_ns
        ]
        for instrument in late:
            self._depth_awaited[instrument] = monotonic
            if instrument in self._depth_asked:
                self._fault = f"depth.{symbol_of(instrument)} fell silent"
            self._depth_asked.add(instrument)
        return [f"depth.{symbol_of(instrument)}" for instrument in late]

    def _complaint(self, name: str, now: int) -> VenueErrorFrame:
        return VenueErrorFrame(
            ts_event=now,
            ts_recv=now,
            venue=self._venue,
            code=0,
            message=f"{name} delivers nothing: subscribed again",
        )

    def silent(self) -> tuple[str, ...]:
        """Name the streams that are late."""
        books = (f"depth.{symbol_of(instrument)}" for instrument in self._depth_asked)
        return (*self._watch.silent(), *books)

    def next_deadline(self) -> int | None:
        """Return when the next silence has to be looked at."""
        waiting = [each + self.silence_ns for each in self._depth_awaited.values()]
        deadlines = [super().next_deadline(), self._watch.next_deadline(), *waiting]
        return min((each for each in deadlines if each is not None), default=None)

    def compare(self, snapshot: BookSnapshotSeen) -> Verdict:
        """Hold a book that came by REST against this stream."""
        return self.tops.compare(snapshot, self._depth_ids.get(snapshot.instrument))

    def doubt_book(self, instrument: InstrumentId, reason: str, now: int) -> None:
        """Void one book, and subscribe its depth again."""
        symbol = Symbol(symbol_of(instrument))
        self._events.append(self._void(symbol, reason, now))
        self._control("SUBSCRIBE", (f"depth.{symbol}",))


def _periodic_streams(symbol: Symbol) -> tuple[str, ...]:
    """Name the streams that come each second while a market is open."""
    if symbol.endswith(PERPETUAL_SUFFIX):
        return (f"ticker.{symbol}", f"markPrice.{symbol}")
    return (f"ticker.{symbol}",)


def _is_invalid_stream(body: Body) -> bool:
    return isinstance(body, VenueErrorFrame) and body.code == _INVALID_STREAM
