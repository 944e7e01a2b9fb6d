"""Builds the public REST requests (section 2). Pure; nothing here is signed."""

from core.domain.ids import Symbol
from core.exchange.backpack.constants import DEPTH_LIMIT, DEPTH_LIMITS
from core.exchange.contract import Wire

LENDING_INTERVALS = ("1d", "1w", "1month", "1year")


def _get(path: str, **fields: str | int | None) -> Wire:
    """Build a GET; a field without a value is left out."""
    pairs = tuple((name, str(value)) for name, value in fields.items() if value is not None)
    return Wire("GET", path, pairs)


# ---- system ----------------------------------------------------------------------------------


def status_request() -> Wire:
    """Ask whether the venue is open."""
    return _get("/api/v1/status")


def ping_request() -> Wire:
    """Ask for a sign of life, plain text."""
    return _get("/api/v1/ping")


def time_request() -> Wire:
    """Ask for the venue's clock, ms as plain text."""
    return _get("/api/v1/time")


def wallets_request() -> Wire:
    """Ask for the wallets the venue says are its own."""
    return _get("/api/v1/wallets")


def fee_tiers_request() -> Wire:
    """Ask for the fee tiers of everybody."""
    return _get("/wapi/v1/feeTiers")


def assets_request() -> Wire:
    """Ask for the assets and their chains."""
    return _get("/api/v1/assets")


# ---- markets ---------------------------------------------------------------------------------


def markets_request(market_type: str | None = None) -> Wire:
    """Ask for the catalogue; spot and perpetual markets without a type."""
    return _get("/api/v1/markets", marketType=market_type)


def market_request(symbol: Symbol) -> Wire:
    """Ask for one market's rules."""
    return _get("/api/v1/market", symbol=symbol)


def ticker_request(symbol: Symbol, interval: str | None = None) -> Wire:
    """Ask for one market's statistics; `1d` or `1w`."""
    return _get("/api/v1/ticker", symbol=symbol, interval=interval)


def tickers_request(interval: str | None = None) -> Wire:
    """Ask for every market's statistics; `1d` or `1w`."""
    return _get("/api/v1/tickers", interval=interval)


def depth_request(symbol: Symbol, limit: int = DEPTH_LIMIT) -> Wire:
    """Ask for a book, `limit` levels a side.

    Raises:
        ValueError: when the venue has no such limit.
    """
    if limit not in DEPTH_LIMITS:
        raise ValueError(f"depth limit must be one of {DEPTH_LIMITS}, was {limit}")
    return _get("/api/v1/depth", symbol=symbol, limit=limit)


def trades_request(symbol: Symbol, limit: int = 100) -> Wire:
    """Ask for the newest public prints."""
    return _get("/api/v1/trades", symbol=symbol, limit=limit)


def trade_history_request(symbol: Symbol, limit: int = 100, offset: int = 0) -> Wire:
    """Ask for older public prints; counts as historical data."""
    return _get("/api/v1/trades/history", symbol=symbol, limit=limit, offset=offset)


def mark_prices_request(symbol: Symbol | None = None, market_type: str | None = None) -> Wire:
    """Ask for mark, index and funding rate of one perpetual, or of all."""
    return _get("/api/v1/markPrices", symbol=symbol, marketType=market_type)


def open_interest_request(symbol: Symbol | None = None) -> Wire:
    """Ask for open interest in base units."""
    return _get("/api/v1/openInterest", symbol=symbol)


def funding_rates_request(
    symbol: Symbol, limit: int | None = None, offset: int | None = None
) -> Wire:
    """Ask for funding rates, newest first; the first interval still runs."""
    return _get("/api/v1/fundingRates", symbol=symbol, limit=limit, offset=offset)


def klines_request(
    symbol: Symbol, interval: str, start_secs: int, end_secs: int, price_type: str | None = None
) -> Wire:
    """Ask for candles, whole seconds UTC. The candle service knows what may be asked (2.7)."""
    return _get(
        "/api/v1/klines",
        symbol=symbol,
        interval=interval,
        startTime=start_secs,
        endTime=end_secs,
        priceType=price_type,
    )


# ---- collateral and lending ------------------------------------------------------------------


def collateral_rules_request() -> Wire:
    """Ask how much each asset counts as collateral."""
    return _get("/api/v1/collateral")


def lending_markets_request() -> Wire:
    """Ask for the rates and limits of lending."""
    return _get("/api/v1/borrowLend/markets")


def lending_history_request(interval: str, symbol: Symbol | None = None) -> Wire:
    """Ask for past lending rates.

    Raises:
        ValueError: when the interval is none.
    """
    if interval not in LENDING_INTERVALS:
        raise ValueError(f"interval must be one of {LENDING_INTERVALS}, was {interval!r}")
    return _get("/api/v1/borrowLend/markets/history", interval=interval, symbol=symbol)


def lending_yields_request(tier: str | None = None) -> Wire:
    """Ask what lending and staking yield."""
    return _get("/api/v1/borrowLend/apy", tierId=tier)


# ---- tokenized stocks ------------------------------------------------------------------------


def securities_request() -> Wire:
    """Ask for the listed stocks."""
    return _get("/api/v1/securities")


def stock_sessions_request() -> Wire:
    """Ask for the stock exchange's hours."""
    return _get("/api/v1/stockSessions")


def stock_holidays_request() -> Wire:
    """Ask for the stock exchange's holidays."""
    return _get("/api/v1/stockHolidays")
