"""The trading floor: what every handler may look at or move."""

from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.entry import OrderEntry
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.market import Market
from core.exchange.embedded.units import Instant


class Floor:
    """Markets, accounts, order entry and streams of one venue, with its instant."""

    def __init__(self, markets: dict[str, Market], first_id: int, instant: Instant) -> None:
        self.markets = markets
        self.instant = instant
        self.clearing = Clearing(first_id, instant)
        self.feed = Feed(markets, self.clearing, instant)
        self.entry = OrderEntry(markets, self.clearing, self.feed, instant, first_id)


def of_kind(floor: Floor, kind: str | None) -> list[Market]:
    """Return the markets of one kind, or all."""
    return [each for each in floor.markets.values() if kind is None or each.spec.kind == kind]
