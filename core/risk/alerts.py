"""Alerts: one cause, one decision, one end (risk-and-faults section 9). Pure."""

from typing import Final

from core.domain.alert import Alert, AlertNumber, AlertOption, Severity
from core.domain.effects import Effect, WakeAt
from core.domain.exact import Price
from core.domain.facts import AlertRaised, TradingState
from core.domain.ids import AlertId
from core.domain.intent import Intent, NeedsConfirmation
from core.domain.order import OrderTerms, Side
from core.domain.reaction import Reaction
from core.risk.alert_book import TIMER_PREFIX, AlertBook, OpenRecord
from core.risk.inputs import GateInputs

__all__ = [
    "ACKNOWLEDGE",
    "ADOPT",
    "APPROVE",
    "CANCEL_OWN",
    "DENY",
    "FLATTEN",
    "HALT",
    "KEEP",
    "LOSS_PREFIX",
    "MISMATCH_PREFIX",
    "REDUCE",
    "TIMER_PREFIX",
    "AlertBook",
    "OpenRecord",
    "broken_journal",
    "confirmation",
    "loss_limit",
    "mismatch",
    "raising",
]
APPROVE: Final = "approve"
CANCEL_OWN: Final = "cancel-own"
LOSS_PREFIX: Final = "loss/"
MISMATCH_PREFIX: Final = "mismatch/"
DENY: Final = "deny"
ACKNOWLEDGE: Final = "ack"
KEEP: Final = "keep"
REDUCE: Final = "reduce"
HALT: Final = "halt"
ADOPT: Final = "adopt"
FLATTEN: Final = "flatten"


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
    """Word a ledger that differs from the venue; entries there are off already."""
    return Alert(
        alert_id=AlertId(f"{MISMATCH_PREFIX}{account}/{at}"),
        severity=Severity.CRITICAL,
        scope=account,
        title="Ledger and venue differ",
        cause="; ".join(differences[:3]),
        numbers=tuple(AlertNumber("Difference", text) for text in differences[:6]),
        options=(
            AlertOption(
                key=REDUCE,
                label="Stay reducing",
                effect="Own orders there are cancelled; entries stay off until they match.",
            ),
            AlertOption(
                key=HALT, label="Halt", effect="Nothing new is sent; own orders are cancelled."
            ),
            AlertOption(
                key=FLATTEN,
                label="Flatten",
                effect="Takes the venue's word, then closes those positions with reduce-only "
                "orders.",
            ),
            AlertOption(
                key=ADOPT,
                label="Adopt",
                effect="Books the difference as EXTERNAL, marked; entries are allowed again.",
                adds_risk=True,
            ),
        ),
        safe_default=REDUCE,
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
