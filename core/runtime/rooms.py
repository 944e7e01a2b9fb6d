"""The rooms of one engine, by name, for those who read across them."""

from typing import NamedTuple

from core.domain.facts import Mode
from core.domain.ids import AccountId, VenueId
from core.market.room import MarketRoom
from core.risk.room import RiskRoom
from core.runtime.analyst.room import Analyses
from core.runtime.capital import CapitalDesk
from core.runtime.keeping import Keeper
from core.runtime.kill.room import KillRoom
from core.runtime.manual.entry import OrderEntry
from core.runtime.orderdesk import OrderDesk
from core.runtime.price_alerts import PriceAlerts
from core.runtime.progress import ProgressBoard
from core.runtime.strategy_host import StrategyHost
from core.runtime.study.studies import Studies
from core.runtime.valuation import Valuation
from core.runtime.watchlist import Watchlist
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom


class Rooms(NamedTuple):
    """Every room of one engine."""

    mode: Mode
    accounts: tuple[AccountId, ...]
    venues: tuple[VenueId, ...]
    market: MarketRoom
    trading: TradingRoom
    risk: RiskRoom
    host: StrategyHost
    orders: OrderDesk
    valuation: Valuation
    capital: CapitalDesk
    keeper: Keeper
    progress: ProgressBoard
    watchlist: Watchlist
    studies: Studies
    analyses: Analyses
    price_alerts: PriceAlerts
    kill: KillRoom
    entry: OrderEntry
    reconcilers: tuple[Reconciler, ...]
