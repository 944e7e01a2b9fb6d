"""A wallet's fills as values: once each, in order, grouped by the order they belong to. Pure."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.domain.order import Side
from core.exchange.hyperliquid import wire
from core.exchange.hyperliquid.constants import SIDES, SYSTEM_WORDS

FillKey = tuple[str, str]
"""Wallet, and what makes a fill the same within it."""


class WalletFill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of one wallet; times in ms, position signed."""

    wallet: str
    coin: str
    side: Side
    price: Decimal
    quantity: Decimal
    time_ms: int
    order_id: int
    trade_id: int
    before: Decimal | None = None
    """Position before it, as the venue states it."""
    word: str = ""
    """The venue's `dir`: for reading, and where `before` is missing."""
    is_taker: bool | None = None
    twap_id: int | None = None

    @property
    def signed(self) -> Decimal:
        """What it adds to the position."""
        return self.quantity * self.side.sign

    @property
    def key(self) -> FillKey:
        """Wallet and trade id: both sides of a trade report the same one. Dust rows have none."""
        if self.trade_id:
            return (self.wallet, str(self.trade_id))
        parts = (self.time_ms, self.coin, self.order_id, self.quantity, self.price)
        return (self.wallet, "/".join(map(str, parts)))

    @property
    def is_spot(self) -> bool:
        """Whether it is of a spot market: those stand in the same list."""
        return self.coin.startswith("@") or "/" in self.coin

    @property
    def is_system(self) -> bool:
        """Whether the venue did it: liquidation, deleveraging, settlement, dust."""
        return self.word.startswith(SYSTEM_WORDS)


def wallet_fill(fill: wire.Fill, wallet: str, twap_id: int | None = None) -> WalletFill:
    """Read a fill; the wallet's own side counts.

    Raises:
        KeyError: when the side is no side.
    """
    return WalletFill(
        wallet=wallet.lower(),
        coin=fill.coin,
        side=SIDES[fill.side],
        price=fill.px,
        quantity=fill.sz,
        time_ms=fill.time,
        order_id=fill.oid,
        trade_id=fill.tid,
        before=fill.start_position,
        word=fill.dir,
        is_taker=fill.crossed,
        twap_id=fill.twap_id if twap_id is None else twap_id,
    )


def oldest_first(fills: Iterable[WalletFill]) -> list[WalletFill]:
    """Sort by time; within one millisecond the list's own order stays, turned if it ran back."""
    listed = list(fills)
    if listed and listed[0].time_ms > listed[-1].time_ms:
        listed.reverse()
    return sorted(listed, key=lambda fill: fill.time_ms)


class FillGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The fills of one order, or of one TWAP, in one block."""

    fills: tuple[WalletFill, ...]

    @property
    def first(self) -> WalletFill:
        """The first of them."""
        return self.fills[0]

    @property
    def quantity(self) -> Decimal:
        """Size in all."""
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def price(self) -> Decimal:
        """Average price by size."""
        cost = sum((fill.quantity * fill.price for fill in self.fills), Decimal(0))
        return cost / self.quantity if self.quantity else self.first.price


def grouped(fills: Iterable[WalletFill]) -> list[FillGroup]:
    """Group fills of one market, side, order (or TWAP) and millisecond, in order of the first."""
    groups: dict[tuple[object, ...], list[WalletFill]] = {}
    for fill in fills:
        order = ("twap", fill.twap_id) if fill.twap_id else ("order", fill.order_id)
        key = (fill.wallet, fill.coin, fill.side, fill.time_ms, *order)
        groups.setdefault(key, []).append(fill)
    return [FillGroup(fills=tuple(group)) for group in groups.values()]
