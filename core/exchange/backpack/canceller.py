"""Query and cancel, nothing else: what the kill path and the watchdog hold of a venue.

It signs by itself and imports nothing that could place an order. No pacing, no retries: when to
ask again is decided above.
"""

from typing import Final, TypeVar

import msgspec

from core.domain.ids import ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import KillTrouble, OpenRow
from core.exchange.backpack.constants import CANCEL_WINDOW_MS, Instruction
from core.exchange.backpack.refusals import reply_error
from core.exchange.backpack.rows import Row
from core.exchange.backpack.signing import Credentials, Value, signed_headers, signed_text, written
from core.exchange.backpack.times import NS_PER_MS
from core.exchange.backpack.venue_clock import VenueClock
from core.exchange.contract import Clock, Reply, Transport, TransportError, Wire

_FIRST_ERROR: Final = 400
_ACCEPTED: Final = 202
_JSON: Final = (("Content-Type", "application/json; charset=utf-8"),)
_RESTING, _CONDITIONAL = "RestingLimitOrder", "ConditionalOrder"
_WAITING: Final = "TriggerPending"
"""A trigger that went off is a resting order, whatever its terms still say."""
_Read = TypeVar("_Read")


class _OpenOrder(Row):
    """A row of `/orders`, as far as a kill reads it; more fields may come."""

    id: str | int
    symbol: str
    client_id: int | str | None = None
    status: str = ""
    reduce_only: bool | None = None


class _Strategy(Row):
    """A row of `/strategies`."""

    symbol: str


class AccountCanceller:
    """Cancels the orders of one account.

    Args:
        transport: Carries the bytes; its own session, shared with nobody.
        clock: Wall and monotonic time.
        credentials: The account's key.
    """

    def __init__(self, transport: Transport, clock: Clock, credentials: Credentials) -> None:
        self._transport = transport
        self._clock = clock
        self._credentials = credentials
        self._venue_clock = VenueClock()

    async def measure_clock(self, deadline_secs: float) -> None:
        """Compare clocks, which also keeps the connection warm. Raises KillTrouble."""
        sent_at = self._clock.monotonic()
        reply = await self._sent(Wire("GET", "/api/v1/time"), deadline_secs)
        text = reply.body.strip()
        if not text.isdigit():
            raise KillTrouble(f"the venue's time is none: {text[:40]!r}")
        self._venue_clock.compare(
            sent_at=sent_at,
            received_at=self._clock.monotonic(),
            venue_ns=int(text) * NS_PER_MS,
            wall_ns=self._clock.now(),
        )

    async def open_orders(self, deadline_secs: float) -> tuple[OpenRow, ...]:
        """Read every open order of the account, resting and conditional. Raises KillTrouble."""
        wire = self._query("/api/v1/orders", Instruction.OPEN_ORDERS)
        rows = _read(await self._sent(wire, deadline_secs), list[_OpenOrder])
        return tuple(_open_row(row) for row in rows)

    async def cancel_market(
        self, symbol: Symbol, *, is_conditional: bool, deadline_secs: float
    ) -> None:
        """Cancel every resting, or every conditional order of a market. Raises KillTrouble."""
        kind = _CONDITIONAL if is_conditional else _RESTING
        fields: dict[str, Value] = {"symbol": symbol, "orderType": kind}
        wire = self._delete("/api/v1/orders", Instruction.CANCEL_ALL, fields)
        await self._sent(wire, deadline_secs)

    async def cancel_order(
        self,
        symbol: Symbol,
        order_id: VenueOrderId | None,
        client_order_id: ClientOrderId | None,
        deadline_secs: float,
    ) -> bool:
        """Cancel one order; True when the venue says it is done. Raises KillTrouble."""
        fields: dict[str, Value] = {"symbol": symbol}
        if order_id is not None:
            fields["orderId"] = str(order_id)
        elif client_order_id is not None:
            fields["clientId"] = int(client_order_id)
        wire = self._delete("/api/v1/order", Instruction.CANCEL, fields)
        reply = await self._sent(wire, deadline_secs)
        return reply.status != _ACCEPTED

    async def strategies(self, deadline_secs: float) -> tuple[Symbol, ...]:
        """Read the markets in which the venue runs scheduled orders. Raises KillTrouble."""
        wire = self._query("/api/v1/strategies", Instruction.STRATEGIES)
        rows = _read(await self._sent(wire, deadline_secs), list[_Strategy])
        return tuple(dict.fromkeys(Symbol(row.symbol) for row in rows))

    async def cancel_strategies(self, symbol: Symbol, deadline_secs: float) -> None:
        """Cancel the venue's scheduled orders of a market. Raises KillTrouble."""
        fields: dict[str, Value] = {"symbol": symbol}
        wire = self._delete("/api/v1/strategies", Instruction.CANCEL_STRATEGIES, fields)
        await self._sent(wire, deadline_secs)

    async def close(self) -> None:
        """Close the session; idempotent. The next request opens a fresh one."""
        await self._transport.close()

    def _query(self, path: str, instruction: Instruction) -> Wire:
        return Wire("GET", path, (), self._headers(instruction, {}))

    def _delete(self, path: str, instruction: Instruction, fields: dict[str, Value]) -> Wire:
        headers = (*self._headers(instruction, fields), *_JSON)
        return Wire("DELETE", path, (), headers, msgspec.json.encode(fields))

    def _headers(
        self, instruction: Instruction, fields: dict[str, Value]
    ) -> tuple[tuple[str, str], ...]:
        # A replayed cancel or query does no harm, so the window is the widest (S5).
        now_ns = self._venue_clock.now(self._clock.monotonic(), self._clock.now())
        stamp, window = now_ns // NS_PER_MS, CANCEL_WINDOW_MS
        text = signed_text(instruction, fields, timestamp_ms=stamp, window_ms=window)
        return signed_headers(self._credentials, text, timestamp_ms=stamp, window_ms=window)

    async def _sent(self, wire: Wire, deadline_secs: float) -> Reply:
        try:
            reply = await self._transport.request(wire, deadline_secs=deadline_secs)
        except TransportError as error:
            raise KillTrouble(error.reason, is_timeout=True) from error
        if reply.status < _FIRST_ERROR:
            return reply
        refusal = reply_error(reply)
        raise KillTrouble(
            f"HTTP {reply.status} {refusal.code} {refusal.message}"[:200],
            is_not_found=refusal.is_not_found,
            retry_after_secs=_seconds(reply.headers.get("retry-after")),
        )


def _open_row(row: _OpenOrder) -> OpenRow:
    client = written(row.client_id) if row.client_id is not None else ""
    return OpenRow(
        symbol=Symbol(row.symbol),
        order_id=VenueOrderId(str(row.id)),
        client_order_id=ClientOrderId(int(client)) if client.isdigit() else None,
        is_conditional=row.status == _WAITING,
        is_reduce_only=bool(row.reduce_only),
    )


def _read(reply: Reply, kind: type[_Read]) -> _Read:
    try:
        return msgspec.json.decode(reply.body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KillTrouble(f"answer cannot be read: {error}"[:200]) from error


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.strip().isdecimal() else 0.0
