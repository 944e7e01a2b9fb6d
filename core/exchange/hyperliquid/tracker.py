"""What a followed wallet did: each order's fills once, with the position before. No clock.

Snapshots are history: they fill gaps and prove positions, they are never news. What lies before the
follow began moves the position and is not published.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.domain.events import LeaderFilled
from core.domain.exact import Price, Quantity
from core.domain.ids import LeaderId, Symbol, TradeId, VenueId, VenueOrderId, instrument_id
from core.exchange.hyperliquid.chain import Hole, PositionChain
from core.exchange.hyperliquid.fills import (
    FillGroup,
    FillKey,
    WalletFill,
    grouped,
    oldest_first,
)

REMEMBERED: Final = 20_000
_MS: Final = 1_000_000
_PLACES: Final = Decimal(1).scaleb(-10)


class WalletTracker:
    """One wallet's fills as `LeaderFilled`, one an order and block.

    Args:
        leader: Who the wallet is to us.
        venue: What instruments are named after.
        since_ms: Fills at or before this are history.

    Attributes:
        cursor_ms: Time of the newest fill seen.
        chain: Positions by the fills, and the holes found.
        repeats: Fills that came again and were dropped.
    """

    def __init__(self, leader: LeaderId, venue: VenueId, since_ms: int) -> None:
        self.cursor_ms = since_ms
        self.chain = PositionChain()
        self.repeats = 0
        self._since_ms = since_ms
        self._leader = leader
        self._venue = venue
        self._seen: dict[FillKey, None] = {}

    def take(self, fills: Iterable[WalletFill], ts_recv: int) -> list[LeaderFilled]:
        """Take fills of any source, in any order of blocks; return what is news."""
        fresh = [fill for fill in oldest_first(fills) if self._is_new(fill)]
        if not fresh:
            return []
        self.cursor_ms = max(self.cursor_ms, fresh[-1].time_ms)
        news: list[LeaderFilled] = []
        for group in grouped(fresh):
            if self._is_news(group.first):
                news.append(self._filled(group, self._before(group), ts_recv))
            if not group.first.is_spot:
                self.chain.take(group.fills)
        return news

    def state(
        self, held: dict[str, Decimal], at_ms: int, *, dex: str = "", starts: bool = False
    ) -> list[Hole]:
        """Take the venue's word for all positions of one dex; return where ours differ.

        Statements older than the newest fill prove nothing, as the venue's answers may trail its
        stream. `starts` takes them as they are: nothing was known before, but what fills have said
        since.
        """
        if at_ms < self.cursor_ms:
            held = {} if not starts else self._unknown(held)
            for coin, position in held.items():
                self.chain.state(coin, position)
            return []
        ours = self.chain.positions
        coins = {coin for coin in ours if _dex_of(coin) == dex} | held.keys()
        differing = [coin for coin in sorted(coins) if ours.get(coin) != held.get(coin, Decimal(0))]
        holes = [] if starts else [self._hole(coin, held, at_ms) for coin in differing]
        for coin in differing:
            self.chain.state(coin, held.get(coin, Decimal(0)))
        self.chain.holes += holes
        return holes

    def _unknown(self, held: dict[str, Decimal]) -> dict[str, Decimal]:
        return {coin: size for coin, size in held.items() if coin not in self.chain.positions}

    def _hole(self, coin: str, held: dict[str, Decimal], at_ms: int) -> Hole:
        return Hole(
            wallet="",
            coin=coin,
            time_ms=at_ms,
            expected=self.chain.positions.get(coin, Decimal(0)),
            stated=held.get(coin, Decimal(0)),
        )

    def _is_new(self, fill: WalletFill) -> bool:
        if fill.key in self._seen:
            self.repeats += 1
            return False
        self._seen[fill.key] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True

    def _is_news(self, fill: WalletFill) -> bool:
        return fill.time_ms > self._since_ms and not fill.is_spot and not fill.is_system

    def _before(self, group: FillGroup) -> Decimal | None:
        """Return the position before a group: by our sum where it fits, else as stated."""
        starts = [fill.before for fill in group.fills if fill.before is not None]
        ours = self.chain.positions.get(group.first.coin)
        if not starts or ours in starts:
            return ours
        return min(starts) if group.first.side.sign > 0 else max(starts)

    def _filled(self, group: FillGroup, before: Decimal | None, ts_recv: int) -> LeaderFilled:
        first = group.first
        return LeaderFilled(
            ts_event=first.time_ms * _MS,
            ts_recv=ts_recv,
            leader=self._leader,
            instrument=instrument_id(self._venue, Symbol(first.coin)),
            side=first.side,
            quantity=Quantity(group.quantity),
            price=Price(group.price.quantize(_PLACES)),
            trade_id=TradeId(first.key[1]),
            venue_order_id=VenueOrderId(
                f"twap-{first.twap_id}" if first.twap_id else str(first.order_id)
            ),
            position_before=None if before is None else Quantity(before),
        )


def _dex_of(coin: str) -> str:
    return coin.partition(":")[0] if ":" in coin else ""
