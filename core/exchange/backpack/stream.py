"""The conversations on Backpack's socket: public markets, one account. No clock, no socket.

A valid subscription is never acknowledged, an unknown symbol is silent, errors name no request
(4.2). So silence has a deadline, and any error after a private subscription is a failed login.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from core.domain.events import Body, Channel, VenueErrorFrame
from core.domain.ids import Symbol, VenueId
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.constants import (
    PERPETUAL_STREAMS,
    PERPETUAL_SUFFIX,
    PRIVATE_STREAMS,
    PUBLIC_STREAMS,
)
from core.exchange.conversation import Conversation, PublicConversation

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


class PublicStream(PublicConversation):
    """Market data of the followed symbols."""

    def __init__(self, venue: VenueId) -> None:
        super().__init__(venue, BackpackCodec(venue).decode)

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        return public_streams(symbol)

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write the frames that subscribe or unsubscribe streams."""
        return control_frames(method, streams)

    def events(self) -> list[Body]:
        """Hand over what happened; that a guessed stream name is invalid is no news."""
        return [body for body in super().events() if not _is_invalid_stream(body)]


def _is_invalid_stream(body: Body) -> bool:
    return isinstance(body, VenueErrorFrame) and body.code == _INVALID_STREAM


class PrivateStream(Conversation):
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
        super().__init__(venue, codec.decode)
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
        for body in self._decode(frame, now):
            self._events.append(body)
            if isinstance(body, VenueErrorFrame):
                self._fault = f"login refused: {body.code} {body.message}"

    def next_deadline(self) -> int | None:
        """Return None: an account may be silent for hours; pings notice a dead line."""
        return None

    def fault(self, monotonic: int) -> str:  # noqa: ARG002
        """Say what is wrong."""
        return self._fault
