"""What the Desk knows of the kill switch: that it tripped, why, and what clears it.

The cancelling is done elsewhere, by a path that does not need the Desk. Here the account is held
HALTED, strategies are switched off, and re-arming waits for a person and a matched reconcile.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.commands import EndRun, Kill
from core.domain.effects import ArmLatch, Effect, TripKill
from core.domain.events import KillMoved, LatchWritten
from core.domain.facts import (
    AlertRaised,
    Fact,
    KillArmed,
    KillTripped,
    Noted,
    Reconciled,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
)
from core.domain.ids import AccountId, AlertId, StrategyId
from core.domain.kill import KillLevel, KillProgress
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import KillView
from core.risk.room import BY_PERSON, RiskRoom
from core.runtime.strategy_host import StrategyHost
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

Answer = tuple[bool, str, Reaction]
Handler = Callable[[Any, int], Reaction]
KILL_CAUSE: Final = "kill"
END_CAUSE: Final = "end of run"
_RANK: Final = {level: place for place, level in enumerate(KillLevel)}


class KillRoom:
    """State of the kill switch. Tripped and armed by facts; progress is only shown."""

    def __init__(
        self,
        accounts: tuple[AccountId, ...],
        risk: RiskRoom,
        trading: TradingRoom,
        host: StrategyHost,
        reconcilers: tuple[Reconciler, ...],
    ) -> None:
        self._accounts = accounts
        self._risk = risk
        self._trading = trading
        self._host = host
        self._reconcilers = reconcilers
        self.tripped: KillTripped | None = None
        self.progress: tuple[KillProgress, ...] = ()
        self.flatten: tuple[str, ...] = ()
        self._rearming: tuple[str, int] | None = None
        self._matched: set[AccountId] = set()
        self._told: set[str] = set()
        self.version = 1

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {KillMoved: self.on_moved, LatchWritten: self.on_latch}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {KillTripped: self._apply_tripped, KillArmed: self._apply_armed}

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        return {TradingStateChanged: self.on_state, Reconciled: self.on_reconciled}

    @property
    def is_proven(self) -> bool:
        """Whether the kill path proved that nothing risky is open."""
        return bool(self.progress) and all(a.proven_ms is not None for a in self.progress)

    # ---- a person's word -----------------------------------------------------------------------

    def kill(self, command: Kill, by: str, at: int) -> Answer:
        """Carry out a level."""
        if not self._accounts:
            return False, "there is no account in this run to stop", NOTHING
        if command.level is KillLevel.PAUSE:
            return self._pause(command.strategy, by, at)
        if command.level is KillLevel.REDUCE:
            return self._reduce(by, at)
        reason = f"{command.level} by a person"
        trip = TripKill(level=command.level, by=by, reason=reason)
        facts = self._tripped(command.level, by, reason, at)
        count = len(self._trading.orders.live())
        text = f"{command.level}: blocked; {count} own order(s) and foreign ones being cancelled"
        return True, text, Reaction(facts, (trip,))

    def _pause(self, strategy: StrategyId | None, by: str, at: int) -> Answer:
        if strategy is not None and strategy not in self._host.seats:
            return False, f"there is no strategy {strategy!r}", NOTHING
        off = self._switched_off(by, at, strategy)
        cancels = self._cancels(at, strategy, only_strategies=True)
        who = strategy or "every strategy"
        text = f"K0: {who} is off, {len(cancels.effects)} order(s) being cancelled"
        return True, text, Reaction((*off, *cancels.facts), cancels.effects)

    def _reduce(self, by: str, at: int) -> Answer:
        if self._risk.state is TradingState.HALTED:
            return True, "K1: trading is halted already, which allows less", NOTHING
        held = self._risk.reduce(at, BY_PERSON, f"K1: only reducing, by {by}")
        return True, "K1: the account may only reduce", held

    def end_run(self, _command: EndRun, by: str, at: int) -> Answer:
        """Stop without tripping anything: the next start begins as it should."""
        off = self._switched_off(by, at, None)
        held = self._risk.reduce(at, END_CAUSE, "the run ends")
        cancels = self._cancels(at, None)
        text = f"ending: {len(cancels.effects)} order(s) being cancelled"
        return True, text, Reaction((*off, *held.facts, *cancels.facts), cancels.effects)

    def rearm(self, typed: str, by: str, at: int) -> Answer:
        """Begin to re-arm: the latch is written once ledger and venue match from now on."""
        left = [a for a in self.progress if a.proven_ms is None]
        if left:
            return False, "the kill is at work: zero open orders are not proven yet", NOTHING
        if typed.strip() != self.rearm_word:
            return False, f"re-arming needs the word {self.rearm_word}, typed", NOTHING
        self._rearming, self._matched = (by, at), set()
        self.version += 1
        effects = tuple(e for r in self._reconcilers for e in r.begin(at).effects)
        return True, "comparing with the venue, then armed", Reaction((), effects)

    @property
    def rearm_word(self) -> str:
        """What has to be typed to re-arm: the account, or all of them."""
        return " ".join(self._accounts)

    # ---- events and facts ----------------------------------------------------------------------

    def on_moved(self, body: KillMoved, at: int) -> Reaction:
        """Follow the kill path; what tripped it from outside halts the Desk too."""
        was_proven = self.is_proven
        if body.accounts or body.level is not None:
            self.progress = body.accounts
        self.version += 1
        facts: list[Fact] = []
        if body.level is not None:
            facts.extend(self._tripped(body.level, body.by, body.reason, at))
        facts.extend(self._emergencies(body.accounts, at))
        if self.is_proven and not was_proven:
            slowest = max(a.proven_ms or 0 for a in self.progress)
            text = f"kill: zero open orders proven after {slowest / 1_000:.1f} s"
            facts.append(Noted(at=at, level="warning", text=text))
        return Reaction(tuple(facts))

    def on_state(self, fact: TradingStateChanged, at: int) -> Reaction:
        """Let whatever halts the account call K2: HALTED is latched on disk."""
        is_ours = fact.cause == KILL_CAUSE or self.tripped is not None
        if fact.state is not TradingState.HALTED or fact.scope or is_ours or not self._accounts:
            return NOTHING
        by = fact.cause or "limits"
        trip = TripKill(level=KillLevel.HALT, by=by, reason=fact.reason)
        return Reaction(self._tripped(KillLevel.HALT, by, fact.reason, at), (trip,))

    def on_reconciled(self, fact: Reconciled, at: int) -> Reaction:
        """Arm once every account matched by what was read since the person's word."""
        if self._rearming is None or fact.read_from < self._rearming[1]:
            return NOTHING
        by, _ = self._rearming
        if not fact.is_matched:
            return self._not_rearmed("ledger and venue differ", at)
        self._matched.add(fact.account)
        if self._matched < set(self._accounts):
            return NOTHING
        return Reaction((), (ArmLatch(by=by),))

    def on_latch(self, body: LatchWritten, at: int) -> Reaction:
        """Lift the halt now that the latch is on disk."""
        if self._rearming is None:
            return NOTHING
        by, _ = self._rearming
        if body.error:
            return self._not_rearmed(body.error, at)
        lifted = self._risk.resume(at)
        held = TradingStateChanged(
            at=at, state=TradingState.ACTIVE, reason="re-armed", cause=KILL_CAUSE
        )
        effects = tuple(e for r in self._reconcilers for e in r.begin(at).effects)
        return Reaction((KillArmed(at=at, by=by), held, *lifted.facts), effects)

    def opening(self, *, is_armed: bool, why: str, at: int) -> Reaction:
        """Begin a run: the latch on disk and the journal, whichever is stricter."""
        ended = self._risk.clear(at, END_CAUSE)
        if not self._accounts or (is_armed and self.tripped is None):
            return ended
        facts: tuple[Fact, ...] = ended.facts
        effects: tuple[Effect, ...] = ()
        reason = why or "the latch was found tripped at the start"
        if self.tripped is None:
            facts = (*facts, *self._tripped(KillLevel.HALT, "latch", reason, at))
        elif is_armed:
            reason = "the journal says tripped"
            effects = (TripKill(level=KillLevel.HALT, by="journal", reason=reason),)
        return Reaction(facts, effects)

    def view(self) -> KillView:
        """Show it."""
        tripped = self.tripped
        if tripped is None:
            return KillView(rearm_word=self.rearm_word)
        return KillView(
            level=tripped.level,
            by=tripped.by,
            reason=tripped.reason,
            tripped_at=tripped.at,
            accounts=self.progress,
            flatten=self.flatten,
            rearm_word=self.rearm_word,
            rearming="comparing with the venue" if self._rearming is not None else "",
        )

    def show_flatten(self, lines: tuple[str, ...]) -> None:
        """Show what is left of the positions."""
        if lines != self.flatten:
            self.flatten = lines
            self.version += 1

    # ---- parts ---------------------------------------------------------------------------------

    def _tripped(self, level: KillLevel, by: str, reason: str, at: int) -> tuple[Fact, ...]:
        """Return what a trip means here; nothing where it is known already."""
        if self.tripped is not None:
            if _RANK[self.tripped.level] >= _RANK[level]:
                return ()
            return (KillTripped(at=at, level=level, by=by, reason=reason),)
        halted = TradingStateChanged(
            at=at, state=TradingState.HALTED, reason=f"{level}: {reason}", cause=KILL_CAUSE
        )
        tripped = KillTripped(at=at, level=level, by=by, reason=reason)
        return (tripped, *self._switched_off(by, at, None), halted)

    def _switched_off(
        self, by: str, at: int, strategy: StrategyId | None
    ) -> tuple[StrategySwitched, ...]:
        return tuple(
            StrategySwitched(at=at, strategy=name, is_on=False, by=by)
            for name, seat in self._host.seats.items()
            if seat.is_on and strategy in (None, name)
        )

    def _cancels(
        self, at: int, strategy: StrategyId | None, *, only_strategies: bool = False
    ) -> Reaction:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for record in self._trading.orders.live():
            is_meant = record.strategy in self._host.seats or not only_strategies
            if is_meant and strategy in (None, record.strategy):
                reaction = self._trading.cancel(record, at)
                facts.extend(reaction.facts)
                effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _not_rearmed(self, why: str, at: int) -> Reaction:
        self._rearming = None
        self.version += 1
        return Reaction((Noted(at=at, level="error", text=f"not re-armed: {why}"),))

    def _emergencies(self, accounts: Iterable[KillProgress], at: int) -> list[Fact]:
        """Raise one alert for each account whose kill is in trouble."""
        raised: list[Fact] = []
        for told in accounts:
            if told.is_emergency and told.account not in self._told:
                self._told.add(told.account)
                raised.append(AlertRaised(at=at, alert=_in_trouble(told, at)))
        return raised

    def _apply_tripped(self, fact: KillTripped) -> None:
        if self.tripped is None:
            self.tripped = fact
        else:
            self.tripped = msgspec.structs.replace(self.tripped, level=fact.level)
        self._rearming = None
        self.version += 1

    def _apply_armed(self, _fact: KillArmed) -> None:
        self.tripped, self.progress, self.flatten = None, (), ()
        self._rearming = None
        self._told.clear()
        self.version += 1


def _in_trouble(told: KillProgress, at: int) -> Alert:
    return Alert(
        alert_id=AlertId(f"kill-{told.account}-{at}"),
        severity=Severity.EMERGENCY,
        scope=told.account,
        title="Kill switch in trouble",
        cause=f"Zero open orders are not proven: {told.trouble or 'it takes too long'}.",
        numbers=(),
        options=(
            AlertOption(
                key="a",
                label="Acknowledge",
                effect="Closes this alert; the kill goes on. Cancel by the venue's own site too.",
            ),
        ),
        safe_default="a",
        raised_at=at,
    )
