"""Orders through REST: what rests, what fills, what expires, what is refused, and when."""

import pytest

from core.exchange.embedded.exchange import Exchange
from tests.core.exchange.embedded.embedded_client import Client, decoded, quiet_exchange, refused

PERP = "SOL_USDC_PERP"
SPOT = "SOL_USDC"


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


def test_an_order_waits_the_speed_bump_and_post_only_does_not(ann: Client) -> None:
    """Orders without postOnly are answered 100 ms later; post-only at once."""
    began = ann.exchange.now_ns
    ann.place(SPOT, "Bid", "1", "140", postOnly=True)
    at_once = ann.exchange.now_ns - began
    ann.place(SPOT, "Bid", "1", "139")

    assert at_once == 0
    assert ann.exchange.now_ns - began == 100_000_000


def test_a_resting_order_locks_and_a_cancel_gives_back(ann: Client) -> None:
    """Locked funds are price times quantity, exactly, and return on cancel."""
    order = decoded(ann.place(SPOT, "Bid", "1.5", "140.01"))
    locked = decoded(ann.ask("balanceQuery", "/api/v1/capital"))["USDC"]
    cancelled = decoded(ann.cancel(SPOT, order["id"]))
    after = decoded(ann.ask("balanceQuery", "/api/v1/capital"))["USDC"]

    assert order["status"] == "New"
    assert locked == {"available": "999789.985", "locked": "210.015", "staked": "0"}
    assert cancelled["status"] == "Cancelled"
    assert after == {"available": "1000000", "locked": "0", "staked": "0"}
    assert refused(ann.cancel(SPOT, order["id"])) == (
        400,
        "INVALID_CLIENT_REQUEST",
        "Order not found",
    )


def test_a_spot_buyer_pays_the_fee_in_what_it_receives(ann: Client, bob: Client) -> None:
    """The taker pays base, the maker quote; both fees stand in the fills."""
    bob.place(SPOT, "Ask", "2", "141")
    order = decoded(ann.place(SPOT, "Bid", "2", "150"))
    mine = decoded(ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills"))
    theirs = decoded(bob.ask("fillHistoryQueryAll", "/wapi/v1/history/fills"))

    assert (order["status"], order["executedQuoteQuantity"]) == ("Filled", "282")
    assert [(f["fee"], f["feeSymbol"], f["isMaker"]) for f in mine] == [("0.002", "SOL", False)]
    assert [(f["fee"], f["feeSymbol"], f["isMaker"]) for f in theirs] == [("0.2256", "USDC", True)]
    assert mine[0]["tradeId"] == theirs[0]["tradeId"]
    capital = decoded(ann.ask("balanceQuery", "/api/v1/capital"))
    assert capital["SOL"]["available"] == "1001.998"
    assert capital["USDC"] == {"available": "999718", "locked": "0", "staked": "0"}


@pytest.mark.parametrize(
    ("order", "status", "executed"),
    [
        ({"price": "141", "timeInForce": "IOC"}, "Expired", "2"),
        ({"price": "141", "timeInForce": "FOK"}, "Expired", "0"),
        ({"price": "142", "timeInForce": "FOK"}, "Filled", "3"),
        ({"price": "141"}, "PartiallyFilled", "2"),
        ({}, "Filled", "3"),
    ],
)
def test_time_in_force_decides_what_becomes_of_the_rest(
    ann: Client, bob: Client, order: dict[str, str], status: str, executed: str
) -> None:
    """IOC expires its rest, FOK fills all or nothing, GTC rests, market walks up."""
    bob.place(SPOT, "Ask", "2", "141")
    bob.place(SPOT, "Ask", "2", "142")

    answered = decoded(ann.place(SPOT, "Bid", "3", order.pop("price", None), **order))

    assert (answered["status"], answered["executedQuantity"]) == (status, executed)


def test_a_market_order_stops_at_the_impact_bound(ann: Client, bob: Client) -> None:
    """What lies beyond best times the impact multiplier is not eaten; the rest expires."""
    bob.place(PERP, "Ask", "1", "141")
    bob.place(PERP, "Ask", "1", "150")

    answered = decoded(ann.place(PERP, "Bid", "2"))
    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]

    assert (answered["status"], answered["executedQuantity"]) == ("Expired", "1")
    assert row["expiryReason"] == "PriceImpact"


def test_a_market_order_by_quote_spends_no_more(ann: Client, bob: Client) -> None:
    """A quote amount buys whole steps and leaves what does not pay for one."""
    bob.place(SPOT, "Ask", "5", "141")
    body = {"symbol": SPOT, "side": "Bid", "orderType": "Market", "quoteQuantity": "200"}

    answered = decoded(ann.body("orderExecute", "POST", "/api/v1/order", body))

    assert answered["status"] == "Filled"
    assert (answered["executedQuantity"], answered["executedQuoteQuantity"]) == ("1.41", "198.81")


def test_post_only_that_would_take_is_refused(ann: Client, bob: Client) -> None:
    """The refusal has the venue's words and leaves no order."""
    bob.place(SPOT, "Ask", "1", "141")

    answer = ann.place(SPOT, "Bid", "1", "141", postOnly=True)

    assert refused(answer) == (400, "INVALID_ORDER", "Order would immediately match and take")
    assert decoded(ann.ask("orderQueryAll", "/api/v1/orders")) == []


def test_reduce_only_shrinks_with_the_position(ann: Client, bob: Client) -> None:
    """A resting reduce-only order never exceeds what it closes, and ends with it."""
    bob.place(PERP, "Ask", "3", "141")
    ann.place(PERP, "Bid", "3", "141")
    session = ann.subscribe(f"account.orderUpdate.{PERP}")
    ann.place(PERP, "Ask", "5", "150", reduceOnly=True)
    bob.place(PERP, "Bid", "3", "140")
    ann.place(PERP, "Ask", "2")
    ann.place(PERP, "Ask", "1")

    events = [(f["data"]["e"], f["data"]["q"]) for f in ann.frames(session)]

    assert ("orderAccepted", "5.00") in events
    assert ("orderModified", "3.00") in events
    assert ("orderModified", "1.00") in events
    assert events[-1] == ("orderExpired", "1.00")
    assert decoded(ann.ask("orderQueryAll", "/api/v1/orders")) == []


def test_reduce_only_without_a_position_expires(ann: Client) -> None:
    """The engine refuses it with a reason, not with an HTTP error."""
    answered = decoded(ann.place(PERP, "Ask", "1", "141", reduceOnly=True))

    assert answered["status"] == "Expired"
    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]
    assert row["expiryReason"] == "ReduceOnlyNotReduced"


def test_an_account_does_not_trade_with_itself(ann: Client) -> None:
    """By default the taker gives way and the maker stays."""
    resting = decoded(ann.place(SPOT, "Ask", "1", "141"))
    answered = decoded(ann.place(SPOT, "Bid", "1", "141"))

    assert answered["status"] == "Expired"
    assert [o["id"] for o in decoded(ann.ask("orderQueryAll", "/api/v1/orders"))] == [resting["id"]]


def test_funds_are_checked_against_what_others_offer(ann: Client, bob: Client) -> None:
    """An own order that will give way does not make a market order look cheap."""
    ann.place(SPOT, "Ask", "900", "141")
    bob.place(SPOT, "Ask", "900", "142")
    ann.exchange.floor.clearing.accounts["ann"].balance("USDC").available = 1_269_50 * 10**8

    answer = ann.place(SPOT, "Bid", "9", selfTradePrevention="RejectMaker")

    assert refused(answer) == (400, "INSUFFICIENT_FUNDS", "Insufficient funds")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"quantity": "1.001"}, "INVALID_CLIENT_REQUEST", "Quantity decimal too long"),
        ({"price": "140.001"}, "INVALID_CLIENT_REQUEST", "Price decimal too long"),
        (
            {"price": "20"},
            "INVALID_CLIENT_REQUEST",
            "Price is too far from the last active price",
        ),
        ({"quantity": "9000"}, "INSUFFICIENT_FUNDS", "Insufficient funds"),
        (
            {"triggerPrice": "100"},
            "INVALID_CLIENT_REQUEST",
            "Must specify both `triggerPrice` and `triggerQuantity` or neither",
        ),
        (
            {"triggerPrice": "100", "triggerQuantity": "120%"},
            "INVALID_QUANTITY",
            "Invalid trigger quantity",
        ),
    ],
)
def test_a_bad_order_is_refused_in_the_venues_words(
    ann: Client, body: dict[str, str], code: str, message: str
) -> None:
    """Every filter answers 400 with its code and message."""
    fields = {"quantity": "1", "price": "140"} | body

    answer = ann.place(SPOT, "Bid", fields.pop("quantity"), fields.pop("price"), **fields)

    assert refused(answer) == (400, code, message)


def test_an_unknown_market_is_a_plain_text_parse_error(ann: Client) -> None:
    """Bodies that do not parse answer text, not JSON."""
    answer = ann.place("NOPE_USDC", "Bid", "1", "140")

    assert answer.status == 400
    assert answer.body.decode() == (
        'parse request payload error: failed to parse "MarketSymbol": Invalid market symbol '
        '(occurred while parsing "OrderExecutePayload")'
    )


def test_a_position_beyond_the_margin_is_refused(ann: Client, bob: Client) -> None:
    """Leverage ten times the equity is the most, at the account's limit."""
    bob.place(PERP, "Ask", "3", "141")

    answer = ann.place(PERP, "Bid", "999999", "141")

    assert refused(answer) == (400, "INSUFFICIENT_MARGIN", "Insufficient margin")


def test_a_batch_answers_each_item_in_order(ann: Client) -> None:
    """HTTP is 200 even when an item failed."""
    good = {"symbol": SPOT, "side": "Bid", "orderType": "Limit", "price": "140", "quantity": "1"}

    rows = decoded(ann.batch([good, good | {"quantity": "1.001"}, good | {"postOnly": True}]))

    assert [row["operation"] for row in rows] == ["Ok", "Err", "Ok"]
    assert rows[1] == {
        "operation": "Err",
        "code": "INVALID_CLIENT_REQUEST",
        "message": "Quantity decimal too long",
    }


def test_an_order_is_found_by_either_id_while_it_rests(ann: Client) -> None:
    """GET /order knows resting orders only."""
    placed = decoded(ann.place(SPOT, "Bid", "1", "140", clientId=77))
    by_client = ann.ask("orderQuery", "/api/v1/order", {"symbol": SPOT, "clientId": "77"})
    by_id = ann.ask("orderQuery", "/api/v1/order", {"symbol": SPOT, "orderId": placed["id"]})
    ann.body("orderCancelAll", "DELETE", "/api/v1/orders", {"symbol": SPOT})
    gone = ann.ask("orderQuery", "/api/v1/order", {"symbol": SPOT, "clientId": "77"})

    assert decoded(by_client) == decoded(by_id) == placed
    assert refused(gone)[2] == "Order not found"


def test_fills_page_with_from_inclusive_and_to_exclusive(ann: Client, bob: Client) -> None:
    """Milliseconds bound the history, newest first, with page headers."""
    for _ in range(3):
        bob.place(SPOT, "Ask", "1", "141")
        ann.place(SPOT, "Bid", "1", "141")
    fills = ann.exchange.floor.clearing.accounts["ann"].fills
    times = [fill.at_ns // 1_000_000 for fill in fills]

    page = ann.ask(
        "fillHistoryQueryAll",
        "/wapi/v1/history/fills",
        {"from": str(times[0]), "to": str(times[2]), "limit": "1"},
    )

    assert [row["tradeId"] for row in decoded(page)] == [fills[1].trade_id]
    assert page.headers["x-total"] == "2"
    assert page.headers["x-page-count"] == "2"
