"""A trading day of ccxt: every market call, order type, batch, history and stream it has.

Where ccxt reads the wire otherwise than it is meant, the last tests say so field by field: our
bytes are the real exchange's, and so is ccxt's reading of them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.pro
import pytest

from tests.conformance.ccxt_host import Host

PERP = "ETH/USDC:USDC"
SPOT = "ETH/USDC"
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Serve one venue for all tests of this module."""
    made = Host()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(host: Host) -> Iterator[ccxt.backpack]:
    """Return ccxt's blocking class with its markets, its account flat and without orders."""
    made = host.rest_client()
    made.load_markets()
    yield made
    for symbol in (PERP, SPOT):
        made.cancel_all_orders(symbol)
    for held in made.fetch_positions([PERP]):
        side = "sell" if held["side"] == "long" else "buy"
        made.create_order(PERP, "market", side, held["contracts"], None, {"reduceOnly": True})
    made.session.close()


@pytest.fixture
async def streams(host: Host) -> AsyncIterator[ccxt.pro.backpack]:
    """Return ccxt's websocket class with its markets."""
    made = host.stream_client()
    await made.load_markets()
    yield made
    await made.close()


def _mid(client: ccxt.backpack, symbol: str = PERP) -> float:
    book = client.fetch_order_book(symbol, 5)
    return float(book["bids"][0][0] + book["asks"][0][0]) / 2


def test_every_market_call_answers(client: ccxt.backpack) -> None:
    """Listings, tickers, trades, marks, open interest."""
    assert client.fetch_status()["status"] == "ok"
    assert {"USDC", "SOL", "BTC", "ETH"} <= set(client.fetch_currencies())
    assert set(client.fetch_tickers()) == set(client.markets)
    assert client.fetch_ticker(PERP)["last"] > 0
    assert client.fetch_trades(PERP)[-1]["price"] > 0
    funding = client.fetch_funding_rate(PERP)
    assert (funding["markPrice"] > 0, funding["indexPrice"] > 0) == (True, True)
    assert client.fetch_open_interest(PERP)["symbol"] == PERP


def test_candles_of_every_price_and_interval(client: ccxt.backpack) -> None:
    """Last, mark and index; ascending, without a hole."""
    since = client.milliseconds() - 100 * MINUTE_MS
    for fetch in (client.fetch_ohlcv, client.fetch_mark_ohlcv, client.fetch_index_ohlcv):
        rows = fetch(PERP, "1m", since, 90)
        times = [row[0] for row in rows]
        assert times == list(range(times[0], times[0] + len(rows) * MINUTE_MS, MINUTE_MS))
    for interval in set(client.timeframes) - {"15", "30"}:  # ccxt's own words, without a unit
        assert client.fetch_ohlcv(SPOT, interval, client.milliseconds() - 40 * 86_400_000, 10)


def test_funding_rates_are_a_chain_of_hours(client: ccxt.backpack) -> None:
    """Each interval once, an hour apart."""
    rows = client.fetch_funding_rate_history(PERP, None, 48)
    times = [row["timestamp"] for row in rows]

    assert len(rows) == 48
    assert {after - before for before, after in pairwise(times)} == {3_600_000}
    assert client.fetch_funding_history() == []


def test_limit_orders_of_every_life(client: ccxt.backpack) -> None:
    """Resting, post-only, IOC and FOK end as they should."""
    low = _mid(client) * 0.9
    resting = client.create_order(PERP, "limit", "buy", 0.1, low)
    maker = client.create_order(PERP, "limit", "buy", 0.1, low, {"postOnly": True})
    ioc = client.create_order(PERP, "limit", "buy", 0.1, low, {"timeInForce": "IOC"})
    fok = client.create_order(PERP, "limit", "buy", 0.1, low, {"timeInForce": "FOK"})

    assert [each["status"] for each in (resting, maker)] == ["open", "open"]
    assert [each["filled"] for each in (ioc, fok)] == [0, 0]
    assert maker["postOnly"]
    with pytest.raises(ccxt.InvalidOrder):
        client.create_order(PERP, "limit", "buy", 0.1, _mid(client) * 1.02, {"postOnly": True})
    assert {each["id"] for each in client.fetch_open_orders(PERP)} == {resting["id"], maker["id"]}
    assert client.fetch_open_order(resting["id"], PERP)["price"] == resting["price"]


def test_market_orders_by_base_and_by_quote(client: ccxt.backpack) -> None:
    """Spot by cost spends no more than it may."""
    by_base = client.create_order(SPOT, "market", "buy", 0.01)
    by_cost = client.create_order(SPOT, "market", "buy", 0, None, {"cost": 50})
    sold = client.create_order(SPOT, "market", "sell", 0.02)

    assert by_base["filled"] == 0.01
    assert 40 < by_cost["cost"] <= 50
    assert sold["filled"] == 0.02


def test_a_position_with_exits_from_open_to_close(client: ccxt.backpack) -> None:
    """Attached exits wait while it lives, and are gone with it."""
    mid = _mid(client)
    exits = {
        "stopLoss": {"triggerPrice": mid * 0.8},
        "takeProfit": {"triggerPrice": mid * 1.2, "price": mid * 1.19},
    }
    opened = client.create_order(PERP, "market", "buy", 0.1, None, exits)
    waiting = client.fetch_open_orders(PERP)
    held = client.fetch_positions([PERP])[0]
    closed = client.create_order(PERP, "market", "sell", 0.1, None, {"reduceOnly": True})

    assert [opened["filled"], closed["filled"]] == [0.1, 0.1]
    assert {each["info"]["relatedOrderId"] for each in waiting} == {opened["id"]}
    assert sorted(each["type"] for each in waiting) == ["limit", "market"]
    assert held["side"] == "long"
    assert client.fetch_open_orders(PERP) == []
    assert client.fetch_positions([PERP]) == []


def test_a_conditional_order_is_placed_and_cancelled(client: ccxt.backpack) -> None:
    """It waits with its trigger price."""
    trigger = round(_mid(client) * 0.8, 2)
    order = client.create_order(PERP, "market", "sell", 0.1, None, {"triggerPrice": trigger})
    cancelled = client.cancel_order(order["id"], PERP)

    assert order["info"]["status"] == "TriggerPending"
    assert order["triggerPrice"] == trigger
    assert cancelled["status"] == "canceled"


def test_a_batch_and_cancel_all(client: ccxt.backpack) -> None:
    """Good items rest, bad ones say why; cancel-all takes the market's orders."""
    mid = _mid(client)
    order = {"symbol": PERP, "type": "limit", "side": "buy", "amount": 0.1}
    answers = client.create_orders(
        [
            order | {"price": mid * 0.9},
            order | {"price": mid * 1.05, "params": {"postOnly": True}},
            order | {"side": "sell", "price": mid * 1.1},
        ]
    )
    cancelled = client.cancel_all_orders(PERP)

    good = [each["id"] for each in answers if each["status"] == "open"]
    assert len(good) == 2
    assert [each["info"].get("code") for each in answers].count("INVALID_ORDER") == 1
    assert {each["id"] for each in cancelled} == set(good)
    assert client.fetch_open_orders(PERP) == []


def test_histories_tell_the_day(client: ccxt.backpack) -> None:
    """Orders and fills of the day are found, newest last, with their fees."""
    placed = client.create_order(PERP, "market", "buy", 0.1, None, {"clientOrderId": 4711})
    orders = client.fetch_orders(PERP)
    fills = client.fetch_my_trades(PERP, placed["timestamp"] - 1_000)

    mine = [fill for fill in fills if fill["order"] == placed["id"]]
    assert placed["clientOrderId"] == "4711"
    assert placed["id"] in {each["id"] for each in orders}
    assert sum(fill["amount"] for fill in mine) == pytest.approx(0.1)
    assert all(fill["fee"]["currency"] == "USDC" for fill in mine)


def test_what_moves_money_out_is_not_there(client: ccxt.backpack) -> None:
    """Unknown paths, as text."""
    with pytest.raises(ccxt.ExchangeNotAvailable, match="not found"):
        client.fetch_withdrawals()


def test_what_came_in_is_told(client: ccxt.backpack) -> None:
    """What the account began with is its deposits, done."""
    deposits = client.fetch_deposits()

    assert {each["currency"] for each in deposits} == set(client.fetch_balance()["total"])
    assert {each["status"] for each in deposits} == {"ok"}
    assert all(each["amount"] > 0 for each in deposits)


async def test_public_streams(streams: ccxt.pro.backpack) -> None:
    """Tickers, best prices and candles come; a minute that just began may have no trade yet."""
    ticker, best, candles = await asyncio.wait_for(
        asyncio.gather(
            streams.watch_ticker(PERP),
            streams.watch_bids_asks([PERP]),
            streams.watch_ohlcv(PERP, "1m"),
        ),
        20,
    )

    assert ticker["last"] > 0
    assert 0 < best[PERP]["bid"] < best[PERP]["ask"]
    assert candles[-1][0] % 60_000 == 0
    assert all(row[2] >= row[3] > 0 for row in candles if row[2] is not None)


async def test_trades_stream(streams: ccxt.pro.backpack) -> None:
    """Prints of a busy market come."""
    trades = await asyncio.wait_for(streams.watch_trades("BTC/USDC:USDC"), 30)

    assert trades[-1]["side"] in {"buy", "sell"}


async def test_the_watched_book_is_never_crossed(streams: ccxt.pro.backpack) -> None:
    """Ids never run back and the book is never crossed."""
    last = 0
    for _ in range(25):
        book = await asyncio.wait_for(streams.watch_order_book(PERP), 20)
        assert book["nonce"] >= last
        assert book["bids"][0][0] < book["asks"][0][0]
        last = book["nonce"]

    assert last > 0


async def test_private_streams(streams: ccxt.pro.backpack) -> None:
    """An order is heard as order, balance and position."""
    heard = [
        asyncio.create_task(streams.watch_orders(PERP)),
        asyncio.create_task(streams.watch_balance()),
        asyncio.create_task(streams.watch_positions([PERP])),
    ]
    await asyncio.sleep(0.5)
    placed = await streams.create_order(PERP, "market", "buy", 0.1)
    orders, balance, positions = await asyncio.wait_for(asyncio.gather(*heard), 20)

    assert orders[-1]["id"] == placed["id"]
    assert balance["USDC"]["total"] > 0
    assert positions[0]["symbol"] == PERP


def test_divergence_fetch_time(client: ccxt.backpack) -> None:
    """/time is plain text; ccxt takes it for a list and reads its first digit."""
    assert client.fetch_time() == 1


def test_divergence_open_interest(client: ccxt.backpack) -> None:
    """`openInterest` is in base units; ccxt puts it into the value and leaves the amount empty."""
    row = client.fetch_open_interest(PERP)

    assert row["openInterestAmount"] is None
    assert row["openInterestValue"] == float(row["info"]["openInterest"])


def test_divergence_batch_order(client: ccxt.backpack) -> None:
    """The venue answers in request order; ccxt sorts the answers by time, errors first."""
    low = _mid(client) * 0.9
    order = {"symbol": PERP, "type": "limit", "side": "buy", "amount": 0.1, "price": low}
    bad = order | {"price": low * 1.2, "params": {"postOnly": True}}

    answers = client.create_orders([order, bad])

    assert [each["info"]["operation"] for each in answers] == ["Err", "Ok"]


def test_divergence_position_size(client: ccxt.backpack) -> None:
    """`contracts` is netExposureQuantity, open orders included; the size is netQuantity."""
    client.create_order(PERP, "market", "buy", 0.1)
    client.create_order(PERP, "limit", "buy", 0.3, _mid(client) * 0.9)

    held = client.fetch_positions([PERP])[0]

    assert float(held["contracts"]) == pytest.approx(0.4)
    assert held["info"]["netQuantity"] == "0.1"


async def test_divergence_kline_time(streams: ccxt.pro.backpack) -> None:
    """Ccxt takes a candle's end `T` for its time: one interval late."""
    row: list[Any] = (await asyncio.wait_for(streams.watch_ohlcv(SPOT, "1m"), 20))[-1]

    assert row[0] > streams.milliseconds()
