"""Questions and answers of `POST /info`. Pure: a request is a `Wire`, a reply is bytes."""

from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from core.domain.errors import ConnectivityError, DataInvalid, RequestRefused
from core.domain.events import CandleSeen, CandlesLoaded, InstrumentsListed
from core.domain.exact import Price, Quantity
from core.domain.ids import Asset, InstrumentId, Symbol, VenueId, instrument_id
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.exchange.contract import Reply, Wire
from core.exchange.hyperliquid import wire
from core.exchange.hyperliquid.constants import INFO_PATH, PERP_PRICE_DECIMALS, QUOTE
from core.exchange.hyperliquid.fills import WalletFill, wallet_fill

_JSON: Final = (("Content-Type", "application/json"),)
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError)
_MS: Final = 1_000_000
_OK: Final = 200
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_MONTH_WORDS: Final = {"1month": "1M"}
_T = TypeVar("_T")
Held = dict[str, Decimal]
"""Signed size by coin."""


def info_request(kind: str, **fields: Any) -> Wire:
    """Ask one question; fields that are None are left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return Wire("POST", INFO_PATH, (), _JSON, msgspec.json.encode({"type": kind, **given}))


def fills_request(wallet: str, window: tuple[int, int], *, is_twap: bool = False) -> Wire:
    """Ask for a page of a wallet's fills; those of TWAP orders stand in a list of their own."""
    kind = "userTwapSliceFillsByTime" if is_twap else "userFillsByTime"
    return info_request(kind, user=wallet, startTime=window[0], endTime=window[1])


def state_request(wallet: str, dex: str = "") -> Wire:
    """Ask for a wallet's positions on one dex: the main one, or a builder's."""
    return info_request("clearinghouseState", user=wallet, dex=dex or None)


def candles_request(coin: str, interval: str, since_ms: int, until_ms: int) -> Wire:
    """Ask for candles; only the newest 5,000 of an interval exist."""
    word = _MONTH_WORDS.get(interval, interval)
    window = {"coin": coin, "interval": word, "startTime": max(0, since_ms), "endTime": until_ms}
    return info_request("candleSnapshot", req=window)


def checked(reply: Reply) -> bytes:
    """Return the body of a good reply.

    Raises:
        ConnectivityError: when asking again later may help.
        RequestRefused: when it does not; a 500 that says `null` is a refusal there (2.5).
    """
    if reply.status == _OK:
        return reply.body
    said = reply.body[:200].decode("utf-8", "replace").strip()
    is_refusal = reply.status == _SERVER_ERROR and said == "null"
    if reply.status == _TOO_MANY or (reply.status >= _SERVER_ERROR and not is_refusal):
        raise ConnectivityError("the venue cannot answer", f"HTTP {reply.status} {said}")
    raise RequestRefused(f"HTTP_{reply.status}", said)


def read(body: bytes, kind: type[_T]) -> _T:
    """Read a reply.

    Raises:
        DataInvalid: when it is not of that form.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except _BAD as error:
        raise DataInvalid("reply cannot be read", str(error)[:200]) from error


def fills_page(body: bytes, wallet: str, *, is_twap: bool = False) -> list[WalletFill]:
    """Read a page of fills, in the order it came.

    Raises:
        DataInvalid: when it is not of that form.
    """
    try:
        if is_twap:
            rows = read(body, list[wire.SliceFill])
            return [wallet_fill(row.fill, wallet, row.twap_id) for row in rows]
        return [wallet_fill(row, wallet) for row in read(body, list[wire.Fill])]
    except KeyError as error:
        raise DataInvalid("fill has no readable side", str(error)[:40]) from error


def positions(body: bytes) -> tuple[Held, int]:
    """Read a wallet's positions of one dex, signed, and their time in ns.

    Raises:
        DataInvalid: when it is not of that form.
    """
    state = read(body, wire.State)
    held = {row.position.coin: row.position.szi for row in state.asset_positions}
    return held, state.time * _MS


def instruments_listed(body: bytes, venue: VenueId, ts_recv: int) -> InstrumentsListed:
    """Read the catalogue of one dex.

    Raises:
        DataInvalid: when it is not of that form.
    """
    return InstrumentsListed(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        venue=venue,
        instruments=tuple(_instrument(asset, venue) for asset in read(body, wire.Meta).universe),
    )


def _instrument(asset: wire.Asset, venue: VenueId) -> Instrument:
    step = Decimal(1).scaleb(-asset.sz_decimals)
    decimals = max(0, PERP_PRICE_DECIMALS - asset.sz_decimals)
    return Instrument(
        id=instrument_id(venue, Symbol(asset.name)),
        kind=InstrumentKind.PERPETUAL,
        base=Asset(asset.name.rpartition(":")[2]),
        quote=Asset(QUOTE),
        tick=Price(Decimal(1).scaleb(-decimals)),
        step=Quantity(step),
        min_quantity=Quantity(step),
        state=MarketState.CLOSED if asset.is_delisted else MarketState.OPEN,
        funding_interval_ms=3_600_000,
    )


def candles_loaded(
    body: bytes, instrument: InstrumentId, interval: str, ts_recv: int
) -> CandlesLoaded:
    """Read candles, oldest first.

    Raises:
        DataInvalid: when they are not of that form.
    """
    rows = {row.t: row for row in read(body, list[wire.Candle])}
    return CandlesLoaded(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        instrument=instrument,
        interval=interval,
        candles=tuple(_candle(rows[at], instrument, interval, ts_recv) for at in sorted(rows)),
    )


def _candle(row: wire.Candle, instrument: InstrumentId, interval: str, ts_recv: int) -> CandleSeen:
    end_ts = (row.T + 1) * _MS
    return CandleSeen(
        ts_event=min(end_ts, ts_recv),
        ts_recv=ts_recv,
        instrument=instrument,
        interval=interval,
        start_ts=row.t * _MS,
        end_ts=end_ts,
        open=row.o if row.n else None,
        high=row.h if row.n else None,
        low=row.l if row.n else None,
        close=row.c if row.n else None,
        volume=row.v,
        is_closed=end_ts <= ts_recv,
    )
