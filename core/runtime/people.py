"""What a person's commands mean: one handler a command, each answered with a receipt."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.alert import AlertEnd
from core.domain.commands import (
    AddToWatchlist,
    AnswerAlert,
    EndRun,
    Kill,
    PauseReplay,
    Receipt,
    RemoveFromWatchlist,
    RemovePriceAlert,
    ResumeTrading,
    SetPriceAlert,
    SetReplaySpeed,
    StepReplay,
    StopAll,
    SwitchStrategy,
)
from core.domain.effects import Acknowledge, Effect, SetPace
from core.domain.events import Commanded
from core.domain.facts import (
    AlertEnded,
    CommandTaken,
    DecisionTaken,
    Fact,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
    Verdict,
)
from core.domain.ids import IntentId, StrategyId
from core.domain.intent import Denied, Intent
from core.domain.kill import KillLevel
from core.domain.reaction import NOTHING, Reaction
from core.risk.alert_book import DEFAULTS, STORM_PREFIX
from core.risk.alerts import APPROVE, OpenRecord
from core.risk.exposure import reference_price
from core.risk.room import RiskRoom, denial_text
from core.risk.states import strategy_scope
from core.runtime.alert_effects import AlertEffects
from core.runtime.flattening import Closer
from core.runtime.kill.room import KillRoom
from core.runtime.orderdesk import OrderDesk
from core.runtime.price_alerts import PriceAlerts
from core.runtime.strategy_host import StrategyHost
from core.runtime.watchlist import Watchlist
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

Answer = tuple[bool, str, Reaction]


class People:
    """Carries out commands."""

    def __init__(
        self,
        risk: RiskRoom,
        trading: TradingRoom,
        host: StrategyHost,
        orders: OrderDesk,
        watchlist: Watchlist,
        price_alerts: PriceAlerts,
        reconcilers: tuple[Reconciler, ...],
        kill: KillRoom,
    ) -> None:
        self._risk = risk
        self._trading = trading
        self._host = host
        self._orders = orders
        self._watchlist = watchlist
        self._price_alerts = price_alerts
        self._reconcilers = reconcilers
        self._closer = Closer(trading, orders)
        self._alert_effects = AlertEffects(risk, trading, reconcilers, self._closer)
        self._kill = kill
        self._table: dict[type, Callable[[Any, str, int], Answer]] = {
            SwitchStrategy: self._switch,
            AnswerAlert: self._answer,
            StopAll: self._stop_all,
            ResumeTrading: self._resume,
            Kill: kill.kill,
            EndRun: kill.end_run,
            AddToWatchlist: self._add,
            RemoveFromWatchlist: self._remove,
            SetReplaySpeed: _set_speed,
            PauseReplay: _pause,
            StepReplay: _step,
            SetPriceAlert: self._set_price_alert,
            RemovePriceAlert: self._remove_price_alert,
        }

    def carry_out(self, command: type, how: Callable[[Any, str, int], Answer]) -> None:
        """Let another room carry out a kind of command."""
        self._table[command] = how

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with a command."""
        return {Commanded: self.on_command, **self._closer.handlers()}

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from an alert's end."""
        return {AlertEnded: self.on_alert_ended, TradingStateChanged: self.on_state}

    def on_state(self, fact: TradingStateChanged, at: int) -> Reaction:
        """Cancel every own order when the account is halted."""
        if fact.state is not TradingState.HALTED or fact.scope:
            return NOTHING
        return self._cancel_all(at, None)

    def on_command(self, body: Commanded, at: int) -> Reaction:
        """Carry out one command and answer it once the step is on disk."""
        is_accepted, text, reaction = self._table[type(body.command)](
            body.command, body.cockpit, at
        )
        taken = CommandTaken(at=at, command_id=body.command_id, text=text, is_accepted=is_accepted)
        receipt = Receipt(command_id=body.command_id, is_accepted=is_accepted, text=text)
        effects = (*reaction.effects, Acknowledge(cockpit=body.cockpit, receipt=receipt))
        return Reaction((*reaction.facts, taken), effects)

    def on_alert_ended(self, fact: AlertEnded, at: int) -> Reaction:
        """Send the order a person approved, or carry out what else was chosen."""
        record = self._risk.alerts.just_ended(fact.alert_id)
        if record is None or record.intent is None or record.alert.terms_hash is None:
            return self._alert_effects.on_ended(fact, at)
        if fact.end is not AlertEnd.ANSWERED or fact.option != APPROVE:
            return NOTHING
        outcome = self._orders.confirmed(record.intent, record.alert.terms_hash, fact.by, at)
        if outcome.denied is None:
            return outcome.reaction
        return Reaction((_denied_line(record.intent, outcome.denied, at),))

    # ---- one method a command ------------------------------------------------------------------

    def _switch(self, command: SwitchStrategy, cockpit: str, at: int) -> Answer:
        seat = self._host.seats.get(command.strategy)
        if seat is None:
            return False, f"there is no strategy {command.strategy!r}", NOTHING
        scope = strategy_scope(command.strategy)
        if command.is_on and self._risk.states.of(scope) is TradingState.HALTED:
            reason = self._risk.states.reason(scope)
            return False, f"trading is halted ({reason}); resume it first", NOTHING
        fact = StrategySwitched(at=at, strategy=command.strategy, is_on=command.is_on, by=cockpit)
        word = "on" if command.is_on else "off"
        text = f"{seat.strategy.title} is {word}"
        if command.is_on:
            return True, text, Reaction((fact,))
        cancels = self._cancel_all(at, command.strategy)
        return True, text, Reaction((fact, *cancels.facts), cancels.effects)

    def _answer(self, command: AnswerAlert, cockpit: str, at: int) -> Answer:
        if command.alert_id.startswith(STORM_PREFIX):
            return self._answer_storm(command, cockpit, at)
        refusal = self._risk.alerts.refusal(command, at)
        record = self._risk.alerts.find(command.alert_id)
        if refusal is not None or record is None:
            return False, refusal or "the alert has ended already", NOTHING
        if command.option == APPROVE and self._has_drifted(record, at):
            return self._represent(record, at)
        fact = AlertEnded(
            at=at,
            alert_id=command.alert_id,
            end=AlertEnd.ANSWERED,
            option=command.option,
            by=cockpit,
        )
        return True, f"{record.alert.title}: {command.option}", Reaction((fact,))

    def _answer_storm(self, command: AnswerAlert, cockpit: str, at: int) -> Answer:
        """End everything a summary stands for on the safe side."""
        ends = self._risk.alerts.defaults_of(command.alert_id, cockpit, at)
        if not ends or command.option != DEFAULTS:
            return False, "the alerts of this summary have ended already", NOTHING
        return True, f"{len(ends)} alert(s) took their safe default", Reaction(ends)

    def _stop_all(self, _command: StopAll, cockpit: str, at: int) -> Answer:
        return self._kill.kill(Kill(level=KillLevel.HALT), cockpit, at)

    def _resume(self, command: ResumeTrading, cockpit: str, at: int) -> Answer:
        if not self._reconcilers:
            return False, "there is no account in this run to trade with", NOTHING
        if self._kill.tripped is not None:
            return self._kill.rearm(command.typed, cockpit, at)
        resumed = self._risk.resume(at)
        if not resumed.facts:
            return False, f"trading is not halted, it is {self._risk.state}", NOTHING
        effects = tuple(e for r in self._reconcilers for e in r.begin(at).effects)
        return True, "comparing with the venue, then active", Reaction(resumed.facts, effects)

    def _add(self, command: AddToWatchlist, _cockpit: str, at: int) -> Answer:
        return self._watchlist.add(command.instrument, at)

    def _remove(self, command: RemoveFromWatchlist, _cockpit: str, at: int) -> Answer:
        return self._watchlist.remove(command.instrument, at)

    def _set_price_alert(self, command: SetPriceAlert, cockpit: str, at: int) -> Answer:
        name, refusal = self._watchlist.found(command.alert.instrument)
        if name is None:
            return False, refusal, NOTHING
        alert = msgspec.structs.replace(command.alert, instrument=name)
        return self._price_alerts.set(alert, cockpit, at)

    def _remove_price_alert(self, command: RemovePriceAlert, cockpit: str, at: int) -> Answer:
        return self._price_alerts.remove(command.alert_id, cockpit, at)

    # ---- parts ---------------------------------------------------------------------------------

    def _cancel_all(self, at: int, strategy: StrategyId | None) -> Reaction:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for record in self._trading.orders.live():
            if strategy is None or record.strategy == strategy:
                reaction = self._trading.cancel(record, at)
                facts.extend(reaction.facts)
                effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _has_drifted(self, record: OpenRecord, at: int) -> bool:
        if record.intent is None or record.reference_price is None:
            return False
        leg = record.intent.legs[0]
        now = reference_price(self._orders.inputs(record.intent, leg, at))
        if now is None:
            return True
        moved = abs((now - record.reference_price).ratio_to(record.reference_price)) * 10_000
        return moved > Decimal(str(self._risk.limits.max_confirm_drift_bps))

    def _represent(self, record: OpenRecord, at: int) -> Answer:
        """Void an approval whose market moved away, and ask again at today's prices.

        The signal's age was judged when it was first asked about; now a person judges.
        """
        assert record.intent is not None
        ended = AlertEnded(
            at=at, alert_id=record.alert.alert_id, end=AlertEnd.VOIDED, option="", by=""
        )
        again = msgspec.structs.replace(
            record.intent, intent_id=IntentId(f"{record.intent.intent_id}/again"), signal_ts=None
        )
        outcome = self._orders.submit(again, at)
        text = "the market moved, so the approval is void; look again"
        if outcome.denied is not None:
            line = _denied_line(again, outcome.denied, at)
            return False, text, Reaction((ended, line))
        reaction = outcome.reaction
        return False, text, Reaction((ended, *reaction.facts), reaction.effects)


def _set_speed(command: SetReplaySpeed, _cockpit: str, _at: int) -> Answer:
    if command.speed < 0:
        return False, "speed must be 0 or more", NOTHING
    return True, f"speed {command.speed:g}", Reaction((), (SetPace(speed=command.speed),))


def _pause(command: PauseReplay, _cockpit: str, _at: int) -> Answer:
    word = "paused" if command.is_paused else "playing"
    return True, word, Reaction((), (SetPace(is_paused=command.is_paused),))


def _step(command: StepReplay, _cockpit: str, _at: int) -> Answer:
    return True, "stepped", Reaction((), (SetPace(step_frames=max(1, command.frames)),))


def _denied_line(intent: Intent, denied: Denied, at: int) -> DecisionTaken:
    return DecisionTaken(
        at=at,
        strategy=intent.strategy,
        cause=intent.cause,
        verdict=Verdict.DENIED,
        code=denied.rule,
        text=denial_text(denied),
        instrument=intent.legs[0].terms.instrument,
        intent_id=intent.intent_id,
    )
