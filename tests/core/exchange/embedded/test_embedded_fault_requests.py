"""Each fault of requests does what it says: lost, late, doubled, refused, answered wrongly."""

import json
from typing import Any

import pytest

from core.exchange.embedded.exchange import Exchange
from tests.core.exchange.embedded.embedded_client import Client, decoded, quiet_exchange, refused

SPOT = "SOL_USDC"
PERP = "SOL_USDC_PERP"
SECOND = 1_000_000_000


@pytest.fixture
def exchange() -> Exchange:
    """Return a quiet exchange."""
    return quiet_exchange()


@pytest.fixture
def ann(exchange: Exchange) -> Client:
    """Return the first client."""
    return Client.named(exchange, "ann")


def _logged(exchange: Exchange, name: str = "ann") -> list[int | None]:
    """Return the client ids of every order the engine ever accepted."""
    return [order.client_id for order in exchange.floor.clearing.accounts[name].order_log]


def _bid(ann: Client, **more: Any) -> Any:
    return ann.place(SPOT, "Bid", "1", "140", clientId=7, **more)


def test_f01_books_the_order_and_cuts_the_line(ann: Client) -> None:
    """The order lives although nobody was told."""
    ann.exchange.faults.switch_on("F01", count=1)

    answer = _bid(ann)

    assert answer.status == 0
    assert _logged(ann.exchange) == [7]
    assert _bid(ann).status == 200
    assert ann.exchange.faults.hits["F01"] == 1


def test_f02_loses_the_order(ann: Client) -> None:
    """The engine never hears of it."""
    ann.exchange.faults.switch_on("F02", count=1)

    assert _bid(ann).status == 0
    ann.exchange.advance(ann.exchange.now_ns + 120 * SECOND)
    assert _logged(ann.exchange) == []
    assert ann.exchange.faults.hits["F02"] == 1


def test_f03_brings_the_order_late_and_inside_its_window(ann: Client) -> None:
    """It is accepted, seconds later."""
    ann.exchange.faults.switch_on("F03", delay_ms=3_000)
    began = ann.exchange.now_ns

    answer = _bid(ann)

    assert answer.status == 200
    assert ann.exchange.now_ns - began == 3_100_000_000
    assert ann.exchange.faults.hits["F03"] == 1


def test_f04_brings_the_order_after_its_window(ann: Client) -> None:
    """It is refused as expired and never lives."""
    ann.exchange.faults.switch_on("F04")

    answer = _bid(ann)

    assert refused(answer) == (400, "INVALID_CLIENT_REQUEST", "Request has expired")
    assert _logged(ann.exchange) == []
    assert ann.exchange.faults.hits["F04"] == 1


def test_f05_applies_the_order_long_after_its_window(ann: Client) -> None:
    """The edge took it in time; the engine sees it when it likes."""
    ann.exchange.faults.switch_on("F05", delay_ms=40_000)

    assert _bid(ann).status == 0
    before = _logged(ann.exchange)
    ann.exchange.advance(ann.exchange.now_ns + 41 * SECOND)
    assert (before, _logged(ann.exchange)) == ([], [7])
    assert ann.exchange.faults.hits["F05"] == 1


def test_f06_executes_the_same_bytes_twice(ann: Client) -> None:
    """Two orders with one client id, one answer."""
    ann.exchange.faults.switch_on("F06")

    assert _bid(ann).status == 200
    ann.exchange.advance(ann.exchange.now_ns + SECOND)
    assert _logged(ann.exchange) == [7, 7]
    assert ann.exchange.faults.hits["F06"] == 1


@pytest.mark.parametrize(
    ("mode", "status"), [("", 503), ("500", 500), ("502", 502), ("TIMEOUT", 504)]
)
def test_f07_answers_a_server_error_with_the_order_live(
    ann: Client, mode: str, status: int
) -> None:
    """Whatever the status says, the order rests."""
    ann.exchange.faults.switch_on("F07", mode=mode)

    assert _bid(ann).status == status
    assert _logged(ann.exchange) == [7]
    assert ann.exchange.faults.hits["F07"] == 1


def test_f08_refuses_orders_and_cancels_for_their_number(ann: Client) -> None:
    """429 with the venue's code; questions still pass unless all are struck."""
    resting = decoded(_bid(ann))
    ann.exchange.faults.switch_on("F08")

    assert refused(_bid(ann))[:2] == (429, "TOO_MANY_REQUESTS")
    assert refused(ann.cancel(SPOT, resting["id"]))[0] == 429
    assert ann.ask("balanceQuery", "/api/v1/capital").status == 200
    ann.exchange.faults.switch_on("F08", mode="all")
    ann.exchange.faults.switch_off("F08")
    assert ann.cancel(SPOT, resting["id"]).status == 200
    assert ann.exchange.faults.hits["F08"] == 2


def test_f08_can_strike_everything(ann: Client) -> None:
    """Mode `all` refuses questions too."""
    ann.exchange.faults.switch_on("F08", mode="all")

    assert ann.ask("balanceQuery", "/api/v1/capital").status == 429
    assert ann.get("/api/v1/markets").status == 429


@pytest.mark.parametrize("mode", ["truncated", "empty", "html"])
def test_f09_breaks_the_body_of_a_good_answer(ann: Client, mode: str) -> None:
    """200, and not the JSON it should be; the order lives."""
    ann.exchange.faults.switch_on("F09", mode=mode)

    answer = _bid(ann)

    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)
    assert _logged(ann.exchange) == [7]
    assert ann.exchange.faults.hits["F09"] == 1


def test_f10_applies_a_part_of_a_batch_and_answers_backwards(ann: Client) -> None:
    """Every other order exists; the rows come in another order than asked."""
    ann.exchange.faults.switch_on("F10")
    order = {"symbol": SPOT, "side": "Bid", "orderType": "Limit", "quantity": "1"}
    bodies = [order | {"price": str(130 + n), "clientId": n} for n in range(5)]

    rows = decoded(ann.batch(bodies))

    assert [row["clientId"] for row in rows] == [4, 2, 0]
    assert _logged(ann.exchange) == [0, 2, 4]
    assert ann.exchange.faults.hits["F10"] == 1


def test_f11_later_breaks_after_the_bytes(ann: Client) -> None:
    """The request went out and was executed."""
    ann.exchange.faults.switch_on("F11", mode="later")

    assert _bid(ann).status == 0
    assert _logged(ann.exchange) == [7]
    assert ann.exchange.faults.hits["F11"] == 1


def test_f13_accepts_a_cancel_and_applies_it_late(ann: Client) -> None:
    """202 with an empty body; the order rests until the delay is over."""
    resting = decoded(_bid(ann))
    ann.exchange.faults.switch_on("F13", delay_ms=500)

    answer = ann.cancel(SPOT, resting["id"])

    owner = ann.exchange.floor.clearing.accounts["ann"]
    assert (answer.status, answer.body) == (202, b"")
    assert len(owner.open_orders) == 1
    ann.exchange.advance(ann.exchange.now_ns + SECOND)
    assert owner.open_orders == {}
    assert ann.exchange.faults.hits["F13"] == 1


def test_f13_can_accept_a_cancel_and_forget_it(ann: Client) -> None:
    """202, and the order rests for ever; cancel-all is struck as well."""
    _bid(ann)
    ann.exchange.faults.switch_on("F13", mode="never")

    answer = ann.body("orderCancelAll", "DELETE", "/api/v1/orders", {"symbol": SPOT})
    ann.exchange.advance(ann.exchange.now_ns + 60 * SECOND)

    assert answer.status == 202
    assert len(ann.exchange.floor.clearing.accounts["ann"].open_orders) == 1


def test_f14_fills_the_order_just_before_its_cancel(ann: Client) -> None:
    """404, and the fill stands in the history."""
    resting = decoded(_bid(ann))
    ann.exchange.faults.switch_on("F14")

    answer = ann.cancel(SPOT, resting["id"])

    assert refused(answer) == (404, "RESOURCE_NOT_FOUND", "Order not found")
    fills = decoded(ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills"))
    assert [(row["orderId"], row["quantity"]) for row in fills] == [(resting["id"], "1")]
    assert ann.exchange.faults.hits["F14"] == 1


def test_f15_moves_the_venues_clock(ann: Client) -> None:
    """Signatures look old, and the time says by how much."""
    ann.exchange.faults.switch_on("F15", delay_ms=20_000)

    answer = ann.ask("balanceQuery", "/api/v1/capital")
    told = int(ann.get("/api/v1/time").body)

    assert refused(answer)[2] == "Request has expired"
    assert told == ann.exchange.now_ns // 1_000_000 + 20_000
    assert ann.exchange.faults.hits["F15"] == 1


def test_f16_lets_the_stream_run_before_the_answer(ann: Client) -> None:
    """The fill is heard half a second before the reply."""
    bob = Client.named(ann.exchange, "bob")
    bob.place(SPOT, "Ask", "1", "141")
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F16", delay_ms=500, account="ann")

    answer = decoded(ann.place(SPOT, "Bid", "1", "141"))

    events = [frame["data"] for frame in ann.frames(session)]
    assert [event["e"] for event in events] == ["orderAccepted", "orderFill"]
    assert ann.exchange.now_ns // 1_000 - events[1]["E"] == 500_000
    assert answer["status"] == "Filled"
    assert ann.exchange.faults.hits["F16"] == 1


def test_f44_revokes_a_key_and_f45_closes_the_house(ann: Client) -> None:
    """Only the account named is barred; maintenance closes all but the status."""
    ann.exchange.faults.switch_on("F44", account="ann")
    bob = Client.named(ann.exchange, "bob")

    assert refused(ann.ask("balanceQuery", "/api/v1/capital"))[0] == 401
    assert bob.ask("balanceQuery", "/api/v1/capital").status == 200
    ann.exchange.faults.switch_on("F45")
    assert refused(bob.ask("balanceQuery", "/api/v1/capital"))[:2] == (503, "MAINTENANCE")
    assert decoded(bob.get("/api/v1/status"))["status"] == "Maintenance"


def test_f32_old_snapshots_lie_far_behind_the_stream(ann: Client) -> None:
    """The id of the reply is one nobody has frames of any more."""
    fresh = decoded(ann.get("/api/v1/depth", symbol=PERP, limit=5))
    ann.exchange.faults.switch_on("F32", symbol=PERP)

    old = decoded(ann.get("/api/v1/depth", symbol=PERP, limit=5))

    assert int(old["lastUpdateId"]) < int(fresh["lastUpdateId"])
    assert ann.exchange.faults.hits["F32"] == 1


def test_f34_snapshots_can_be_crossed_empty_or_negative(ann: Client) -> None:
    """Each mode is what it says."""
    bob = Client.named(ann.exchange, "bob")
    ann.place(PERP, "Bid", "1", "140")
    bob.place(PERP, "Ask", "1", "142")
    books = {}
    for mode in ("crossed", "empty", "negative"):
        ann.exchange.faults.switch_off()
        ann.exchange.faults.switch_on("F34", mode=mode)
        books[mode] = decoded(ann.get("/api/v1/depth", symbol=PERP, limit=5))

    assert books["crossed"]["bids"][-1][0] >= books["crossed"]["asks"][0][0]
    assert books["empty"]["bids"] == []
    assert books["negative"]["asks"][0][1] == "-1"
    assert ann.exchange.faults.hits["F34"] == 3


def test_f35_multiplies_prices_of_replies(ann: Client) -> None:
    """Ten times the price, or the mark alone."""
    ann.exchange.faults.switch_on("F35", mode="x10", symbol=PERP)
    ticker = decoded(ann.get("/api/v1/ticker", symbol=PERP))
    ann.exchange.faults.switch_off("F35")
    ann.exchange.faults.switch_on("F35", mode="mark", symbol=PERP)
    mark = decoded(ann.get("/api/v1/markPrices", symbol=PERP))[0]

    assert ticker["lastPrice"] == "1410"
    assert mark["markPrice"] == "1410"
    assert ann.exchange.faults.hits["F35"] == 2
