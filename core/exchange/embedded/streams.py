"""Sessions and subscriptions: who hears what.

A topic is the stream's name, or the account's name in front of it for private streams. Frames are
built by others, and only when `wants` says that somebody listens.
"""

import re
from typing import Final

import msgspec

from core.exchange.embedded.candles import INTERVALS

_DEPTH_WINDOW = re.compile(r"depth\.(\d+ms)\.(.+)\Z")
DEPTH_WINDOWS_MS: Final = (200, 600, 1000)
_PLAIN_STREAMS: Final = frozenset(
    {"bookTicker", "depth", "liquidation", "markPrice", "openInterest", "ticker", "trade"}
)
_PRIVATE_STREAMS: Final = (
    "account.balanceUpdate",
    "account.orderUpdate",
    "account.positionUpdate",
    "account.rfqUpdate",
)

INVALID_STREAM: Final = b'{"id":null,"error":{"code":4006,"message":"Invalid stream"}}'
INVALID_WINDOW: Final = b'{"id":null,"error":{"code":4008,"message":"Invalid depth window"}}'
PARSE_ERROR: Final = b'{"id":null,"error":{"code":4002,"message":"Parse error"}}'
INVALID_SIGNATURE: Final = b'{"id":null,"error":{"code":4005,"message":"Invalid signature"}}'


class Control(msgspec.Struct, frozen=True, gc=False):
    """A frame from a client."""

    method: str
    params: list[str] = []
    signature: list[str] | None = None


class Session:
    """One connection: what it subscribed and what waits for it."""

    __slots__ = ("id", "outbox", "topics")

    def __init__(self, session_id: int) -> None:
        self.id = session_id
        self.topics: dict[str, None] = {}
        self.outbox: list[bytes] = []


def parse_control(frame: bytes) -> Control | None:
    """Read a client's frame; None where it is not one."""
    try:
        control = msgspec.json.decode(frame, type=Control)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return control if control.method in {"SUBSCRIBE", "UNSUBSCRIBE"} else None


def is_private(stream: str) -> bool:
    """Tell whether a stream needs a signature."""
    return stream.startswith("account.")


def stream_error(stream: str) -> bytes | None:
    """Return the error frame a stream name earns, or None."""
    if is_private(stream):
        return None if _is_private_name(stream) else INVALID_STREAM
    window = _DEPTH_WINDOW.match(stream)
    if window is not None:
        known = {f"{each}ms" for each in DEPTH_WINDOWS_MS}
        return None if window.group(1) in known else INVALID_WINDOW
    return None if _is_public_name(stream) else INVALID_STREAM


def _is_private_name(stream: str) -> bool:
    return any(stream == name or stream.startswith(f"{name}.") for name in _PRIVATE_STREAMS)


def _is_public_name(stream: str) -> bool:
    kind, _, rest = stream.partition(".")
    if kind == "kline":
        interval, _, symbol = rest.partition(".")
        return interval in INTERVALS and bool(symbol)
    return kind in _PLAIN_STREAMS


class Hub:
    """Topics and the sessions behind them."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._topics: dict[str, dict[int, Session]] = {}
        self._next_id = 0

    def open(self) -> Session:
        """Open a session."""
        self._next_id += 1
        session = self._sessions[self._next_id] = Session(self._next_id)
        return session

    def find(self, session_id: int) -> Session | None:
        """Return a session by its id."""
        return self._sessions.get(session_id)

    def close(self, session_id: int) -> None:
        """Forget a session and what it heard."""
        session = self._sessions.pop(session_id, None)
        for topic in () if session is None else tuple(session.topics):
            self.unsubscribe(session_id, topic)

    def subscribe(self, session: Session, topic: str) -> None:
        """Add a topic; twice is harmless."""
        session.topics[topic] = None
        self._topics.setdefault(topic, {})[session.id] = session

    def unsubscribe(self, session_id: int, topic: str) -> None:
        """Remove a topic."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.topics.pop(topic, None)
        listeners = self._topics.get(topic)
        if listeners is not None:
            listeners.pop(session_id, None)
            if not listeners:
                del self._topics[topic]

    def wants(self, topic: str) -> bool:
        """Tell whether anybody hears a topic."""
        return topic in self._topics

    def publish(self, topic: str, frame: bytes) -> None:
        """Give a frame to everybody who hears a topic."""
        for session in self._topics.get(topic, {}).values():
            session.outbox.append(frame)
