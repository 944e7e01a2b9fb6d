"""How the venues of a run are opened: each kind by its own adapter, behind one port."""

import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, Protocol

import msgspec

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.errors import ConfigError
from core.domain.events import Body, OrderNotSent
from core.domain.ids import InstrumentId, VenueId
from core.exchange.backpack import constants as backpack
from core.exchange.backpack.canceller import AccountCanceller
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.signing import Credentials
from core.exchange.backpack.venue import BackpackVenue
from core.exchange.binance import constants as binance
from core.exchange.binance.constants import BinanceMarket
from core.exchange.binance.venue import BinanceVenue
from core.exchange.candles import CandleCache
from core.exchange.contract import Transport
from core.exchange.hyperliquid import constants as hyperliquid
from core.exchange.hyperliquid.venue import HyperliquidVenue
from core.exchange.paper.settings import PaperSettings
from core.runtime.clock import Clock
from core.runtime.config import VenueKind
from core.runtime.shell import VenuePort

_BINANCE: Final = {
    VenueKind.BINANCE_SPOT: BinanceMarket.SPOT,
    VenueKind.BINANCE_USDM: BinanceMarket.USDM,
    VenueKind.BINANCE_COINM: BinanceMarket.COINM,
}
LIVE_URLS: Final = {
    VenueKind.BACKPACK: (backpack.REST_URL, backpack.STREAM_URL),
    VenueKind.HYPERLIQUID: (hyperliquid.REST_URL, hyperliquid.STREAM_URL),
    **{
        kind: (binance.REST_URLS[market], binance.STREAM_URLS[market])
        for kind, market in _BINANCE.items()
    },
}
"""REST and stream address of each kind."""


class PaperTerms(msgspec.Struct, frozen=True):
    """How trading on paper differs from venue to venue."""

    asset: str
    fees_bps: tuple[str, str, str, str]
    """Perpetual maker and taker, spot maker and taker: the venue's first tier."""
    bump_ns: int = 0
    """How long every order that is not post-only is held."""
    has_majors: bool = False
    """Whether its markets are known by the names a run watches without a watchlist."""


PAPER_TERMS: Final = {
    VenueKind.BACKPACK: PaperTerms("USDC", ("2", "5", "8", "10"), 100_000_000, has_majors=True),
    VenueKind.HYPERLIQUID: PaperTerms("USDC", ("1.5", "4.5", "4", "7")),
    VenueKind.BINANCE_SPOT: PaperTerms("USDT", ("2", "5", "10", "10")),
    VenueKind.BINANCE_USDM: PaperTerms("USDT", ("2", "5", "10", "10")),
    VenueKind.CCXT: PaperTerms("USDT", ("2", "5", "10", "10")),
}
"""Coin-margined contracts are missing: they settle in what they are about, and only give prices."""


class PaperPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A source's account on paper, and the file it lives in."""

    settings: PaperSettings
    file: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One venue of a run before it is opened."""

    name: VenueId
    transport: Callable[[], Transport] | None
    kind: VenueKind = VenueKind.BACKPACK
    credentials: Credentials | None = None
    leader: Credentials | None = None
    pacing: PacingLimits | None = None
    address: str = ""
    """Where its requests go; empty for a venue in this process."""
    exchange: str = ""
    """With kind `ccxt`: the library's name of the exchange; it brings its own transport."""
    paper: PaperPlan | None = None
    """Public data with orders matched here; never together with credentials."""

    @property
    def is_traded(self) -> bool:
        """Whether there is an account, real or on paper."""
        return self.credentials is not None or self.paper is not None

    @property
    def is_outside(self) -> bool:
        """Whether its account lives in another process."""
        return bool(self.address) and self.paper is None


class Door(Protocol):
    """Where the events of a venue go."""

    def publish(self, body: Body) -> None:
        """Take an event; never blocks."""


class _PublicPort(Protocol):
    name: VenueId

    def subscribe(self, instrument: InstrumentId) -> None: ...
    def unsubscribe(self, instrument: InstrumentId) -> None: ...
    def query(self, query: Query) -> None: ...


class PublicOnly:
    """A venue of market data alone as the shell sees it: an order to it is proved not sent."""

    def __init__(self, inner: _PublicPort, clock: Clock, shell: Door) -> None:
        self._inner = inner
        self._clock = clock
        self._shell = shell
        self.subscribe = inner.subscribe
        self.unsubscribe = inner.unsubscribe
        self.query = inner.query

    def place(self, effect: PlaceOrder) -> None:
        """Refuse: there is no account here."""
        now = self._clock.now()
        self._shell.publish(
            OrderNotSent(
                ts_event=now,
                ts_recv=now,
                client_order_id=effect.client_order_id,
                reason=f"{self._inner.name} is market data only",
            )
        )

    def cancel(self, effect: CancelOrder) -> None:
        """Ignore: nothing can rest here."""


def canceller_of(source: Source, transport: Transport, clock: Clock) -> AccountCanceller:
    """Return what may cancel in a source's account, by a transport of its own."""
    assert source.credentials is not None
    return AccountCanceller(transport, clock, source.credentials)


async def open_venue(
    source: Source,
    transport: Transport | None,
    clock: Clock,
    shell: Door,
    rng: random.Random,
    stack: AsyncExitStack,
    candles: CandleCache | None = None,
) -> VenuePort:
    """Open one venue and leave it to the stack to close.

    Final candles of a Backpack venue go to `candles`, which stays open; to memory if None.

    Raises:
        ConfigError: when the exchange is unknown or its library is missing.
    """
    name, publish = source.name, shell.publish
    if transport is None:
        return await _open_ccxt(source, clock, shell, rng, stack)
    if source.kind is VenueKind.BACKPACK:
        venue = BackpackVenue(
            name,
            transport,
            clock,
            publish,
            rng,
            credentials=source.credentials,
            pacing=source.pacing,
            candles=candles,
        )
        return await stack.enter_async_context(venue)
    if source.kind is VenueKind.HYPERLIQUID:
        wallets = HyperliquidVenue(name, transport, clock, publish, rng)
        return PublicOnly(await stack.enter_async_context(wallets), clock, shell)
    market = _BINANCE[source.kind]
    public = BinanceVenue(name, market, transport, clock, publish, rng)
    return PublicOnly(await stack.enter_async_context(public), clock, shell)


async def _open_ccxt(
    source: Source, clock: Clock, shell: Door, rng: random.Random, stack: AsyncExitStack
) -> VenuePort:
    """Open an exchange through the library: prices alone, for nothing there is proven yet."""
    from core.exchange.ccxt.library import open_exchange  # noqa: PLC0415  a heavy extra
    from core.exchange.ccxt.venue import CcxtVenue  # noqa: PLC0415  as above

    if not source.exchange:
        raise ConfigError(
            "venue names no exchange", source.name, 'Add exchange = "kraken" or another to it'
        )
    venue = CcxtVenue(source.name, open_exchange(source.exchange), clock, shell.publish, rng)
    return await stack.enter_async_context(venue)
