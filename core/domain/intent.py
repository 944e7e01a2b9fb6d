"""Wishes of strategies and people, and what the risk gate answered."""

import hashlib

import msgspec

from core.domain.codec import packed
from core.domain.exact import Price
from core.domain.ids import AccountId, IntentId, StrategyId
from core.domain.order import OrderTerms


class Leg(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One order of an intent."""

    account: AccountId
    terms: OrderTerms


class Intent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a strategy or a person wants done, before the gate has seen it."""

    intent_id: IntentId
    strategy: StrategyId
    legs: tuple[Leg, ...]
    reason: str
    cause: str
    """What it answers, such as one leader fill; an intent is acted on once for each cause."""
    made_at: int
    reference_price: Price | None = None
    """The price the wish was formed at (a leader's fill), for drift checks."""
    signal_ts: int | None = None
    """When the cause happened, ns, for age checks; None where age does not matter."""


class RiskApproved(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Proof that the gate passed these exact terms. Only `core.risk.gate` makes one."""

    intent_id: IntentId
    strategy: StrategyId
    leg: Leg
    terms_hash: str
    approved_at: int
    confirmed_by: str | None = None


class Denied(msgspec.Struct, frozen=True, gc=False):
    """The gate's refusal: which rule, which value, what would have been allowed."""

    rule: str
    value: str
    limit: str
    text: str


class NeedsConfirmation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything passed, but a person has to say yes to these exact terms."""

    terms_hash: str
    notional: str
    threshold: str
    reference_price: Price


Verdict = RiskApproved | Denied | NeedsConfirmation


def terms_hash(legs: tuple[Leg, ...]) -> str:
    """Hash what an approval binds to: every term of every leg, as it would be journaled."""
    return hashlib.sha256(packed(legs)).hexdigest()[:32]
