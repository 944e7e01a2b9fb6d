"""The book of alerts: which are open, how often they were repeated, how they ended.

Changed only by facts. Repeats of one scope and title collapse into the one that is open; a storm
folds into one summary a scope. Each alert ends exactly once.
"""

from collections import deque
from typing import Final

import msgspec

from core.domain.alert import Alert, AlertEnd, AlertNumber, AlertOption, Severity
from core.domain.commands import AnswerAlert
from core.domain.effects import Effect, WakeAt
from core.domain.exact import Price
from core.domain.facts import AlertEnded, AlertRaised
from core.domain.ids import AlertId
from core.domain.intent import Intent
from core.domain.views import AlertHistoryRow, AlertHistoryView, AlertsView, OpenAlert

TIMER_PREFIX: Final = "risk/alert/"
STORM_PREFIX: Final = "storm/"
DEFAULTS: Final = "defaults"
STORM_COUNT: Final = 10
STORM_NS: Final = 10_000_000_000
HISTORY_KEPT: Final = 500
_MILLI: Final = 1_000_000
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
    is_folded: bool = False
    """It came in a storm and is shown in its scope's summary."""


class AlertBook:
    """Every open alert, and the newest that ended."""

    def __init__(self) -> None:
        self._open: dict[AlertId, OpenRecord] = {}
        self._raised_at: deque[int] = deque(maxlen=STORM_COUNT)
        self._history: deque[AlertHistoryRow] = deque(maxlen=HISTORY_KEPT)
        self._last_ended = ""
        self._just_ended: tuple[AlertId, OpenRecord] | None = None
        self.ended_count = 0
        self.version = 0

    # ---- facts ---------------------------------------------------------------------------------

    def raised(self, fact: AlertRaised) -> None:
        """Open an alert; raised again while it is open, it stays one and counts.

        A repeat brings new numbers; deadline and identity stay those of the first.
        """
        self.version += 1
        held = self._open.get(fact.alert.alert_id) or self._twin_of(fact)
        if held is None:
            self._raise_new(fact)
            return
        first = held.alert
        alert = msgspec.structs.replace(
            fact.alert,
            alert_id=first.alert_id,
            raised_at=first.raised_at,
            deadline=first.deadline,
        )
        intent = fact.intent if fact.intent is not None else held.intent
        price = fact.reference_price if fact.intent is not None else held.reference_price
        self._open[first.alert_id] = OpenRecord(
            alert, intent, price, held.repeats + 1, held.is_folded
        )

    def ended(self, fact: AlertEnded) -> None:
        """Close an alert."""
        record = self._open.pop(fact.alert_id, None)
        self.version += 1
        if record is None:
            return
        by = f" by {fact.by}" if fact.by else ""
        self._just_ended = (fact.alert_id, record)
        self._last_ended = f"{record.alert.title}: {fact.option} ({fact.end}{by})"
        self._history.append(_history_row(record, fact))
        self.ended_count += 1

    # ---- answers and ends ----------------------------------------------------------------------

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

    def resolved(self, alert_id: AlertId, at: int, why: str) -> AlertEnded | None:
        """Return the end of an alert whose cause is gone: nothing is left to decide."""
        if alert_id not in self._open:
            return None
        return AlertEnded(at=at, alert_id=alert_id, end=AlertEnd.VOIDED, option="", by=why)

    def defaults_of(self, alert_id: AlertId, by: str, at: int) -> tuple[AlertEnded, ...]:
        """Return the safe end of every alert that a summary stands for."""
        scope = alert_id.removeprefix(STORM_PREFIX)
        return tuple(
            AlertEnded(
                at=at,
                alert_id=record.alert.alert_id,
                end=AlertEnd.ANSWERED,
                option=record.alert.safe_default,
                by=by,
            )
            for record in self._open.values()
            if record.is_folded and record.alert.scope == scope
        )

    def timers(self, at: int) -> tuple[Effect, ...]:
        """Ask to be woken at every open deadline, after a restart."""
        return tuple(
            WakeAt(key=TIMER_PREFIX + alert_id, at=max(at, record.alert.deadline))
            for alert_id, record in self._open.items()
            if record.alert.deadline is not None
        )

    # ---- reading -------------------------------------------------------------------------------

    def just_ended(self, alert_id: AlertId) -> OpenRecord | None:
        """Return the alert that ended last, to those who carry out its answer."""
        if self._just_ended is None or self._just_ended[0] != alert_id:
            return None
        return self._just_ended[1]

    def find(self, alert_id: AlertId) -> OpenRecord | None:
        """Return an open alert."""
        return self._open.get(alert_id)

    def open_ids(self, prefix: str) -> list[AlertId]:
        """Return the open alerts whose ids begin so."""
        return [alert_id for alert_id in self._open if alert_id.startswith(prefix)]

    def __len__(self) -> int:
        return len(self._open)

    def view(self, at: int) -> AlertsView:
        """Show open alerts, most urgent first; those of a storm as one summary a scope."""
        shown = [each for each in self._open.values() if not each.is_folded]
        rows = [
            OpenAlert(alert=r.alert, remaining_ms=_left(r.alert, at), repeats=r.repeats)
            for r in shown
        ]
        rows.extend(self._summaries(at))
        rows.sort(key=lambda row: (_RANK[row.alert.severity], row.alert.raised_at))
        return AlertsView(open=tuple(rows), last_ended=self._last_ended)

    def history(self) -> AlertHistoryView:
        """Show the newest ended alerts, newest first."""
        return AlertHistoryView(rows=tuple(reversed(self._history)), ended=self.ended_count)

    # ---- parts ---------------------------------------------------------------------------------

    def _raise_new(self, fact: AlertRaised) -> None:
        is_urgent = _RANK[fact.alert.severity] <= _RANK[Severity.CRITICAL]
        is_storm = len(self._raised_at) == STORM_COUNT and fact.at - self._raised_at[0] <= STORM_NS
        self._raised_at.append(fact.at)
        self._open[fact.alert.alert_id] = OpenRecord(
            fact.alert, fact.intent, fact.reference_price, 1, is_storm and not is_urgent
        )

    def _twin_of(self, fact: AlertRaised) -> OpenRecord | None:
        """Find an open alert of the same scope and title; questions about orders stay apart."""
        if fact.alert.terms_hash is not None:
            return None
        key = _key(fact.alert)
        return next(
            (r for r in self._open.values() if r.alert.terms_hash is None and _key(r.alert) == key),
            None,
        )

    def _summaries(self, at: int) -> list[OpenAlert]:
        folded: dict[str, list[OpenRecord]] = {}
        for record in self._open.values():
            if record.is_folded:
                folded.setdefault(record.alert.scope, []).append(record)
        return [_summary(scope, records, at) for scope, records in folded.items()]


def _key(alert: Alert) -> tuple[str, str, Severity, tuple[str, ...]]:
    options = tuple(option.key for option in alert.options)
    return (alert.scope, alert.title, alert.severity, options)


def _summary(scope: str, records: list[OpenRecord], at: int) -> OpenAlert:
    deadlines = [r.alert.deadline for r in records if r.alert.deadline is not None]
    first = min(records, key=lambda record: record.alert.raised_at).alert
    alert = Alert(
        alert_id=AlertId(STORM_PREFIX + scope),
        severity=min((r.alert.severity for r in records), key=_RANK.__getitem__),
        scope=scope,
        title=f"{len(records)} alerts of {scope}",
        cause="Many alerts came at once. Each takes its own safe default at its own deadline.",
        numbers=tuple(AlertNumber(r.alert.title, r.alert.cause) for r in records[:6]),
        options=(
            AlertOption(
                key=DEFAULTS, label="Safe defaults", effect="Ends each with its safe default now."
            ),
        ),
        safe_default=DEFAULTS,
        raised_at=first.raised_at,
        deadline=min(deadlines, default=None),
    )
    return OpenAlert(alert=alert, remaining_ms=_left(alert, at), repeats=len(records))


def _history_row(record: OpenRecord, fact: AlertEnded) -> AlertHistoryRow:
    alert = record.alert
    label = next((o.label for o in alert.options if o.key == fact.option), fact.option)
    return AlertHistoryRow(
        raised_at=alert.raised_at,
        severity=alert.severity,
        scope=alert.scope,
        title=alert.title,
        end=fact.end,
        option=label,
        by=fact.by,
        stood_ms=max(0, fact.at - alert.raised_at) // _MILLI,
        repeats=record.repeats,
    )


def _left(alert: Alert, at: int) -> int | None:
    return None if alert.deadline is None else max(0, (alert.deadline - at) // _MILLI)
