"""Follows a wallet's position from fill to fill and notices where something is missing. Pure.

All fills of one millisecond are one step: their order is not known, their sum is. A step joins the
one before if the position so far is one that the step's fills start from.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

import msgspec

from core.exchange.hyperliquid.fills import WalletFill, oldest_first

_ZERO: Final = Decimal(0)


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Fills are missing before this one."""

    wallet: str
    coin: str
    time_ms: int
    expected: Decimal
    """The position by the fills we have."""
    stated: Decimal | None
    """The position the venue says; None where only its word disagrees."""
    word: str = ""


class PositionChain:
    """The positions of one wallet by its fills.

    Attributes:
        positions: Signed size by coin, as of the last fill.
        holes: What did not fit, oldest first.
    """

    def __init__(self) -> None:
        self.positions: dict[str, Decimal] = {}
        self.holes: list[Hole] = []

    def take(self, fills: Iterable[WalletFill]) -> list[Hole]:
        """Take new fills, each once, none older than before; return the holes they show."""
        found: list[Hole] = []
        for _, step in groupby(oldest_first(fills), key=lambda fill: fill.time_ms):
            by_coin: dict[str, list[WalletFill]] = {}
            for fill in step:
                by_coin.setdefault(fill.coin, []).append(fill)
            for coin, together in by_coin.items():
                found += self._step(coin, together)
        self.holes += found
        return found

    def state(self, coin: str, position: Decimal) -> None:
        """Take the venue's word for a position."""
        self.positions[coin] = position

    def _step(self, coin: str, fills: list[WalletFill]) -> list[Hole]:
        if any(fill.before is None for fill in fills):
            return self._step_by_words(coin, fills)
        before = self.positions.get(coin)
        starts = [fill.before for fill in fills if fill.before is not None]
        total = sum((fill.signed for fill in fills), _ZERO)
        if before in starts:
            self.positions[coin] = starts[starts.index(before)] + total
            return []
        stated = _first_of(fills)
        self.positions[coin] = stated + total
        return [] if before is None else [_hole(fills[0], before, stated)]

    def _step_by_words(self, coin: str, fills: list[WalletFill]) -> list[Hole]:
        """Check against `dir` alone: a wallet known from its beginning starts flat."""
        found = []
        for fill in fills:
            before = self.positions.get(coin, _ZERO)
            least = _least_before(fill, before)
            if least != before:
                found.append(_hole(fill, before, None))
            self.positions[coin] = least + fill.signed
        return found


def _first_of(fills: Sequence[WalletFill]) -> Decimal:
    """Return the position before the first fill of a step: where none of the others ends."""
    ends = [fill.before + fill.signed for fill in fills if fill.before is not None]
    starts = [fill.before for fill in fills if fill.before is not None]
    free = [start for start in starts if start not in ends]
    return (free or starts)[0]


def _least_before(fill: WalletFill, before: Decimal) -> Decimal:
    """Return the position nearest to `before` that the fill's word allows."""
    size = fill.quantity
    allowed = {
        "Open Long": max(before, _ZERO),
        "Open Short": min(before, _ZERO),
        "Close Long": max(before, size),
        "Close Short": min(before, -size),
        "Long > Short": before if _ZERO < before < size else size,
        "Short > Long": before if -size < before < _ZERO else -size,
    }
    return allowed.get(fill.word, before)


def _hole(fill: WalletFill, expected: Decimal, stated: Decimal | None) -> Hole:
    return Hole(
        wallet=fill.wallet,
        coin=fill.coin,
        time_ms=fill.time_ms,
        expected=expected,
        stated=stated,
        word=fill.word,
    )
