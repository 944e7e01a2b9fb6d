"""Conditional orders: how they wait, fire, fail, and what hangs on them."""

from typing import Any

import pytest

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.units import atoms
from tests.core.exchange.embedded.embedded_client import Client, decoded, quiet_exchange, refused

SPOT = "SOL_USDC"
PERP = "SOL_USDC_PERP"
SECOND = 1_000_000_000
ORDERS = ("orderQueryAll", "/api/v1/orders")


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


def _trigger(client: Client, side: str = "Ask", **more: Any) -> Any:
    body = {"symbol": PERP, "side": side, "orderType": "Market", "triggerPrice": "139"}
    body |= {"triggerQuantity": "1"} | more
    return client.body("orderExecute", "POST", "/api/v1/order", body)


def _long(ann: Client, bob: Client, size: str = "3") -> None:
    bob.place(PERP, "Ask", size, "141")
    ann.place(PERP, "Bid", size, "141")


def _trade_at(ann: Client, price: int) -> None:
    """Let the last price be what it is told, and a second pass."""
    ann.exchange.floor.markets[PERP].last = price
    ann.exchange.advance(ann.exchange.now_ns + SECOND)


def _events(client: Client, session: int) -> list[dict[str, Any]]:
    return [frame["data"] for frame in client.frames(session)]


def test_a_conditional_order_waits_outside_the_book(ann: Client) -> None:
    """TriggerPending, quantity 0, counted apart, found by id, shown as placed."""
    session = ann.subscribe("account.orderUpdate")
    order = decoded(_trigger(ann, triggerBy="LastPrice", triggerQuantity="80%"))
    account = decoded(ann.ask("accountQuery", "/api/v1/account"))
    listed = decoded(ann.ask(*ORDERS))

    assert (order["status"], order["quantity"]) == ("TriggerPending", "0")
    assert (order["triggerPrice"], order["triggerQuantity"]) == ("139", "80%")
    assert (account["limitOrders"], account["triggerOrders"]) == (0, 1)
    assert listed == [order]
    placed = _events(ann, session)[0]
    assert (placed["e"], placed["X"], placed["q"], placed["Q"]) == (
        "triggerPlaced", "TriggerPending", "0", "0",
    )  # fmt: skip
    assert (placed["P"], placed["B"], placed["Y"]) == ("139.00", "LastPrice", "80%")


def test_a_fired_order_is_a_new_one_that_names_the_old(ann: Client, bob: Client) -> None:
    """It closes the share of the position that was asked for."""
    _long(ann, bob)
    bob.place(PERP, "Bid", "9", "138.5")
    waiting = decoded(_trigger(ann, triggerQuantity="80%", reduceOnly=True))
    session = ann.subscribe("account.orderUpdate")

    _trade_at(ann, 13_890)

    accepted, filled = _events(ann, session)
    assert accepted["i"] != waiting["id"]
    assert accepted["I"] == waiting["id"]
    assert (filled["z"], filled["X"]) == ("2.40", "Filled")
    rows = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))
    assert (rows[0]["relatedOrderId"], rows[1]["status"]) == (waiting["id"], "Triggered")
    assert rows[1]["triggeredAt"] is not None
    assert decoded(ann.ask(*ORDERS)) == []


@pytest.mark.parametrize(
    ("by", "moved"), [("MarkPrice", "index"), ("IndexPrice", "index"), ("LastPrice", "last")]
)
def test_a_trigger_watches_the_price_it_names(
    ann: Client, bob: Client, by: str, moved: str
) -> None:
    """Mark and index by the second, the last price by the trade."""
    _long(ann, bob)
    _trigger(ann, triggerBy=by, reduceOnly=True)
    market = ann.exchange.floor.markets[PERP]
    if moved == "index":
        market.index = atoms("138")
    else:
        market.last = 13_800
    ann.exchange.advance(ann.exchange.now_ns + 2 * SECOND)

    assert decoded(ann.ask(*ORDERS)) == []


def test_a_stop_without_a_position_fails(ann: Client) -> None:
    """The owner hears triggerFailed with the reason."""
    _trigger(ann, reduceOnly=True)
    session = ann.subscribe("account.orderUpdate")

    _trade_at(ann, 13_890)

    failed = _events(ann, session)[0]
    assert (failed["e"], failed["X"], failed["R"]) == (
        "triggerFailed", "TriggerFailed", "StopWithoutPosition",
    )  # fmt: skip


def test_a_trigger_without_margin_fails(ann: Client) -> None:
    """What admission refuses when it fires is the reason."""
    _trigger(ann, triggerQuantity="900000", orderType="Limit", price="138")
    _trade_at(ann, 13_890)

    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]
    assert (row["status"], row["expiryReason"]) == ("TriggerFailed", "InsufficientMargin")


def test_attached_exits_come_with_the_fill_and_go_together(ann: Client, bob: Client) -> None:
    """Take-profit above, stop-loss below; one fires, the other is cancelled."""
    bob.place(PERP, "Ask", "2", "141")
    parent = decoded(
        ann.place(PERP, "Bid", "2", takeProfitTriggerPrice="145", stopLossTriggerPrice="137")
    )
    bob.place(PERP, "Bid", "2", "144.9", postOnly=True)
    waiting = decoded(ann.ask(*ORDERS))

    assert (parent["takeProfitTriggerPrice"], parent["stopLossTriggerPrice"]) == ("145", "137")
    assert {row["relatedOrderId"] for row in waiting} == {parent["id"]}
    assert [row["triggerQuantity"] for row in waiting] == ["2", "2"]
    assert all(row["reduceOnly"] and row["side"] == "Ask" for row in waiting)
    _trade_at(ann, 14_510)
    ann.exchange.advance(ann.exchange.now_ns + SECOND)
    assert decoded(ann.ask(*ORDERS)) == []
    assert decoded(ann.ask("positionQuery", "/api/v1/position")) == []


def test_attached_exits_end_with_their_position(ann: Client, bob: Client) -> None:
    """Closed by hand, nothing is left to protect."""
    bob.place(PERP, "Ask", "2", "141")
    ann.place(PERP, "Bid", "2", stopLossTriggerPrice="137", stopLossLimitPrice="136.5")
    bob.place(PERP, "Bid", "2", "140.9")
    waiting = decoded(ann.ask(*ORDERS))
    ann.place(PERP, "Ask", "2", reduceOnly=True)

    rows = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))
    child = next(row for row in rows if row["id"] == waiting[0]["id"])
    assert (waiting[0]["orderType"], waiting[0]["price"]) == ("Limit", "136.5")
    assert (child["status"], child["expiryReason"]) == ("Expired", "StopWithoutPosition")


def test_cancel_all_can_be_told_which_kind(ann: Client) -> None:
    """Conditional orders and resting limit orders go apart or together."""
    ann.place(PERP, "Bid", "1", "130")
    _trigger(ann)

    def cancelled(**kind: str) -> list[str]:
        rows = decoded(
            ann.body("orderCancelAll", "DELETE", "/api/v1/orders", {"symbol": PERP, **kind})
        )
        return [row["orderType"] for row in rows]

    assert cancelled(orderType="ConditionalOrder") == ["Market"]
    _trigger(ann)
    assert cancelled(orderType="RestingLimitOrder") == ["Limit"]
    ann.place(PERP, "Bid", "1", "130")
    assert cancelled() == ["Limit", "Market"]


def test_a_conditional_order_is_cancelled_by_id(ann: Client) -> None:
    """200 with the order; the stream says orderCancelled with its percentage."""
    session = ann.subscribe("account.orderUpdate")
    order = decoded(_trigger(ann, triggerQuantity="80%"))

    answer = decoded(ann.cancel(PERP, order["id"]))

    assert (answer["status"], _events(ann, session)[-1]["Y"]) == ("Cancelled", "80%")


def test_a_position_has_so_many_stops_and_no_more(ann: Client) -> None:
    """The one too many expires with its reason."""
    for _ in range(10):
        _trigger(ann, reduceOnly=True)

    assert decoded(_trigger(ann, reduceOnly=True))["status"] == "Expired"
    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]
    assert row["expiryReason"] == "MaxStopOrdersPerPosition"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"triggerQuantity": "1.001"}, "Quantity decimal too long"),
        ({"triggerPrice": "139.001"}, "Price decimal too long"),
        ({"triggerQuantity": "101%"}, "Invalid trigger quantity"),
        ({"takeProfitLimitPrice": "150"}, "Invalid order"),
    ],
)
def test_bad_conditions_are_refused(ann: Client, body: dict[str, str], message: str) -> None:
    """Every field of the condition has its rule."""
    answer = _trigger(ann, **body)

    assert refused(answer)[::2] == (400, message)


@pytest.mark.parametrize(
    ("tolerance", "executed", "reason"),
    [
        ({"slippageTolerance": "20", "slippageToleranceType": "TickSize"}, "1",
         "SlippageToleranceExceeded"),
        ({"slippageTolerance": "0.1", "slippageToleranceType": "Percent"}, "1",
         "SlippageToleranceExceeded"),
        ({"slippageTolerance": "0.5", "slippageToleranceType": "Percent"}, "2", None),
    ],
)  # fmt: skip
def test_slippage_tolerance_bounds_a_market_order(
    ann: Client, bob: Client, tolerance: dict[str, str], executed: str, reason: str | None
) -> None:
    """What lies beyond is not eaten, and the reason says so; the amount is kept."""
    bob.place(PERP, "Ask", "1", "141")
    bob.place(PERP, "Ask", "1", "141.5")

    answer = decoded(ann.place(PERP, "Bid", "2", **tolerance))
    row = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]

    assert (answer["executedQuantity"], row["expiryReason"]) == (executed, reason)
    assert row["slippageTolerance"] == tolerance["slippageTolerance"]
