"""The markets a person watches: what is subscribed follows from it, and it stays."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from core.domain.effects import (
    Effect,
    KeepWatchlist,
    SubscribeMarket,
    UnsubscribeMarket,
)
from core.domain.facts import WatchlistChanged
from core.domain.ids import InstrumentId, symbol_of
from core.domain.reaction import NOTHING, Reaction
from core.market.room import MarketRoom
from core.trading.room import TradingRoom

Answer = tuple[bool, str, Reaction]


class Watchlist:
    """Markets in a person's order; strategies' markets stay subscribed whatever is shown."""

    def __init__(
        self, market: MarketRoom, trading: TradingRoom, needed: frozenset[InstrumentId]
    ) -> None:
        self._market = market
        self._trading = trading
        self._needed = needed
        self.instruments: tuple[InstrumentId, ...] = ()
        self.version = 0

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change the list."""
        return {WatchlistChanged: self._apply}

    def open(self, wanted: tuple[InstrumentId, ...], at: int) -> Reaction:
        """Begin a run with these markets and what the strategies need."""
        effects: list[Effect] = []
        for name in dict.fromkeys((*wanted, *sorted(self._needed))):
            effects.extend(self._subscribe(name, at))
        return Reaction((WatchlistChanged(at=at, instruments=wanted),), tuple(effects))

    def add(self, asked: InstrumentId, at: int) -> Answer:
        """Add a market; a bare symbol is accepted where only one venue has it."""
        name = self._resolved(asked)
        if name is None:
            return False, self._unknown(asked), NOTHING
        if name in self.instruments:
            return False, f"{name} is on the watchlist already", NOTHING
        listed = (*self.instruments, name)
        fact = WatchlistChanged(at=at, instruments=listed)
        effects = (*self._subscribe(name, at), KeepWatchlist(instruments=listed))
        return True, f"{name} added", Reaction((fact,), effects)

    def remove(self, name: InstrumentId, at: int) -> Answer:
        """Take a market off; its streams stop unless a strategy or a position needs them."""
        if name not in self.instruments:
            return False, f"{name} is not on the watchlist", NOTHING
        listed = tuple(other for other in self.instruments if other != name)
        effects: list[Effect] = [KeepWatchlist(instruments=listed)]
        if name not in self._needed and not self._is_exposed(name):
            self._market.unfollow(name)
            effects.append(UnsubscribeMarket(instrument=name))
        fact = WatchlistChanged(at=at, instruments=listed)
        return True, f"{name} removed", Reaction((fact,), tuple(effects))

    def _subscribe(self, name: InstrumentId, at: int) -> tuple[Effect, ...]:
        return (SubscribeMarket(instrument=name), *self._market.follow(name, at))

    def _is_exposed(self, name: InstrumentId) -> bool:
        held = any(
            key[2] == name and not line.quantity.is_zero
            for key, line in self._trading.ledger.lines()
        )
        return held or any(r.terms.instrument == name for r in self._trading.orders.live())

    def _resolved(self, asked: InstrumentId) -> InstrumentId | None:
        known = self._trading.instruments
        if asked in known:
            return asked
        same = [name for name in known if str(symbol_of(name)) == str(asked)]
        return same[0] if len(same) == 1 else None

    def _unknown(self, asked: str) -> str:
        known = self._trading.instruments
        same = sorted(name for name in known if symbol_of(name) == asked)
        if same:
            return f"{asked} is on several venues: {', '.join(same)}"
        near = get_close_matches(asked, list(known), n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        return f"no venue lists {asked!r}{hint}"

    def _apply(self, fact: WatchlistChanged) -> None:
        self.instruments = fact.instruments
        self.version += 1
