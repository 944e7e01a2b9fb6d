"""Conversations on a frame pipe: states, following markets, noticing silence. No clock, no socket.

A venue's `stream` module says what its frames look like; `session` carries them.
"""

from collections.abc import Callable, Iterable
from typing import Final

from core.domain.events import (
    Body,
    Channel,
    ConnectionChanged,
    LinkState,
    MalformedFrame,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import Symbol, VenueId

SILENCE_NS: Final = 15_000_000_000
Decode = Callable[[bytes, int], list[Body]]
_NO_DATA: Final = frozenset({MalformedFrame, UnknownFrame, VenueErrorFrame})


class Conversation:
    """What every conversation of a venue shares: its states, what happened, what waits to leave.

    Attributes:
        connects: How many connections there were.
        newest_ts: The venue's newest time stamp of this connection, ns; 0 before the first.
    """

    channel = Channel.PUBLIC

    def __init__(self, venue: VenueId, decode: Decode) -> None:
        self.connects = 0
        self.newest_ts = 0
        self.wake: Callable[[], None] = _nothing
        self._venue = venue
        self._decode = decode
        self._events: list[Body] = []
        self._outgoing: list[bytes] = []
        self._is_connected = False
        self._fault = ""

    @property
    def is_connected(self) -> bool:
        """Whether a pipe is open."""
        return self._is_connected

    def drop(self, reason: str) -> None:
        """End the connection, so that a fresh one begins."""
        if self._is_connected:
            self._fault = reason
            self.wake()

    def tick(self, now: int, monotonic: int) -> None:
        """Look at the time; nothing is asked for again here."""

    def connecting(self, now: int) -> None:
        """Start an attempt."""
        self._note(LinkState.CONNECTING, "", now)

    def disconnected(self, reason: str, now: int) -> None:
        """End the conversation."""
        self._is_connected = False
        self._outgoing.clear()
        self._note(LinkState.DOWN, self._fault or reason, now)

    def _start(self, now: int) -> None:
        self._is_connected, self._fault = True, ""
        self.connects += 1
        self.newest_ts = 0
        self._outgoing.clear()
        self._note(LinkState.UP, "", now)

    def _note(self, state: LinkState, detail: str, now: int) -> None:
        change = ConnectionChanged(
            ts_event=now,
            ts_recv=now,
            venue=self._venue,
            channel=self.channel,
            state=state,
            detail=detail[:200],
        )
        self._events.append(change)

    def events(self) -> list[Body]:
        """Hand over what happened since the last call."""
        events, self._events = self._events, []
        return events

    def to_send(self) -> list[bytes]:
        """Hand over frames to send, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing


class PublicConversation(Conversation):
    """Market data of the followed symbols; resubscribes them on every connection.

    Attributes:
        silence_ns: How long the venue's time stamps may stand still.
    """

    def __init__(self, venue: VenueId, decode: Decode) -> None:
        super().__init__(venue, decode)
        self.silence_ns = SILENCE_NS
        self._symbols: dict[Symbol, None] = {}
        self._heard_at = 0
        self._is_first = False

    def tick(self, now: int, monotonic: int) -> None:  # noqa: ARG002 - one shape for all
        """Let the silence of a line that had nothing to say count from its first market."""
        if self._is_first:
            self._is_first, self._heard_at = False, monotonic

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        raise NotImplementedError

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write the frames that subscribe or unsubscribe streams."""
        raise NotImplementedError

    def follow(self, symbol: Symbol) -> None:
        """Subscribe a market now and after every reconnect."""
        if symbol not in self._symbols:
            self._is_first = self._is_first or not self._symbols
            self._symbols[symbol] = None
            self._control("SUBSCRIBE", self.streams_of(symbol))

    def unfollow(self, symbol: Symbol) -> None:
        """Unsubscribe a market."""
        if symbol in self._symbols:
            del self._symbols[symbol]
            self._control("UNSUBSCRIBE", self.streams_of(symbol))

    def _control(self, method: str, streams: tuple[str, ...]) -> None:
        if self._is_connected:
            self._outgoing += self.control_frames(method, streams)
            self.wake()

    def connected(self, now: int, monotonic: int) -> None:
        """Subscribe everything on a fresh pipe."""
        self._start(now)
        self._heard_at = monotonic
        streams = [name for symbol in self._symbols for name in self.streams_of(symbol)]
        self._outgoing += self.control_frames("SUBSCRIBE", streams)

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:
        """Take one frame."""
        bodies = self._decode(frame, now)
        self._events += bodies
        for body in bodies:
            if type(body) not in _NO_DATA:
                self.seen(body, monotonic)

    def seen(self, body: Body, monotonic: int) -> None:
        """Note market data: only a newer time stamp of the venue is a sign of life."""
        if body.ts_event > self.newest_ts:
            self.newest_ts = body.ts_event
            self._heard_at = monotonic

    def next_deadline(self) -> int | None:
        """Return when silence becomes a fault: tickers come each second where a market is open."""
        return self._heard_at + self.silence_ns if self._symbols else None

    def fault(self, monotonic: int) -> str:
        """Say what is wrong."""
        if self._symbols and monotonic >= self._heard_at + self.silence_ns:
            return f"nothing new for {self.silence_ns / 1_000_000_000:g} s"
        return self._fault


def _nothing() -> None:
    """Stand in for a wake-up before a pipe is open."""
