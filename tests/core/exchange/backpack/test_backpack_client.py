"""What is tried again, what never, and what stops entries."""

import pytest

from core.domain.effects import CancelOrder
from core.domain.errors import ConnectivityError
from core.domain.events import Body, OrderNotSent
from core.domain.ids import ClientOrderId
from core.exchange.backpack import questions
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.entry import OrderEntry
from core.exchange.contract import Reply, TransportError, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    MARKET,
    START,
    HandClock,
    ScriptedTransport,
    client_on,
    kinds,
    order_row,
    placement,
    reply,
)

EXPIRED = reply(400, {"code": "INVALID_CLIENT_REQUEST", "message": "Request has expired"})
DOWN = reply(503, {"code": "MAINTENANCE", "message": "upgrade"})


def script(*answers: Reply | TransportError) -> ScriptedTransport:
    """Answer in order, the last one for ever; `/time` tells a venue 9 s ahead."""
    left = list(answers)

    def answer(wire: Wire) -> Reply | TransportError:
        if wire.path == "/api/v1/time":
            return reply(200, str(START // 1_000_000 + 9_000).encode())
        return left.pop(0) if len(left) > 1 else left[0]

    return ScriptedTransport(answer)


def stamps(transport: ScriptedTransport) -> list[int]:
    """Return the signed times of what was sent, in ms since the start."""
    headers = [dict(wire.headers) for wire in transport.sent]
    return [int(each["X-Timestamp"]) - START // 1_000_000 for each in headers if each]


async def placed(client: RestClient) -> list[Body]:
    """Place one order."""
    published: list[Body] = []
    await OrderEntry(client, ACCOUNT, published.append).place(placement())
    return published


async def cancelled(client: RestClient) -> list[Body]:
    """Cancel one order."""
    published: list[Body] = []
    effect = CancelOrder(account=ACCOUNT, instrument=MARKET, client_order_id=ClientOrderId(7))
    await OrderEntry(client, ACCOUNT, published.append).cancel(effect)
    return published


@pytest.mark.parametrize("trouble", [TransportError("reset", sent=True), reply(502)])
async def test_queries_and_cancels_are_tried_again(trouble: Reply | TransportError) -> None:
    """Two more times at most, and only what may heal."""
    transport = script(trouble, trouble, reply(200, []))
    await client_on(transport, HandClock()).ask(questions.open_orders())
    assert len(transport.sent) == 3

    transport = script(trouble, trouble, reply(202))
    assert kinds(await cancelled(client_on(transport, HandClock()))) == ["CancelAnswered"]
    assert len(transport.sent) == 3

    transport = script(trouble)
    with pytest.raises(ConnectivityError):
        await client_on(transport, HandClock()).ask(questions.open_orders())
    assert len(transport.sent) == 3


@pytest.mark.parametrize(
    "trouble", [TransportError("reset", sent=True), reply(502), reply(429), EXPIRED]
)
async def test_an_order_leaves_once(trouble: Reply | TransportError) -> None:
    """Whatever happens."""
    transport = script(trouble, reply(200, order_row()))

    await placed(client_on(transport, HandClock()))

    assert [wire.method for wire in transport.sent] == ["POST"]


async def test_refusal_for_too_many_is_not_repeated() -> None:
    """It ends the query; those after it wait or give up."""
    transport = script(reply(429))
    client = client_on(transport, HandClock())

    for _ in range(2):
        with pytest.raises(ConnectivityError):
            await client.ask(questions.open_orders())

    assert len(transport.sent) == 1
    assert "pause" in client.entry_refusal()


async def test_request_that_came_too_late_is_signed_anew_with_a_clock_put_right() -> None:
    """Measure, then ask again, once; cancels too."""
    for send in (lambda client: client.ask(questions.open_orders()), cancelled):
        transport = script(EXPIRED, reply(200, []))
        client = client_on(transport, HandClock())

        await send(client)

        assert stamps(transport) == [0, 9_000]
        assert client.clock_doubted.is_set()
        assert client.offset_ns == 9_000_000_000


async def test_no_order_leaves_while_the_venue_is_out_of_service() -> None:
    """Not sent is a definitive refusal; queries and cancels go on."""
    transport = script(DOWN)
    client = client_on(transport, HandClock())
    await placed(client)
    transport.sent.clear()

    (refused,) = await placed(client)

    assert isinstance(refused, OrderNotSent)
    assert "MAINTENANCE" in refused.reason
    assert transport.sent == []
    assert client.service_changed.is_set()
    assert client.service.status("", is_open=True)
    assert client.entry_refusal() == ""


async def test_orders_over_the_budget_are_not_sent_and_cancels_still_are() -> None:
    """The reserve is the cancels' own."""
    transport = script(reply(202))
    client = client_on(transport, HandClock())
    while client.pacer.wait_ns(Lane.QUERY, 0) == 0:
        client.pacer.budget.take(Lane.QUERY, 0)

    (refused,) = await placed(client)

    assert isinstance(refused, OrderNotSent)
    assert kinds(await cancelled(client)) == ["CancelAnswered"]
    assert [wire.method for wire in transport.sent] == ["DELETE"]
