"""Handlers of the unsigned endpoints of moving markets: prices, books, trades, candles."""

from typing import Final

from core.exchange.contract import Reply
from core.exchange.embedded.calls import (
    Call,
    integer,
    json_reply,
    one_of,
    paged,
    required_integer,
    required_market,
)
from core.exchange.embedded.candles import INTERVALS, Candle
from core.exchange.embedded.floor import Floor, of_kind
from core.exchange.embedded.frames import next_funding_ms
from core.exchange.embedded.funding import published_rate
from core.exchange.embedded.market import Market, Trade
from core.exchange.embedded.refusals import Refusal, TextRefusal, client_error, missing_parameter
from core.exchange.embedded.spec import (
    BASE_FUNDING_RATE,
    FUNDING_INTERVAL_NS,
    MARKET_KINDS,
    MarketSpec,
)
from core.exchange.embedded.units import (
    NS_PER_MS,
    NS_PER_SEC,
    NS_PER_US,
    SCALE,
    atoms,
    iso_seconds,
    spaced_seconds,
    trimmed,
)

_DEPTH_LIMITS: Final = ("5", "10", "20", "50", "100", "500", "1000")
_TICKER_MINUTES: Final = {"1d": 1_440, "1w": 10_080}
_MAX_KLINES: Final = 1_000
_MAX_FUNDING_LIMIT: Final = 10_000
_FUNDING_ROWS: Final = 720


def ticker(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/ticker."""
    minutes = _ticker_minutes(call)
    return json_reply(_ticker(required_market(floor.markets, call.query), floor, minutes))


def tickers(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/tickers."""
    minutes = _ticker_minutes(call)
    return json_reply([_ticker(each, floor, minutes) for each in floor.markets.values()])


def depth(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/depth: both sides ascending, prices trimmed."""
    found = required_market(floor.markets, call.query)
    if found.state == "Closed":
        raise Refusal("RESOURCE_NOT_FOUND", "Not Found", 404)
    limit = int(one_of(call.query, "limit", "DepthLimit", _DEPTH_LIMITS, "1000") or 0)
    bids = found.book.levels(is_bid=True, limit=limit)
    asks = found.book.levels(is_bid=False, limit=limit)
    return json_reply(
        {
            "asks": [_level(found.spec, *each) for each in asks],
            "bids": [_level(found.spec, *each) for each in reversed(bids)],
            "lastUpdateId": str(found.update_id),
            "timestamp": floor.instant.ns // NS_PER_US,
        }
    )


def trades(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/trades: newest first."""
    found = required_market(floor.markets, call.query)
    limit = max(1, min(integer(call.query, "limit", 100) or 100, 1_000))
    newest = [_trade(found.spec, each) for each in reversed(found.tape)]
    return json_reply(newest[:limit])


def trade_history(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/trades/history: newest first, paged."""
    found = required_market(floor.markets, call.query)
    return paged([_trade(found.spec, each) for each in reversed(found.tape)], call.query)


def klines(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/klines: seconds in, text times out."""
    found = required_market(floor.markets, call.query)
    interval = one_of(call.query, "interval", "KlineInterval", INTERVALS, None)
    if interval is None:
        raise missing_parameter("interval", "KlineInterval")
    start = required_integer(call.query, "startTime")
    now = floor.instant.ns // NS_PER_SEC
    end = integer(call.query, "endTime", now)
    assert end is not None
    price_type = one_of(
        call.query, "priceType", "KlinePriceType", ("Last", "Index", "Mark"), "Last"
    )
    check = _check_strictly if floor.rules.strict_klines else _check_range
    check(interval, start, end, now)
    bars = found.candles.candles(interval, start, min(end, now))
    return json_reply([_kline(found.spec, bar, is_last=price_type == "Last") for bar in bars])


def mark_prices(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/markPrices."""
    symbol = call.query.get("symbol")
    kind = one_of(call.query, "marketType", "MarketType", MARKET_KINDS, "PERP")
    if symbol is not None:
        found = floor.markets.get(symbol)
        if found is None or found.state == "Closed":
            raise client_error("Symbol not found")
        return json_reply([_mark(found, floor)])
    return json_reply(
        [_mark(each, floor) for each in of_kind(floor, kind) if each.state != "Closed"]
    )


def open_interest(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/openInterest."""
    if "symbol" in call.query:
        found = [required_market(floor.markets, call.query)]
    else:
        found = of_kind(floor, "PERP")
    now_ms = floor.instant.ns // NS_PER_MS
    return json_reply(
        [
            {
                "openInterest": trimmed(each.open_interest, each.spec.quantity_decimals),
                "symbol": each.spec.symbol,
                "timestamp": now_ms,
            }
            for each in found
        ]
    )


def funding_rates(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/fundingRates: newest first, the running interval at the top."""
    found = required_market(floor.markets, call.query)
    if not found.spec.is_perp:
        return paged([], call.query)
    end_ns = next_funding_ms(floor.instant.ns) * NS_PER_MS
    charged = [(end_ns, published_rate(found)), *reversed(found.funding_log)]
    oldest = charged[-1][0]
    past = [(oldest - age * FUNDING_INTERVAL_NS, atoms(BASE_FUNDING_RATE))
            for age in range(1, _FUNDING_ROWS + 1)]  # fmt: skip
    rows = [
        {
            "fundingRate": trimmed(rate),
            "intervalEndTimestamp": iso_seconds(ended_ns),
            "symbol": found.spec.symbol,
        }
        for ended_ns, rate in [*charged, *past]
    ]
    return paged(rows, call.query, max_limit=_MAX_FUNDING_LIMIT)


def _ticker_minutes(call: Call) -> int:
    interval = one_of(call.query, "interval", "TickerInterval", _TICKER_MINUTES, "1d")
    return _TICKER_MINUTES[interval or "1d"]


def _ticker(found: Market, floor: Floor, minutes: int) -> dict[str, object]:
    spec, day = found.spec, found.day(floor.instant.ns, minutes)
    first, last = (found.last, found.last) if day is None else (day.open or 0, day.close or 0)
    change = (last - first) * SCALE // first
    return {
        "firstPrice": trimmed(first, spec.price_decimals),
        "high": trimmed(last if day is None else day.high or 0, spec.price_decimals),
        "lastPrice": trimmed(last, spec.price_decimals),
        "low": trimmed(last if day is None else day.low or 0, spec.price_decimals),
        "priceChange": trimmed(last - first, spec.price_decimals),
        "priceChangePercent": trimmed(change // 10**4, 6),
        "quoteVolume": trimmed(0 if day is None else day.quote, spec.cost_decimals),
        "symbol": spec.symbol,
        "trades": str(0 if day is None else day.trades),
        "volume": trimmed(0 if day is None else day.volume, spec.quantity_decimals),
    }


def _level(spec: MarketSpec, price: int, size: int) -> list[str]:
    return [trimmed(price, spec.price_decimals), trimmed(size, spec.quantity_decimals)]


def _trade(spec: MarketSpec, trade: Trade) -> dict[str, object]:
    return {
        "id": trade.id,
        "isBuyerMaker": trade.buyer_is_maker,
        "price": trimmed(trade.price, spec.price_decimals),
        "quantity": trimmed(trade.quantity, spec.quantity_decimals),
        "quoteQuantity": trimmed(trade.price * trade.quantity, spec.cost_decimals),
        "timestamp": trade.at_ns // NS_PER_MS,
    }


def _check_range(interval: str, start: int, end: int, now: int) -> None:
    """Refuse milliseconds, reversed and future ranges, and more than 1000 rows."""
    if not 0 < start <= end or start > now:
        raise client_error("Invalid start time")
    length = INTERVALS[interval] or 28 * 86_400
    if (min(end, now) - start) // length > _MAX_KLINES:
        raise client_error("Invalid start time")


def _check_strictly(interval: str, start: int, end: int, now: int) -> None:
    """Refuse, in plain text, all that is not 0 < start < end <= now within 1000 rows."""
    length = INTERVALS[interval] or 28 * 86_400
    if not 0 < start < end <= now or -(-(end - start) // length) > _MAX_KLINES:
        raise TextRefusal("Invalid start time")


def _kline(spec: MarketSpec, bar: Candle, *, is_last: bool) -> dict[str, object]:
    def price(ticks: int | None) -> str | None:
        return None if ticks is None else trimmed(ticks, spec.price_decimals)

    return {
        "close": price(bar.close),
        "end": spaced_seconds(bar.end_secs * NS_PER_SEC),
        "high": price(bar.high),
        "low": price(bar.low),
        "open": price(bar.open),
        "quoteVolume": trimmed(bar.quote if is_last else 0, spec.cost_decimals),
        "start": spaced_seconds(bar.start_secs * NS_PER_SEC),
        "trades": str(bar.trades if is_last else 0),
        "volume": trimmed(bar.volume if is_last else 0, spec.quantity_decimals),
    }


def _mark(found: Market, floor: Floor) -> dict[str, object]:
    spec = found.spec
    if not spec.is_perp:
        return {"markPrice": trimmed(found.last, spec.price_decimals), "symbol": spec.symbol}
    return {
        "fundingRate": trimmed(found.funding_rate),
        "indexPrice": trimmed(found.index),
        "markPrice": trimmed(found.mark),
        "nextFundingTimestamp": next_funding_ms(floor.instant.ns),
        "symbol": spec.symbol,
    }
