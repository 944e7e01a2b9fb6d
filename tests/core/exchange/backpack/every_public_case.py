"""What each public request has to bring, as the exchange's own state has it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.ids import Symbol, VenueId, instrument_id
from core.domain.order import Side
from core.exchange.backpack import candle_source, market_replies, public_requests, public_rows
from core.exchange.backpack.replies import venue_time_ns
from core.exchange.backpack.rows import read
from core.exchange.contract import Wire
from core.exchange.embedded.spec import ASSETS
from tests.core.exchange.backpack.backpack_rig import VENUE
from tests.core.exchange.backpack.every_request_rig import HOUR_NS, PERP, SPOT, Day, iso, units
from tests.core.exchange.embedded.embedded_client import START_NS

HERE = VenueId(VENUE)
PERP_SYMBOL, SPOT_SYMBOL = Symbol(PERP), Symbol(SPOT)
SPOT_ID = instrument_id(HERE, SPOT_SYMBOL)
SECOND = 1_000_000_000


class Case(msgspec.Struct, frozen=True):
    """One request: how it is asked, what its answer is read as, and what has to be in it."""

    ask: Callable[[Day], Wire]
    read: Callable[[bytes], Any]
    check: Callable[[Any, Day], None]
    form: str = ""
    """The documented form of a row, where the exchange in memory has none."""
    check_form: Callable[[Any], None] | None = None
    status: int = 200


def rows_of(kind: Any) -> Callable[[bytes], Any]:
    """Read a list of rows."""
    return lambda body: read(body, list[kind])


def row_of(kind: Any) -> Callable[[bytes], Any]:
    """Read one row."""
    return lambda body: read(body, kind)


def is_empty(found: Any, day: Day) -> None:
    """Find nothing, because nothing of the kind exists there."""
    del day
    assert found == []


def check_status(row: public_rows.StatusRow, day: Day) -> None:
    """Find the venue open."""
    del day
    assert (row.is_open, row.message) == (True, None)


def check_time(found: int, day: Day) -> None:
    """Find the exchange's clock, cut to ms."""
    assert found == day.now_ms * 1_000_000


def check_ping(body: bytes, day: Day) -> None:
    """Find plain text."""
    del day
    assert body == b"pong"


def check_wallet_form(found: list[public_rows.WalletRow]) -> None:
    """Find chain and address."""
    assert (found[0].blockchain, found[0].address) == ("Solana", "9WzDX")


def check_fee_tiers(row: public_rows.FeeTiersRow, day: Day) -> None:
    """Find the tiers of the published table (6.4)."""
    del day
    first, last = row.futures[0], row.futures[-1]
    assert len(row.futures) == 11
    assert (first.tier, first.maker_fee, first.taker_fee) == (
        "Tier 1",
        Decimal("0.020"),
        Decimal("0.050"),
    )
    assert (last.tier, last.taker_fee, last.bp_stake, last.volume) == (
        "VIP5",
        Decimal("0.018"),
        Decimal(500_000),
        Decimal(300_000_000),
    )
    assert (row.spot[0].maker_fee, row.spot[0].taker_fee) == (Decimal("0.08"), Decimal("0.10"))


def check_assets(found: list[public_rows.AssetRow], day: Day) -> None:
    """Find what accounts hold, each with its chain."""
    assert {row.symbol for row in found} == set(day.account.balances)
    (usdc,) = [row for row in found if row.symbol == "USDC"]
    assert usdc.display_name == "USD Coin"
    assert [(each.blockchain, each.native_decimals) for each in usdc.tokens] == [("Solana", 6)]


def check_markets(found: Any, day: Day) -> None:
    """Find the perpetuals that were asked for, with their rules."""
    specs = {f"there:{s}": m.spec for s, m in day.exchange.floor.markets.items() if m.spec.is_perp}
    assert {each.id for each in found.instruments} == set(specs)
    for each in found.instruments:
        check_market(each, day)


def check_market(found: Any, day: Day) -> None:
    """Find tick, step and margin as the exchange enforces them."""
    market = day.market(found.id.partition(":")[2])
    assert found.tick.value == units(1, market.spec.price_decimals)
    assert found.step.value == units(1, market.spec.quantity_decimals)
    assert found.state.value == market.state.lower()
    assert market.spec.imf is not None
    assert found.initial_margin_base == Decimal(market.spec.imf.base)


def check_ticker(row: public_rows.TickerRow, day: Day) -> None:
    """Find the prices and the sums of the tape."""
    spec, tape = day.market(row.symbol).spec, day.market(row.symbol).tape
    prices = [units(each.price, spec.price_decimals) for each in tape]
    sizes = [units(each.quantity, spec.quantity_decimals) for each in tape]
    assert (row.first_price, row.last_price) == (prices[0], prices[-1])
    assert (row.low, row.high) == (min(prices), max(prices))
    assert (row.volume, row.trades) == (sum(sizes), len(sizes))
    assert row.quote_volume == sum(p * q for p, q in zip(prices, sizes, strict=True))
    assert row.change == ((prices[-1] - prices[0]) / prices[0]).quantize(
        Decimal("0.000001"), "ROUND_FLOOR"
    )


def check_tickers(found: list[public_rows.TickerRow], day: Day) -> None:
    """Find each market once."""
    assert [row.symbol for row in found] == list(day.exchange.floor.markets)
    check_ticker(next(row for row in found if row.symbol == SPOT), day)


def check_depth(found: Any, day: Day) -> None:
    """Find the makers' orders that were not eaten, best bid last."""
    assert found.bids == [("139", "0.5"), ("140.5", "2.75")]
    assert found.asks == [("141.5", "2")]
    assert found.last_id == day.market(SPOT).update_id


def check_trades(found: Any, day: Day) -> None:
    """Find both prints, oldest first, each with the side that took."""
    tape = day.market(SPOT).tape
    assert [each.trade_id for each in found] == [each.id for each in tape]
    assert [(each.price, each.size, each.aggressor_side) for each in found] == [
        ("141.5", "1", Side.BUY),
        ("140.5", "0.25", Side.SELL),
    ]
    assert [each.ts_event for each in found] == [each.at_ns for each in tape]


def check_older_trade(found: Any, day: Day) -> None:
    """Find the print before the newest alone."""
    assert [each.trade_id for each in found] == [day.market(SPOT).tape[-2].id]


def check_mark(found: list[public_rows.MarkPriceRow], day: Day) -> None:
    """Find mark, index and the hour's end."""
    (row,), market = found, day.market(PERP)
    assert (row.mark_price, row.index_price) == (units(market.mark), units(market.index))
    assert row.funding_rate == units(market.funding_rate)
    assert row.next_funding_ts == (day.exchange.now_ns // HOUR_NS + 1) * HOUR_NS


def check_open_interest(found: list[public_rows.OpenInterestRow], day: Day) -> None:
    """Find what the asker holds: nobody else is long."""
    held = day.account.position_steps(PERP)
    assert held > 0
    assert [(row.symbol, row.open_interest) for row in found] == [
        (PERP, units(held, day.market(PERP).spec.quantity_decimals))
    ]


def check_funding_rates(found: list[public_rows.FundingRateRow], day: Day) -> None:
    """Find the running hour first, then the one that was charged."""
    running, charged = found
    (paid,) = day.account.fundings
    assert running.interval_end_ts == paid.end_ns + HOUR_NS
    assert (charged.interval_end_ts, charged.funding_rate) == (paid.end_ns, units(paid.rate))


def check_klines(found: Any, day: Day) -> None:
    """Find the only print of the minute."""
    (trade,) = day.market(PERP).tape
    (row,) = found
    assert row.start_secs == trade.at_ns // SECOND // 60 * 60
    assert (row.open, row.high, row.low, row.close) == ("141.5",) * 4
    assert (row.volume, row.trades) == ("2", 1)


def check_collateral_rules(found: list[public_rows.CollateralRuleRow], day: Day) -> None:
    """Find the weight the margin sums use."""
    del day
    weights = {row.symbol: row.haircut_function.weight for row in found}
    assert weights == {name: Decimal(each.collateral_weight) for name, each in ASSETS.items()}
    assert {row.haircut_function.kind.type for row in found} == {"identity"}


def check_lending_markets(found: list[public_rows.LendingMarketRow], day: Day) -> None:
    """Find what the only lender lends, at the price of the perpetual."""
    lent = {row.symbol: row.lent_quantity for row in found}
    assert lent == {asset: units(day.account.lent(asset)) for asset in ASSETS}
    marks = {row.symbol: row.asset_mark_price for row in found}
    assert (marks["USDC"], marks["SOL"]) == (Decimal(1), units(day.market(PERP).mark))


def check_lending_history(found: list[public_rows.LendingHistoryRow], day: Day) -> None:
    """Find the asset that was asked for, as it is now."""
    (row,) = found
    assert (row.symbol, row.lent_quantity) == ("SOL", units(day.account.lent("SOL")))
    assert row.timestamp == iso(day.exchange.now_ns, millis=False)


def check_lending_yields(row: public_rows.LendingYieldsRow, day: Day) -> None:
    """Find a rate for each asset; nobody borrows, so none is paid."""
    del day
    assert {each.symbol: each.lend_rate for each in row.borrow_lend} == dict.fromkeys(ASSETS, 0)


def check_security_form(found: list[public_rows.SecurityRow]) -> None:
    """Find the stock and its limits in a session."""
    (row,) = found
    assert (row.asset, row.cusip) == ("AAPL.US", "037833100")
    assert (row.sessions[0].name, row.sessions[0].step_size) == (
        "US_EQUITIES_REGULAR",
        Decimal("0.001"),
    )


def check_session_form(found: list[public_rows.StockSessionRow]) -> None:
    """Find hours, days and zone."""
    (row,) = found
    assert (row.start_time, row.end_time, row.timezone) == (
        "09:30:00",
        "16:00:00",
        "America/New_York",
    )
    assert (row.start_weekday, row.end_weekday) == (1, 5)


def check_holiday_form(found: list[public_rows.StockHolidayRow]) -> None:
    """Find the day and the exchange that is closed."""
    (row,) = found
    assert (row.date, row.market, row.name) == ("2026-12-25", "US_EQUITIES", "Christmas Day")


def _minute_of_trade(day: Day) -> tuple[int, int]:
    start = day.market(PERP).tape[0].at_ns // SECOND // 60 * 60
    return start, start + 59


WALLETS = '[{"blockchain":"Solana","address":"9WzDX"}]'
SECURITIES = (
    '[{"asset":"AAPL.US","name":"Apple Inc.","cusip":"037833100","sessions":[{"name":'
    '"US_EQUITIES_REGULAR","minQuantity":"0.001","maxQuantity":"100","stepSize":"0.001"}]}]'
)
SESSIONS = (
    '[{"name":"US_EQUITIES_REGULAR","startTime":"09:30:00","endTime":"16:00:00",'
    '"startWeekday":1,"endWeekday":5,"timezone":"America/New_York"}]'
)
HOLIDAYS = (
    '[{"date":"2026-12-25","market":"US_EQUITIES","name":"Christmas Day",'
    '"startTime":"00:00:00","endTime":"23:59:59"}]'
)
_P = public_requests
PUBLIC: dict[str, Case] = {
    "status_request": Case(
        lambda _: _P.status_request(), row_of(public_rows.StatusRow), check_status
    ),
    "ping_request": Case(lambda _: _P.ping_request(), bytes, check_ping),
    "time_request": Case(lambda _: _P.time_request(), venue_time_ns, check_time),
    "wallets_request": Case(
        lambda _: _P.wallets_request(),
        rows_of(public_rows.WalletRow),
        is_empty,
        WALLETS,
        check_wallet_form,
    ),
    "fee_tiers_request": Case(
        lambda _: _P.fee_tiers_request(), row_of(public_rows.FeeTiersRow), check_fee_tiers
    ),
    "assets_request": Case(
        lambda _: _P.assets_request(), rows_of(public_rows.AssetRow), check_assets
    ),
    "markets_request": Case(
        lambda _: _P.markets_request("PERP"),
        lambda body: market_replies.instruments_listed(body, HERE, START_NS),
        check_markets,
    ),
    "market_request": Case(
        lambda _: _P.market_request(PERP_SYMBOL),
        lambda body: market_replies.instrument(body, HERE),
        check_market,
    ),
    "ticker_request": Case(
        lambda _: _P.ticker_request(SPOT_SYMBOL, "1d"),
        lambda body: public_rows.ticker_row(200, body),
        check_ticker,
    ),
    "tickers_request": Case(
        lambda _: _P.tickers_request("1w"), rows_of(public_rows.TickerRow), check_tickers
    ),
    "depth_request": Case(
        lambda _: _P.depth_request(SPOT_SYMBOL, 5),
        lambda body: market_replies.book_snapshot(body, SPOT_ID, START_NS),
        check_depth,
    ),
    "trades_request": Case(
        lambda _: _P.trades_request(SPOT_SYMBOL, 2),
        lambda body: market_replies.trades_seen(body, SPOT_ID, START_NS),
        check_trades,
    ),
    "trade_history_request": Case(
        lambda _: _P.trade_history_request(SPOT_SYMBOL, 1, 1),
        lambda body: market_replies.trades_seen(body, SPOT_ID, START_NS),
        check_older_trade,
    ),
    "mark_prices_request": Case(
        lambda _: _P.mark_prices_request(PERP_SYMBOL),
        rows_of(public_rows.MarkPriceRow),
        check_mark,
    ),
    "open_interest_request": Case(
        lambda _: _P.open_interest_request(PERP_SYMBOL),
        rows_of(public_rows.OpenInterestRow),
        check_open_interest,
    ),
    "funding_rates_request": Case(
        lambda _: _P.funding_rates_request(PERP_SYMBOL, 2, 0),
        rows_of(public_rows.FundingRateRow),
        check_funding_rates,
    ),
    "klines_request": Case(
        lambda day: _P.klines_request(PERP_SYMBOL, "1m", *_minute_of_trade(day)),
        candle_source.kline_rows,
        check_klines,
    ),
    "collateral_rules_request": Case(
        lambda _: _P.collateral_rules_request(),
        rows_of(public_rows.CollateralRuleRow),
        check_collateral_rules,
    ),
    "lending_markets_request": Case(
        lambda _: _P.lending_markets_request(),
        rows_of(public_rows.LendingMarketRow),
        check_lending_markets,
    ),
    "lending_history_request": Case(
        lambda _: _P.lending_history_request("1d", Symbol("SOL")),
        rows_of(public_rows.LendingHistoryRow),
        check_lending_history,
    ),
    "lending_yields_request": Case(
        lambda _: _P.lending_yields_request(),
        row_of(public_rows.LendingYieldsRow),
        check_lending_yields,
    ),
    "securities_request": Case(
        lambda _: _P.securities_request(),
        rows_of(public_rows.SecurityRow),
        is_empty,
        SECURITIES,
        check_security_form,
    ),
    "stock_sessions_request": Case(
        lambda _: _P.stock_sessions_request(),
        rows_of(public_rows.StockSessionRow),
        is_empty,
        SESSIONS,
        check_session_form,
    ),
    "stock_holidays_request": Case(
        lambda _: _P.stock_holidays_request(),
        rows_of(public_rows.StockHolidayRow),
        is_empty,
        HOLIDAYS,
        check_holiday_form,
    ),
}
