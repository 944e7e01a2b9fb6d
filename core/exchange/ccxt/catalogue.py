"""The library's markets as instruments. Pure: dictionaries in, structs out."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import InstrumentsListed
from core.domain.exact import Price, Quantity
from core.domain.ids import Asset, VenueId
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.exchange.ccxt.numbers import exact, maybe_exact
from core.exchange.ccxt.symbols import SymbolMap

_DECIMAL_PLACES: Final = 2
_TICK_SIZE: Final = 4
_BPS: Final = Decimal(10_000)


class FeeRates(msgspec.Struct, frozen=True, gc=False):
    """Fees of one market in basis points; a negative one is a rebate. None where not stated."""

    maker_bps: Decimal | None
    taker_bps: Decimal | None


def instruments_listed(
    markets: Mapping[str, Any], precision_mode: int, symbols: SymbolMap, venue: VenueId, now: int
) -> InstrumentsListed:
    """Read a catalogue; a market that cannot be read is left out, not guessed."""
    found = [_instrument(market, precision_mode, symbols) for market in markets.values()]
    return InstrumentsListed(
        ts_event=now,
        ts_recv=now,
        venue=venue,
        instruments=tuple(row for row in found if row is not None),
    )


def fee_rates(fees: Mapping[str, Any]) -> FeeRates:
    """Read maker and taker fees, which the library gives as fractions. Raises DataInvalid."""
    maker, taker = maybe_exact(fees.get("maker")), maybe_exact(fees.get("taker"))
    return FeeRates(
        None if maker is None else maker * _BPS, None if taker is None else taker * _BPS
    )


def _instrument(market: Mapping[str, Any], mode: int, symbols: SymbolMap) -> Instrument | None:
    try:
        return _rules(market, mode, symbols)
    except (DataInvalid, KeyError, TypeError, AttributeError):
        return None


def _rules(market: Mapping[str, Any], mode: int, symbols: SymbolMap) -> Instrument:
    step = _unit(market["precision"]["amount"], mode)
    amounts = (market.get("limits") or {}).get("amount") or {}
    most = maybe_exact(amounts.get("max"))
    return Instrument(
        id=symbols.instrument(market["symbol"]),
        kind=_kind(market),
        base=Asset(market["base"]),
        quote=Asset(market["quote"]),
        tick=Price(_unit(market["precision"]["price"], mode)),
        step=Quantity(step),
        min_quantity=Quantity(maybe_exact(amounts.get("min")) or step),
        max_quantity=None if most is None else Quantity(most),
        contract_multiplier=maybe_exact(market.get("contractSize")) or Decimal(1),
        state=MarketState.CLOSED if market.get("active") is False else MarketState.OPEN,
    )


def _kind(market: Mapping[str, Any]) -> InstrumentKind:
    """Inverse and dated contracts are neither of ours: their sizes mean something else."""
    if market.get("spot"):
        return InstrumentKind.SPOT
    is_ours = market.get("swap") and market.get("linear")
    return InstrumentKind.PERPETUAL if is_ours else InstrumentKind.OTHER


def _unit(precision: Any, mode: int) -> Decimal:
    """Return tick or step. Raises DataInvalid where the exchange counts significant digits."""
    if mode == _TICK_SIZE:
        return exact(precision)
    if mode == _DECIMAL_PLACES:
        return Decimal(1).scaleb(-int(precision))
    raise DataInvalid("exchange counts significant digits", str(precision))
