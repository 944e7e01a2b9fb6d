"""A person's hand: intents and cancels as they would come from a ticket, through the gate."""

from typing import TYPE_CHECKING

import msgspec

from core.domain.ids import ClientOrderId
from core.domain.intent import Intent
from core.domain.reaction import NOTHING, Reaction

if TYPE_CHECKING:
    from core.runtime.assembly import Engine


class HandWishes(msgspec.Struct, frozen=True):
    """A person wants this."""

    intent: Intent


class HandCancels(msgspec.Struct, frozen=True):
    """A person wants rid of this order."""

    client_order_id: int


def wire_hands(engine: "Engine") -> None:
    """Let the Desk answer both: the first by the gate, the second by the trading room."""
    orders, trading = engine.rooms.orders, engine.rooms.trading

    def wish(body: HandWishes, at: int) -> Reaction:
        intent = msgspec.structs.replace(body.intent, made_at=at)
        return orders.submit(intent, at).reaction

    def cancel(body: HandCancels, at: int) -> Reaction:
        record = trading.orders.by_client(ClientOrderId(body.client_order_id))
        return NOTHING if record is None else trading.cancel(record, at)

    engine.desk._handlers[HandWishes] = (wish,)
    engine.desk._handlers[HandCancels] = (cancel,)
