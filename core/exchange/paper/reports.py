"""What a paper account says of itself, in the events of a real one. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.domain.effects import Query
from core.domain.events import (
    BalanceReport,
    Body,
    OrderReport,
    PositionReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    SettlementReport,
)
from core.domain.exact import ZERO_AMOUNT
from core.domain.ids import AccountId, Asset, InstrumentId
from core.domain.order import Fill
from core.exchange.paper.facts import CashMoved
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.state import DEPOSIT, PaperState

PAGE: Final = 1_000
"""Rows a page of a history; every page is a request of its own."""
_MS: Final = 1_000_000
_Rows = tuple[OrderReport | PositionReport | BalanceReport | SettlementReport, ...]


def received(body: Body, at: int) -> Body:
    """Return a report as it arrives, ns."""
    return msgspec.structs.replace(body, ts_recv=at)


def order_report(
    order: PaperOrder, account: AccountId, at: int, fill: Fill | None = None
) -> OrderReport:
    """Say how an order stands; with a fill, that it has just been made."""
    return OrderReport(
        ts_event=at,
        ts_recv=at,
        account=account,
        instrument=order.instrument,
        venue_order_id=order.order_id,
        client_order_id=order.client_order_id,
        state=order.state,
        side=order.side,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        limit_price=order.terms.limit_price,
        order_type=order.terms.order_type,
        time_in_force=order.terms.time_in_force,
        reduce_only=order.terms.reduce_only,
        reason=order.reason,
        fill=fill,
    )


def position_report(
    state: PaperState, account: AccountId, instrument: InstrumentId, at: int
) -> PositionReport:
    """Say what is held of a perpetual."""
    return PositionReport(
        ts_event=at,
        ts_recv=at,
        account=account,
        instrument=instrument,
        quantity=state.account.position(instrument),
        entry_price=state.account.entry_price(instrument),
    )


def balance_report(state: PaperState, account: AccountId, asset: Asset, at: int) -> BalanceReport:
    """Say what is there of an asset."""
    total = state.account.cash.get(asset, ZERO_AMOUNT)
    locked = state.account.locked(state.open_orders()).get(asset, ZERO_AMOUNT)
    return BalanceReport(
        ts_event=at,
        ts_recv=at,
        account=account,
        asset=asset,
        available=total - locked,
        locked=locked,
    )


def settlement_report(row: CashMoved, account: AccountId, at: int) -> SettlementReport:
    """Say what moved without a fill."""
    return SettlementReport(
        ts_event=row.at,
        ts_recv=at,
        account=account,
        asset=row.asset,
        amount=row.amount,
        source=row.source,
        row_id=row.row_id,
        instrument=row.instrument,
    )


def answer(state: PaperState, account: AccountId, query: Query, at: int) -> tuple[Body, int]:
    """Answer a question about the account; also the pages it took.

    Histories are complete: orders and settlements newest first back to `since`, fills oldest first
    from the millisecond of `since`.
    """
    fills: tuple[Fill, ...] = ()
    rows: _Rows = ()
    if query.kind is QueryKind.FILLS:
        fills = _fills(state, query)
    elif query.kind is QueryKind.ORDER and query.client_order_id is None:
        return _unanswerable(query, at), 1
    else:
        rows = _rows(state, account, query, at)
    answered = QueryAnswered(
        ts_event=at,
        ts_recv=at,
        query_id=query.query_id,
        kind=query.kind,
        account=account,
        rows=rows,
        fills=fills,
    )
    return answered, 1 + max(len(rows), len(fills)) // PAGE


def _rows(state: PaperState, account: AccountId, query: Query, at: int) -> _Rows:
    if query.kind is QueryKind.POSITIONS:
        names = (query.instrument,) if query.instrument else sorted(state.account.positions)
        found = (position_report(state, account, name, at) for name in names)
        return tuple(row for row in found if not row.quantity.is_zero)
    if query.kind is QueryKind.BALANCES:
        assets = sorted(state.account.cash)
        return tuple(balance_report(state, account, asset, at) for asset in assets)
    if query.kind is QueryKind.SETTLEMENTS:
        return tuple(
            settlement_report(row, account, at)
            for row in reversed(state.cash_rows)
            if row.source != DEPOSIT and (query.since is None or row.at >= query.since)
        )
    return tuple(_row(order, account) for order in _orders(state, query))


def _orders(state: PaperState, query: Query) -> Iterable[PaperOrder]:
    if query.kind is QueryKind.OPEN_ORDERS:
        return state.open_orders(query.instrument)
    if query.kind is QueryKind.ORDER:
        found = state.find(None, query.client_order_id)
        return (found,) if found is not None and found.remaining else ()
    return (
        order
        for order in reversed(tuple(state.orders.values()))
        if (query.instrument is None or order.instrument == query.instrument)
        and (query.since is None or order.taken_at >= query.since)
    )


def _row(order: PaperOrder, account: AccountId) -> OrderReport:
    return order_report(order, account, order.taken_at)


def _fills(state: PaperState, query: Query) -> tuple[Fill, ...]:
    since = None if query.since is None else query.since // _MS * _MS
    return tuple(
        fill
        for fill in state.fills
        if (query.instrument is None or fill.instrument == query.instrument)
        and (since is None or fill.ts_event >= since)
    )


def _unanswerable(query: Query, at: int) -> QueryFailed:
    return QueryFailed(
        ts_event=at,
        ts_recv=at,
        query_id=query.query_id,
        kind=query.kind,
        target=query.instrument or query.account or "",
        reason="query for an order names no order",
    )
