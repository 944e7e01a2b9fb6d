"""Questions and warnings for a person: one cause, one decision, one end."""

from enum import StrEnum

import msgspec

from core.domain.ids import AlertId


class Severity(StrEnum):
    """How urgent; decides deadline and what happens without an answer."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


class AlertNumber(msgspec.Struct, frozen=True, gc=False):
    """One number an alert shows, with the age of what it came from."""

    label: str
    value: str
    age_ms: int | None = None


class AlertOption(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing a person may choose."""

    key: str
    label: str
    effect: str
    """What choosing it does, in one sentence."""
    adds_risk: bool = False
    token: str = ""
    """What has to be typed to choose it, such as the amount; empty when nothing."""


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One alert as raised. Deadlines are engine time, ns."""

    alert_id: AlertId
    severity: Severity
    scope: str
    """What it is about, such as a strategy or a market; repeats of one scope and title collapse."""
    title: str
    cause: str
    numbers: tuple[AlertNumber, ...]
    options: tuple[AlertOption, ...]
    safe_default: str
    """Key of the option that happens at the deadline."""
    raised_at: int
    deadline: int | None = None
    terms_hash: str | None = None


class AlertEnd(StrEnum):
    """How an alert ended; it ends once."""

    ANSWERED = "answered"
    EXPIRED = "expired"
    VOIDED = "voided"
