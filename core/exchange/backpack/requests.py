"""Builds the signed REST requests. Pure: signing takes time and window as arguments.

Nothing here moves funds out of an account: trading needs no such call.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.effects import PlaceOrder
from core.domain.exact import plain
from core.domain.ids import ClientOrderId, Symbol, VenueOrderId
from core.exchange.backpack.constants import BATCH_LIMIT, Instruction
from core.exchange.backpack.order_fields import Fields, order_fields
from core.exchange.backpack.signing import (
    Credentials,
    signed_batch_text,
    signed_headers,
    signed_text,
    written,
)
from core.exchange.contract import Wire

_JSON: Final = (("Content-Type", "application/json; charset=utf-8"),)


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
        """Build a signed POST, PATCH or DELETE; the body holds exactly what is signed."""
        headers = self._headers(instruction, fields, timestamp_ms, window_ms)
        return Wire(method, path, (), (*headers, *_JSON), msgspec.json.encode(fields))

    def batch(
        self,
        path: str,
        instruction: str,
        items: Sequence[Fields],
        *,
        timestamp_ms: int,
        window_ms: int,
    ) -> Wire:
        """Build a signed POST of a list; each item is signed with its instruction."""
        text = signed_batch_text(instruction, items, timestamp_ms=timestamp_ms, window_ms=window_ms)
        headers = signed_headers(
            self._credentials, text, timestamp_ms=timestamp_ms, window_ms=window_ms
        )
        return Wire("POST", path, (), (*headers, *_JSON), msgspec.json.encode(items))

    def _headers(
        self, instruction: str, fields: Fields, timestamp_ms: int, window_ms: int
    ) -> tuple[tuple[str, str], ...]:
        text = signed_text(instruction, fields, timestamp_ms=timestamp_ms, window_ms=window_ms)
        return signed_headers(
            self._credentials, text, timestamp_ms=timestamp_ms, window_ms=window_ms
        )


# ---- orders ----------------------------------------------------------------------------------


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


def batch_request(
    signer: Signer, effects: Sequence[PlaceOrder], *, timestamp_ms: int, window_ms: int
) -> Wire:
    """Build the placement of several approved orders in one request.

    Raises:
        ValueError: for none or more than 20, or for two with one client id.
    """
    ids = {effect.client_order_id for effect in effects}
    if not 0 < len(effects) <= BATCH_LIMIT or len(ids) != len(effects):
        raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} orders of different ids")
    items = [order_fields(e.approved.leg.terms, e.client_order_id) for e in effects]
    return signer.batch(
        "/api/v1/orders", Instruction.PLACE, items, timestamp_ms=timestamp_ms, window_ms=window_ms
    )


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
    signer: Signer,
    symbol: Symbol,
    *,
    timestamp_ms: int,
    window_ms: int,
    order_kind: str | None = None,
) -> Wire:
    """Build the cancel of every order of one market.

    Args:
        signer: Signs it.
        symbol: The market.
        timestamp_ms: The venue's time.
        window_ms: How long it is valid.
        order_kind: `RestingLimitOrder` or `ConditionalOrder`; both if None.
    """
    fields: Fields = {"symbol": symbol}
    if order_kind is not None:
        fields["orderType"] = order_kind
    return signer.command(
        "DELETE",
        "/api/v1/orders",
        Instruction.CANCEL_ALL,
        fields,
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )


def cancel_strategies_request(
    signer: Signer, symbol: Symbol, *, timestamp_ms: int, window_ms: int
) -> Wire:
    """Build the cancel of every scheduled strategy of one market."""
    return signer.command(
        "DELETE",
        "/api/v1/strategies",
        Instruction.CANCEL_STRATEGIES,
        {"symbol": symbol},
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )


# ---- account ---------------------------------------------------------------------------------


def leverage_request(
    signer: Signer, leverage_limit: Decimal, *, timestamp_ms: int, window_ms: int
) -> Wire:
    """Build the change of the account's leverage limit, which holds for all its markets."""
    return signer.command(
        "PATCH",
        "/api/v1/account",
        Instruction.UPDATE_ACCOUNT,
        {"leverageLimit": plain(leverage_limit)},
        timestamp_ms=timestamp_ms,
        window_ms=window_ms,
    )
