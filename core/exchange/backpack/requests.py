"""Builds Backpack's REST requests. Pure: signing takes time and window as arguments."""

from typing import Final

import msgspec

from core.domain.effects import PlaceOrder
from core.domain.ids import ClientOrderId, Symbol, VenueOrderId, symbol_of
from core.domain.order import OrderTerms, OrderType
from core.exchange.backpack.constants import (
    DEPTH_LIMIT,
    INTERVALS,
    KLINES_LIMIT,
    ORDER_TYPE_WORDS,
    PERPETUAL_SUFFIX,
    SIDE_WORDS,
    TIME_IN_FORCE_WORDS,
    Instruction,
)
from core.exchange.backpack.signing import Credentials, Value, signed_headers, signed_text, written
from core.exchange.contract import Wire

_JSON: Final = (("Content-Type", "application/json; charset=utf-8"),)
Fields = dict[str, Value]


# ---- public ----------------------------------------------------------------------------------


def status_request() -> Wire:
    """Ask whether the venue is open."""
    return Wire("GET", "/api/v1/status")


def time_request() -> Wire:
    """Ask for the venue's clock, ms as plain text."""
    return Wire("GET", "/api/v1/time")


def markets_request() -> Wire:
    """Ask for the catalogue of spot and perpetual markets."""
    return Wire("GET", "/api/v1/markets")


def depth_request(symbol: Symbol, limit: int = DEPTH_LIMIT) -> Wire:
    """Ask for a whole book."""
    return Wire("GET", "/api/v1/depth", (("symbol", symbol), ("limit", str(limit))))


def trades_request(symbol: Symbol, limit: int = 100) -> Wire:
    """Ask for the newest public prints."""
    return Wire("GET", "/api/v1/trades", (("symbol", symbol), ("limit", str(limit))))


def klines_request(
    symbol: Symbol, interval: str, *, start_secs: int, end_secs: int, now_secs: int, step_secs: int
) -> Wire:
    """Ask for candles; whole seconds, at most 1,000 of them, never of the future (2.7).

    Raises:
        ValueError: when one of the four guards refuses the window.
    """
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {', '.join(INTERVALS)}, was {interval!r}")
    end_secs = min(end_secs, now_secs)
    if not 0 < start_secs < end_secs:
        raise ValueError(f"start must lie before end and now, was {start_secs} to {end_secs}")
    if end_secs - start_secs > KLINES_LIMIT * step_secs:
        raise ValueError(f"window must hold at most {KLINES_LIMIT} candles of {interval}")
    query = (
        ("symbol", symbol),
        ("interval", interval),
        ("startTime", str(start_secs)),
        ("endTime", str(end_secs)),
    )
    return Wire("GET", "/api/v1/klines", query)


# ---- signed ----------------------------------------------------------------------------------


class Signer:
    """Signs requests of one account with a window."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def query(
        self, path: str, instruction: str, fields: Fields, *, timestamp_ms: int, window_ms: int
    ) -> Wire:
        """Build a signed GET."""
        headers = self._headers(instruction, fields, timestamp_ms, window_ms)
        pairs = tuple((name, written(fields[name])) for name in sorted(fields))
        return Wire("GET", path, pairs, headers)

    def command(
        self,
        method: str,
        path: str,
        instruction: str,
        fields: Fields,
        *,
        timestamp_ms: int,
        window_ms: int,
    ) -> Wire:
        """Build a signed POST or DELETE; the body holds exactly what is signed."""
        headers = self._headers(instruction, fields, timestamp_ms, window_ms)
        return Wire(method, path, (), (*headers, *_JSON), msgspec.json.encode(fields))

    def _headers(
        self, instruction: str, fields: Fields, timestamp_ms: int, window_ms: int
    ) -> tuple[tuple[str, str], ...]:
        text = signed_text(instruction, fields, timestamp_ms=timestamp_ms, window_ms=window_ms)
        return signed_headers(
            self._credentials, text, timestamp_ms=timestamp_ms, window_ms=window_ms
        )


def place_request(signer: Signer, effect: PlaceOrder, *, timestamp_ms: int, window_ms: int) -> Wire:
    """Build the placement of an approved order: nothing else can be placed."""
    fields = order_fields(effect.approved.leg.terms, effect.client_order_id)
    return signer.command(
        "POST",
        "/api/v1/order",
        Instruction.PLACE,
        fields,
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )


def order_fields(terms: OrderTerms, client_order_id: ClientOrderId) -> Fields:
    """Write an order's terms in the venue's words; what is not set is left out."""
    symbol = symbol_of(terms.instrument)
    fields: Fields = {
        "clientId": int(client_order_id),
        "orderType": ORDER_TYPE_WORDS[terms.order_type],
        "quantity": str(terms.quantity),
        "selfTradePrevention": "RejectTaker",
        "side": SIDE_WORDS[terms.side],
        "symbol": symbol,
        "timeInForce": TIME_IN_FORCE_WORDS[terms.time_in_force],
    }
    if terms.order_type is OrderType.LIMIT:
        fields["price"] = str(terms.limit_price)
    if terms.post_only:
        fields["postOnly"] = True
    if terms.reduce_only and symbol.endswith(PERPETUAL_SUFFIX):
        fields["reduceOnly"] = True
    return fields


def cancel_request(
    signer: Signer,
    symbol: Symbol,
    *,
    client_order_id: ClientOrderId,
    venue_order_id: VenueOrderId | None,
    timestamp_ms: int,
    window_ms: int,
) -> Wire:
    """Build the cancel of one order, by the venue's id if it is known, else by ours."""
    fields: Fields = {"symbol": symbol}
    if venue_order_id is None:
        fields["clientId"] = int(client_order_id)
    else:
        fields["orderId"] = str(venue_order_id)
    return signer.command(
        "DELETE",
        "/api/v1/order",
        Instruction.CANCEL,
        fields,
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )


def cancel_all_request(
    signer: Signer, symbol: Symbol, *, timestamp_ms: int, window_ms: int
) -> Wire:
    """Build the cancel of every order of one market."""
    return signer.command(
        "DELETE",
        "/api/v1/orders",
        Instruction.CANCEL_ALL,
        {"symbol": symbol},
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )
