"""The library's unified symbols as ours, and back: `SOL/USDC:USDC` is `SOL_USDC_PERP`. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.domain.errors import DataInvalid
from core.domain.ids import InstrumentId, Symbol, VenueId, instrument_id, symbol_of

_PERPETUAL = "_PERP"


def our_symbol(unified: str) -> Symbol:
    """Write a unified symbol as ours.

    Spot is `BASE_QUOTE`, a perpetual settled in its quote `BASE_QUOTE_PERP`; anything else keeps
    all of its parts: `BTC/USD:BTC` is `BTC_USD_BTC`.
    """
    pair, colon, settle = unified.partition(":")
    base, slash, quote = pair.partition("/")
    if not slash:
        return Symbol(unified)
    if not colon:
        return Symbol(f"{base}_{quote}")
    if settle == quote:
        return Symbol(f"{base}_{quote}{_PERPETUAL}")
    return Symbol(f"{base}_{quote}_{settle}")


class SymbolMap:
    """The symbols of one exchange, both ways. Two that would share ours keep the library's form."""

    def __init__(self, venue: VenueId, unified: Iterable[str] = ()) -> None:
        self._venue = venue
        self._unified: dict[Symbol, str] = {}
        self._ours: dict[str, Symbol] = {}
        for symbol in sorted(unified):
            ours = our_symbol(symbol)
            ours = Symbol(symbol) if ours in self._unified else ours
            self._unified[ours] = symbol
            self._ours[symbol] = ours

    def instrument(self, unified: str) -> InstrumentId:
        """Name a market as an instrument."""
        return instrument_id(self._venue, self._ours.get(unified) or our_symbol(unified))

    def unified(self, instrument: InstrumentId) -> str:
        """Return the library's symbol.

        Raises:
            DataInvalid: when the exchange lists no such market.
        """
        found = self._unified.get(symbol_of(instrument))
        if found is None:
            raise DataInvalid("the exchange lists no such market", instrument)
        return found


def symbol_map(venue: VenueId, markets: Mapping[str, Any]) -> SymbolMap:
    """Map every market of a catalogue."""
    return SymbolMap(venue, markets)
