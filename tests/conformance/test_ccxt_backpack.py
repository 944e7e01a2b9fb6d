"""An independent client of the wire trades on the embedded exchange over real sockets."""

from collections.abc import Iterator

import ccxt
import pytest

from tests.conformance.ccxt_host import Host

SYMBOL = "ETH/USDC"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Serve one venue for all tests of this module."""
    serving_host = Host()
    serving_host.start()
    yield serving_host
    serving_host.stop()


@pytest.fixture
def client(host: Host) -> Iterator[ccxt.backpack]:
    """Return ccxt pointed at the served venue."""
    made = host.rest_client()
    yield made
    made.session.close()


def test_ccxt_loads_the_markets(client: ccxt.backpack) -> None:
    """Every market is listed with its type and its precision."""
    markets = client.load_markets()

    assert {"SOL/USDC", "BTC/USDC:USDC", "ETH/BTC"} <= set(markets)
    assert markets["BTC/USDC:USDC"]["swap"]
    assert markets[SYMBOL]["precision"]["price"] == 0.01


def test_ccxt_reads_the_book_and_candles(client: ccxt.backpack) -> None:
    """The book is uncrossed and the market has a past."""
    book = client.fetch_order_book(SYMBOL, 50)
    since = client.milliseconds() - 3 * 3_600_000
    candles = client.fetch_ohlcv(SYMBOL, "1m", since, 100)

    assert 0 < book["bids"][0][0] < book["asks"][0][0]
    assert len(book["bids"]) >= 20
    assert len(candles) >= 99
    assert all(low <= min(first, last) for _, first, _, low, last, _ in candles)


def test_ccxt_reads_prices_and_funding(client: ccxt.backpack) -> None:
    """Ticker, mark and public trades parse."""
    assert client.fetch_ticker(SYMBOL)["last"] > 0
    assert client.fetch_funding_rate("BTC/USDC:USDC")["markPrice"] > 0
    assert isinstance(client.fetch_trades(SYMBOL), list)
    assert client.fetch_status()["status"] == "ok"


def test_ccxt_places_queries_and_cancels_an_order(client: ccxt.backpack) -> None:
    """A resting order locks funds, is listed, and gives them back when cancelled."""
    before = client.fetch_balance()["USDC"]

    order = client.create_order(SYMBOL, "limit", "buy", 0.1, 2200)
    listed = client.fetch_open_orders(SYMBOL)
    asked = client.fetch_open_order(order["id"], SYMBOL)
    locked = client.fetch_balance()["USDC"]["used"]
    cancelled = client.cancel_order(order["id"], SYMBOL)

    assert before["total"] == 100_000
    assert [each["id"] for each in listed] == [order["id"]]
    assert asked["status"] == "open"
    assert locked == pytest.approx(220)
    assert cancelled["status"] == "canceled"
    assert client.fetch_balance()["USDC"] == before
    assert client.fetch_orders(SYMBOL)[0]["status"] == "canceled"


def test_ccxt_takes_and_finds_its_fill(client: ccxt.backpack) -> None:
    """A market order fills, shows in the fills, and moves the balance by quantity less fee."""
    before = client.fetch_balance()["SOL"]["total"]

    order = client.create_order("SOL/USDC", "market", "buy", 1.5)
    fills = client.fetch_my_trades("SOL/USDC")

    assert order["status"] == "closed"
    assert order["filled"] == 1.5
    mine = [fill for fill in fills if fill["order"] == order["id"]]
    fee = sum(fill["fee"]["cost"] for fill in mine)
    assert sum(fill["amount"] for fill in mine) == pytest.approx(1.5)
    assert {fill["fee"]["currency"] for fill in mine} == {"SOL"}
    assert client.fetch_balance()["SOL"]["total"] == pytest.approx(before + 1.5 - fee)


def test_ccxt_opens_and_closes_a_position(client: ccxt.backpack) -> None:
    """A perpetual position appears with its side and is gone after the closing order."""
    symbol = "ETH/USDC:USDC"

    client.create_order(symbol, "market", "sell", 0.5)
    held = client.fetch_positions([symbol])
    client.create_order(symbol, "market", "buy", 0.5, None, {"reduceOnly": True})

    assert [(each["side"], float(each["contracts"])) for each in held] == [("short", 0.5)]
    assert client.fetch_positions([symbol]) == []


def test_a_wrong_signature_is_refused(host: Host) -> None:
    """A request signed by another key is refused, and nothing happens."""
    wrong = host.rest_client("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")

    with pytest.raises(ccxt.BaseError, match="Invalid signature"):
        wrong.fetch_balance()
    wrong.session.close()
