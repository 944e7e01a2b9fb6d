"""Engines that make one mistake each. The oracle has to catch every one of them.

Each is the real engine with one thing done as the careless do it.
"""

import asyncio
from typing import Any, Final

import msgspec

from core.domain.events import (
    Body,
    CancelFailed,
    OrderNotSent,
    OrderOutcomeUnknown,
    OrderReport,
    QueryAnswered,
)
from core.domain.facts import TradingState, TradingStateChanged
from core.domain.ids import ClientOrderId, TradeId, VenueOrderId
from core.domain.order import Fill, OrderState
from core.exchange.contract import Reply, TransportError, Wire
from core.risk.limits import RiskLimits
from core.runtime.runner import JournalBatch
from tests.simulation.machine import ACCOUNT, LIMITS, Machine
from tests.simulation.net import SimTransport
from tests.simulation.world import Dress


class _Retrying(SimTransport):
    """Sends anything again that got no answer."""

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Try twice, and not for long."""
        try:
            return await super().request(wire, deadline_secs=min(deadline_secs, 1.0))
        except TransportError:
            await asyncio.sleep(0.1)
            return await super().request(wire, deadline_secs=deadline_secs)


def _retries_posts(machine: Machine) -> None:
    machine.transport_of = _Retrying


def _trusts_404(machine: Machine) -> None:
    """Take a cancel that found nothing for a cancelled order."""

    def listen(body: Body) -> Body:
        if not isinstance(body, CancelFailed) or not body.is_not_found:
            return body
        record = machine.engine.rooms.trading.orders.by_client(body.client_order_id)
        return body if record is None else _ended(record, body, OrderState.CANCELLED)

    machine.listen = listen


def _ended(record: Any, body: Body, state: OrderState) -> OrderReport:
    return OrderReport(
        ts_event=body.ts_recv,
        ts_recv=body.ts_recv,
        account=ACCOUNT,
        instrument=record.terms.instrument,
        venue_order_id=record.venue_order_id or VenueOrderId("0"),
        client_order_id=record.client_order_id,
        state=state,
        side=record.terms.side,
        quantity=record.quantity,
        filled_quantity=record.filled,
    )


def _books_twice(machine: Machine) -> None:
    """Take every report of a fill for another fill."""
    count = 0

    def renamed(fill: Fill) -> Fill:
        nonlocal count
        count += 1
        return msgspec.structs.replace(fill, trade_id=TradeId(f"{fill.trade_id}-{count}"))

    def listen(body: Body) -> Body:
        if isinstance(body, OrderReport) and body.fill is not None:
            return msgspec.structs.replace(body, fill=renamed(body.fill))
        if isinstance(body, QueryAnswered) and body.fills:
            return msgspec.structs.replace(body, fills=tuple(renamed(f) for f in body.fills))
        return body

    machine.listen = listen


def _trusts_silence(machine: Machine) -> None:
    """Take no answer for a no."""

    def listen(body: Body) -> Body:
        if not isinstance(body, OrderOutcomeUnknown):
            return body
        return OrderNotSent(
            ts_event=body.ts_event,
            ts_recv=body.ts_recv,
            client_order_id=body.client_order_id,
            reason="no answer",
        )

    machine.listen = listen


def _sends_first(machine: Machine) -> None:
    """Send while the intent is still on its way to the disk."""
    writer = machine.writer
    synced, on_done = writer.write, writer._on_done
    writer._on_done = lambda _upto: None

    def write(batch: JournalBatch) -> None:
        synced(batch)
        machine.process.call_soon(on_done, batch.upto)

    writer.write = write  # type: ignore[method-assign]


def _forgets_fills(machine: Machine) -> None:
    """Know fills by the stream alone, and drop every third."""
    count = 0

    def listen(body: Body) -> Body | None:
        nonlocal count
        if isinstance(body, QueryAnswered) and body.fills:
            return msgspec.structs.replace(body, fills=())
        if isinstance(body, OrderReport) and body.fill is not None:
            count += 1
            if count % 3 == 0:
                return None
        return body

    machine.listen = listen


def _ignores_halts(machine: Machine) -> None:
    """Let every state be as good as ACTIVE."""
    machine.engine.rooms.risk.states.of = (  # type: ignore[method-assign]
        lambda *_scopes: TradingState.ACTIVE
    )


def _forgets_halts(machine: Machine) -> None:
    """Begin every run as if nobody had stopped the last."""
    machine.facts_at_start = [
        fact
        for fact in machine.facts_at_start
        if not (isinstance(fact, TradingStateChanged) and fact.state is TradingState.HALTED)
        and type(fact).__name__ != "KillTripped"
    ]
    machine.disk.is_armed = True


def _reuses_ids(machine: Machine) -> None:
    """Count client ids from the same number in every run, whatever was used."""
    machine.on_begun = lambda: _count_from(machine, 1)


def _count_from(machine: Machine, number: int) -> None:
    ids = machine.engine.rooms.trading.client_ids
    assert ids is not None
    ids._next = (1 << 31) + number


def _random_ids(machine: Machine) -> None:
    """Draw client ids instead of counting them."""

    def begun() -> None:
        ids = machine.engine.rooms.trading.client_ids
        assert ids is not None
        ids.take = lambda: ClientOrderId(  # type: ignore[method-assign]
            (1 << 31) | machine._rng.randrange(1, 1 << 20)
        )

    machine.on_begun = begun


def _no_limits(machine: Machine) -> None:
    """Limit nothing."""
    limits = RiskLimits(
        max_order_notional=1e9,
        max_order_equity_pct=100,
        max_depth_share_pct=100,
        max_open_value_pct=1_000,
        max_asset_notional=1e9,
        max_position_notional=1e9,
        max_leverage=1e6,
        max_slippage_bps=10_000,
        confirm_above_equity_pct=100,
        max_book_age_ms=LIMITS.max_book_age_ms,
    )
    machine.on_begun = lambda: _limit_by(machine, limits)


def _old_data(machine: Machine) -> None:
    """Care for no age."""
    limits = msgspec.structs.replace(
        LIMITS, max_book_age_ms=600_000, max_mark_age_ms=600_000, max_signal_age_ms=600_000
    )
    machine.on_begun = lambda: _limit_by(machine, limits)


def _limit_by(machine: Machine, limits: RiskLimits) -> None:
    machine.engine.rooms.risk.limits = limits


MISTAKES: Final[dict[str, Dress]] = {
    "retries-posts": _retries_posts,
    "trusts-404": _trusts_404,
    "books-twice": _books_twice,
    "trusts-silence": _trusts_silence,
    "sends-first": _sends_first,
    "forgets-fills": _forgets_fills,
    "ignores-halts": _ignores_halts,
    "forgets-halts": _forgets_halts,
    "reuses-ids": _reuses_ids,
    "random-ids": _random_ids,
    "no-limits": _no_limits,
    "old-data": _old_data,
}


def dress_of(name: str) -> Dress | None:
    """Return what makes an engine make a mistake; None for the real one."""
    return MISTAKES[name] if name else None
