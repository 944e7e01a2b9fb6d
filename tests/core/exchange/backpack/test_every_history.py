"""Every history is read through the one pager: it grows and changes while it is read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.exchange.backpack import history_rows, market_history, questions
from core.exchange.backpack.account_reader import AccountReader
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.times import instant
from core.exchange.contract import Reply, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    MARKET,
    HandClock,
    ScriptedTransport,
    client_on,
    order_row,
)

START = datetime(2023, 1, 1, tzinfo=UTC)
ROWS = 2_300
GROWTH = (3, 0, 40, 1)
"""Rows that come in while a page is on its way."""


def at(serial: int) -> str:
    """Return the instant of a row as text."""
    return (START + timedelta(seconds=serial)).strftime("%Y-%m-%dT%H:%M:%S")


def at_ms(serial: int) -> int:
    """Return the instant of a row in ms."""
    return int((START + timedelta(seconds=serial)).timestamp()) * 1_000


def fill(serial: int, _: int) -> dict[str, Any]:
    """Write a fill; two of one second may be alike but for their ids."""
    return {
        "symbol": "ETH_USDC_PERP",
        "orderId": "1",
        "side": "Bid",
        "quantity": "1",
        "price": "2",
        "timestamp": at(serial),
        "tradeId": serial,
    }


def position(serial: int, age: int) -> dict[str, Any]:
    """Write a position, whose profit moves with the mark."""
    row = {"symbol": "ETH_USDC_PERP", "id": str(serial), "state": "Open", "openedAt": at(serial)}
    return row | {"markPrice": str(4_000 + age), "unrealizedPnl": str(age)}


def strategy(serial: int, age: int) -> dict[str, Any]:
    """Write a strategy, which goes on buying."""
    row = {"symbol": "ETH_USDC_PERP", "id": str(serial), "side": "Bid", "status": "Running"}
    return row | {"executedQuantity": str(age), "createdAt": at(serial)}


def lent(serial: int, age: int) -> dict[str, Any]:
    """Write a lending position, which goes on earning."""
    row = {"positionId": str(serial), "symbol": "USDC", "side": "Lend", "createdAt": at(serial)}
    return row | {"quantity": "5", "cumulativeInterest": str(age)}


def deposit(serial: int, age: int) -> dict[str, Any]:
    """Write a deposit, which is confirmed in time."""
    row = {"id": serial, "symbol": "USDC", "quantity": "1", "createdAt": at(serial)}
    return row | {"status": "confirmed" if age else "pending"}


def funding_rate(serial: int, age: int) -> dict[str, Any]:
    """Write a funding rate; the running one is estimated anew."""
    row = {"symbol": "ETH_USDC_PERP", "intervalEndTimestamp": at(serial)}
    return row | {"fundingRate": f"0.{age + 1}"}


class History:
    """How one history is read, what a row of it is, and how its rows are told apart."""

    def __init__(
        self,
        read: Callable[[RestClient], Awaitable[Any]],
        row: Callable[[int, int], dict[str, Any]],
        serial: Callable[[Any], int],
        *,
        is_oldest_first: bool = False,
    ) -> None:
        self.read = read
        self.row = row
        self.serial = serial
        self.is_oldest_first = is_oldest_first


def reader(client: RestClient) -> AccountReader:
    """Make a reader of the account."""
    return AccountReader(client, ACCOUNT)


def seconds(ns: int) -> int:
    """Return the serial of the row of an instant."""
    return ns // 1_000_000_000 - int(START.timestamp())


HISTORIES = {
    "orders": History(
        lambda c: reader(c).order_history(MARKET, None),
        lambda n, age: order_row(id=str(n), createdAt=at(n), executedQuantity=f"0.000{age}"),
        lambda report: int(report.venue_order_id),
    ),
    "fills": History(
        lambda c: reader(c).fills(MARKET, 0), fill, lambda row: int(row.trade_id),
        is_oldest_first=True,
    ),
    "settlements": History(
        lambda c: reader(c).settlements(None),
        lambda n, _: {"quantity": "1", "source": "RealizePnl", "timestamp": at(n),
                      "positionId": "5", "engineSequence": n},
        lambda report: seconds(report.ts_event),
    ),
    "funding": History(
        lambda c: reader(c).funding(None, None),
        lambda n, _: {"symbol": "ETH_USDC_PERP", "quantity": "1", "fundingRate": "0.1",
                      "intervalEndTimestamp": at(n)},
        lambda row: seconds(row.interval_end_ts),
    ),
    "positions": History(
        lambda c: reader(c).position_history(MARKET), position, lambda row: int(row.id)
    ),
    "strategies": History(
        lambda c: reader(c).strategy_history(MARKET), strategy, lambda row: int(row.id)
    ),
    "lending positions": History(
        lambda c: reader(c).lending_positions(), lent, lambda row: int(row.position_id)
    ),
    "deposits": History(lambda c: reader(c).deposits(None), deposit, lambda row: int(row.id)),
    "lending": History(
        lambda c: reader(c).history(questions.lending_history(), history_rows.LendingEventRow),
        lambda n, _: {"symbol": "USDC", "quantity": "1", "eventType": "Lend", "timestamp": at(n)},
        lambda row: seconds(instant(row.timestamp)),
    ),
    "interest": History(
        lambda c: reader(c).history(questions.interest(), history_rows.InterestRow),
        lambda n, _: {"symbol": "USDC", "quantity": "1", "positionId": n, "timestamp": at(n)},
        lambda row: int(row.position_id),
    ),
    "dust": History(
        lambda c: reader(c).history(questions.dust(), history_rows.DustRow),
        lambda n, _: {"id": n, "symbol": "SOL", "quantity": "1", "timestamp": at(n)},
        lambda row: int(row.id),
    ),
    "prints": History(
        lambda c: market_history.past_trades(c, MARKET, 0),
        lambda n, _: {"id": n, "price": "1", "quantity": "1", "timestamp": at_ms(n),
                      "isBuyerMaker": True},
        lambda event: int(event.trade_id),
        is_oldest_first=True,
    ),
    "funding rates": History(
        lambda c: market_history.funding_rates(c, MARKET, 0),
        funding_rate,
        lambda row: seconds(row.interval_end_ts),
    ),
}  # fmt: skip


def growing(history: History, *, is_told: bool) -> ScriptedTransport:
    """Serve a history that grows, and whose rows change, between any two pages."""
    count, pages = ROWS, 0

    def serve(wire: Wire) -> Reply:
        nonlocal count, pages
        query = dict(wire.query)
        start, limit = int(query["offset"]), int(query["limit"])
        order = range(count) if query.get("sortDirection") == "Asc" else range(count - 1, -1, -1)
        body = [history.row(serial, pages) for serial in order[start : start + limit]]
        headers = {"x-total": str(count)} if is_told else {}
        count += GROWTH[min(pages, len(GROWTH) - 1)]
        pages += 1
        return Reply(200, headers, msgspec.json.encode(body))

    return ScriptedTransport(serve)


@pytest.mark.parametrize("is_told", [True, False], ids=["totals", "no totals"])
@pytest.mark.parametrize("name", HISTORIES)
async def test_rows_that_come_in_while_paging_cost_and_double_nothing(
    name: str, *, is_told: bool
) -> None:
    """All rows of the start are there, each once, in order."""
    history = HISTORIES[name]
    transport = growing(history, is_told=is_told)

    found = await history.read(client_on(transport, HandClock()))

    serials = [history.serial(row) for row in found]
    assert len(transport.sent) >= 3
    assert serials == sorted(set(serials), reverse=not history.is_oldest_first)
    assert set(range(ROWS)) <= set(serials)


async def test_reading_ends_behind_what_was_asked() -> None:
    """Older pages are not fetched, and older rows of the last page not returned."""
    history = HISTORIES["prints"]
    transport = growing(history, is_told=True)
    since = int(START.timestamp() + ROWS - 500) * 1_000_000_000

    found = await market_history.past_trades(client_on(transport, HandClock()), MARKET, since)

    assert len(transport.sent) == 1
    assert [event.trade_id for event in found] == list(range(ROWS - 500, ROWS))
