"""Alerts: one cause, one decision, one end (risk-and-faults section 9). Pure."""

from typing import Final

import msgspec

from core.domain.alert import Alert, AlertEnd, AlertNumber, AlertOption, Severity
from core.domain.commands import AnswerAlert
from core.domain.effects import Effect, WakeAt
from core.domain.exact import Price
from core.domain.facts import AlertEnded, AlertRaised, TradingState
from core.domain.ids import AlertId
from core.domain.intent import Intent, NeedsConfirmation
from core.domain.order import OrderTerms, Side
from core.domain.reaction import Reaction
from core.domain.views import AlertsView, OpenAlert
from core.risk.inputs import GateInputs

TIMER_PREFIX: Final = "risk/alert/"
APPROVE: Final = "approve"
CANCEL_OWN: Final = "cancel-own"
LOSS_PREFIX: Final = "loss/"
DENY: Final = "deny"
_RANK: Final = {
    Severity.EMERGENCY: 0,
    Severity.CRITICAL: 1,
    Severity.WARNING: 2,
    Severity.INFO: 3,
}


class OpenRecord(msgspec.Struct, frozen=True, gc=False):
    """An open alert and what an approval of it would let through."""

    alert: Alert
    intent: Intent | None
    reference_price: Price | None
    repeats: int = 1
    """How often it was raised while it is open."""


class AlertBook:
    """Every open alert; changed only by facts."""

    def __init__(self) -> None:
        self._open: dict[AlertId, OpenRecord] = {}
        self._last_ended = ""
        self._just_ended: tuple[AlertId, OpenRecord] | None = None
        self.version = 0

    def raised(self, fact: AlertRaised) -> None:
        """Open an alert; raised again while it is open, it stays one and counts."""
        alert_id = fact.alert.alert_id
        held = self._open.get(alert_id)
        repeats = 1 if held is None else held.repeats + 1
        self._open[alert_id] = OpenRecord(fact.alert, fact.intent, fact.reference_price, repeats)
        self.version += 1

    def ended(self, fact: AlertEnded) -> None:
        """Close an alert."""
        record = self._open.pop(fact.alert_id, None)
        self.version += 1
        if record is not None:
            by = f" by {fact.by}" if fact.by else ""
            self._just_ended = (fact.alert_id, record)
            self._last_ended = f"{record.alert.title}: {fact.option} ({fact.end}{by})"

    def just_ended(self, alert_id: AlertId) -> OpenRecord | None:
        """Return the alert that ended last, to those who carry out its answer."""
        if self._just_ended is None or self._just_ended[0] != alert_id:
            return None
        return self._just_ended[1]

    def find(self, alert_id: AlertId) -> OpenRecord | None:
        """Return an open alert."""
        return self._open.get(alert_id)

    def __len__(self) -> int:
        return len(self._open)

    def refusal(self, command: AnswerAlert, at: int) -> str | None:
        """Say why an answer cannot be taken, or None when it can."""
        record = self._open.get(command.alert_id)
        if record is None:
            return "the alert has ended already"
        if record.alert.deadline is not None and at >= record.alert.deadline:
            return "the deadline has passed; the safe default applies"
        option = next((o for o in record.alert.options if o.key == command.option), None)
        if option is None:
            return f"the alert has no option {command.option!r}"
        if option.token and command.typed.replace(",", "").strip() != option.token:
            return f"type {option.token} to choose {option.label!r}"
        return None

    def expired(self, alert_id: AlertId, at: int) -> AlertEnded | None:
        """Return the end of an alert whose deadline has come."""
        record = self._open.get(alert_id)
        if record is None or record.alert.deadline is None or at < record.alert.deadline:
            return None
        return AlertEnded(
            at=at,
            alert_id=alert_id,
            end=AlertEnd.EXPIRED,
            option=record.alert.safe_default,
            by="",
        )

    def timers(self, at: int) -> tuple[Effect, ...]:
        """Ask to be woken at every open deadline, after a restart."""
        return tuple(
            WakeAt(key=TIMER_PREFIX + alert_id, at=max(at, record.alert.deadline))
            for alert_id, record in self._open.items()
            if record.alert.deadline is not None
        )

    def view(self, at: int) -> AlertsView:
        """Show open alerts, most urgent first."""
        records = sorted(
            self._open.values(), key=lambda r: (_RANK[r.alert.severity], r.alert.raised_at)
        )
        rows = tuple(
            OpenAlert(alert=r.alert, remaining_ms=_left(r.alert, at), repeats=r.repeats)
            for r in records
        )
        return AlertsView(open=rows, last_ended=self._last_ended)


def raising(
    alert: Alert, at: int, intent: Intent | None = None, reference_price: Price | None = None
) -> Reaction:
    """Open an alert and ask to be woken at its deadline."""
    effects: tuple[Effect, ...] = ()
    if alert.deadline is not None:
        effects = (WakeAt(key=TIMER_PREFIX + alert.alert_id, at=alert.deadline),)
    fact = AlertRaised(at=at, alert=alert, intent=intent, reference_price=reference_price)
    return Reaction((fact,), effects)


def confirmation(
    intent: Intent, asked: NeedsConfirmation, inputs: GateInputs, within_ms: int
) -> Alert:
    """Word the question about one order."""
    terms = intent.legs[0].terms
    venue, _, symbol = terms.instrument.partition(":")
    amount = asked.notional.partition(".")[0]
    order = f"{terms.side} {terms.quantity} {symbol} on {venue} at {terms.limit_price} or better"
    return Alert(
        alert_id=AlertId(f"confirm/{intent.intent_id}"),
        severity=Severity.WARNING,
        scope=intent.strategy,
        title=f"Large order: {terms.side} {asked.notional} {symbol}",
        cause=f"{intent.strategy} wants to {order}, because {intent.reason}.",
        numbers=_confirmation_numbers(terms, asked, inputs),
        options=(
            AlertOption(key=DENY, label="Deny", effect="The order is not sent."),
            AlertOption(
                key=APPROVE,
                label="Approve",
                effect="Checks the order again and sends it once.",
                adds_risk=True,
                token=amount,
            ),
        ),
        safe_default=DENY,
        raised_at=inputs.at,
        deadline=inputs.at + within_ms * 1_000_000,
        terms_hash=asked.terms_hash,
    )


def _confirmation_numbers(
    terms: OrderTerms, asked: NeedsConfirmation, inputs: GateInputs
) -> tuple[AlertNumber, ...]:
    market = inputs.market
    touch = market.best_ask if terms.side is Side.BUY else market.best_bid
    signed = terms.quantity if terms.side is Side.BUY else -terms.quantity
    tick = None if inputs.instrument is None else inputs.instrument.tick
    reference = asked.reference_price if tick is None else asked.reference_price.floored_to(tick)
    return (
        AlertNumber("Notional", asked.notional),
        AlertNumber("Asks above", asked.threshold),
        AlertNumber("Limit price", str(terms.limit_price)),
        AlertNumber("Touch", "none" if touch is None else str(touch), _ms(market.book_age_ns)),
        AlertNumber("Reference", str(reference), _ms(market.mark_age_ns)),
        AlertNumber("Position", f"{inputs.position} to {inputs.position + signed}"),
    )


def _ms(age_ns: int | None) -> int | None:
    return None if age_ns is None else age_ns // 1_000_000


def mismatch(account: str, differences: tuple[str, ...], at: int) -> Alert:
    """Word a ledger that differs from the venue."""
    return Alert(
        alert_id=AlertId(f"mismatch/{account}/{at}"),
        severity=Severity.CRITICAL,
        scope=account,
        title="Ledger and venue differ",
        cause="; ".join(differences[:3]),
        numbers=tuple(AlertNumber("Difference", text) for text in differences[:6]),
        options=(
            AlertOption(
                key="reduce", label="Stay reducing", effect="Entries stay off until they match."
            ),
        ),
        safe_default="reduce",
        raised_at=at,
        deadline=at + 30_000_000_000,
    )


def loss_limit(cause: str, state: TradingState, text: str, at: int) -> Alert:
    """Word a loss limit that was reached; what it does is done already."""
    is_halt = state is TradingState.HALTED
    done = "Trading is halted and every own order is being cancelled."
    if not is_halt:
        done = "Only orders that reduce are sent until you resume, tomorrow (UTC) at the earliest."
    options = [AlertOption(key=CANCEL_OWN, label="Cancel orders", effect="Cancels own orders.")]
    if not is_halt:
        options.append(AlertOption(key="keep", label="Keep orders", effect="They go on resting."))
    return Alert(
        alert_id=AlertId(f"{LOSS_PREFIX}{cause}/{at}"),
        severity=Severity.CRITICAL,
        scope="account",
        title=f"Loss limit: {cause}",
        cause=f"The {text}. {done}",
        numbers=(AlertNumber("State", state.upper()),),
        options=tuple(options),
        safe_default=CANCEL_OWN,
        raised_at=at,
        deadline=at + 30_000_000_000,
    )


def broken_journal(oldest_ms: int, detail: str, at: int) -> Alert:
    """Word a journal that cannot be written; entries are off already, so nothing expires."""
    return Alert(
        alert_id=AlertId(f"journal/{at}"),
        severity=Severity.CRITICAL,
        scope="journal",
        title="The journal cannot be written",
        cause=detail or "Writing takes too long.",
        numbers=(AlertNumber("Oldest row not on disk", f"{oldest_ms} ms"),),
        options=(
            AlertOption(
                key="ack", label="Acknowledge", effect="Entries stay off until the disk is well."
            ),
        ),
        safe_default="ack",
        raised_at=at,
    )


def _left(alert: Alert, at: int) -> int | None:
    return None if alert.deadline is None else max(0, (alert.deadline - at) // 1_000_000)
