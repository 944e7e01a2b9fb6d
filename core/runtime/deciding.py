"""From a strategy's step to orders: every wish through the gate, every reason into one line."""

from collections.abc import Iterator
from typing import Any

from core.domain.effects import Effect, WakeAt
from core.domain.facts import StrategyPaused
from core.domain.reaction import Reaction
from core.runtime.orderdesk import OrderDesk, Outcome, with_outcomes
from core.runtime.strategy_host import Seat, StrategyHost
from core.strategies.contract import Step


class StrategyDeciders:
    """The Desk's `Deciders` over the seated strategies."""

    def __init__(self, host: StrategyHost, orders: OrderDesk) -> None:
        self._host = host
        self._orders = orders

    def listens(self, kind: type) -> bool:
        """Whether any strategy wants this kind of event."""
        return self._host.listens(kind)

    def reactions(self, body: Any, at: int) -> Iterator[Reaction]:
        """Answer one event, a reaction for each wish, lazily."""
        for seat, step, fault in self._host.decide(body, at):
            if fault:
                name = seat.strategy.strategy_id
                yield Reaction((StrategyPaused(at=at, strategy=name, reason=fault),))
            yield from self._carried(seat, step, at)

    def _carried(self, seat: Seat, step: Step, at: int) -> Iterator[Reaction]:
        outcomes: list[Outcome] = []
        for intent in step.intents:
            outcome = self._orders.submit(intent, at)
            outcomes.append(outcome)
            yield outcome.reaction
        lines = tuple(with_outcomes(line, outcomes) for line in step.decisions)
        wakes: tuple[Effect, ...] = ()
        if step.wake_at is not None:
            wakes = (WakeAt(key=f"strategy/{seat.strategy.strategy_id}", at=step.wake_at),)
        yield Reaction(lines, wakes)
