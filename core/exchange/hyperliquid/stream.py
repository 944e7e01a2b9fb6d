"""Conversations on Hyperliquid's socket: markets, and wallets. No clock, no socket.

Each subscription is a frame of its own. The server sends no pings and closes what it has not spoken
to for a minute, so we ping, and silence after our pings is a fault.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from core.domain.ids import Symbol, VenueId
from core.exchange.conversation import Conversation, PublicConversation
from core.exchange.hyperliquid import wire
from core.exchange.hyperliquid.codec import HyperliquidCodec
from core.exchange.hyperliquid.constants import MARKET_STREAMS, PING_NS, WALLET_STREAMS
from core.exchange.hyperliquid.fills import WalletFill, wallet_fill

_PING: Final = b'{"method":"ping"}'
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError)
_SILENCE_NS: Final = 15_000_000_000


class _Pinger:
    """When to ping next."""

    def __init__(self) -> None:
        self.due_at = 0

    def start(self, monotonic: int) -> None:
        """Begin on a fresh pipe."""
        self.due_at = monotonic + PING_NS

    def frames(self, monotonic: int) -> list[bytes]:
        """Return a ping if it is time."""
        if monotonic < self.due_at:
            return []
        self.due_at = monotonic + PING_NS
        return [_PING]


class MarketStream(PublicConversation):
    """Books, prints and quotes of the followed coins.

    Names must be of the catalogue: an unknown one closes the socket with everything on it.
    """

    def __init__(self, venue: VenueId) -> None:
        self.codec = HyperliquidCodec(venue)
        self._pinger = _Pinger()
        super().__init__(venue, self.codec.decode)

    def streams_of(self, symbol: Symbol) -> tuple[str, ...]:
        """Name the streams of one market."""
        return tuple(f"{kind} {symbol}" for kind in MARKET_STREAMS)

    def control_frames(self, method: str, streams: Iterable[str]) -> list[bytes]:
        """Write one frame a subscription."""
        pairs = (name.split(" ", 1) for name in streams)
        return [_control(method, {"type": kind, "coin": coin}) for kind, coin in pairs]

    def connected(self, now: int, monotonic: int) -> None:
        """Subscribe everything on a fresh pipe; books begin anew."""
        self.codec.forget_books()
        self._pinger.start(monotonic)
        super().connected(now, monotonic)

    def next_deadline(self) -> int | None:
        """Return when to ping, or when silence becomes a fault."""
        silence = super().next_deadline()
        return self._pinger.due_at if silence is None else min(silence, self._pinger.due_at)

    def fault(self, monotonic: int) -> str:
        """Say what is wrong; pings leave on the way."""
        pings = self._pinger.frames(monotonic)
        if pings:
            self._outgoing += pings
            self.wake()
        silence = super().next_deadline()
        return "no frame for 15 s" if silence is not None and monotonic >= silence else ""


class WalletNews(msgspec.Struct, frozen=True, kw_only=True):
    """What a wallet's streams said: fills, or all positions of one dex."""

    wallet: str
    fills: tuple[WalletFill, ...] = ()
    is_snapshot: bool = False
    state: wire.State | None = None
    dex: str = ""


class WalletStream(Conversation):
    """Fills and positions of wallets, at most ten on one address."""

    def __init__(
        self, venue: VenueId, wallets: Iterable[str], on_news: Callable[[WalletNews], None]
    ) -> None:
        self._codec = HyperliquidCodec(venue)
        super().__init__(venue, self._codec.decode)
        self._wallets = tuple(wallet.lower() for wallet in wallets)
        self._on_news = on_news
        self._pinger = _Pinger()
        self._heard_at = 0

    def connected(self, now: int, monotonic: int) -> None:
        """Subscribe every wallet on a fresh pipe."""
        self._start(now)
        self._heard_at = monotonic
        self._pinger.start(monotonic)
        self._outgoing += [
            _control("SUBSCRIBE", {"type": kind, "user": wallet})
            for wallet in self._wallets
            for kind in WALLET_STREAMS
        ]

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:
        """Take one frame: a wallet's news, or something else."""
        self._heard_at = monotonic
        try:
            news = wallet_news(frame)
        except _BAD:
            news = None
        if news is None:
            self._events += self._decode(frame, now)
        elif news.wallet in self._wallets:
            self._on_news(news)

    def next_deadline(self) -> int | None:
        """Return when to ping, or when silence becomes a fault."""
        return min(self._heard_at + _SILENCE_NS, self._pinger.due_at)

    def fault(self, monotonic: int) -> str:
        """Say what is wrong; pings leave on the way."""
        pings = self._pinger.frames(monotonic)
        if pings:
            self._outgoing += pings
            self.wake()
        return "no frame for 15 s" if monotonic >= self._heard_at + _SILENCE_NS else ""


def wallet_news(frame: bytes) -> WalletNews | None:
    """Read a wallet's frame, None if it is none.

    `{"channel":"userFills","data":{"isSnapshot":true,"user":"0x70..","fills":[]}}`

    Raises:
        msgspec.DecodeError, KeyError: when it is one, and broken.
    """
    envelope = msgspec.json.decode(frame, type=wire.Envelope)
    if envelope.channel == "userFills":
        told = msgspec.json.decode(envelope.data, type=wire.UserFills)
        fills = tuple(wallet_fill(fill, told.user) for fill in told.fills)
        return WalletNews(wallet=told.user.lower(), fills=fills, is_snapshot=told.is_snapshot)
    if envelope.channel == "userTwapSliceFills":
        sliced = msgspec.json.decode(envelope.data, type=wire.UserSliceFills)
        rows = sliced.twap_slice_fills
        fills = tuple(wallet_fill(row.fill, sliced.user, row.twap_id) for row in rows)
        return WalletNews(wallet=sliced.user.lower(), fills=fills, is_snapshot=sliced.is_snapshot)
    if envelope.channel == "clearinghouseState":
        state = msgspec.json.decode(envelope.data, type=wire.UserState)
        return WalletNews(wallet=state.user.lower(), state=state.clearinghouse_state, dex=state.dex)
    return None


def _control(method: str, subscription: dict[str, str]) -> bytes:
    return msgspec.json.encode({"method": method.lower(), "subscription": subscription})
