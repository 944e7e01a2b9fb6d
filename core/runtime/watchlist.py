"""The markets a person watches: what is subscribed follows from it, and it stays."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

from core.domain.effects import (
    Effect,
    KeepWatchlist,
    SubscribeMarket,
    UnsubscribeMarket,
)
from core.domain.events import CandlesWanted, InstrumentsListed, LeaderFilled
from core.domain.facts import (
    CashBooked,
    FillBooked,
    PositionAdopted,
    PriceAlertSet,
    WatchlistChanged,
)
from core.domain.ids import AccountId, Asset, InstrumentId, symbol_of, venue_of
from core.domain.instrument import InstrumentKind
from core.domain.reaction import NOTHING, Reaction
from core.market.room import MarketRoom
from core.trading.room import TradingRoom

Answer = tuple[bool, str, Reaction]
QUOTE: Final = Asset("USDC")


class Watchlist:
    """Markets in a person's order; strategies' markets stay subscribed whatever is shown."""

    def __init__(
        self,
        market: MarketRoom,
        trading: TradingRoom,
        needed: frozenset[InstrumentId],
    ) -> None:
        self._market = market
        self._trading = trading
        self._needed = set(needed)
        self._followed: set[InstrumentId] = set()
        self.instruments: tuple[InstrumentId, ...] = ()
        self.version = 0

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change the list."""
        return {WatchlistChanged: self._apply}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return which events ask for more markets."""
        return {
            LeaderFilled: self.on_leader_fill,
            CandlesWanted: self.on_candles_wanted,
            InstrumentsListed: self.on_instruments,
        }

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return which facts ask for more markets."""
        return {
            FillBooked: lambda fact, at: self._need(fact.fill.instrument, at),
            PositionAdopted: lambda fact, at: self._need(fact.instrument, at),
            CashBooked: self.on_cash,
            PriceAlertSet: lambda fact, at: self._need(fact.alert.instrument, at),
        }

    def on_leader_fill(self, body: LeaderFilled, at: int) -> Reaction:
        """Follow the markets a leader trades, watched or not."""
        return self._need(body.instrument, at)

    def on_cash(self, fact: CashBooked, at: int) -> Reaction:
        """Follow the spot market that prices a holding."""
        return self._price(fact.account, fact.asset, at)

    def on_instruments(self, _body: InstrumentsListed, at: int) -> Reaction:
        """Follow, after a restart too, whatever prices what the ledger holds."""
        ledger = self._trading.ledger
        effects: list[Effect] = []
        for (_, _, name), line in ledger.lines():
            if not line.quantity.is_zero:
                effects.extend(self._need(name, at).effects)
        for account in ledger.accounts():
            for asset in ledger.cash_assets(account):
                effects.extend(self._price(account, asset, at).effects)
        return Reaction((), tuple(effects))

    def _price(self, account: AccountId, asset: Asset, at: int) -> Reaction:
        venue = venue_of(account)
        for name, rules in self._trading.instruments.items():
            is_price = rules.kind is InstrumentKind.SPOT and rules.base == asset
            if is_price and venue_of(name) == venue and rules.quote == QUOTE:
                return self._need(name, at)
        return NOTHING

    def on_candles_wanted(self, body: CandlesWanted, at: int) -> Reaction:
        """Fetch the history a cockpit looks at."""
        if body.instrument not in self._trading.instruments:
            return NOTHING
        try:
            return Reaction((), self._market.want_candles(body.instrument, body.interval, at))
        except ValueError:
            return NOTHING

    def open(
        self, wanted: tuple[InstrumentId, ...], at: int, also: tuple[InstrumentId, ...] = ()
    ) -> Reaction:
        """Begin a run with these markets and what strategies and price alerts (`also`) need."""
        self._needed.update(also)
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
        streams = () if name in self._followed else self._subscribe(name, at)
        effects = (*streams, KeepWatchlist(instruments=listed))
        return True, f"{name} added", Reaction((fact,), effects)

    def remove(self, name: InstrumentId, at: int) -> Answer:
        """Take a market off; its streams stop unless a strategy or a position needs them."""
        if name not in self.instruments:
            return False, f"{name} is not on the watchlist", NOTHING
        listed = tuple(other for other in self.instruments if other != name)
        effects: list[Effect] = [KeepWatchlist(instruments=listed)]
        if name not in self._needed and not self._is_exposed(name):
            self._market.unfollow(name)
            self._followed.discard(name)
            effects.append(UnsubscribeMarket(instrument=name))
        fact = WatchlistChanged(at=at, instruments=listed)
        return True, f"{name} removed", Reaction((fact,), tuple(effects))

    def _subscribe(self, name: InstrumentId, at: int) -> tuple[Effect, ...]:
        self._followed.add(name)
        return (SubscribeMarket(instrument=name), *self._market.follow(name, at))

    def _need(self, name: InstrumentId, at: int) -> Reaction:
        """Keep a market's streams whatever is watched."""
        self._needed.add(name)
        if name in self._followed:
            return NOTHING
        return Reaction((), self._subscribe(name, at))

    def _is_exposed(self, name: InstrumentId) -> bool:
        held = any(
            key[2] == name and not line.quantity.is_zero
            for key, line in self._trading.ledger.lines()
        )
        return held or any(r.terms.instrument == name for r in self._trading.orders.live())

    def found(self, asked: InstrumentId) -> tuple[InstrumentId | None, str]:
        """Return the market a person named, listed or recorded, or why there is none."""
        name = self._resolved(asked)
        if name is not None:
            return name, ""
        known = {*self._trading.instruments, *self._market.instruments()}
        wanted = asked.lower()
        same = [n for n in known if wanted in {n.lower(), symbol_of(n).lower()}]
        return (same[0], "") if len(same) == 1 else (None, self._unknown(asked))

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
