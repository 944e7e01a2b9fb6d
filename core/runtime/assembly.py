"""Wires the rooms of one engine into a Desk and its frames. Nothing here decides."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Final, NamedTuple

import msgspec

from core.domain.commands import ChangeLimits
from core.domain.effects import Effect, WakeAt
from core.domain.facts import (
    Fact,
    Mode,
    RunStarted,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
)
from core.domain.ids import AccountId, Asset, InstrumentId, VenueId
from core.domain.reaction import Reaction
from core.market.room import MarketRoom
from core.risk.limits import CapitalLimits, RiskLimits
from core.risk.room import RiskRoom
from core.runtime.analyst.room import FORGOTTEN_NS, Analyses
from core.runtime.capital import CapitalDesk
from core.runtime.deciding import StrategyDeciders
from core.runtime.desk import Desk, Wiring
from core.runtime.frames import Frames
from core.runtime.keeping import BEAT, Keeper
from core.runtime.kill.flatten import Flattener
from core.runtime.kill.room import KillRoom
from core.runtime.launch import VERSION
from core.runtime.limit_room import LimitRoom
from core.runtime.manual.entry import order_entry
from core.runtime.manual.topics import ManualTopics
from core.runtime.notify import Calls
from core.runtime.orderdesk import OrderDesk
from core.runtime.panels import Links, Panels
from core.runtime.people import People
from core.runtime.picture import Painter
from core.runtime.price_alerts import PriceAlerts
from core.runtime.progress import ProgressBoard
from core.runtime.rooms import Rooms
from core.runtime.strategy_host import StrategyHost
from core.runtime.study.studies import Studies
from core.runtime.study.topics import StudyTopics
from core.runtime.valuation import Valuation
from core.runtime.watchlist import Watchlist
from core.strategies.contract import Strategy
from core.trading.chase import Chase
from core.trading.client_ids import ClientIds
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

REPLAY_FORGOTTEN_NS: Final = 6 * 3_600 * 1_000_000_000
"""A recording's clock may run a thousand times faster than a person looks again."""


class DeskSettings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one engine is made of."""

    mode: Mode
    venues: tuple[VenueId, ...]
    accounts: tuple[AccountId, ...] = ()
    quote: Asset = Asset("USDC")
    limits: RiskLimits = RiskLimits()
    capital: CapitalLimits = CapitalLimits()
    watchlist: tuple[InstrumentId, ...] = ()
    strategies_on: bool = True
    """Whether strategies are switched on at the first start of a journal."""
    can_query: bool = True


class Engine(NamedTuple):
    """A wired Desk and what its rims read."""

    desk: Desk
    frames: Frames
    rooms: Rooms
    settings: DeskSettings


def build(
    settings: DeskSettings, strategies: tuple[Strategy, ...], stopwatch: Callable[[], int]
) -> Engine:
    """Wire one engine. `stopwatch` gives monotonic ns, to pause strategies that take too long."""
    query_ids = count(1)
    market = MarketRoom(query_ids, can_query=settings.can_query)
    trading = TradingRoom()
    risk = RiskRoom(settings.limits, settings.accounts)
    account = settings.accounts[0] if settings.accounts else AccountId("none:none")
    host = StrategyHost(strategies, account, market, trading, stopwatch)
    valuation = Valuation(market, trading, settings.accounts, settings.quote)
    capital = CapitalDesk(settings.capital, trading, risk, host, valuation, settings.accounts)
    painter = Painter(market, trading, risk, host, valuation, capital)
    orders = OrderDesk(painter, trading, risk, capital)
    chase = Chase(trading.orders, query_ids.__next__)
    reconcilers = tuple(
        Reconciler(account, trading, query_ids.__next__) for account in settings.accounts
    )
    keeper = Keeper(trading, risk, chase, reconcilers, orders, valuation, capital)
    watchlist = Watchlist(market, trading, _needed(strategies))
    rooms = Rooms(
        mode=settings.mode,
        accounts=settings.accounts,
        venues=settings.venues,
        market=market,
        trading=trading,
        risk=risk,
        host=host,
        orders=orders,
        valuation=valuation,
        capital=capital,
        keeper=keeper,
        progress=ProgressBoard(),
        watchlist=watchlist,
        studies=Studies(market, trading),
        analyses=Analyses(
            market,
            lambda: watchlist.instruments,
            forgotten_ns=FORGOTTEN_NS if settings.can_query else REPLAY_FORGOTTEN_NS,
        ),
        price_alerts=PriceAlerts(market),
        kill=KillRoom(settings.accounts, risk, trading, host, reconcilers),
        entry=order_entry(
            market, trading, risk, capital, painter, orders, valuation, settings.accounts
        ),
        reconcilers=reconcilers,
    )
    links = Links()
    flattener = Flattener(rooms.kill, painter, trading, lambda: risk.limits, settings.accounts)
    limits = LimitRoom(rooms)
    desk = Desk(_wiring(rooms, links, flattener, limits))
    frames = Frames(desk, rooms, Panels(rooms, links))
    limits.register(frames)
    ManualTopics(rooms).register(frames)
    for kind, source in rooms.analyses.sources().items():
        frames.serve(kind, source)
    StudyTopics(rooms).register(frames)
    rooms.studies.pair_numbers = rooms.analyses.pair_numbers
    return Engine(desk, frames, rooms, settings)


def begin(
    engine: Engine,
    journaled: Iterable[Fact],
    epoch: int,
    at: int,
    *,
    is_armed: bool = True,
    why: str = "",
) -> list[Effect]:
    """Rebuild from the journal, take the account with a new epoch, and start what a run needs.

    `is_armed` is what the latch on disk says, `why` what it tripped for; its word or the
    journal's, the stricter counts.
    """
    desk, rooms, settings = engine.desk, engine.rooms, engine.settings
    restored = desk.restore(journaled)
    rooms.trading.take_ids(
        ClientIds(
            epoch,
            is_simulation=settings.mode is not Mode.LIVE,
            highest_used=rooms.trading.orders.highest_id,
        )
    )
    facts: list[Fact] = [
        RunStarted(at=at, mode=settings.mode, epoch=epoch, version=VERSION),
        *rooms.trading.recovery_facts(at),
        *rooms.entry.manual.recovery_facts(at),
        *rooms.entry.closing.recovery_facts(at),
    ]
    if not restored and settings.strategies_on:
        facts.extend(
            StrategySwitched(at=at, strategy=name, is_on=True, by="configuration")
            for name in rooms.host.seats
        )
    if not settings.accounts:
        facts.append(
            TradingStateChanged(
                at=at,
                state=TradingState.HALTED,
                reason="no account in this run",
                cause="no account",
            )
        )
    else:
        facts.append(_state(TradingState.RECONCILING, "comparing with the venue", at))
    wanted = rooms.watchlist.instruments or settings.watchlist
    opening = rooms.watchlist.open(wanted, at, also=rooms.price_alerts.markets())
    if settings.can_query:
        rooms.progress.expect(settings.venues, wanted)
    effects: list[Effect] = [WakeAt(key=BEAT, at=at), *rooms.risk.restart_effects(at)]
    effects.extend(rooms.price_alerts.restart_effects(at))
    desk.absorb(Reaction((*facts, *opening.facts), opening.effects), at, effects)
    desk.absorb(rooms.kill.opening(is_armed=is_armed, why=why, at=at), at, effects)
    return effects


def _state(state: TradingState, reason: str, at: int) -> TradingStateChanged:
    return TradingStateChanged(at=at, state=state, reason=reason)


def _wiring(rooms: Rooms, links: Links, flattener: Flattener, limits: LimitRoom) -> Wiring:
    people = People(
        rooms.risk,
        rooms.trading,
        rooms.host,
        rooms.orders,
        rooms.watchlist,
        rooms.price_alerts,
        rooms.reconcilers,
        rooms.kill,
    )
    people.carry_out(ChangeLimits, limits.change)
    entry = rooms.entry
    for command, how in (*entry.manual.commands().items(), *entry.closing.commands().items()):
        people.carry_out(command, how)
    handled = (
        rooms.trading,
        rooms.watchlist,
        rooms.risk,
        rooms.orders,
        rooms.keeper,
        people,
        rooms.kill,
        flattener,
        rooms.price_alerts,
        rooms.progress,
        rooms.analyses,
        rooms.studies,
        links,
        limits,
        rooms.entry.manual,
        rooms.entry.closing,
        rooms.entry.blotter,
    )
    applied = (
        rooms.trading,
        rooms.risk,
        rooms.host,
        rooms.keeper,
        rooms.watchlist,
        rooms.capital,
        rooms.price_alerts,
        rooms.studies,
        rooms.kill,
        limits,
        rooms.entry.manual,
        rooms.entry.closing,
        rooms.entry.blotter,
    )
    return Wiring(
        market=rooms.market.handlers(),
        handlers=[room.handlers() for room in handled],
        appliers=[room.appliers() for room in applied],
        reactors=[
            rooms.keeper.reactors(),
            people.reactors(),
            rooms.kill.reactors(),
            flattener.reactors(),
            rooms.watchlist.reactors(),
            rooms.capital.reactors(),
            rooms.studies.reactors(),
            limits.reactors(),
            Calls(rooms.risk).reactors(),
            rooms.entry.manual.reactors(),
            rooms.entry.closing.reactors(),
        ],
        deciders=StrategyDeciders(rooms.host, rooms.orders),
    )


def _needed(strategies: tuple[Strategy, ...]) -> frozenset[InstrumentId]:
    needed: frozenset[InstrumentId] = frozenset()
    for strategy in strategies:
        needed |= strategy.interests.instruments
    return needed
