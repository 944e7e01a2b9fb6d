"""Reads Backpack's public REST replies: catalogue, books, prints, candles."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import (
    BookSnapshotSeen,
    InstrumentsListed,
    TextLevel,
    TradeSeen,
)
from core.domain.exact import Price, Quantity
from core.domain.ids import Asset, InstrumentId, Symbol, VenueId, instrument_id
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.domain.order import Side
from core.exchange.backpack.constants import INSTRUMENT_KINDS, MARKET_STATES
from core.exchange.backpack.replies import read
from core.exchange.backpack.times import NS_PER_MS, NS_PER_US


class _Row(msgspec.Struct, gc=False, rename="camel"):
    pass


class _PriceFilter(_Row):
    tick_size: Decimal
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    max_multiplier: Decimal | None = None
    min_multiplier: Decimal | None = None


class _QuantityFilter(_Row):
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal | None = None


class _Filters(_Row):
    price: _PriceFilter
    quantity: _QuantityFilter


class _MarginFunction(_Row):
    base: Decimal


class _MarketRow(_Row):
    symbol: str
    base_symbol: str
    quote_symbol: str
    market_type: str
    filters: _Filters
    order_book_state: str = ""
    imf_function: _MarginFunction | None = None
    mmf_function: _MarginFunction | None = None
    funding_interval: int | None = None
    visible: bool = True


class _DepthRow(_Row):
    bids: list[TextLevel]
    asks: list[TextLevel]
    last_update_id: int
    timestamp: int = 0


class TradeRow(_Row):
    """One print of `/trades` and `/trades/history`."""

    price: str
    quantity: str
    timestamp: int
    is_buyer_maker: bool
    id: int | None = None


def instruments_listed(body: bytes, venue: VenueId, ts_recv: int) -> InstrumentsListed:
    """Read the catalogue; a row that cannot be read is left out, not guessed.

    Raises:
        DataInvalid: when the reply is no list.
    """
    rows = read(body, list[msgspec.Raw])
    found = [_instrument(bytes(row), venue) for row in rows]
    return InstrumentsListed(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        venue=venue,
        instruments=tuple(row for row in found if row is not None),
    )


def _instrument(body: bytes, venue: VenueId) -> Instrument | None:
    try:
        return instrument(body, venue)
    except DataInvalid:
        return None


def instrument(body: bytes, venue: VenueId) -> Instrument:
    """Read `/market`: one market's rules.

    Raises:
        DataInvalid: when it is not of that form.
    """
    row = read(body, _MarketRow)
    price, quantity = row.filters.price, row.filters.quantity
    return Instrument(
        id=instrument_id(venue, Symbol(row.symbol)),
        kind=INSTRUMENT_KINDS.get(row.market_type, InstrumentKind.OTHER),
        base=Asset(row.base_symbol),
        quote=Asset(row.quote_symbol),
        tick=Price(price.tick_size),
        step=Quantity(quantity.step_size),
        min_quantity=Quantity(quantity.min_quantity),
        max_quantity=None if quantity.max_quantity is None else Quantity(quantity.max_quantity),
        min_price=None if price.min_price is None else Price(price.min_price),
        max_price=None if price.max_price is None else Price(price.max_price),
        max_multiplier=price.max_multiplier,
        min_multiplier=price.min_multiplier,
        state=MARKET_STATES.get(row.order_book_state, MarketState.UNKNOWN),
        initial_margin_base=None if row.imf_function is None else row.imf_function.base,
        maintenance_margin_base=None if row.mmf_function is None else row.mmf_function.base,
        funding_interval_ms=row.funding_interval,
    )


def book_snapshot(body: bytes, instrument: InstrumentId, ts_recv: int) -> BookSnapshotSeen:
    """Read `/depth`; its time is in µs and its id may be text.

    Raises:
        DataInvalid: when it is not of that form.
    """
    row = read(body, _DepthRow)
    return BookSnapshotSeen(
        ts_event=row.timestamp * NS_PER_US,
        ts_recv=ts_recv,
        instrument=instrument,
        last_id=row.last_update_id,
        bids=row.bids,
        asks=row.asks,
    )


def trades_seen(body: bytes, instrument: InstrumentId, ts_recv: int) -> tuple[TradeSeen, ...]:
    """Read `/trades`, oldest first; rows without an id are left out.

    Raises:
        DataInvalid: when it is not of that form.
    """
    return trades_of(read(body, list[TradeRow]), instrument, ts_recv)


def trades_of(
    rows: Iterable[TradeRow], instrument: InstrumentId, ts_recv: int
) -> tuple[TradeSeen, ...]:
    """Turn prints into events, oldest first; rows without an id are left out."""
    known = {row.id: row for row in rows if row.id is not None}
    return tuple(
        TradeSeen(
            ts_event=row.timestamp * NS_PER_MS,
            ts_recv=ts_recv,
            instrument=instrument,
            trade_id=trade_id,
            price=row.price,
            size=row.quantity,
            aggressor_side=Side.SELL if row.is_buyer_maker else Side.BUY,
        )
        for trade_id, row in sorted(known.items())
    )
