"""Queries: complete answers, or an error; and the replies they read."""

import json
import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.domain.effects import Query
from core.domain.errors import ConnectivityError, DataInvalid, RequestRefused
from core.domain.events import (
    BalanceReport,
    Body,
    BookSnapshotSeen,
    QueryAnswered,
    QueryFailed,
    QueryKind,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import ClientOrderId
from core.domain.instrument import InstrumentKind, MarketState
from core.domain.order import OrderState
from core.exchange.backpack import market_replies, replies
from core.exchange.backpack.answering import Answering
from core.exchange.backpack.candle_source import candle_history
from core.exchange.backpack.queries import AccountReader
from core.exchange.contract import Reply, TransportError, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    FIXTURES,
    MARKET,
    START,
    VENUE,
    HandClock,
    ScriptedTransport,
    always,
    client_on,
    order_row,
    reply,
)

SECOND = 1_000_000_000
FILL = {
    "clientId": "7",
    "fee": "0.000001",
    "feeSymbol": "ETH",
    "isMaker": False,
    "orderId": "557",
    "price": "4732.9",
    "quantity": "0.001",
    "side": "Bid",
    "symbol": "ETH_USDC",
    "systemOrderType": None,
    "timestamp": "2025-08-13T17:26:01.197",
    "tradeId": 2959284,
}


async def answered(query: Query, transport: ScriptedTransport) -> Body:
    """Answer one query."""
    published: list[Body] = []
    client = client_on(transport, HandClock())
    history = candle_history("there", client, random.Random(1))
    await Answering(client, ACCOUNT, published.append, history).answer(query)
    assert len(published) == 1
    return published[0]


def asking(kind: QueryKind, **more: object) -> Query:
    """Write a query about the account and its market."""
    fields: dict[str, object] = {"account": ACCOUNT, "instrument": MARKET} | more
    return Query(query_id=3, kind=kind, **fields)  # type: ignore[arg-type]


def paged(rows: int) -> Callable[[Wire], Reply]:
    """Serve that many fills, a thousand a page."""

    def serve(wire: Wire) -> Reply:
        query = dict(wire.query)
        start, limit = int(query["offset"]), int(query["limit"])
        page = [FILL | {"tradeId": number} for number in range(rows)][start : start + limit]
        return reply(200, page)

    return serve


async def test_fills_are_read_to_the_last_page() -> None:
    """An answer is complete or it is none."""
    transport = ScriptedTransport(paged(2_500))

    answer = await answered(asking(QueryKind.FILLS, since=5_000_000), transport)

    assert isinstance(answer, QueryAnswered)
    assert len(answer.fills) == 2_500
    assert len(transport.sent) == 3
    assert dict(transport.sent[0].query)["from"] == "5"


async def test_fill_normalises_ids_and_time() -> None:
    """The client id is text here and a number elsewhere."""
    answer = await answered(asking(QueryKind.FILLS), ScriptedTransport(paged(1)))

    assert isinstance(answer, QueryAnswered)
    (fill,) = answer.fills
    assert (fill.client_order_id, fill.trade_id) == (7, "0")
    assert (fill.fee, fill.quantity) == (Amount("0.000001"), Quantity("0.001"))
    assert fill.ts_event == 1_755_105_961_197 * 1_000_000


def capital(rows: list[dict[str, object]], lent: list[str]) -> ScriptedTransport:
    """Serve these states of the account one after the other; the last one stays."""
    worth: list[dict[str, object]] = [
        {
            "netEquity": "8",
            "netEquityAvailable": "8",
            "collateral": [{"symbol": "USDC", "lendQuantity": quantity}],
        }
        for quantity in lent
    ]
    states = {"/api/v1/capital": list(rows), "/api/v1/capital/collateral": worth}

    def serve(wire: Wire) -> Reply:
        left = states[wire.path]
        return reply(200, left.pop(0) if len(left) > 1 else left[0])

    return ScriptedTransport(serve)


def usdc(available: str) -> dict[str, object]:
    """Write a balance."""
    return {"USDC": {"available": available, "locked": "0", "staked": "0"}}


def total(answer: Body) -> str:
    """Return the total of the only asset."""
    assert isinstance(answer, QueryAnswered)
    (row,) = answer.rows
    assert isinstance(row, BalanceReport)
    return str(row.available + row.locked)


async def test_lent_funds_are_part_of_the_balance() -> None:
    """With auto-lend the account is rich although nothing is available."""
    answer = await answered(asking(QueryKind.BALANCES), capital([usdc("100.5")], ["900"]))

    assert total(answer) == "1000.5"


async def test_balance_that_moves_while_it_is_read_is_read_again() -> None:
    """Funds lent between two replies are neither lost nor counted twice."""
    moving = capital([usdc("1000"), usdc("100")], ["900"])

    assert total(await answered(asking(QueryKind.BALANCES), moving)) == "1000"
    endless = capital([usdc(str(number)) for number in range(20)], ["900"])
    assert isinstance(await answered(asking(QueryKind.BALANCES), endless), QueryFailed)


async def test_account_without_lending_costs_one_request_more() -> None:
    """The second look at the balances is only for those who lend."""
    transport = capital([usdc("5")], ["0"])
    reader = AccountReader(client_on(transport, HandClock()), ACCOUNT)

    await reader.balances()
    transport.sent.clear()
    await reader.balances()

    assert [wire.path for wire in transport.sent] == [
        "/api/v1/capital",
        "/api/v1/capital/collateral",
    ]


async def test_leverage_is_set_for_the_account() -> None:
    """A 200 without a body is success."""
    transport = always(reply(200))

    await AccountReader(client_on(transport, HandClock()), ACCOUNT).set_leverage(Decimal(5))

    assert (transport.sent[0].method, transport.sent[0].body) == (
        "PATCH",
        b'{"leverageLimit":"5"}',
    )


async def test_resting_orders_balances_and_positions() -> None:
    """One row of each."""
    balance = {"USDC": {"available": "5", "locked": "1", "staked": "2"}, "POINTS": {"available": 9}}
    position = [{"symbol": "ETH_USDC_PERP", "netQuantity": "-0.5", "entryPrice": "126.93"}]

    orders = await answered(asking(QueryKind.OPEN_ORDERS), always(reply(200, [order_row()])))
    balances = await answered(asking(QueryKind.BALANCES), capital([balance, balance], ["0"]))
    positions = await answered(asking(QueryKind.POSITIONS), always(reply(200, position)))

    assert isinstance(orders, QueryAnswered)
    assert isinstance(balances, QueryAnswered)
    assert isinstance(positions, QueryAnswered)
    assert kinds_of(orders) == ["OrderReport"]
    assert len(balances.rows) == 1
    assert len(positions.rows) == 1
    report = replies.position_report(
        replies.read(json.dumps(position[0]).encode(), replies.PositionRow), ACCOUNT, START
    )
    assert (report.quantity, report.entry_price) == (Quantity("-0.5"), Price("126.93"))


def kinds_of(answer: QueryAnswered) -> list[str]:
    """Name the kinds of rows."""
    return [type(row).__name__ for row in answer.rows]


async def test_order_that_does_not_rest_is_an_empty_answer() -> None:
    """Not found is an answer; it proves only that the order does not rest."""
    missing = reply(404, {"code": "RESOURCE_NOT_FOUND", "message": "Not Found"})
    query = asking(QueryKind.ORDER, client_order_id=ClientOrderId(7))

    answer = await answered(query, always(missing))

    assert isinstance(answer, QueryAnswered)
    assert answer.rows == ()


@pytest.mark.parametrize(
    "trouble",
    [
        TransportError("reset", sent=True),
        reply(500, b""),
        reply(429, b""),
        reply(200, b"<html>"),
        reply(200, {"code": "odd"}),
        reply(400, {"code": "INVALID_CLIENT_REQUEST", "message": "Request has expired"}),
    ],
)
@pytest.mark.parametrize("kind", [QueryKind.OPEN_ORDERS, QueryKind.FILLS, QueryKind.POSITIONS])
async def test_any_trouble_is_no_information(
    trouble: Reply | TransportError, kind: QueryKind
) -> None:
    """A failed query is never read as flat, gone or none."""
    answer = await answered(asking(kind), always(trouble))

    assert isinstance(answer, QueryFailed)
    assert (answer.query_id, answer.kind) == (3, kind)


async def test_history_stops_where_it_was_asked_to() -> None:
    """Orders come newest first; reading ends behind `since`."""
    old = order_row(createdAt="2023-11-14T00:00:00")
    transport = always(reply(200, [order_row(), *[old] * 999]))

    reader = AccountReader(client_on(transport, HandClock()), ACCOUNT)
    orders = await reader.order_history(None, START)

    assert len(transport.sent) == 1
    assert [order.state for order in orders] == [OrderState.ACCEPTED]


async def test_book_comes_as_a_market_event() -> None:
    """The book's id may be text."""
    depth = {"asks": [["2", "1"]], "bids": [["1", "1"]], "lastUpdateId": "69", "timestamp": 5}

    book = await answered(asking(QueryKind.BOOK_SNAPSHOT), always(reply(200, depth)))

    assert isinstance(book, BookSnapshotSeen)
    assert (book.last_id, book.ts_event) == (69, 5_000)


def test_catalogue_leaves_out_what_it_cannot_read() -> None:
    """One strange row must not cost the others."""
    filters = {
        "price": {"tickSize": "0.1", "minPrice": "0.1", "maxPrice": None, "maxMultiplier": "2"},
        "quantity": {"stepSize": "0.01", "minQuantity": "0.01", "maxQuantity": None},
    }
    row = {
        "symbol": "AAA_USDC_PERP",
        "baseSymbol": "AAA",
        "quoteSymbol": "USDC",
        "marketType": "PERP",
        "filters": filters,
        "orderBookState": "PostOnly",
        "imfFunction": {"type": "sqrt", "base": "0.02", "factor": "0.1"},
        "fundingInterval": 3_600_000,
    }
    strange = row | {"symbol": "B", "filters": {"price": {"tickSize": "none"}}}
    body = json.dumps([row, strange, 5, row | {"orderBookState": "New"}]).encode()

    first, second = market_replies.instruments_listed(body, VENUE, START).instruments

    assert (first.kind, first.state) == (InstrumentKind.PERPETUAL, MarketState.POST_ONLY)
    assert (first.tick, first.max_multiplier) == (Price("0.1"), Decimal(2))
    assert second.state is MarketState.UNKNOWN


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recorded replies are not here")
def test_recorded_replies_are_read() -> None:
    """Catalogue, book, position, orders and fills as recorded."""
    folder = FIXTURES / "backpack"
    listed = market_replies.instruments_listed(
        (folder / "rest_markets.json").read_bytes(), VENUE, START
    )
    book = market_replies.book_snapshot(
        (folder / "rest_depth_BTC_USDC_PERP_limit5.json").read_bytes(), MARKET, START
    )
    rows = replies.read(
        (folder / "rest_position_short_SOL.json").read_bytes(), list[replies.PositionRow]
    )

    assert len(listed.instruments) == 2
    assert len(book.bids) == len(book.asks) == 5
    assert rows[0].net_quantity < 0
    assert replies.venue_time_ns((folder / "rest_time.txt").read_bytes()) > START


async def test_refusals_and_trouble_are_told_apart() -> None:
    """What repeating may heal is one error, what it cannot is another."""
    refused = reply(400, {"code": "INVALID_CLIENT_REQUEST", "message": "Invalid market symbol"})

    with pytest.raises(RequestRefused):
        await AccountReader(client_on(always(refused), HandClock()), ACCOUNT).balances()
    with pytest.raises(ConnectivityError):
        await AccountReader(client_on(always(reply(502)), HandClock()), ACCOUNT).balances()
    with pytest.raises(DataInvalid):
        replies.venue_time_ns(b"soon")
