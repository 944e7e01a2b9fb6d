"""Binance's catalogues as instruments, and what a coin-margined contract is worth. Pure.

A coin-margined contract is inverse: its size counts contracts of a fixed number of US dollars (100
for BTC, 10 for others), it is margined and settled in the coin. Such instruments are listed as
`other` with that number as multiplier: nobody may take their sizes for base units.
"""

from decimal import Decimal
from typing import Final

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import InstrumentsListed
from core.domain.exact import Amount, Notional, Price, Quantity
from core.domain.ids import Asset, Symbol, VenueId, instrument_id
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.exchange.binance.constants import CATALOGUE_PATHS, BinanceMarket
from core.exchange.contract import Wire

_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError)
_PERPETUAL: Final = "PERPETUAL"
_TRADING: Final = "TRADING"


class _Filter(msgspec.Struct, gc=False, rename="camel"):
    filter_type: str = ""
    tick_size: Decimal | None = None
    step_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None


class _Row(msgspec.Struct, gc=False, rename="camel"):
    symbol: str
    base_asset: str
    quote_asset: str
    filters: list[_Filter] = []
    status: str = ""
    contract_status: str = ""
    contract_type: str = ""
    contract_size: Decimal | None = None


class _Catalogue(msgspec.Struct, gc=False):
    symbols: list[msgspec.Raw]


def catalogue_request(market: BinanceMarket) -> Wire:
    """Ask for every market and its filters."""
    return Wire("GET", CATALOGUE_PATHS[market])


def instruments_listed(
    body: bytes, venue: VenueId, market: BinanceMarket, ts_recv: int
) -> InstrumentsListed:
    """Read the catalogue; a row that cannot be read is left out, not guessed.

    Raises:
        DataInvalid: when the reply is no catalogue.
    """
    try:
        rows = msgspec.json.decode(body, type=_Catalogue).symbols
    except _BAD as error:
        raise DataInvalid("catalogue cannot be read", str(error)[:200]) from error
    found = [_instrument(bytes(row), venue, market) for row in rows]
    return InstrumentsListed(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        venue=venue,
        instruments=tuple(row for row in found if row is not None),
    )


def base_amount(contracts: Quantity, price: Price, multiplier: Decimal) -> Amount:
    """Return what inverse contracts are worth in coins at a price: contracts times USD per price.

    Raises:
        ArithmeticError: when the price is zero.
    """
    return Amount(Notional(contracts.value * multiplier).at(price).value)


def _instrument(body: bytes, venue: VenueId, market: BinanceMarket) -> Instrument | None:
    try:
        row = msgspec.json.decode(body, type=_Row)
        return _rules(row, venue, market)
    except (*_BAD, DataInvalid, KeyError):
        return None


def _rules(row: _Row, venue: VenueId, market: BinanceMarket) -> Instrument | None:
    filters = {each.filter_type: each for each in row.filters}
    price, size = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    if price.tick_size is None or size.step_size is None or size.min_qty is None:
        return None
    is_open = _TRADING in {row.status, row.contract_status}
    return Instrument(
        id=instrument_id(venue, Symbol(row.symbol)),
        kind=_kind(row, market),
        base=Asset(row.base_asset),
        quote=Asset(row.quote_asset),
        tick=Price(price.tick_size),
        step=Quantity(size.step_size),
        min_quantity=Quantity(size.min_qty),
        max_quantity=None if size.max_qty is None else Quantity(size.max_qty),
        contract_multiplier=row.contract_size or Decimal(1),
        state=MarketState.OPEN if is_open else MarketState.CLOSED,
    )


def _kind(row: _Row, market: BinanceMarket) -> InstrumentKind:
    if market is BinanceMarket.SPOT:
        return InstrumentKind.SPOT
    is_linear_perpetual = market is BinanceMarket.USDM and row.contract_type == _PERPETUAL
    return InstrumentKind.PERPETUAL if is_linear_perpetual else InstrumentKind.OTHER
