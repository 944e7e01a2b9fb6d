"""Trading states of account, strategies and markets: one phase, and holds; the strictest wins.

The phase is the way of a start (STARTING, RECONCILING, ACTIVE). A hold is one cause for which a
scope may only reduce, or do nothing; it lasts until that cause is cleared. Changed only by facts.
"""

from typing import Final

import msgspec

from core.domain.facts import TradingState, TradingStateChanged
from core.domain.ids import InstrumentId, StrategyId

ACCOUNT_SCOPE: Final = ""
_STRICTNESS: Final = {
    TradingState.ACTIVE: 0,
    TradingState.REDUCING: 1,
    TradingState.RECONCILING: 2,
    TradingState.STARTING: 3,
    TradingState.HALTED: 4,
}
_PHASES: Final = frozenset({TradingState.STARTING, TradingState.RECONCILING, TradingState.ACTIVE})


class Hold(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One cause that holds a scope back."""

    scope: str
    cause: str
    state: TradingState
    reason: str
    since: int


def market_scope(instrument: InstrumentId) -> str:
    """Name the scope of one market."""
    return f"market/{instrument}"


def strategy_scope(strategy: StrategyId) -> str:
    """Name the scope of one strategy."""
    return f"strategy/{strategy}"


def stricter(one: TradingState, other: TradingState) -> TradingState:
    """Return the state that allows less."""
    return one if _STRICTNESS[one] >= _STRICTNESS[other] else other


class States:
    """Phase and holds of one engine."""

    def __init__(self) -> None:
        self.phase = TradingState.STARTING
        self.phase_reason = "starting"
        self._holds: dict[tuple[str, str], Hold] = {}

    def apply(self, fact: TradingStateChanged) -> None:
        """Follow a fact: without a cause it is the phase, with one a hold is set or cleared."""
        if not fact.cause and fact.state in _PHASES:
            self.phase, self.phase_reason = fact.state, fact.reason
            return
        key = (fact.scope, fact.cause)
        if fact.state is TradingState.ACTIVE:
            self._holds.pop(key, None)
            return
        self._holds[key] = Hold(
            scope=fact.scope,
            cause=fact.cause,
            state=fact.state,
            reason=fact.reason,
            since=fact.at,
        )

    def of(self, *scopes: str) -> TradingState:
        """Return the strictest state of the account and of these scopes."""
        found = self.phase
        for hold in self._holds.values():
            if hold.scope == ACCOUNT_SCOPE or hold.scope in scopes:
                found = stricter(found, hold.state)
        return found

    def reason(self, *scopes: str) -> str:
        """Return why the state is what it is, in words; empty when everything is allowed."""
        state = self.of(*scopes)
        if state is TradingState.ACTIVE:
            return ""
        for hold in self._holds.values():
            is_concerned = hold.scope == ACCOUNT_SCOPE or hold.scope in scopes
            if is_concerned and hold.state is state:
                return hold.reason
        return self.phase_reason

    def hold(self, cause: str, scope: str = ACCOUNT_SCOPE) -> Hold | None:
        """Return the hold of a cause, if it stands."""
        return self._holds.get((scope, cause))

    def holds(self) -> tuple[Hold, ...]:
        """Return every hold, oldest first."""
        return tuple(self._holds.values())
