"""The conversations on Backpack's socket: subscribe, decode, notice silence. No clock, no socket.

A valid subscription is never acknowledged, an unknown symbol is silent, errors name no request
(4.2). So silence has a deadline, and any error after a private subscription is a failed login.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from core.domain.events import Body, Channel, ConnectionChanged, LinkState, VenueErrorFrame
from core.domain.ids import Symbol, VenueId
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import (
    PERPETUAL_STREAMS,
    PERPETUAL_SUFFIX,
    PRIVATE_STREAMS,
    PUBLIC_STREAMS,
)

SILENCE_NS: Final = 15_000_000_000
_BATCH: Final = 100
_UNSURE: Final = "liquidation"
_INVALID_STREAM: Final = 4006
_NS_PER_MS: Final = 1_000_000


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
    sure = [name for name in names if not name.startswith(_UNSURE)]
    batches = [sure[start : start + _BATCH] for start in range(0, len(sure), _BATCH)]
    batches += [[name] for name in names if name.startswith(_UNSURE)]
    return [msgspec.json.encode({"method": method, "params": batch}) for batch in batches]


class _Conversation:
    """What both channels share."""

    channel: Channel

    def __init__(self, venue: VenueId, codec: BackpackCodec) -> None:
        self.wake: Callable[[], None] = _nothing
        self._venue = venue
        self._codec = codec
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


class PublicStream(_Conversation):
    """Market data of the followed symbols; resubscribes them on every connection."""

    channel = Channel.PUBLIC

    def __init__(self, venue: VenueId) -> None:
        super().__init__(venue, BackpackCodec(venue))
        self._symbols: dict[Symbol, None] = {}
        self._heard_at = 0

    def follow(self, symbol: Symbol) -> None:
        """Subscribe a market now and after every reconnect."""
        if symbol not in self._symbols:
            self._symbols[symbol] = None
            self._control("SUBSCRIBE", public_streams(symbol))

    def unfollow(self, symbol: Symbol) -> None:
        """Unsubscribe a market."""
        if symbol in self._symbols:
            del self._symbols[symbol]
            self._control("UNSUBSCRIBE", public_streams(symbol))

    def _control(self, method: str, streams: tuple[str, ...]) -> None:
        if self._is_connected:
            self._outgoing += control_frames(method, streams)
            self.wake()

    def connected(self, now: int, monotonic: int) -> None:
        """Subscribe everything on a fresh pipe."""
        self._start(now)
        self._heard_at = monotonic
        streams = [name for symbol in self._symbols for name in public_streams(symbol)]
        self._outgoing += control_frames("SUBSCRIBE", streams)

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:
        """Take one frame."""
        self._heard_at = monotonic
        for body in self._codec.decode(frame, now):
            if not (isinstance(body, VenueErrorFrame) and body.code == _INVALID_STREAM):
                self._events.append(body)

    def next_deadline(self) -> int | None:
        """Return when silence becomes a fault: tickers come each second where a market is open."""
        return self._heard_at + SILENCE_NS if self._symbols else None

    def fault(self, monotonic: int) -> str:
        """Say what is wrong."""
        deadline = self.next_deadline()
        if deadline is not None and monotonic >= deadline:
            return f"no frame for {SILENCE_NS // 1_000_000_000} s"
        return ""


class PrivateStream(_Conversation):
    """One account's orders, positions and balances.

    Args:
        venue: Whose instruments the reports name.
        codec: Made for the account.
        signature: Signs a fresh subscription; takes the venue's time in ms.
        clock_offset_ns: Returns venue time minus local time.
    """

    channel = Channel.PRIVATE

    def __init__(
        self,
        venue: VenueId,
        codec: BackpackCodec,
        signature: Callable[[int], tuple[str, str, str, str]],
        clock_offset_ns: Callable[[], int],
    ) -> None:
        super().__init__(venue, codec)
        self._signature = signature
        self._clock_offset_ns = clock_offset_ns

    def connected(self, now: int, monotonic: int) -> None:  # noqa: ARG002 - one shape for all
        """Log in with a fresh signature."""
        self._start(now)
        signature = self._signature((now + self._clock_offset_ns()) // _NS_PER_MS)
        login = {"method": "SUBSCRIBE", "params": PRIVATE_STREAMS, "signature": signature}
        self._outgoing.append(msgspec.json.encode(login))

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:  # noqa: ARG002
        """Take one frame; an error frame ends the conversation."""
        for body in self._codec.decode(frame, now):
            self._events.append(body)
            if isinstance(body, VenueErrorFrame):
                self._fault = f"login refused: {body.code} {body.message}"

    def next_deadline(self) -> int | None:
        """Return None: an account may be silent for hours; pings notice a dead line."""
        return None

    def fault(self, monotonic: int) -> str:  # noqa: ARG002
        """Say what is wrong."""
        return self._fault


def _nothing() -> None:
    """Stand in for a wake-up before a pipe is open."""
