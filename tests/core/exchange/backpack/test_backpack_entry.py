"""Order entry: what each answer proves, and that nothing is sent twice."""

import asyncio
import json

import pytest

from core.domain.effects import CancelOrder
from core.domain.events import (
    Body,
    CancelAnswered,
    CancelFailed,
    OrderBytesLeft,
    OrderOutcomeUnknown,
    OrderRefused,
    OrderReport,
)
from core.domain.ids import AccountId, ClientOrderId, VenueOrderId
from core.domain.order import OrderState
from core.exchange.backpack.entry import OrderEntry
from core.exchange.contract import Reply, TransportError, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    MARKET,
    START,
    HandClock,
    ScriptedTransport,
    always,
    client_on,
    kinds,
    order_row,
    placement,
    reply,
)

BAD_REQUEST = {"code": "INVALID_CLIENT_REQUEST", "message": "Quantity decimal too long"}
SENT = "OrderBytesLeft"


async def placed(answer: Reply | TransportError) -> tuple[list[Body], ScriptedTransport]:
    """Place one order onto one answer."""
    published: list[Body] = []
    transport = always(answer)
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, published.append)
    await entry.place(placement())
    return published, transport


async def test_order_is_sent_as_it_was_approved() -> None:
    """Body, headers and the event of leaving."""
    published, transport = await placed(reply(200, order_row()))

    (wire,) = transport.sent
    left, report = published
    assert (wire.method, wire.path) == ("POST", "/api/v1/order")
    assert json.loads(wire.body) == {
        "clientId": 7,
        "orderType": "Limit",
        "price": "4000",
        "quantity": "0.001",
        "selfTradePrevention": "RejectTaker",
        "side": "Bid",
        "symbol": "ETH_USDC_PERP",
        "timeInForce": "GTC",
    }
    assert dict(wire.headers)["X-Timestamp"] == str(START // 1_000_000)
    assert isinstance(left, OrderBytesLeft)
    assert (left.signed_at, left.window_ms) == (START, 5_000)
    assert isinstance(report, OrderReport)
    assert (report.state, report.venue_order_id) == (OrderState.ACCEPTED, "8284671277")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (TransportError("no route", sent=False), "OrderNotSent"),
        (TransportError("reset", sent=True), "OrderOutcomeUnknown"),
        (reply(400, BAD_REQUEST), "OrderRefused"),
        (reply(401, {"code": "UNAUTHORIZED", "message": ""}), "OrderRefused"),
        (
            reply(400, b'parse request payload error: failed to parse "MarketSymbol"'),
            "OrderRefused",
        ),
        (reply(400, b"<html>blocked</html>"), "OrderOutcomeUnknown"),
        (reply(400, {"code": "NEW_CODE", "message": ""}), "OrderOutcomeUnknown"),
        (reply(429, {"code": "TOO_MANY_REQUESTS", "message": ""}), "OrderOutcomeUnknown"),
        (reply(500, {"code": "SERVER_ERROR", "message": ""}), "OrderOutcomeUnknown"),
        (reply(503, {"code": "MAINTENANCE", "message": ""}), "OrderOutcomeUnknown"),
        (reply(504, b""), "OrderOutcomeUnknown"),
        (reply(200, b""), "OrderOutcomeUnknown"),
        (reply(200, b'{"id":"1"'), "OrderOutcomeUnknown"),
        (reply(200, order_row(clientId=8)), "OrderOutcomeUnknown"),
        (reply(200, order_row(side="Sideways")), "OrderOutcomeUnknown"),
        (reply(200, order_row(status="Filled")), "OrderReport"),
        (reply(200, order_row(clientId="7", createdAt="1700000000123")), "OrderReport"),
    ],
)
async def test_each_answer_names_what_it_proves(
    answer: Reply | TransportError, outcome: str
) -> None:
    """Only documented refusals and unsent bytes are proof; and there is one request, always."""
    published, transport = await placed(answer)

    assert kinds(published) == [SENT, outcome]
    assert len(transport.sent) == 1


async def test_refusal_keeps_the_venues_words() -> None:
    """Code and message reach the person."""
    published, _ = await placed(reply(400, BAD_REQUEST))

    refused = published[-1]
    assert isinstance(refused, OrderRefused)
    assert (refused.code, refused.message) == (BAD_REQUEST["code"], BAD_REQUEST["message"])


async def test_late_and_foreign_orders_never_leave() -> None:
    """Past `send_before`, or for another account, nothing is signed."""
    published: list[Body] = []
    transport = always(reply(200, order_row()))
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, published.append)

    await entry.place(placement(send_before=START))
    await entry.place(placement(account=AccountId("there:other")))

    assert kinds(published) == ["OrderNotSent", "OrderNotSent"]
    assert transport.sent == []


async def test_cancelled_task_leaves_the_outcome_unknown() -> None:
    """Bytes may have left when the engine stops."""
    published: list[Body] = []

    class Hanging(ScriptedTransport):
        async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
            """Never answer."""
            del wire, deadline_secs
            never: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            return await never

    client = client_on(Hanging(lambda _: reply(200)), HandClock())
    task = asyncio.create_task(OrderEntry(client, ACCOUNT, published.append).place(placement()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert kinds(published) == [SENT, "OrderOutcomeUnknown"]
    assert isinstance(published[-1], OrderOutcomeUnknown)


async def cancelled(answer: Reply | TransportError) -> tuple[list[Body], Wire]:
    """Cancel one order onto one answer."""
    published: list[Body] = []
    transport = always(answer)
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, published.append)
    effect = CancelOrder(account=ACCOUNT, instrument=MARKET, client_order_id=ClientOrderId(7))
    await entry.cancel(effect)
    return published, transport.sent[0]


async def test_cancel_that_was_only_taken_is_not_done() -> None:
    """202 with an empty body means nothing yet."""
    published, wire = await cancelled(reply(202))

    (answer,) = published
    assert isinstance(answer, CancelAnswered)
    assert not answer.is_done
    assert json.loads(wire.body) == {"symbol": "ETH_USDC_PERP", "clientId": 7}
    assert dict(wire.headers)["X-Window"] == "30000"


async def test_cancel_that_worked_reports_the_order() -> None:
    """200 holds the order as it ended."""
    published, _ = await cancelled(reply(200, order_row(status="Cancelled")))

    report, answer = published
    assert isinstance(report, OrderReport)
    assert isinstance(answer, CancelAnswered)
    assert answer.is_done


@pytest.mark.parametrize(
    ("answer", "is_not_found"),
    [
        (reply(400, {"code": "INVALID_CLIENT_REQUEST", "message": "Order not found"}), True),
        (reply(404, {"code": "RESOURCE_NOT_FOUND", "message": "Not Found"}), True),
        (reply(503, b"down"), False),
        (TransportError("reset", sent=True), False),
    ],
)
async def test_cancel_without_success_says_whether_the_order_is_gone(
    answer: Reply | TransportError, *, is_not_found: bool
) -> None:
    """Not found is told apart from trouble."""
    published, _ = await cancelled(answer)

    (failure,) = published
    assert isinstance(failure, CancelFailed)
    assert failure.is_not_found is is_not_found


async def test_known_venue_id_is_used_alone() -> None:
    """Both ids in one request would break its signature."""
    transport = always(reply(202))
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, lambda _: None)

    await entry.cancel(
        CancelOrder(
            account=ACCOUNT,
            instrument=MARKET,
            client_order_id=ClientOrderId(7),
            venue_order_id=VenueOrderId("812"),
        )
    )

    assert json.loads(transport.sent[0].body) == {"symbol": "ETH_USDC_PERP", "orderId": "812"}


async def batched(answer: Reply | TransportError, *numbers: int) -> tuple[list[Body], int]:
    """Place orders in one batch onto one answer."""
    published: list[Body] = []
    transport = always(answer)
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, published.append)
    await entry.place_batch([placement(number) for number in numbers])
    return published[len(numbers) :], len(transport.sent)


async def test_batch_tells_the_fate_of_each_order() -> None:
    """Taken, refused or unknown; reordered and missing items as they are."""
    taken = {"operation": "Ok", **order_row(clientId=8)}
    refused = {"operation": "Err", "code": "INVALID_PRICE", "message": "no"}

    assert kinds((await batched(reply(200, [taken, refused]), 7, 8))[0]) == [
        "OrderRefused",
        "OrderReport",
    ]
    assert kinds((await batched(reply(200, [taken]), 7, 8))[0]) == [
        "OrderOutcomeUnknown",
        "OrderReport",
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (TransportError("no route", sent=False), "OrderNotSent"),
        (TransportError("reset", sent=True), "OrderOutcomeUnknown"),
        (reply(400, BAD_REQUEST), "OrderRefused"),
        (reply(502), "OrderOutcomeUnknown"),
        (reply(200, b"<html>"), "OrderOutcomeUnknown"),
    ],
)
async def test_batch_without_an_answer_is_sent_once(
    answer: Reply | TransportError, outcome: str
) -> None:
    """What is known of one order is known of all."""
    published, sent = await batched(answer, 7, 8)

    assert kinds(published) == [outcome, outcome]
    assert sent == 1


async def test_late_order_does_not_leave_with_its_batch() -> None:
    """Each order is looked at by itself."""
    published: list[Body] = []
    transport = always(reply(200, [{"operation": "Ok", **order_row(clientId=8)}]))
    entry = OrderEntry(client_on(transport, HandClock()), ACCOUNT, published.append)

    await entry.place_batch([placement(7, send_before=START), placement(8)])

    assert kinds(published) == ["OrderNotSent", SENT, "OrderReport"]
    assert [item["clientId"] for item in json.loads(transport.sent[0].body)] == [8]
