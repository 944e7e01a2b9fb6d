"""Rules that are switched while the venue runs: strict candles, limits, bands, book states."""

import pytest

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.routes import ROUTES
from core.exchange.embedded.world import single_venue
from tests.core.exchange.embedded.embedded_client import (
    START_NS,
    Client,
    decoded,
    quiet_exchange,
    refused,
)

SPOT = "SOL_USDC"
PERP = "SOL_USDC_PERP"
SECOND = 1_000_000_000
NOW = START_NS // SECOND
_NO_SUCH_CALLS = (
    ("POST", "/wapi/v1/capital/withdrawals"),
    ("GET", "/wapi/v1/capital/withdrawals"),
    ("GET", "/wapi/v1/capital/deposit/address"),
    ("POST", "/api/v1/account/convertDust"),
    ("POST", "/api/v1/borrowLend"),
    ("POST", "/api/v1/vault/mint"),
    ("POST", "/api/v1/rfq"),
)


@pytest.fixture
def exchange() -> Exchange:
    """Return a quiet exchange."""
    return quiet_exchange()


@pytest.fixture
def ann(exchange: Exchange) -> Client:
    """Return the first client."""
    return Client.named(exchange, "ann")


@pytest.fixture
def bob(exchange: Exchange) -> Client:
    """Return the second client."""
    return Client.named(exchange, "bob")


@pytest.mark.parametrize(
    "query",
    [
        {"startTime": NOW * 1_000},
        {"startTime": NOW - 600, "endTime": NOW * 1_000},
        {"startTime": NOW - 60, "endTime": NOW - 120},
        {"startTime": NOW - 60, "endTime": NOW - 60},
        {"startTime": NOW - 60, "endTime": NOW + 60},
        {"startTime": NOW + 60},
        {"startTime": NOW - 60 * 1_001, "endTime": NOW},
        {"startTime": 0, "endTime": 60},
        {"startTime": -60, "endTime": 60},
    ],
)
def test_strict_candles_refuse_in_plain_text(ann: Client, query: dict[str, int]) -> None:
    """All that is not 0 < start < end <= now within a thousand intervals."""
    ann.exchange.rules.be_strict()

    reply = ann.get("/api/v1/klines", symbol=SPOT, interval="1m", **query)

    assert (reply.status, reply.body) == (400, b"Invalid start time")
    assert reply.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"startTime": ""}, 'Type "integer_int64" expects an input value.'),
        ({"startTime": "1.5"}, 'failed to parse "int64"'),
        ({"startTime": "2026-01-01"}, 'failed to parse "int64"'),
        ({"startTime": NOW - 60, "interval": "7m"}, "Expect a valid enumeration value."),
        ({"startTime": NOW - 60, "priceType": "last"}, "Expect a valid enumeration value."),
    ],
)
def test_candle_parameters_that_do_not_parse_are_plain_text(
    ann: Client, query: dict[str, object], text: str
) -> None:
    """With the name of the parameter."""
    reply = ann.get("/api/v1/klines", **({"symbol": SPOT, "interval": "1m"} | query))

    assert reply.status == 400
    assert text in reply.body.decode()


def test_strict_candles_give_a_thousand_rows_and_no_more() -> None:
    """The cap is exact."""
    venue = single_venue(3, START_NS)
    client = Client(venue.exchange, venue.trader)
    venue.exchange.rules.be_strict()
    end = NOW // 60 * 60

    rows = decoded(
        client.get("/api/v1/klines", symbol=SPOT, interval="1m",
                   startTime=end - 60_000, endTime=end)
    )  # fmt: skip

    assert 1_000 <= len(rows) <= 1_001
    assert rows[0]["start"] < rows[-1]["start"]


def test_limits_are_off_until_they_are_on(ann: Client) -> None:
    """The demo may ask what it likes; strict, the 2001st call of a minute is refused."""
    ann.exchange.rules.rate_limits = True
    answers = [ann.ask("balanceQuery", "/api/v1/capital").status for _ in range(2_001)]
    bob = Client.named(ann.exchange, "bob").ask("balanceQuery", "/api/v1/capital")
    last = ann.ask("balanceQuery", "/api/v1/capital")
    ann.exchange.advance(ann.exchange.now_ns + 61 * SECOND)

    assert answers == [200] * 2_000 + [429]
    assert refused(last)[:2] == (429, "TOO_MANY_REQUESTS")
    assert bob.status == 200
    assert ann.ask("balanceQuery", "/api/v1/capital").status == 200


def test_historical_data_has_a_limit_of_its_own(ann: Client) -> None:
    """Thirty a minute for candles and old trades together; other calls go on."""
    ann.exchange.rules.rate_limits = True
    for _ in range(15):
        ann.get("/api/v1/klines", symbol=SPOT, interval="1m", startTime=NOW - 60)
        ann.get("/api/v1/trades/history", symbol=SPOT)

    assert ann.get("/api/v1/trades/history", symbol=SPOT).status == 429
    assert ann.get("/api/v1/trades", symbol=SPOT).status == 200


def test_strict_bands_keep_takers_near_the_mark(ann: Client) -> None:
    """A buy above the mean mark band is refused; far below it may wait."""
    ann.exchange.rules.be_strict()

    far = ann.place(PERP, "Bid", "1", "150")
    near = ann.place(PERP, "Bid", "1", "100")

    assert refused(far)[2] == "Price is too far from the last active price"
    assert near.status == 200


def test_a_market_order_stops_at_the_band_around_the_mark(ann: Client, bob: Client) -> None:
    """When the band is nearer than the impact bound it gives the reason."""
    bob.place(PERP, "Ask", "1", "146.5")
    bob.place(PERP, "Ask", "1", "147")

    ann.place(PERP, "Bid", "2")

    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]
    assert (row["executedQuantity"], row["expiryReason"]) == ("1", "PriceOutOfBounds")


@pytest.mark.parametrize(
    ("state", "limit", "post_only", "market"),
    [
        ("Open", "New", "New", "Filled"),
        ("PostOnly", "New", "New", "Expired"),
        ("LimitOnly", "New", "New", "INVALID_ORDER"),
        ("CancelOnly", "TRADING_PAUSED", "TRADING_PAUSED", "TRADING_PAUSED"),
        ("Closed", "TRADING_PAUSED", "TRADING_PAUSED", "TRADING_PAUSED"),
    ],
)
def test_the_state_of_the_book_decides_what_may_come(
    ann: Client, bob: Client, state: str, limit: str, post_only: str, market: str
) -> None:
    """What rests can always be cancelled; the listing shows the state."""
    resting = decoded(bob.place(SPOT, "Ask", "5", "141"))
    ann.exchange.set_book_state(SPOT, state)

    def outcome(price: str | None, **more: object) -> str:
        row = decoded(ann.place(SPOT, "Bid", "1", price, **more))
        return str(row.get("status") or row["code"])

    assert outcome("139") == limit
    assert outcome("139", postOnly=True) == post_only
    assert outcome(None) == market
    assert decoded(ann.get("/api/v1/market", symbol=SPOT))["orderBookState"] == state
    assert decoded(bob.cancel(SPOT, resting["id"]))["status"] == "Cancelled"


def test_a_closed_market_is_silent() -> None:
    """No depth, no mark, no frames; opened again it lives on."""
    venue = single_venue(3, START_NS)
    client = Client(venue.exchange, venue.trader)
    session = client.subscribe(f"depth.{PERP}", f"markPrice.{PERP}")
    venue.exchange.set_book_state(PERP, "Closed")
    client.exchange.advance(START_NS + 5 * SECOND)

    depth = client.get("/api/v1/depth", symbol=PERP, limit=5)
    assert refused(depth) == (404, "RESOURCE_NOT_FOUND", "Not Found")
    assert refused(client.get("/api/v1/markPrices", symbol=PERP))[2] == "Symbol not found"
    assert client.frames(session) == []
    venue.exchange.set_book_state(PERP, "Open")
    client.exchange.advance(START_NS + 10 * SECOND)
    assert client.frames(session)


@pytest.mark.parametrize(("method", "path"), _NO_SUCH_CALLS)
def test_what_moves_money_out_does_not_exist(ann: Client, method: str, path: str) -> None:
    """Withdrawals, deposit addresses, vaults, RFQ and lending are unknown paths."""
    reply = ann.body("withdraw", method, path, {})

    assert (reply.status, reply.body) == (404, b"not found")


@pytest.mark.parametrize(
    ("method", "path"),
    [key for key, route in ROUTES.items() if key[0] == "GET" and "history" in key[1]
     and route.instruction],
)  # fmt: skip
def test_every_history_pages(ann: Client, method: str, path: str) -> None:
    """An account without a past gets an empty page with the page headers."""
    instruction = ROUTES[method, path].instruction
    assert instruction is not None

    reply = ann.ask(instruction, path, {"limit": "10", "offset": "0", "sortDirection": "Asc"})

    assert (reply.status, decoded(reply)) == (200, [])
    assert (reply.headers["x-total"], reply.headers["x-page-size"]) == ("0", "10")


def test_lent_funds_are_seen_in_collateral_alone(ann: Client) -> None:
    """With auto-lend on nothing is available, and the account is as rich as before."""
    worth = decoded(ann.ask("collateralQuery", "/api/v1/capital/collateral"))["netEquity"]
    ann.body("accountUpdate", "PATCH", "/api/v1/account", {"autoLend": True})

    capital = decoded(ann.ask("balanceQuery", "/api/v1/capital"))
    after = decoded(ann.ask("collateralQuery", "/api/v1/capital/collateral"))
    lent = decoded(ann.ask("borrowLendPositionQuery", "/api/v1/borrowLend/positions"))

    row = next(row for row in after["collateral"] if row["symbol"] == "USDC")
    assert capital["USDC"]["available"] == "0"
    assert (row["lendQuantity"], row["availableQuantity"]) == ("1000000", "0")
    assert after["netEquity"] == worth
    assert {each["symbol"]: each["netQuantity"] for each in lent}["USDC"] == "1000000"


def test_readings_about_accounts_and_tiers_answer(ann: Client) -> None:
    """Limits, tiers, wallets and lending rates have their keys."""
    borrow = ann.ask("maxBorrowQuantity", "/api/v1/account/limits/borrow", {"symbol": "USDC"})
    out = ann.ask("maxWithdrawalQuantity", "/api/v1/account/limits/withdrawal", {"symbol": "USDC"})

    assert decoded(borrow) == {"maxBorrowQuantity": "0", "symbol": "USDC"}
    assert decoded(out)["maxWithdrawalQuantity"] == "1000000"
    assert decoded(ann.get("/wapi/v1/feeTiers"))["futures"][0]["takerFee"] == "0.050"
    assert decoded(ann.get("/api/v1/wallets")) == []
    assert decoded(ann.get("/api/v1/borrowLend/markets"))[0]["state"] == "Open"
    missing = ann.get("/api/v1/borrowLend/markets/history")
    assert (missing.status, missing.body[:6]) == (400, b"failed")


def test_pages_shift_and_lose_nothing(ann: Client, bob: Client) -> None:
    """Ascending pages neither lose nor double rows while new fills arrive."""
    bob.place(SPOT, "Ask", "50", "141")
    seen: list[int] = []
    for page in range(4):
        for _ in range(3):
            ann.place(SPOT, "Bid", "0.1", "141")
        query = {"limit": "3", "offset": str(3 * page), "sortDirection": "Asc"}
        rows = decoded(ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills", query))
        seen += [row["tradeId"] for row in rows]

    assert len(seen) == len(set(seen)) == 12
    assert seen == sorted(seen)
