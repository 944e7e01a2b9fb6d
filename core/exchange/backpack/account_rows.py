"""The shapes of an account's REST replies (3.1 to 3.3, 3.9) that are no orders or fills."""

from decimal import Decimal

from core.exchange.backpack.public_rows import SqrtRow
from core.exchange.backpack.rows import Row

_BPS = Decimal(10_000)


class AccountRow(Row):
    """`/account`: fees in basis points (negative is a rebate), one leverage limit for all."""

    futures_maker_fee: Decimal
    futures_taker_fee: Decimal
    spot_maker_fee: Decimal
    spot_taker_fee: Decimal
    leverage_limit: Decimal
    auto_lend: bool = False
    auto_borrow_settlements: bool = False
    auto_repay_borrows: bool = False
    auto_realize_pnl: bool = False
    borrow_limit: Decimal | None = None
    position_limit: Decimal | None = None
    limit_orders: int = 0
    trigger_orders: int = 0
    liquidating: bool = False

    def fee(self, *, is_perpetual: bool, is_maker: bool) -> Decimal:
        """Return a fee as a fraction of the notional."""
        if is_perpetual:
            fee = self.futures_maker_fee if is_maker else self.futures_taker_fee
        else:
            fee = self.spot_maker_fee if is_maker else self.spot_taker_fee
        return fee / _BPS


class MostToOrderRow(Row):
    """`/account/limits/order`."""

    symbol: str
    side: str
    max_order_quantity: Decimal


class MostToBorrowRow(Row):
    """`/account/limits/borrow`."""

    symbol: str
    max_borrow_quantity: Decimal


class PositionRow(Row):
    """A row of `/position`; `netQuantity` is the signed size, exposure is not."""

    symbol: str
    net_quantity: Decimal
    entry_price: Decimal | None = None
    break_even_price: Decimal | None = None
    mark_price: Decimal | None = None
    est_liquidation_price: Decimal | None = None
    net_exposure_quantity: Decimal | None = None
    net_exposure_notional: Decimal | None = None
    net_cost: Decimal | None = None
    pnl_realized: Decimal | None = None
    pnl_unrealized: Decimal | None = None
    cumulative_funding_payment: Decimal | None = None
    cumulative_interest: Decimal | None = None
    imf: Decimal | None = None
    mmf: Decimal | None = None
    imf_function: SqrtRow | None = None
    mmf_function: SqrtRow | None = None
    position_id: str | int | None = None
    subaccount_id: int | None = None

    @property
    def liquidation_price(self) -> Decimal | None:
        """The venue's estimate; it writes 0 where it made none."""
        return self.est_liquidation_price or None

    @property
    def pnl_since_entry(self) -> Decimal | None:
        """What a trader expects to see: the venue realises PnL every few seconds."""
        if self.mark_price is None or self.entry_price is None:
            return None
        return (self.mark_price - self.entry_price) * self.net_quantity


class BalanceRow(Row):
    """One asset of `/capital`."""

    available: Decimal
    locked: Decimal = Decimal(0)
    staked: Decimal = Decimal(0)


class CollateralAsset(Row):
    """One asset of `/capital/collateral`."""

    symbol: str
    total_quantity: Decimal = Decimal(0)
    available_quantity: Decimal = Decimal(0)
    lend_quantity: Decimal = Decimal(0)
    open_order_quantity: Decimal = Decimal(0)
    asset_mark_price: Decimal | None = None
    balance_notional: Decimal | None = None
    collateral_weight: Decimal | None = None
    collateral_value: Decimal | None = None

    @property
    def spendable(self) -> Decimal:
        """What spot orders that may redeem lent funds can use (3.2)."""
        return self.available_quantity + self.lend_quantity


class CollateralRow(Row):
    """`/capital/collateral`: what the whole account is worth, in USDC."""

    net_equity: Decimal
    net_equity_available: Decimal
    net_equity_locked: Decimal | None = None
    assets_value: Decimal | None = None
    liabilities_value: Decimal | None = None
    borrow_liability: Decimal | None = None
    net_exposure_futures: Decimal | None = None
    pnl_unrealized: Decimal | None = None
    unsettled_equity: Decimal | None = None
    imf: Decimal | None = None
    mmf: Decimal | None = None
    margin_fraction: Decimal | None = None
    collateral: tuple[CollateralAsset, ...] = ()

    def lent(self) -> dict[str, Decimal]:
        """Return what is lent, by asset; nothing for assets that are not."""
        return {row.symbol: row.lend_quantity for row in self.collateral if row.lend_quantity}


class LendingRow(Row):
    """A row of `/borrowLend/positions`: lent is positive, borrowed negative."""

    symbol: str
    net_quantity: Decimal
    id: str | int | None = None
    mark_price: Decimal | None = None
    cumulative_interest: Decimal | None = None
    net_exposure_quantity: Decimal | None = None
    net_exposure_notional: Decimal | None = None
    imf: Decimal | None = None
    mmf: Decimal | None = None


class StrategyRow(Row):
    """A scheduled strategy of the venue, running or past; `duration` and `interval` in ms."""

    id: str | int
    symbol: str
    side: str
    status: str
    strategy_type: str = ""
    quantity: Decimal | None = None
    executed_quantity: Decimal | None = None
    executed_quote_quantity: Decimal | None = None
    duration: int | None = None
    interval: int | None = None
    client_strategy_id: int | None = None
    cancel_reason: str | None = None
    created_at: str | int | None = None
