"""Reads Backpack's REST replies as domain rows. Numbers come as text or as JSON numbers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import BalanceReport, OrderReport, PositionReport, SettlementReport
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import (
    AccountId,
    Asset,
    Symbol,
    TradeId,
    VenueOrderId,
    instrument_id,
    venue_of,
)
from core.domain.order import Fill, Side
from core.exchange.backpack.account_rows import (
    BalanceRow,
    CollateralAsset,
    CollateralRow,
    PositionRow,
)
from core.exchange.backpack.constants import ORDER_STATES, ORDER_TYPES, SIDES, TIMES_IN_FORCE
from core.exchange.backpack.rows import Row, read
from core.exchange.backpack.times import instant_of
from core.exchange.backpack.words import asked_quantity, client_order_id_of, liquidity_side

__all__ = [
    "SETTLEMENT_SOURCES",
    "BalanceRow",
    "CollateralAsset",
    "CollateralRow",
    "FillRow",
    "OrderRow",
    "PositionRow",
    "SettlementRow",
    "balance_reports",
    "fill_of",
    "order_report",
    "position_report",
    "read",
    "settlement_report",
    "venue_time_ns",
]
_NO_BALANCE: Final = BalanceRow(available=Decimal(0))
_SETTLEMENT_ASSET: Final = Asset("USDC")


class OrderRow(Row):
    """An order as `/order`, `/orders` and `/history/orders` state it."""

    id: str | int
    symbol: str
    side: str
    status: str
    order_type: str = ""
    time_in_force: str = ""
    quantity: Decimal | None = None
    executed_quantity: Decimal | None = None
    executed_quote_quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    client_id: int | str | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    self_trade_prevention: str | None = None
    created_at: str | int | None = None
    expiry_reason: str | None = None
    system_order_type: str | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: str | None = None
    related_order_id: str | int | None = None
    strategy_id: str | int | None = None
    trigger_price: Decimal | None = None
    trigger_by: str | None = None
    trigger_quantity: str | int | None = None
    """An amount, or a share of the position such as `80%`."""
    triggered_at: str | int | None = None
    take_profit_trigger_price: Decimal | None = None
    take_profit_limit_price: Decimal | None = None
    take_profit_trigger_by: str | None = None
    stop_loss_trigger_price: Decimal | None = None
    stop_loss_limit_price: Decimal | None = None
    stop_loss_trigger_by: str | None = None

    @property
    def average_price(self) -> Decimal | None:
        """What was paid on average, None before the first fill."""
        if not self.executed_quantity or self.executed_quote_quantity is None:
            return None
        return self.executed_quote_quantity / self.executed_quantity


class FillRow(Row):
    """A row of `/history/fills`."""

    symbol: str
    order_id: str | int
    side: str
    quantity: Decimal
    price: Decimal
    timestamp: str | int
    fee: Decimal = Decimal(0)
    fee_symbol: str = ""
    is_maker: bool | None = None
    client_id: int | str | None = None
    trade_id: int | str | None = None
    system_order_type: str | None = None


class SettlementRow(Row):
    """A row of `/history/settlement`."""

    quantity: Decimal
    source: str
    timestamp: str | int
    position_id: str | int | None = None
    engine_sequence: str | int | None = None


def order_report(row: OrderRow, account: AccountId, ts_recv: int) -> OrderReport:
    """Read an order.

    Raises:
        DataInvalid: for numbers and sides that are none.
    """
    return OrderReport(
        ts_event=_instant(row.created_at),
        ts_recv=ts_recv,
        account=account,
        instrument=instrument_id(venue_of(account), Symbol(row.symbol)),
        venue_order_id=VenueOrderId(str(row.id)),
        client_order_id=client_order_id_of(row.client_id),
        state=ORDER_STATES.get(row.status),
        side=_side(row.side),
        quantity=Quantity(asked_quantity(row.quantity, row.trigger_quantity)),
        filled_quantity=Quantity(row.executed_quantity or Decimal(0)),
        limit_price=None if row.price is None else Price(row.price),
        order_type=ORDER_TYPES.get(row.order_type),
        time_in_force=TIMES_IN_FORCE.get(row.time_in_force),
        reduce_only=bool(row.reduce_only),
        reason=row.expiry_reason or "",
    )


def fill_of(row: FillRow, account: AccountId) -> Fill:
    """Read a fill.

    Raises:
        DataInvalid: for numbers and sides that are none.
    """
    return Fill(
        account=account,
        instrument=instrument_id(venue_of(account), Symbol(row.symbol)),
        venue_order_id=VenueOrderId(str(row.order_id)),
        client_order_id=client_order_id_of(row.client_id),
        trade_id=None if row.trade_id is None else TradeId(str(row.trade_id)),
        side=_side(row.side),
        quantity=Quantity(row.quantity),
        price=Price(row.price),
        fee=Amount(row.fee),
        fee_asset=Asset(row.fee_symbol),
        liquidity_side=liquidity_side(row.is_maker),
        is_system=row.system_order_type is not None,
        ts_event=_instant(row.timestamp),
    )


def position_report(row: PositionRow, account: AccountId, ts_recv: int) -> PositionReport:
    """Read a position."""
    return PositionReport(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        account=account,
        instrument=instrument_id(venue_of(account), Symbol(row.symbol)),
        quantity=Quantity(row.net_quantity),
        entry_price=None if row.entry_price is None else Price(row.entry_price),
    )


def balance_reports(
    rows: dict[str, BalanceRow],
    account: AccountId,
    ts_recv: int,
    lent: Mapping[str, Decimal] | None = None,
) -> tuple[BalanceReport, ...]:
    """Read the balances; lent funds count as locked, `POINTS` is no money and is left out."""
    lent = lent or {}
    return tuple(
        _balance(asset, rows.get(asset, _NO_BALANCE), lent.get(asset, Decimal(0)), account, ts_recv)
        for asset in dict.fromkeys([*rows, *lent])
        if asset != "POINTS"
    )


def _balance(
    asset: str, row: BalanceRow, lent: Decimal, account: AccountId, ts_recv: int
) -> BalanceReport:
    return BalanceReport(
        ts_event=ts_recv,
        ts_recv=ts_recv,
        account=account,
        asset=Asset(asset),
        available=Amount(row.available),
        locked=Amount(row.locked + row.staked + lent),
    )


SETTLEMENT_SOURCES: Final = {
    "RealizePnl": "realized_pnl",
    "FundingPayment": "funding",
    "TradingFees": "trading_fees",
    "TradingFeesSystem": "trading_fees",
    "BackstopLiquidation": "liquidation",
}
"""The venue's words for why cash moved, in ours; unknown words pass as they are."""


def settlement_report(row: SettlementRow, account: AccountId, ts_recv: int) -> SettlementReport:
    """Read a cash movement; settlement is in USDC."""
    moved_at = _instant(row.timestamp)
    sequence = row.engine_sequence or f"{moved_at}:{row.quantity}"
    return SettlementReport(
        ts_event=moved_at,
        ts_recv=ts_recv,
        account=account,
        asset=_SETTLEMENT_ASSET,
        amount=Amount(row.quantity),
        source=SETTLEMENT_SOURCES.get(row.source, row.source),
        row_id=f"{row.source}:{row.position_id or ''}:{sequence}",
    )


def _side(word: str) -> Side:
    side = SIDES.get(word)
    if side is None:
        raise DataInvalid("order side is neither Bid nor Ask", repr(word[:20]))
    return side


def _instant(value: str | int | None) -> int:
    try:
        return instant_of(value)
    except ValueError:
        raise DataInvalid("not an instant", repr(value)[:40]) from None


def venue_time_ns(body: bytes) -> int:
    """Read the reply of `/time`.

    Raises:
        DataInvalid: when it is no count of milliseconds.
    """
    text = body.strip().decode("ascii", "replace")
    if not text.isdecimal():
        raise DataInvalid("venue time is no number of milliseconds", repr(text[:40]))
    return int(text) * 1_000_000
