"""The shapes of an account's histories (3.7) that are no orders, fills or settlements."""

from decimal import Decimal

from core.exchange.backpack.rows import Row
from core.exchange.backpack.times import instant_of


class FundingRow(Row):
    """`/history/funding`: positive was received."""

    symbol: str
    quantity: Decimal
    interval_end_timestamp: str
    funding_rate: Decimal
    subaccount_id: int | None = None
    user_id: int | None = None

    @property
    def interval_end_ts(self) -> int:
        """When it was paid, ns. Raises ValueError."""
        return instant_of(self.interval_end_timestamp)


class PositionHistoryRow(Row):
    """`/history/position`: one life of a position."""

    symbol: str
    id: str | int | None = None
    state: str = ""
    net_quantity: Decimal | None = None
    net_cost: Decimal | None = None
    entry_price: Decimal | None = None
    closing_price: Decimal | None = None
    mark_price: Decimal | None = None
    cumulative_pnl_realized: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    funding_quantity: Decimal | None = None
    interest: Decimal | None = None
    fees: Decimal | None = None
    liquidation_fees: Decimal | None = None
    liquidated: bool | None = None
    closed_volume: Decimal | None = None
    opened_at: str | int | None = None
    closed_at: str | int | None = None


class LendingEventRow(Row):
    """`/history/borrowLend`."""

    symbol: str
    quantity: Decimal
    event_type: str = ""
    source: str = ""
    position_id: str | int | None = None
    position_quantity: Decimal | None = None
    timestamp: str | int | None = None
    spot_margin_order_id: str | None = None


class LendingPositionRow(Row):
    """`/history/borrowLend/positions`: one life of something lent or borrowed."""

    position_id: str | int
    symbol: str
    side: str
    quantity: Decimal
    source: str = ""
    cumulative_interest: Decimal | None = None
    avg_interest_rate: Decimal | None = None
    created_at: str | int | None = None


class InterestRow(Row):
    """`/history/interest`."""

    symbol: str
    quantity: Decimal
    payment_type: str = ""
    interest_rate: Decimal | None = None
    interval: int | None = None
    market_symbol: str | None = None
    position_id: str | int | None = None
    timestamp: str | int | None = None


class DustRow(Row):
    """`/history/dust`: small remains that became USDC."""

    symbol: str
    quantity: Decimal
    id: int | None = None
    usdc_received: Decimal | None = None
    timestamp: str | int | None = None


class DepositRow(Row):
    """`/capital/deposits`: what came in, from which chain."""

    id: int
    symbol: str
    quantity: Decimal
    status: str
    created_at: str | int
    source: str = ""
    transaction_hash: str | None = None

    @property
    def created_ts(self) -> int:
        """When it was seen, ns. Raises ValueError."""
        return instant_of(self.created_at)

    @property
    def is_done(self) -> bool:
        """Whether the money is there; every other word means: not yet, or never."""
        return self.status == "confirmed"
