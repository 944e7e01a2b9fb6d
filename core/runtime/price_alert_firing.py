"""How a price alert that fired is told: its own fact, and an alert a person acknowledges."""

from core.domain.alert import Alert, AlertNumber, AlertOption, Severity
from core.domain.facts import PriceAlertFired
from core.domain.ids import AlertId, symbol_of, venue_of
from core.domain.price_alert import AlertKind, PriceAlert
from core.domain.price_alert_writing import condition_text, duration_text, level_text
from core.domain.reaction import Reaction
from core.market.touch import Touch
from core.risk import alerts
from core.runtime.price_alert_hold import AlertHold, Value, side_of
from core.runtime.price_alert_values import value_text


def firing(hold: AlertHold, value: Value, touch: Touch, at: int) -> Reaction:
    """Return the facts of a firing: its own, and the alert a person sees."""
    alert = hold.alert
    text = value_text(alert.kind, value)
    fired = PriceAlertFired(at=at, alert_id=alert.alert_id, side=side_of(alert, value), value=text)
    raised = alerts.raising(_worded(hold, text, touch, at), at)
    return Reaction((fired, *raised.facts), raised.effects)


def _worded(hold: AlertHold, value: str, touch: Touch, at: int) -> Alert:
    alert = hold.alert
    symbol = symbol_of(alert.instrument)
    held = f" and held for {duration_text(alert.persistence_s)}" if alert.persistence_s else ""
    cause = f"{symbol} on {venue_of(alert.instrument)}: {condition_text(alert)} came true{held}."
    return Alert(
        alert_id=AlertId(f"price/{alert.alert_id}"),
        severity=Severity.INFO,
        scope=alert.instrument,
        title=f"{symbol} {condition_text(alert)}: {value}",
        cause=cause,
        numbers=_numbers(hold, value, touch, at),
        options=(AlertOption(key="ack", label="Acknowledge", effect=_afterwards(alert)),),
        safe_default="ack",
        raised_at=at,
    )


def _numbers(hold: AlertHold, value: str, touch: Touch, at: int) -> tuple[AlertNumber, ...]:
    alert = hold.alert
    book_ms = None if touch.proof_at is None else (at - touch.proof_at) // 1_000_000
    last_ms = None if touch.last_at is None else (at - touch.last_at) // 1_000_000
    numbers = [
        AlertNumber(alert.kind.capitalize(), value, book_ms),
        AlertNumber("Level", f"{alert.direction} {level_text(alert)}"),
    ]
    if touch.last_price is not None and alert.kind is not AlertKind.PRICE:
        last = value_text(AlertKind.PRICE, touch.last_price)
        numbers.append(AlertNumber("Last price", last, last_ms))
    if touch.best_bid is not None and touch.best_ask is not None:
        bid = value_text(AlertKind.PRICE, touch.best_bid)
        ask = value_text(AlertKind.PRICE, touch.best_ask)
        numbers.append(AlertNumber("Bid / ask", f"{bid} / {ask}", book_ms))
    numbers.append(AlertNumber("Fired", f"{hold.fired + 1}x"))
    return tuple(numbers)


def _afterwards(alert: PriceAlert) -> str:
    if not alert.is_repeating:
        return "It was set to fire once and is off now."
    return f"It stays set, and fires again {duration_text(alert.cooldown_s)} later at the earliest."
