"""The risk room: what the account may do now, the open questions, and the gate's memory."""

from collections.abc import Callable
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
from core.domain.ids import AccountId, AlertId, venue_of
from core.domain.intent import Denied
from core.domain.reaction import NOTHING, Reaction
from core.risk import alerts
from core.risk.alerts import TIMER_PREFIX, AlertBook
from core.risk.limits import RiskLimits

JOURNAL_SLOW_MS: Final = 250
JOURNAL_STUCK_MS: Final = 2_000
STOPPED: Final = "stopped by a person"
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
        self.state = TradingState.STARTING
        self.reason = "starting"
        self.use = Use()
        self.is_journal_slow = False
        self._is_journal_broken = False
        self._venues = {venue_of(account) for account in accounts}
        self._private_down: set[str] = set(self._venues)
        self.version = 0

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
        if self.state is not TradingState.ACTIVE:
            return NOTHING
        return self._change(TradingState.REDUCING, f"private stream of {body.venue} is down", at)

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

    def on_reconciled(self, fact: Reconciled, at: int) -> Reaction:
        """Open for trading after a match; allow only reducing after a mismatch."""
        if not fact.is_matched:
            return self._mismatch(fact, at)
        if self.state is TradingState.HALTED or self._private_down:
            return NOTHING
        if self.state is TradingState.ACTIVE:
            return NOTHING
        return self._change(TradingState.ACTIVE, "", at)

    # ---- a person's word -----------------------------------------------------------------------

    def halt(self, at: int) -> Reaction:
        """Deny everything new until a person resumes."""
        return self._change(TradingState.HALTED, STOPPED, at)

    def resume(self, at: int) -> Reaction:
        """Leave HALTED; trading opens after the next match with the venue."""
        if self.state is not TradingState.HALTED:
            return NOTHING
        return self._change(TradingState.RECONCILING, "comparing with the venue", at)

    def restart_effects(self, at: int) -> tuple[Effect, ...]:
        """Wake open alerts up again after a restart."""
        return self.alerts.timers(at)

    # ---- state ---------------------------------------------------------------------------------

    def _apply_state(self, fact: TradingStateChanged) -> None:
        self.state, self.reason = fact.state, fact.reason
        self.version += 1

    def _apply_decision(self, fact: DecisionTaken) -> None:
        if fact.verdict is not Verdict.DENIED:
            return
        self.use = Use(self.use.denied + fact.repeats, f"{fact.code} {fact.text}")
        self.version += 1

    def _mismatch(self, fact: Reconciled, at: int) -> Reaction:
        facts: list[Fact] = []
        if self.state not in (TradingState.HALTED, TradingState.REDUCING):
            facts.extend(self._change(TradingState.REDUCING, "ledger and venue differ", at).facts)
        if self._has_open_mismatch(fact.account):
            return Reaction(tuple(facts))
        raised = alerts.raising(alerts.mismatch(fact.account, fact.differences, at), at)
        return Reaction((*facts, *raised.facts), raised.effects)

    def _has_open_mismatch(self, account: AccountId) -> bool:
        return any(
            row.alert.alert_id.startswith(f"mismatch/{account}/")
            for row in self.alerts.view(0).open
        )

    def _change(self, state: TradingState, reason: str, at: int) -> Reaction:
        if state is self.state and reason == self.reason:
            return NOTHING
        return Reaction((TradingStateChanged(at=at, state=state, reason=reason),))


def denial_text(denied: Denied) -> str:
    """Word a refusal: what, the value seen, and what would have been allowed."""
    return f"{denied.text}: {denied.value}, allowed {denied.limit}"
