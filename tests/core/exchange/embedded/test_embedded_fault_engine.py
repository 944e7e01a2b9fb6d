"""Each fault of the engine and of private events does what it says, and no money is lost by it."""

from typing import Any

import pytest

from core.exchange.embedded.exchange import Exchange
from tests.core.exchange.embedded.embedded_client import Client, decoded, quiet_exchange
from tests.core.exchange.embedded.embedded_sums import sums

SPOT = "SOL_USDC"
PERP = "SOL_USDC_PERP"
SECOND = 1_000_000_000
HISTORY = ("fillHistoryQueryAll", "/wapi/v1/history/fills")


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


def _events(client: Client, session: int) -> list[dict[str, Any]]:
    return [frame["data"] for frame in client.frames(session)]


def _trade(ann: Client, bob: Client, size: str = "2") -> None:
    """Let ann buy from bob."""
    bob.place(PERP, "Ask", size, "141")
    ann.place(PERP, "Bid", size, "141", clientId=9)


def test_f17_fills_an_order_after_its_cancel(ann: Client) -> None:
    """The cancel is confirmed, then a fill comes; the money is that of a fill."""
    before = sums(ann.exchange)
    session = ann.subscribe("account.orderUpdate")
    resting = decoded(ann.place(SPOT, "Bid", "2", "140"))
    ann.exchange.faults.switch_on("F17")

    cancelled = decoded(ann.cancel(SPOT, resting["id"]))
    ann.exchange.advance(ann.exchange.now_ns + SECOND)

    events = _events(ann, session)
    assert cancelled["status"] == "Cancelled"
    assert [event["e"] for event in events] == ["orderAccepted", "orderCancelled", "orderFill"]
    assert (events[-1]["X"], events[-1]["z"]) == ("Cancelled", "2.00")
    assert sums(ann.exchange) == before
    assert ann.exchange.faults.hits["F17"] == 1


def test_f18_tells_a_fill_twice_on_stream_and_in_rest(ann: Client, bob: Client) -> None:
    """Same trade id, same everything; the account moved once."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F18", account="ann")
    _trade(ann, bob)

    fills = [event["t"] for event in _events(ann, session) if event["e"] == "orderFill"]
    rows = [row["tradeId"] for row in decoded(ann.ask(*HISTORY))]

    assert len(fills) == 2
    assert set(fills) == set(rows)
    assert rows[0] == rows[1]
    assert ann.exchange.floor.clearing.accounts["ann"].position_steps(PERP) == 200
    assert ann.exchange.faults.hits["F18"] == 2


def test_f19_keeps_a_fill_off_the_stream(ann: Client, bob: Client) -> None:
    """REST alone knows it."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F19", account="ann")
    _trade(ann, bob)

    assert [event["e"] for event in _events(ann, session)] == ["orderAccepted"]
    assert len(decoded(ann.ask(*HISTORY))) == 1
    assert ann.exchange.faults.hits["F19"] == 1


def test_f20_tells_events_out_of_order(ann: Client, bob: Client) -> None:
    """The fill comes before the acceptance, whose engine time is the older one."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F20", account="ann", count=1)
    _trade(ann, bob)
    ann.exchange.advance(ann.exchange.now_ns + SECOND)

    events = _events(ann, session)

    assert [event["e"] for event in events] == ["orderFill", "orderAccepted"]
    assert events[0]["T"] >= events[1]["T"]
    assert ann.exchange.faults.hits["F20"] == 1


@pytest.mark.parametrize(("mode", "ids"), [("null", {None}), ("zero", {0}), ("shared", None)])
def test_f21_spoils_trade_ids(ann: Client, bob: Client, mode: str, ids: set[Any] | None) -> None:
    """Null, zero, or the id of the fill before; the same in REST and on the stream."""
    _trade(ann, bob)
    first = decoded(ann.ask(*HISTORY))[0]["tradeId"]
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F21", mode=mode, account="ann")
    _trade(ann, bob)

    row = decoded(ann.ask(*HISTORY))[0]
    shown = {event["t"] for event in _events(ann, session) if event["e"] == "orderFill"}

    assert shown == {row["tradeId"]} == (ids or {first})
    assert ann.exchange.faults.hits["F21"] == 1


def test_f22_shows_words_and_fields_nobody_knows(ann: Client) -> None:
    """Unknown status, a missing field, one too many: in turn, on the stream and in REST."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F22")
    for price in ("130", "131", "132"):
        ann.place(SPOT, "Bid", "1", price, postOnly=True)

    events = _events(ann, session)
    texts = [str(event) for event in events]

    assert any("Quarantined" in text for text in texts)
    assert any("zzNew" in text for text in texts)
    row = decoded(ann.ask("orderQueryAll", "/api/v1/orders"))
    assert "Quarantined" in str(row) or "zzNew" in str(row) or "timeInForce" not in str(row[0])
    assert ann.exchange.faults.hits["F22"] >= 6


def test_f22_can_drop_a_field(ann: Client) -> None:
    """The answer has no time in force, the frame no `f`."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F22", mode="missing")

    order = decoded(ann.place(SPOT, "Bid", "1", "130"))

    assert "timeInForce" not in order
    assert "f" not in _events(ann, session)[0]


def test_f23_fills_a_part_and_expires_the_rest(ann: Client) -> None:
    """Half is filled, the remainder is given back once."""
    before = sums(ann.exchange)
    ann.exchange.faults.switch_on("F23", mode="ImmediateOrCancel")

    order = decoded(ann.place(SPOT, "Bid", "2", "140"))

    balance = ann.exchange.floor.clearing.accounts["ann"].balance("USDC")
    assert (order["status"], order["executedQuantity"]) == ("Expired", "1")
    assert balance.locked == 0
    assert sums(ann.exchange) == before
    assert ann.exchange.faults.hits["F23"] == 1


def test_f24_shrinks_a_resting_order(ann: Client) -> None:
    """The owner hears orderModified, and the lock shrinks with it."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F24")

    order = decoded(ann.place(SPOT, "Bid", "2", "140"))

    modified = _events(ann, session)[-1]
    assert (order["quantity"], modified["e"], modified["q"]) == ("1", "orderModified", "1.00")
    balance = ann.exchange.floor.clearing.accounts["ann"].balance("USDC")
    assert balance.locked == 140 * 10**10
    assert ann.exchange.faults.hits["F24"] == 1


def test_f25_expires_orders_with_every_reason_in_turn(ann: Client) -> None:
    """Each acceptance is followed by an expiry; all the venue's reasons come."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F25")
    for _ in range(24):
        assert decoded(ann.place(SPOT, "Bid", "1", "140"))["status"] == "Expired"

    reasons = [event["R"] for event in _events(ann, session) if event["e"] == "orderExpired"]

    assert len(set(reasons)) == 24
    assert ann.exchange.faults.hits["F25"] == 24


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("fail", ["triggerFailed"]),
        ("held", []),
        ("release", ["orderAccepted", "orderExpired"]),
    ],
)
def test_f26_spoils_a_trigger(ann: Client, mode: str, words: list[str]) -> None:
    """It fails, is held for a while, or its order ends at once."""
    ann.exchange.faults.switch_on("F26", mode=mode)
    ann.place(PERP, "Bid", "1", "139", triggerPrice="142", triggerQuantity="1")
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.floor.markets[PERP].last = 14_300
    ann.exchange.advance(ann.exchange.now_ns + 2 * SECOND)

    first = [event["e"] for event in _events(ann, session)]
    ann.exchange.advance(ann.exchange.now_ns + 10 * SECOND)
    later = [event["e"] for event in _events(ann, session)]

    assert first == words
    assert later == (["orderAccepted"] if mode == "held" else [])
    assert ann.exchange.faults.hits["F26"] == 1


def test_f27_fills_more_than_was_asked(ann: Client, bob: Client) -> None:
    """Executed exceeds the quantity, and the position follows."""
    before = sums(ann.exchange)
    ann.exchange.faults.switch_on("F27", account="ann")
    _trade(ann, bob)

    order = decoded(ann.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]

    assert (order["quantity"], order["executedQuantity"]) == ("2", "3")
    assert ann.exchange.floor.clearing.accounts["ann"].position_steps(PERP) == 300
    assert sums(ann.exchange) == before
    assert ann.exchange.faults.hits["F27"] == 1


@pytest.mark.parametrize(("mode", "value"), [("absent", None), ("text", "77")])
def test_f28_hides_or_rewrites_client_ids(ann: Client, mode: str, value: str | None) -> None:
    """Absent, or of the other type; on the stream and in REST."""
    session = ann.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F28", mode=mode)

    order = decoded(ann.place(SPOT, "Bid", "1", "140", clientId=77))

    assert order["clientId"] == value
    assert _events(ann, session)[0].get("c") == value
    assert ann.exchange.faults.hits["F28"] == 2


def test_f28_lets_somebody_else_use_the_same_client_id(ann: Client) -> None:
    """A second order of the account carries it, far from the market."""
    ann.exchange.faults.switch_on("F28", mode="foreign")
    ann.place(SPOT, "Bid", "1", "140", clientId=77)

    rows = decoded(ann.ask("orderQueryAll", "/api/v1/orders"))

    assert [row["clientId"] for row in rows] == [77, 77]
    assert ann.exchange.faults.hits["F28"] == 1


def test_f29_silences_the_private_stream_alone(ann: Client, bob: Client) -> None:
    """Public frames go on; private ones stop for the account named."""
    session = ann.subscribe("account.orderUpdate", f"trade.{PERP}")
    theirs = bob.subscribe("account.orderUpdate")
    ann.exchange.faults.switch_on("F29", account="ann")
    _trade(ann, bob)

    assert {event["e"] for event in _events(ann, session)} == {"trade"}
    assert _events(bob, theirs)
    assert ann.exchange.faults.hits["F29"] > 0


def test_f30_refuses_the_next_private_subscription(ann: Client, bob: Client) -> None:
    """The first passes, the one after the reconnect does not."""
    ann.exchange.faults.switch_on("F30", skip=1)
    ann.exchange.close_session(ann.subscribe("account.orderUpdate"))

    session = ann.subscribe("account.orderUpdate")
    _trade(ann, bob)

    frames = ann.frames(session)
    assert [frame["error"]["code"] for frame in frames] == [4005]
    assert ann.exchange.faults.hits["F30"] == 1
