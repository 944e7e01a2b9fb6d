"""A strategy that hears every depth frame of its market and does nothing."""

from typing import Any

from core.domain.events import Body, DepthChanged
from core.domain.facts import DecisionTaken
from core.domain.ids import InstrumentId, StrategyId
from core.strategies.contract import Interests, Step, StrategyView


class IdleStrategy:
    """Counts what it hears."""

    def __init__(self, name: str, instrument: InstrumentId) -> None:
        self._name = StrategyId(name)
        self._interests = Interests(
            kinds=frozenset({DepthChanged}), instruments=frozenset({instrument})
        )

    @property
    def strategy_id(self) -> StrategyId:
        """Its name in the ledger's books."""
        return self._name

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self._name)

    @property
    def interests(self) -> Interests:
        """Every depth frame of one market."""
        return self._interests

    def start(self) -> int:
        """Begin at zero."""
        return 0

    def remember(self, state: int, decision: DecisionTaken) -> int:
        """Keep the count."""
        del decision
        return state

    def decide(self, state: int, body: Body, view: StrategyView) -> Step:
        """Count one more."""
        del body, view
        return Step(state + 1)


def idle_pair(instrument: InstrumentId) -> tuple[Any, ...]:
    """Return two of them on one market."""
    return IdleStrategy("idle-one", instrument), IdleStrategy("idle-two", instrument)
