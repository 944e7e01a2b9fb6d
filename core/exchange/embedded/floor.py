"""The trading floor: what every handler may look at or move."""

from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.entry import OrderEntry
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.limits import Limits
from core.exchange.embedded.liquidation import Liquidation
from core.exchange.embedded.market import Market
from core.exchange.embedded.rules import Rules
from core.exchange.embedded.triggers import TriggerDesk


class Floor:
    """Markets, accounts, order entry, triggers, streams, rules and faults of one venue."""

    def __init__(
        self, markets: dict[str, Market], first_id: int, agenda: Agenda, faults: Faults
    ) -> None:
        self.markets = markets
        self.agenda = agenda
        self.instant = agenda.instant
        self.faults = faults
        self.rules = Rules()
        self.limits = Limits()
        self.clearing = Clearing(first_id, self.instant)
        self.feed = Feed(markets, self.clearing, agenda, faults)
        self.entry = OrderEntry(
            markets, self.clearing, self.feed, agenda, first_id, faults, self.rules
        )
        self.triggers = TriggerDesk(markets, self.clearing, self.feed, self.entry, agenda, faults)
        self.liquidation = Liquidation(markets, self.clearing, self.feed, self.entry, self.triggers)


def of_kind(floor: Floor, kind: str | None) -> list[Market]:
    """Return the markets of one kind, or all."""
    return [each for each in floor.markets.values() if kind is None or each.spec.kind == kind]
