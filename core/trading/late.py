"""Orders that must not be there: proved absent and yet alive, or executed a second time."""

from typing import Final

from core.domain.alert import Alert, AlertNumber, AlertOption, Severity
from core.domain.effects import Effect
from core.domain.events import OrderReport
from core.domain.facts import AlertRaised, Fact, StrategySwitched
from core.domain.ids import AlertId
from core.domain.order import OrderState
from core.domain.reaction import Reaction
from core.trading.moving import cancel_effect
from core.trading.orders import OrderRecord

LATE_ORDER: Final = "an order that appeared late"
_ACKNOWLEDGE: Final = AlertOption(
    key="ack",
    label="Acknowledge",
    effect="Closes this alert; the strategy stays halted until you resume.",
)


class Unwanted:
    """Neutralises orders that must not be there, and tells of each once."""

    def __init__(self) -> None:
        self._told: set[AlertId] = set()

    def neutralised(
        self, record: OrderRecord, body: OrderReport, facts: list[Fact], alert: Alert, at: int
    ) -> Reaction:
        """Neutralise an order that must not be there; the strategy that sent it stops."""
        effects: tuple[Effect, ...] = ()
        if body.state is None or not body.state.is_terminal:
            effects = (cancel_effect(record, body.venue_order_id),)
        facts.extend(self._told_once(record, alert, at))
        return Reaction(tuple(facts), effects)

    def fill_facts(self, record: OrderRecord, at: int) -> list[Fact]:
        """Return what follows from a booked fill of an order that was proved absent."""
        return self._told_once(record, late_alert(record, at), at)

    def _told_once(self, record: OrderRecord, alert: Alert, at: int) -> list[Fact]:
        if alert.alert_id in self._told:
            return []
        self._told.add(alert.alert_id)
        off = StrategySwitched(at=at, strategy=record.strategy, is_on=False, by=LATE_ORDER)
        return [AlertRaised(at=at, alert=alert), off]


def is_twin(record: OrderRecord, body: OrderReport) -> bool:
    """Whether a report is about a second order that carries the id of one of ours.

    A conditional order that fires may go on under another id of the venue: that is no twin.
    """
    if record.venue_order_id is None or record.terms.trigger_price is not None:
        return False
    is_same_id = body.client_order_id == record.client_order_id
    return is_same_id and body.venue_order_id != record.venue_order_id


def unwanted_alert(record: OrderRecord, body: OrderReport, at: int) -> Alert | None:
    """Word why an order must not be there; None where it may."""
    if is_twin(record, body):
        return twin_alert(record, body, at)
    return late_alert(record, at) if record.state is OrderState.ABSENT else None


def late_alert(record: OrderRecord, at: int) -> Alert:
    """Word an order that appeared after it was proved absent."""
    return _alert(
        f"late-{record.client_order_id}",
        record,
        "Order appeared after it was proved absent",
        f"Order {record.client_order_id} came to life late; it is being cancelled, its fills are "
        f"booked and {record.strategy} is halted.",
        at,
    )


def twin_alert(record: OrderRecord, body: OrderReport, at: int) -> Alert:
    """Word an order that stands at the venue twice."""
    return _alert(
        f"twin-{record.client_order_id}-{body.venue_order_id}",
        record,
        "Order was executed twice",
        f"Order {record.client_order_id} stands at the venue a second time as "
        f"{body.venue_order_id}; that one is being cancelled and {record.strategy} is halted.",
        at,
    )


def _alert(alert_id: str, record: OrderRecord, title: str, cause: str, at: int) -> Alert:
    terms = record.terms
    return Alert(
        alert_id=AlertId(alert_id),
        severity=Severity.EMERGENCY,
        scope=terms.instrument,
        title=title,
        cause=cause,
        numbers=(
            AlertNumber("Order", f"{terms.side} {terms.quantity} at {terms.limit_price}"),
            AlertNumber("Filled so far", str(record.filled)),
        ),
        options=(_ACKNOWLEDGE,),
        safe_default=_ACKNOWLEDGE.key,
        raised_at=at,
    )
