"""The markets of a run, made when first heard of."""

from core.domain.ids import InstrumentId, VenueId, venue_of
from core.domain.instrument import Instrument
from core.market.book import OrderBook
from core.market.counters import MarketCounters
from core.market.market import Market
from core.market.splice import DEFAULT_LIMITS, BookSplice, SpliceLimits
from core.market.units import UnitCache


class Markets:
    """State by instrument, the venues' rules, and what all books share.

    Attributes:
        by_id: Every market with state; look-ups on the hot path go here directly.
        followed: Markets whose streams are asked for.
    """

    def __init__(self, counters: MarketCounters, limits: SpliceLimits = DEFAULT_LIMITS) -> None:
        self.by_id: dict[InstrumentId, Market] = {}
        self.followed: dict[InstrumentId, None] = {}
        self.rules: dict[InstrumentId, Instrument] = {}
        self.counters = counters
        self.bid_keys = UnitCache()
        self.ask_keys = UnitCache(-1)
        self.size_units = UnitCache()
        self._limits = limits

    def of(self, instrument: InstrumentId) -> Market:
        """Return a market, made if it is new."""
        market = self.by_id.get(instrument)
        return self._made(instrument) if market is None else market

    def _made(self, instrument: InstrumentId) -> Market:
        book = OrderBook(self.bid_keys, self.ask_keys, self.size_units)
        market = Market(instrument, BookSplice(book, self.counters, self._limits))
        rules = self.rules.get(instrument)
        if rules is not None:
            market.set_rules(rules)
        self.by_id[instrument] = market
        return market

    def list_rules(self, instruments: tuple[Instrument, ...]) -> None:
        """Take a venue's catalogue."""
        for rules in instruments:
            self.rules[rules.id] = rules
            market = self.by_id.get(rules.id)
            if market is not None and market.rules != rules:
                market.set_rules(rules)

    def at_venue(self, venue: VenueId) -> list[Market]:
        """Return the markets of a venue."""
        return [market for name, market in self.by_id.items() if venue_of(name) == venue]
