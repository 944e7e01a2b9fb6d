"""Watches how near each position is to liquidation, once a second (risk-and-faults section 9).

Near is told and asked about; very near only reduces the market and cancels its entries first.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from core.domain.alert import Alert, Severity
from core.domain.effects import Effect
from core.domain.exact import ZERO_NOTIONAL, Notional
from core.domain.facts import Fact
from core.domain.ids import AccountId, AlertId, InstrumentId
from core.domain.reaction import NOTHING, Reaction
from core.risk import alert_words, alerts
from core.risk.liquidation import distance_pct, urgency
from core.risk.room import RiskRoom
from core.risk.states import market_scope
from core.runtime.margins import maintenance_margin
from core.runtime.valuation import Valuation
from core.trading.room import TradingRoom

LIQUIDATION_CAUSE: Final = "liquidation distance"


class Held(NamedTuple):
    """A perpetual position and what it is worth at its mark."""

    account: AccountId
    market: InstrumentId
    worth: Notional


class LiquidationWatch:
    """Raises alerts while positions are near liquidation, and ends them when they are not."""

    def __init__(
        self,
        trading: TradingRoom,
        risk: RiskRoom,
        valuation: Valuation,
        accounts: tuple[AccountId, ...],
    ) -> None:
        self._trading = trading
        self._risk = risk
        self._valuation = valuation
        self._accounts = accounts
        self._told: dict[tuple[AccountId, InstrumentId], Severity] = {}

    def beat(self, at: int) -> Reaction:
        """Judge every position of which marks and equity are known; keep what stands otherwise."""
        facts: list[Fact] = []
        effects: list[Effect] = []
        for account in self._accounts:
            for reaction in self._account(account, at):
                facts.extend(reaction.facts)
                effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _account(self, account: AccountId, at: int) -> Iterator[Reaction]:
        held = self._held(account, at)
        equity = self._valuation.equity_of(account, at)
        if held is None or equity is None:
            return
        gross = sum((each.worth for each in held), ZERO_NOTIONAL)
        for each in held:
            kept = maintenance_margin(self._trading.instruments.get(each.market))
            away = distance_pct(Notional(equity.value), gross, each.worth, kept)
            severity = urgency(away, self._told.get((account, each.market)))
            text = "" if away is None else f"{away:.1f}"
            yield self._judged(account, each.market, severity, text, at)
        for name in sorted(self._known(account) - {each.market for each in held}):
            yield self._judged(account, name, None, "", at)

    def _known(self, account: AccountId) -> set[InstrumentId]:
        """Return the markets told of, or held since before a restart."""
        told = {market for owner, market in self._told if owner == account}
        holds = (h for h in self._risk.states.holds() if h.cause == LIQUIDATION_CAUSE)
        return told | {InstrumentId(hold.scope.partition("/")[2]) for hold in holds}

    def _held(self, account: AccountId, at: int) -> list[Held] | None:
        """Return the account's perpetual positions; None while one of them has no mark."""
        held = []
        ledger = self._trading.ledger
        for name in sorted({n for (a, _, n), _ in ledger.lines() if a == account}):
            quantity = ledger.position(account, name)
            if quantity.is_zero or ledger.is_spot(name):
                continue
            mark, rules = self._valuation.mark_of(name, at), self._trading.instruments.get(name)
            if mark is None or rules is None:
                return None
            worth = (mark * abs(quantity)).scaled_by(rules.contract_multiplier)
            held.append(Held(account, name, worth))
        return held

    # ---- telling -------------------------------------------------------------------------------

    def _judged(
        self, account: AccountId, name: InstrumentId, severity: Severity | None, text: str, at: int
    ) -> Reaction:
        key = (account, name)
        if severity is None:
            self._told.pop(key, None)
            return Reaction((*self._over(account, name, at), *self._freed(name, at)))
        if severity is self._told.get(key):
            return NOTHING
        self._told[key] = severity
        over = self._over(account, name, at)
        if severity is Severity.CRITICAL:
            told = alerts.raising(alert_words.near_liquidation(account, name, text, at), at)
            return Reaction((*over, *told.facts), told.effects)
        acted = self._reduced(name, text, at)
        words: Alert = alert_words.at_liquidation(account, name, text, at)
        told = alerts.raising(words, at)
        return Reaction((*over, *acted.facts, *told.facts), (*acted.effects, *told.effects))

    def _reduced(self, name: InstrumentId, text: str, at: int) -> Reaction:
        """Let the market only reduce and cancel what could add to it; before anybody is told."""
        reason = f"liquidation of {name} is {text} % away"
        held = self._risk.reduce(at, LIQUIDATION_CAUSE, reason, market_scope(name))
        facts, effects = list(held.facts), list(held.effects)
        for record in self._trading.orders.live():
            if record.terms.instrument == name and not record.terms.reduce_only:
                cancelled = self._trading.cancel(record, at)
                facts.extend(cancelled.facts)
                effects.extend(cancelled.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _freed(self, name: InstrumentId, at: int) -> tuple[Fact, ...]:
        """Return what lets a market trade again of which no position is near liquidation."""
        if any(market == name for _, market in self._told):
            return ()
        return self._risk.clear(at, LIQUIDATION_CAUSE, market_scope(name)).facts

    def _over(self, account: AccountId, name: InstrumentId, at: int) -> list[Fact]:
        """End what was told of this position before."""
        prefixes = (alert_words.NEAR_LIQUIDATION_PREFIX, alert_words.AT_LIQUIDATION_PREFIX)
        ends = (
            self._risk.alerts.resolved(AlertId(f"{prefix}{account}/{name}"), at, "resolved")
            for prefix in prefixes
        )
        return [ended for ended in ends if ended is not None]
