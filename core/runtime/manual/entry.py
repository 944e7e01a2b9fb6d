"""Order entry as one part of the engine: wires its rooms, decides nothing."""

from typing import NamedTuple

from core.domain.ids import AccountId
from core.market.room import MarketRoom
from core.risk.room import RiskRoom
from core.runtime.capital import CapitalDesk
from core.runtime.manual.blotter import Blotter
from core.runtime.manual.closing_room import ClosingRoom
from core.runtime.manual.picture import Pictures
from core.runtime.manual.room import ManualRoom
from core.runtime.orderdesk import OrderDesk
from core.runtime.picture import Painter
from core.runtime.valuation import Valuation
from core.trading.room import TradingRoom


class OrderEntry(NamedTuple):
    """A person's orders, the card before them, and the tables of what came of them."""

    pictures: Pictures
    manual: ManualRoom
    closing: ClosingRoom
    blotter: Blotter


def order_entry(
    market: MarketRoom,
    trading: TradingRoom,
    risk: RiskRoom,
    capital: CapitalDesk,
    painter: Painter,
    orders: OrderDesk,
    valuation: Valuation,
    accounts: tuple[AccountId, ...],
) -> OrderEntry:
    """Wire order entry."""
    pictures = Pictures(market, trading, risk, capital, painter, accounts)
    closing = ClosingRoom(trading, orders, pictures)
    manual = ManualRoom(trading, orders, pictures, closing)
    blotter = Blotter(trading, painter, valuation, manual.moves, closing.closings, pictures)
    return OrderEntry(pictures, manual, closing, blotter)
