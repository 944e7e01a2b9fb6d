"""What each signed history has to bring, as the exchange's own state has it."""

from decimal import Decimal
from typing import Any

from core.exchange.backpack import account_rows, history_rows, questions
from core.exchange.backpack.replies import FillRow, OrderRow, SettlementRow
from core.exchange.embedded.spec import ASSETS
from tests.core.exchange.backpack.every_public_case import Case, is_empty, row_of, rows_of
from tests.core.exchange.backpack.every_request_rig import CLOSED, PERP, SPOT, Day, asks, iso, units


def check_order_history(found: list[OrderRow], day: Day) -> None:
    """Find every order of the market, newest first, with what it did."""
    orders = [o for o in reversed(day.account.order_log) if o.request.symbol == SPOT]
    assert [str(row.id) for row in found] == [str(order.id) for order in orders]
    assert [row.status for row in found] == ["New", "Filled", "Filled"]
    bought = found[-1]
    assert (bought.average_price, bought.executed_quantity) == (Decimal("141.5"), Decimal(1))
    assert bought.created_at == iso(orders[-1].created_ns)


def check_fills(found: list[FillRow], day: Day) -> None:
    """Find price, fee and asset of both spot trades: what was received pays."""
    known = [fill for fill in day.account.fills if fill.symbol == SPOT]
    sold, bought = found
    assert [row.trade_id for row in found] == [fill.trade_id for fill in reversed(known)]
    assert (bought.side, bought.price, bought.quantity) == ("Bid", Decimal("141.5"), Decimal(1))
    assert (bought.fee, bought.fee_symbol) == (Decimal("0.001"), "SOL")
    assert (sold.side, sold.price, sold.fee_symbol) == ("Ask", Decimal("140.5"), "USDC")
    assert sold.fee == Decimal("140.5") * Decimal("0.25") / 1_000
    assert [row.is_maker for row in found] == [False, False]
    assert [row.timestamp for row in found] == [iso(fill.at_ns) for fill in reversed(known)]


def check_funding(found: list[history_rows.FundingRow], day: Day) -> None:
    """Find what the long paid: rate times worth at the hour."""
    (row,), (paid,) = found, day.account.fundings
    worth = 2 * units(day.market(PERP).mark)
    assert (row.symbol, row.interval_end_ts) == (PERP, paid.end_ns)
    assert row.funding_rate == units(paid.rate)
    assert row.quantity == -worth * row.funding_rate


def check_position_history(found: list[history_rows.PositionHistoryRow], day: Day) -> None:
    """Find the position that was closed, with its loss and its fees."""
    (row,) = found
    fees = [fill.fee for fill in day.account.fills if fill.symbol == CLOSED]
    assert (row.symbol, row.state, row.net_quantity) == (CLOSED, "Closed", Decimal(0))
    assert (row.entry_price, row.closing_price) == (Decimal(2_755), Decimal(2_765))
    assert row.cumulative_pnl_realized == Decimal("0.5") * (2_755 - 2_765)
    assert row.fees == units(sum(fees))
    assert row.closed_volume == Decimal("0.5") * 2_765


def check_settlements(found: list[SettlementRow], day: Day) -> None:
    """Find cash that moved by profit alone; it adds up to what positions were paid."""
    closed, held = Decimal("0.5") * (2_755 - 2_765), units(day.account.positions[PERP].settled)
    assert {row.source for row in found} == {"RealizePnl"}
    assert sum(row.quantity for row in found) == closed + held
    sequences = [int(row.engine_sequence or 0) for row in found]
    assert sequences == sorted(sequences, reverse=True)


def check_lending_history(found: list[history_rows.LendingEventRow], day: Day) -> None:
    """Find what was lent, given for the sale and lent again; it adds up to what is lent now."""
    signs = {"Lend": 1, "LendRedeem": -1}
    assert [row.event_type for row in found] == ["LendRedeem", "Lend", "Lend"]
    assert [row.quantity for row in found] == [Decimal("0.25"), Decimal("0.999"), 1_000]
    total = sum(signs[row.event_type] * row.quantity for row in found)
    assert total == found[0].position_quantity == units(day.account.lent("SOL"))


def check_lending_positions(found: list[history_rows.LendingPositionRow], day: Day) -> None:
    """Find one open position for each asset, as large as what is lent."""
    lent = {row.symbol: row.quantity for row in found}
    assert lent == {asset: units(day.account.lent(asset)) for asset in ASSETS}
    assert {row.side for row in found} == {"Lend"}


def check_deposits(found: list[history_rows.DepositRow], day: Day) -> None:
    """Find what the account began with, confirmed, newest first."""
    assert {row.symbol: row.quantity for row in found} == {
        "USDC": 1_000_000,
        "SOL": 1_000,
        "BTC": 10,
        "ETH": 100,
    }
    assert all(row.is_done for row in found)
    assert [row.id for row in found] == sorted((row.id for row in found), reverse=True)
    assert {row.created_ts for row in found} == {day.account.deposits[0].at_ns}


def check_interest_form(found: list[history_rows.InterestRow]) -> None:
    """Find amount, rate and cause."""
    (row,) = found
    assert (row.symbol, row.quantity, row.payment_type) == ("USDC", Decimal("-0.12"), "Borrow")
    assert (row.interest_rate, row.interval, row.market_symbol) == (Decimal("0.05"), 1, PERP)


def check_dust_form(found: list[history_rows.DustRow]) -> None:
    """Find what it was and what it became."""
    (row,) = found
    assert (row.id, row.symbol, row.quantity) == (4, "SOL", Decimal("0.0001"))
    assert row.usdc_received == Decimal("0.0141")


def check_strategy_form(found: Any) -> None:
    """Find size, progress and pace."""
    row = found[0] if isinstance(found, list) else found
    assert (row.id, row.strategy_type, row.status) == ("99", "Scheduled", "Running")
    assert (row.quantity, row.executed_quantity) == (Decimal(10), Decimal("2.5"))
    assert (row.duration, row.interval, row.client_strategy_id) == (3_600_000, 60_000, 5)


INTEREST = (
    '[{"paymentType":"Borrow","interestRate":"0.05","interval":1,"marketSymbol":"SOL_USDC_PERP",'
    '"positionId":"12","quantity":"-0.12","symbol":"USDC","timestamp":"2026-09-23T04:00:00"}]'
)
DUST = (
    '[{"id":4,"quantity":"0.0001","symbol":"SOL","usdcReceived":"0.0141",'
    '"timestamp":"2026-09-23T04:00:00"}]'
)
STRATEGY = (
    '{"strategyType":"Scheduled","id":"99","clientStrategyId":5,"createdAt":1757621340498,'
    '"executedQuantity":"2.5","executedQuoteQuantity":"352.5","quantity":"10","reduceOnly":null,'
    '"selfTradePrevention":"RejectTaker","status":"Running","side":"Bid","symbol":"SOL_USDC",'
    '"timeInForce":"GTC","duration":3600000,"interval":60000,"randomizedIntervalQuantity":false}'
)
PAST_STRATEGY = f"[{STRATEGY}]".replace("1757621340498", '"2025-09-11T20:09:00.498"')
_Q = questions
HISTORIES: dict[str, Case] = {
    "order_history": Case(
        asks(lambda _: _Q.order_history(SPOT, market_type="SPOT"), limit=10, offset=0),
        rows_of(OrderRow),
        check_order_history,
    ),
    "fills": Case(
        asks(lambda day: _Q.fills(SPOT, from_ms=1, to_ms=day.now_ms, fill_type="User"), limit=10),
        rows_of(FillRow),
        check_fills,
    ),
    "funding": Case(
        asks(lambda _: _Q.funding(PERP)), rows_of(history_rows.FundingRow), check_funding
    ),
    "position_history": Case(
        asks(lambda _: _Q.position_history(state="Closed")),
        rows_of(history_rows.PositionHistoryRow),
        check_position_history,
    ),
    "settlements": Case(
        asks(lambda _: _Q.settlements("RealizePnl")), rows_of(SettlementRow), check_settlements
    ),
    "lending_history": Case(
        asks(lambda _: _Q.lending_history("SOL")),
        rows_of(history_rows.LendingEventRow),
        check_lending_history,
    ),
    "lending_positions": Case(
        asks(lambda _: _Q.lending_positions(side="Lend")),
        rows_of(history_rows.LendingPositionRow),
        check_lending_positions,
    ),
    "deposits": Case(
        asks(lambda day: _Q.deposits(1, day.now_ms)),
        rows_of(history_rows.DepositRow),
        check_deposits,
    ),
    "interest": Case(
        asks(lambda _: _Q.interest("USDC", source="BorrowLend")),
        rows_of(history_rows.InterestRow),
        is_empty,
        INTEREST,
        check_interest_form,
    ),
    "dust": Case(
        asks(lambda _: _Q.dust()), rows_of(history_rows.DustRow), is_empty, DUST, check_dust_form
    ),
    "strategy": Case(
        asks(lambda _: _Q.strategy(SPOT, "99")),
        row_of(account_rows.StrategyRow),
        is_empty,
        STRATEGY,
        check_strategy_form,
        status=404,
    ),
    "strategies": Case(
        asks(lambda _: _Q.strategies(SPOT)),
        rows_of(account_rows.StrategyRow),
        is_empty,
        f"[{STRATEGY}]",
        check_strategy_form,
    ),
    "strategy_history": Case(
        asks(lambda _: _Q.strategy_history(SPOT)),
        rows_of(account_rows.StrategyRow),
        is_empty,
        PAST_STRATEGY,
        check_strategy_form,
    ),
}
