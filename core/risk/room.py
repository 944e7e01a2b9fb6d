"""The risk room: what the account may do now, the open questions, and the gate's memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.domain.effects import Effect
from core.domain.events import (
    Channel,
    ConnectionChanged,
    JournalHealth,
    LinkState,
    TimerFired,
)
from core.domain.facts import (
    AlertEnded,
    AlertRaised,
    DecisionTaken,
    Fact,
    Reconciled,
    TradingState,
    TradingStateChanged,
    Verdict,
)
from core.domain.history import HISTORY_INCOMPLETE
from core.domain.ids import AccountId, AlertId, venue_of
from core.domain.intent import Denied
from core.domain.reaction import NOTHING, Reaction
from core.risk import alerts
from core.risk.alerts import TIMER_PREFIX, AlertBook
from core.risk.capital import DAY_LOSS, DRAWDOWN
from core.risk.limits import RiskLimits
from core.risk.states import ACCOUNT_SCOPE, Hold, States, market_scope

JOURNAL_SLOW_MS: Final = 250
JOURNAL_STUCK_MS: Final = 2_000
STOPPED: Final = "stopped by a person"
LIFTED: Final = "lifted"
BY_PERSON: Final = "person"
STREAM: Final = "stream/"
MISMATCH: Final = "mismatch/"
ALERTED: Final = "alert/"
"""Causes an alert set; they stand until a person resumes."""
Handler = Callable[[Any, int], Reaction]


class Use(msgspec.Struct, frozen=True, gc=False):
    """Denials so far and the newest of them in words."""

    denied: int = 0
    last_denial: str = ""


class RiskRoom:
    """State of the account and of every alert. Changed only by facts and journal health."""

    def __init__(self, limits: RiskLimits, accounts: tuple[AccountId, ...]) -> None:
        self.limits = limits
        self.alerts = AlertBook()
        self.states = States()
        self._rearmed: dict[str, str] = {}
        """The day on which a person last lifted a loss hold, by cause."""
        self.use = Use()
        self.is_journal_slow = False
        self._is_journal_broken = False
        self._venues = {venue_of(account) for account in accounts}
        self._private_down: set[str] = set(self._venues)
        self.version = 0

    @property
    def state(self) -> TradingState:
        """What the account may do."""
        return self.states.of()

    @property
    def reason(self) -> str:
        """Why the account may not do everything; empty when it may."""
        return self.states.reason()

    def was_rearmed(self, cause: str, day: str) -> bool:
        """Whether a person lifted this hold today: then it comes back as reducing only."""
        return self._rearmed.get(cause) == day

    def handlers(self) -> dict[type, Handler]:
        """Return what this room does with which event."""
        return {
            ConnectionChanged: self.on_connection,
            JournalHealth: self.on_journal,
            TimerFired: self.on_timer,
        }

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this room's state."""
        return {
            TradingStateChanged: self._apply_state,
            AlertRaised: self.alerts.raised,
            AlertEnded: self.alerts.ended,
            DecisionTaken: self._apply_decision,
        }

    # ---- events --------------------------------------------------------------------------------

    def on_connection(self, body: ConnectionChanged, at: int) -> Reaction:
        """Allow only reducing while a private stream is down."""
        if body.channel is not Channel.PRIVATE or body.venue not in self._venues:
            return NOTHING
        if body.state is LinkState.UP:
            self._private_down.discard(body.venue)
            return NOTHING
        self._private_down.add(body.venue)
        if self.states.phase is not TradingState.ACTIVE:
            return NOTHING
        reason = f"private stream of {body.venue} is down"
        return self._hold(f"{STREAM}{body.venue}", TradingState.REDUCING, reason, at)

    def on_journal(self, body: JournalHealth, at: int) -> Reaction:
        """Deny entries while the disk is slow, and tell a person when it fails or hangs.

        Reading and cancelling go on.
        """
        was_slow = self.is_journal_slow
        self.is_journal_slow = body.is_failed or body.oldest_uncommitted_ms > JOURNAL_SLOW_MS
        if self.is_journal_slow != was_slow:
            self.version += 1
        was_broken = self._is_journal_broken
        self._is_journal_broken = body.is_failed or body.oldest_uncommitted_ms > JOURNAL_STUCK_MS
        if was_broken or not self._is_journal_broken:
            return NOTHING
        return alerts.raising(
            alerts.broken_journal(body.oldest_uncommitted_ms, body.detail, at), at
        )

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Let an unanswered alert take its safe default."""
        if not body.key.startswith(TIMER_PREFIX):
            return NOTHING
        ended = self.alerts.expired(AlertId(body.key.removeprefix(TIMER_PREFIX)), at)
        return NOTHING if ended is None else Reaction((ended,))

    def overdue(self, at: int) -> Reaction:
        """Let every alert past its deadline take its safe default, whatever became of its timer."""
        ends = (self.alerts.expired(alert_id, at) for alert_id in self.alerts.open_ids(""))
        return Reaction(tuple(ended for ended in ends if ended is not None))

    def on_reconciled(self, fact: Reconciled, at: int) -> Reaction:
        """Open for trading after a match; allow only reducing after a mismatch."""
        if not fact.is_matched:
            return self._mismatch(fact, at)
        if self._private_down:
            return NOTHING
        facts: list[Fact] = [
            self._cleared(hold, at)
            for hold in self.states.holds()
            if hold.cause.startswith(STREAM) or hold.cause == f"{MISMATCH}{fact.account}"
        ]
        facts.extend(self._matched_alerts(fact, at))
        if self.states.phase is not TradingState.ACTIVE:
            facts.append(TradingStateChanged(at=at, state=TradingState.ACTIVE, reason=""))
        return Reaction(tuple(facts))

    def _matched_alerts(self, fact: Reconciled, at: int) -> list[Fact]:
        """End the question about a mismatch that is gone."""
        open_ids = self.alerts.open_ids(f"{MISMATCH}{fact.account}/")
        ends = (self.alerts.resolved(alert_id, at, "matched") for alert_id in open_ids)
        return [ended for ended in ends if ended is not None]

    # ---- a person's word -----------------------------------------------------------------------

    def halt(
        self,
        at: int,
        reason: str = STOPPED,
        *,
        cause: str = BY_PERSON,
        scope: str = ACCOUNT_SCOPE,
    ) -> Reaction:
        """Deny a scope everything new until a person resumes."""
        return self._hold(cause, TradingState.HALTED, reason, at, scope)

    def reduce(self, at: int, cause: str, reason: str, scope: str = ACCOUNT_SCOPE) -> Reaction:
        """Let a scope only reduce until the cause is cleared."""
        return self._hold(cause, TradingState.REDUCING, reason, at, scope)

    def clear(self, at: int, cause: str, scope: str = ACCOUNT_SCOPE) -> Reaction:
        """Clear one cause of one scope."""
        hold = self.states.hold(cause, scope)
        return NOTHING if hold is None else Reaction((self._cleared(hold, at),))

    def resume(self, at: int) -> Reaction:
        """Lift what a person may lift; trading opens after the next match with the venue.

        A day's loss stays a reason to only reduce until the next day of the venue (UTC).
        """
        lifted = [hold for hold in self.states.holds() if self._may_lift(hold, at)]
        if not lifted:
            return NOTHING
        facts: list[Fact] = []
        for hold in lifted:
            state = TradingState.ACTIVE
            if hold.cause == DAY_LOSS and day_of(hold.since) == day_of(at):
                state = TradingState.REDUCING
            facts.append(msgspec.structs.replace(self._cleared(hold, at), state=state))
        facts.append(
            TradingStateChanged(
                at=at, state=TradingState.RECONCILING, reason="comparing with the venue"
            )
        )
        return Reaction(tuple(facts))

    def _may_lift(self, hold: Hold, at: int) -> bool:
        is_person = hold.cause in (BY_PERSON, DAY_LOSS, DRAWDOWN, HISTORY_INCOMPLETE, "")
        is_person = is_person or hold.cause.startswith(ALERTED)
        is_today = hold.cause == DAY_LOSS and day_of(hold.since) == day_of(at)
        return is_person and not (is_today and hold.state is TradingState.REDUCING)

    def may_be_lifted(self, hold: Hold, at: int) -> bool:
        """Whether a person's resume would lift a hold now."""
        return self._may_lift(hold, at)

    def restart_effects(self, at: int) -> tuple[Effect, ...]:
        """Wake open alerts up again after a restart."""
        return self.alerts.timers(at)

    # ---- state ---------------------------------------------------------------------------------

    def _apply_state(self, fact: TradingStateChanged) -> None:
        held = self.states.hold(fact.cause, fact.scope)
        if held is not None and fact.cause in (DAY_LOSS, DRAWDOWN) and fact.reason == LIFTED:
            self._rearmed[fact.cause] = day_of(fact.at)
        self.states.apply(fact)
        self.version += 1

    def _apply_decision(self, fact: DecisionTaken) -> None:
        if fact.verdict is not Verdict.DENIED:
            return
        self.use = Use(self.use.denied + fact.repeats, f"{fact.code} {fact.text}")
        self.version += 1

    def _mismatch(self, fact: Reconciled, at: int) -> Reaction:
        cause = f"{MISMATCH}{fact.account}"
        text = "ledger and venue differ"
        facts: list[Fact] = []
        if self.states.phase is not TradingState.ACTIVE:
            facts.append(TradingStateChanged(at=at, state=TradingState.ACTIVE, reason=""))
        if fact.markets:
            for name in fact.markets:
                facts.extend(self.reduce(at, cause, f"{text} in {name}", market_scope(name)).facts)
        else:
            facts.extend(self.reduce(at, cause, text).facts)
        if self._has_open_mismatch(fact.account):
            return Reaction(tuple(facts))
        raised = alerts.raising(alerts.mismatch(fact.account, fact.differences, at), at)
        return Reaction((*facts, *raised.facts), raised.effects)

    def _has_open_mismatch(self, account: AccountId) -> bool:
        return bool(self.alerts.open_ids(f"{MISMATCH}{account}/"))

    def _hold(
        self, cause: str, state: TradingState, reason: str, at: int, scope: str = ACCOUNT_SCOPE
    ) -> Reaction:
        held = self.states.hold(cause, scope)
        if held is not None and held.state is state:
            return NOTHING
        fact = TradingStateChanged(at=at, state=state, reason=reason, cause=cause, scope=scope)
        return Reaction((fact,))

    def _cleared(self, hold: Hold, at: int) -> TradingStateChanged:
        return TradingStateChanged(
            at=at, state=TradingState.ACTIVE, reason=LIFTED, scope=hold.scope, cause=hold.cause
        )


def day_of(at: int) -> str:
    """Return the day (UTC) of an instant."""
    return datetime.fromtimestamp(at / 1_000_000_000, UTC).date().isoformat()


def denial_text(denied: Denied) -> str:
    """Word a refusal: what, the value seen, and what would have been allowed."""
    return f"{denied.text}: {denied.value}, allowed {denied.limit}"
