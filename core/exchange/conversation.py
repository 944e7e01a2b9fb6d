"""Conversations on a frame pipe: states, following markets, noticing silence. No clock, no socket.

A venue's `stream` module says what its frames look like; `session` carries them.
"""

from collections.abc import Callable, Iterable
from typing import Final

from core.domain.events import Body, Channel, ConnectionChanged, LinkState
from core.domain.ids import Symbol, VenueId

SILENCE_NS: Final = 15_000_000_000
Decode = Callable[[bytes, int], list[Body]]


class Conversation:
    """What every conversation of a venue shares: its states, what happened, what waits to leave."""

    channel = Channel.PUBLIC

    def __init__(self, venue: VenueId, decode: Decode) -> None:
        self.wake: Callable[[], None] = _nothing
        self._venue = venue
        self._decode = decode
        self._events: list[Body] = []
        self._outgoing: list[bytes] = []
        self._is_connected = False
        self._fault = ""

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
    """Market data of the followed symbols; resubscribes them on every connection."""

    def __init__(self, venue: VenueId, decode: Decode) -> None:
        super().__init__(venue, decode)
        self._symbols: dict[Symbol, None] = {}
        self._heard_at = 0

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        raise NotImplementedError

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write the frames that subscribe or unsubscribe streams."""
        raise NotImplementedError

    def follow(self, symbol: Symbol) -> None:
        """Subscribe a market now and after every reconnect."""
        if symbol not in self._symbols:
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
        self._heard_at = monotonic
        self._events += self._decode(frame, now)

    def next_deadline(self) -> int | None:
        """Return when silence becomes a fault: tickers come each second where a market is open."""
        return self._heard_at + SILENCE_NS if self._symbols else None

    def fault(self, monotonic: int) -> str:
        """Say what is wrong."""
        deadline = self.next_deadline()
        if deadline is not None and monotonic >= deadline:
            return f"no frame for {SILENCE_NS // 1_000_000_000} s"
        return ""


def _nothing() -> None:
    """Stand in for a wake-up before a pipe is open."""
