"""What follows from an alert's end: the option that was chosen, or that the deadline chose, once.

The end is a fact of its own and stands before whatever it leads to; both are of one step, so a
crash leaves both or neither.
"""

from collections.abc import Callable
from typing import Final

from core.domain.alert import AlertEnd
from core.domain.effects import Effect
from core.domain.facts import AlertCarriedOut, AlertEnded, Fact
from core.domain.ids import AccountId, InstrumentId
from core.domain.reaction import NOTHING, Reaction
from core.risk import alert_words
from core.risk.alerts import (
    ADOPT,
    CANCEL_OWN,
    FLATTEN,
    HALT,
    LOSS_PREFIX,
    MISMATCH_PREFIX,
    REDUCE,
    OpenRecord,
)
from core.risk.room import ALERTED, RiskRoom
from core.risk.states import market_scope
from core.runtime.flattening import Closer
from core.runtime.liquidation_watch import LIQUIDATION_CAUSE
from core.trading.orders import OrderRecord
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

SYSTEM_FILL_CAUSE: Final = f"{ALERTED}system fill"
Carried = tuple[str, Reaction]
"""What was done, in words, and how."""


class AlertEffects:
    """Carries out what alerts offer, apart from approvals of orders."""

    def __init__(
        self,
        risk: RiskRoom,
        trading: TradingRoom,
        reconcilers: tuple[Reconciler, ...],
        closer: Closer,
    ) -> None:
        self._risk = risk
        self._trading = trading
        self._reconcilers = {reconciler.account: reconciler for reconciler in reconcilers}
        self._closer = closer
        self._table: dict[str, dict[str, Callable[[OpenRecord, str, int], Carried]]] = {
            LOSS_PREFIX: {CANCEL_OWN: self._cancel_everything},
            alert_words.LONG_UNKNOWN_PREFIX: {CANCEL_OWN: self._cancel_market},
            alert_words.SYSTEM_PREFIX: {REDUCE: self._reduce_market},
            alert_words.NEAR_LIQUIDATION_PREFIX: {REDUCE: self._reduce_near},
            MISMATCH_PREFIX: {
                REDUCE: self._stay_reducing,
                HALT: self._halt,
                ADOPT: self._adopt,
                FLATTEN: self._flatten,
            },
        }

    def on_ended(self, fact: AlertEnded, at: int) -> Reaction:
        """Carry out the option of an end; a void end chose none."""
        record = self._risk.alerts.just_ended(fact.alert_id)
        if record is None or fact.end is AlertEnd.VOIDED:
            return NOTHING
        carry_out = self._action(fact)
        if carry_out is None:
            return NOTHING
        text, reaction = carry_out(record, fact.by or "deadline", at)
        done = AlertCarriedOut(
            at=at,
            alert_id=fact.alert_id,
            effect_id=f"{fact.alert_id}#{fact.option}",
            text=text,
        )
        return Reaction((done, *reaction.facts), reaction.effects)

    def _action(self, fact: AlertEnded) -> Callable[[OpenRecord, str, int], Carried] | None:
        for prefix, options in self._table.items():
            if fact.alert_id.startswith(prefix):
                return options.get(fact.option)
        return None

    # ---- one method an option ------------------------------------------------------------------

    def _cancel_everything(self, _record: OpenRecord, _by: str, at: int) -> Carried:
        return self._cancelled(self._trading.orders.live(), at)

    def _cancel_market(self, record: OpenRecord, _by: str, at: int) -> Carried:
        return self._cancelled(self._of_market(InstrumentId(record.alert.scope)), at)

    def _reduce_market(self, record: OpenRecord, by: str, at: int) -> Carried:
        name = InstrumentId(record.alert.scope)
        reason = f"the venue traded in {name}; {by} chose to reduce only"
        held = self._risk.reduce(at, SYSTEM_FILL_CAUSE, reason, market_scope(name))
        text, cancelled = self._cancelled(self._of_market(name), at)
        both = Reaction((*held.facts, *cancelled.facts), cancelled.effects)
        return f"{name} may only reduce; {text}", both

    def _reduce_near(self, record: OpenRecord, by: str, at: int) -> Carried:
        name = InstrumentId(record.alert.scope)
        reason = f"liquidation of {name} is near; {by} chose to reduce only"
        held = self._risk.reduce(at, LIQUIDATION_CAUSE, reason, market_scope(name))
        text, cancelled = self._cancelled(self._of_market(name), at)
        both = Reaction((*held.facts, *cancelled.facts), cancelled.effects)
        return f"{name} may only reduce; {text}", both

    def _stay_reducing(self, record: OpenRecord, _by: str, at: int) -> Carried:
        account = AccountId(record.alert.scope)
        reconciler = self._reconcilers.get(account)
        markets = () if reconciler is None else reconciler.markets_in_doubt
        orders = [
            each
            for each in self._trading.orders.live()
            if each.account == account and (not markets or each.terms.instrument in markets)
        ]
        return self._cancelled(orders, at)

    def _halt(self, record: OpenRecord, by: str, at: int) -> Carried:
        reason = f"ledger and venue of {record.alert.scope} differ; {by} halted"
        return "halted", self._risk.halt(at, reason)

    def _adopt(self, record: OpenRecord, _by: str, at: int) -> Carried:
        """Book the difference as EXTERNAL and compare at once; a match allows entries again."""
        reconciler = self._reconcilers.get(AccountId(record.alert.scope))
        if reconciler is None:
            return "there is no such account", NOTHING
        facts = reconciler.adopt(at)
        begun = reconciler.begin(at)
        return f"{len(facts)} difference(s) adopted", Reaction(tuple(facts), begun.effects)

    def _flatten(self, record: OpenRecord, by: str, at: int) -> Carried:
        """Take the venue's word, then close what it holds in the markets that differed."""
        account = AccountId(record.alert.scope)
        reconciler = self._reconcilers.get(account)
        markets = () if reconciler is None else reconciler.positions_in_doubt
        text, adopted = self._adopt(record, by, at)
        wake = self._closer.close(account, markets, at)
        both = Reaction(adopted.facts, (*adopted.effects, wake))
        return f"{text}; closing {', '.join(markets) or 'no position'}", both

    # ---- parts ---------------------------------------------------------------------------------

    def _of_market(self, name: InstrumentId) -> list[OrderRecord]:
        live = self._trading.orders.live()
        return [record for record in live if record.terms.instrument == name]

    def _cancelled(self, records: list[OrderRecord], at: int) -> Carried:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for record in records:
            reaction = self._trading.cancel(record, at)
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        return f"{len(records)} order(s) being cancelled", Reaction(tuple(facts), tuple(effects))
