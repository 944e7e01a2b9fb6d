"""Identities. A text of one kind is never passed where another is meant."""

from typing import NewType

VenueId = NewType("VenueId", str)
Symbol = NewType("Symbol", str)
InstrumentId = NewType("InstrumentId", str)
"""Venue and symbol, written `backpack:SOL_USDC_PERP`."""
AccountId = NewType("AccountId", str)
"""Venue and subaccount, written `backpack:main`."""
StrategyId = NewType("StrategyId", str)
LeaderId = NewType("LeaderId", str)
IntentId = NewType("IntentId", str)
AlertId = NewType("AlertId", str)
ClientOrderId = NewType("ClientOrderId", int)
"""uint32, strictly increasing, never reused; the upper 20 bits are the fencing epoch."""
VenueOrderId = NewType("VenueOrderId", str)
TradeId = NewType("TradeId", str)
Asset = NewType("Asset", str)


def instrument_id(venue: VenueId, symbol: Symbol) -> InstrumentId:
    """Join a venue and a symbol."""
    return InstrumentId(f"{venue}:{symbol}")


def account_id(venue: VenueId, subaccount: str = "main") -> AccountId:
    """Join a venue and a subaccount."""
    return AccountId(f"{venue}:{subaccount}")


def venue_of(name: InstrumentId | AccountId) -> VenueId:
    """Return the venue part."""
    return VenueId(name.partition(":")[0])


def symbol_of(instrument: InstrumentId) -> Symbol:
    """Return the symbol part."""
    return Symbol(instrument.partition(":")[2])
