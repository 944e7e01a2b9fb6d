"""The shapes of public REST replies beside catalogue, books, prints and candles (section 2)."""

from decimal import Decimal

from core.exchange.backpack.rows import Row, number, read
from core.exchange.backpack.times import NS_PER_MS, instant_of


class TickerRow(Row):
    """`/ticker`, `/tickers`: the last day or week; there is no best bid or ask in it."""

    symbol: str
    first_price: Decimal
    last_price: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    price_change: Decimal | None = None
    price_change_percent: str | float | None = None
    trades: int = 0

    @property
    def change(self) -> Decimal | None:
        """The change as a fraction, in spite of its name; None where the venue says `N/A`."""
        return number(self.price_change_percent)


class MarkPriceRow(Row):
    """`/markPrices`: index, rate and next funding are missing outside perpetuals."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_timestamp: int | None = None

    @property
    def next_funding_ts(self) -> int | None:
        """When the running interval ends, ns."""
        at = self.next_funding_timestamp
        return None if at is None else at * NS_PER_MS


class OpenInterestRow(Row):
    """`/openInterest` in base units."""

    symbol: str
    open_interest: Decimal | None = None
    timestamp: int | None = None


class FundingRateRow(Row):
    """`/fundingRates`: a fraction for one interval; the first row's interval still runs."""

    symbol: str
    funding_rate: Decimal
    interval_end_timestamp: str

    @property
    def interval_end_ts(self) -> int:
        """When the interval ends, ns. Raises ValueError."""
        return instant_of(self.interval_end_timestamp)


class ChainRow(Row):
    """One chain an asset lives on."""

    blockchain: str
    display_name: str | None = None
    contract_address: str | None = None
    deposit_enabled: bool = False
    minimum_deposit: Decimal | None = None
    native_decimals: int | None = None


class AssetRow(Row):
    """`/assets`."""

    symbol: str
    display_name: str | None = None
    coingecko_id: str | None = None
    tokens: tuple[ChainRow, ...] = ()


class SqrtRow(Row):
    """A margin function of the venue; kinds nobody knows keep their word."""

    base: Decimal
    factor: Decimal = Decimal(0)
    type: str = "sqrt"


class HaircutKindRow(Row):
    """The shape of a haircut."""

    type: str
    base: Decimal | None = None
    positive_curve_penalty: Decimal | None = None


class HaircutRow(Row):
    """How much of an asset counts as collateral."""

    weight: Decimal
    kind: HaircutKindRow


class CollateralRuleRow(Row):
    """`/collateral`: one asset."""

    symbol: str
    haircut_function: HaircutRow
    imf_function: SqrtRow | None = None
    mmf_function: SqrtRow | None = None


class LendingMarketRow(Row):
    """`/borrowLend/markets`: one asset's rates and limits."""

    symbol: str
    state: str = ""
    asset_mark_price: Decimal | None = None
    borrow_interest_rate: Decimal | None = None
    lend_interest_rate: Decimal | None = None
    borrowed_quantity: Decimal | None = None
    lent_quantity: Decimal | None = None
    utilization: Decimal | None = None
    max_utilization: Decimal | None = None
    optimal_utilization: Decimal | None = None
    open_borrow_lend_limit: Decimal | None = None
    fee: Decimal | None = None
    step_size: Decimal | None = None
    timestamp: str | int | None = None


class LendingHistoryRow(Row):
    """`/borrowLend/markets/history`: one asset at one instant."""

    timestamp: str | int
    symbol: str = ""
    borrow_interest_rate: Decimal | None = None
    lend_interest_rate: Decimal | None = None
    borrowed_quantity: Decimal | None = None
    lent_quantity: Decimal | None = None
    utilization: Decimal | None = None


class LendingYieldRow(Row):
    """One asset of `/borrowLend/apy`."""

    symbol: str
    borrow_rate: Decimal | None = None
    lend_rate: Decimal | None = None


class LendingYieldsRow(Row):
    """`/borrowLend/apy`."""

    borrow_lend: tuple[LendingYieldRow, ...] = ()


class FeeTierRow(Row):
    """One tier of `/wapi/v1/feeTiers`: fees in percent, reached by stake or 30-day volume."""

    tier: str = ""
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None
    bp_stake: Decimal | None = None
    volume: Decimal | None = None


class FeeTiersRow(Row):
    """`/wapi/v1/feeTiers`; the venue documents no names, so nothing is required."""

    futures: tuple[FeeTierRow, ...] = ()
    spot: tuple[FeeTierRow, ...] = ()


class WalletRow(Row):
    """`/wallets`: one wallet of the venue."""

    blockchain: str
    address: str


class SecuritySessionRow(Row):
    """The size limits of one stock in one session."""

    name: str
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    step_size: Decimal | None = None


class SecurityRow(Row):
    """`/securities`: one listed stock."""

    asset: str
    name: str = ""
    cusip: str | None = None
    sessions: tuple[SecuritySessionRow, ...] = ()


class StockSessionRow(Row):
    """`/stockSessions`: hours of the day in a zone, days of the week from Monday, 1."""

    name: str
    start_time: str
    end_time: str
    start_weekday: int
    end_weekday: int
    timezone: str


class StockHolidayRow(Row):
    """`/stockHolidays`: a day, or a part of one, on which a stock exchange is closed."""

    date: str
    market: str
    start_time: str
    end_time: str
    name: str = ""


class StatusRow(Row):
    """`/status`."""

    status: str
    message: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the venue trades."""
        return self.status == "Ok"


def ticker_row(status: int, body: bytes) -> TickerRow | None:
    """Read `/ticker`; 204 and an empty body mean that there is no data. Raises DataInvalid."""
    no_content = 204
    if status == no_content or not body.strip():
        return None
    return read(body, TickerRow)
