"""The one gate before the signer: a pure function of an intent and the moment.

Fail closed; the first rule that fails denies with its code, the value it saw and what would have
been allowed. Only this module makes a `RiskApproved`. Rule numbers: risk-and-faults section 3.
"""

from collections.abc import Sequence

from core.domain.intent import Denied, Intent, Leg, NeedsConfirmation, RiskApproved, terms_hash
from core.domain.intent import Verdict as GateVerdict
from core.risk.exposure import is_reducing, notional, reference_price
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.rules_entry import ENTRY_RULES, r10_hard_cap
from core.risk.rules_order import HARD_RULES, Rule
from core.risk.wording import money, share_of


def check(intent: Intent, leg: Leg, inputs: GateInputs, limits: RiskLimits) -> GateVerdict:
    """Judge one leg of an intent.

    What reduces skips the rules of entries. What lowers the net of a live package skips them too,
    the hard cap apart: its limits were reserved when the package passed as a whole.
    """
    for rule in (*HARD_RULES, *_further_rules(leg, inputs)):
        denied = rule(leg, inputs, limits)
        if denied is not None:
            return denied
    question = None
    if not is_reducing(leg.terms, inputs) and not inputs.is_package_hedge:
        question = _question(intent, leg, inputs, limits)
    return question or _approved(intent, leg, inputs)


def check_together(
    intent: Intent, pictures: Sequence[GateInputs], limits: RiskLimits
) -> tuple[RiskApproved, ...] | Denied | NeedsConfirmation:
    """Judge every leg of an intent before the first is sent (R24); all or none pass.

    Args:
        intent: The wish, with one leg or more.
        pictures: The moment for each leg, the legs before it counted as live.
        limits: The account's limits.
    """
    approved: list[RiskApproved] = []
    question: NeedsConfirmation | None = None
    for leg, inputs in zip(intent.legs, pictures, strict=True):
        verdict = check(intent, leg, inputs, limits)
        if isinstance(verdict, Denied):
            return verdict
        if isinstance(verdict, NeedsConfirmation):
            question = question or verdict
        else:
            approved.append(verdict)
    return question or tuple(approved)


def _further_rules(leg: Leg, inputs: GateInputs) -> tuple[Rule, ...]:
    if is_reducing(leg.terms, inputs):
        return ()
    return (r10_hard_cap,) if inputs.is_package_hedge else ENTRY_RULES


def _approved(intent: Intent, leg: Leg, inputs: GateInputs) -> RiskApproved:
    return RiskApproved(
        intent_id=intent.intent_id,
        strategy=intent.strategy,
        leg=leg,
        terms_hash=terms_hash((leg,)),
        approved_at=inputs.at,
        confirmed_by=inputs.confirmed_by,
    )


def _question(
    intent: Intent, leg: Leg, inputs: GateInputs, limits: RiskLimits
) -> NeedsConfirmation | None:
    """Ask a person about more than the threshold, unless he said yes to these very terms (R25)."""
    assert inputs.equity is not None, "R10 has passed"
    threshold = share_of(inputs.equity, limits.confirm_above_equity_pct)
    asked = notional(leg.terms, inputs)
    wanted = terms_hash(intent.legs)
    if asked <= threshold or inputs.confirmed_hash == wanted:
        return None
    reference = reference_price(inputs)
    assert reference is not None, "R08 has passed"
    return NeedsConfirmation(
        terms_hash=wanted,
        notional=money(asked),
        threshold=money(threshold),
        reference_price=reference,
    )
