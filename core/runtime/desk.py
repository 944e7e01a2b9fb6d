"""The Desk: the one synchronous heart. Events in, effects out.

A dispatch table over the rooms; it holds no rule itself. Rooms answer with facts and effects; every
fact is applied at once, journaled, and shown to the rooms that react to it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from core.domain.effects import Effect, Persist
from core.domain.events import Event
from core.domain.facts import (
    DecisionTaken,
    Fact,
    GateJudged,
    LimitsPeaked,
    NavMarked,
    Noted,
    Reconciled,
)
from core.domain.reaction import Reaction
from core.domain.views import ShownFact

SHOWN_FACTS: Final = 2_000
Handler = Callable[[Any, int], Reaction]
MarketHandler = Callable[[Any, int], tuple[Effect, ...]]
Applier = Callable[[Any], None]
_LAZY: Final = (DecisionTaken, GateJudged, LimitsPeaked, NavMarked, Noted, Reconciled)


class Wiring(NamedTuple):
    """What the Desk is wired of, in the order things are called."""

    market: dict[type, MarketHandler]
    handlers: list[dict[type, Handler]]
    appliers: list[dict[type, Applier]]
    reactors: list[dict[type, Handler]]
    deciders: "Deciders"


class Deciders(Protocol):
    """The strategies: their wishes are absorbed one by one, so that each sees the one before."""

    def listens(self, kind: type) -> bool:
        """Whether any strategy wants this kind of event."""

    def reactions(self, body: Any, at: int) -> Iterator[Reaction]:
        """Answer one event, a reaction for each wish, lazily."""


class Desk:
    """Takes stamped events, one at a time, and answers with effects."""

    def __init__(self, wiring: Wiring) -> None:
        self._market = wiring.market
        self._deciders = wiring.deciders
        self._handlers = _joined(wiring.handlers)
        self._appliers = _joined(wiring.appliers)
        self._reactors = _joined(wiring.reactors)
        self.shown: deque[ShownFact] = deque(maxlen=SHOWN_FACTS)
        self.next_fact = 1
        self.at = 0
        self.steps = 0

    def handle(self, event: Event) -> list[Effect]:
        """Take one step. The only way in."""
        body, at = event.body, event.at
        self.at = at
        self.steps += 1
        kind = type(body)
        effects: list[Effect] = []
        market = self._market.get(kind)
        if market is not None:
            effects.extend(market(body, at))
        for handler in self._handlers.get(kind, ()):
            reaction = handler(body, at)
            if reaction.facts or reaction.effects:
                self.absorb(reaction, at, effects)
        if self._deciders.listens(kind):
            for reaction in self._deciders.reactions(body, at):
                self.absorb(reaction, at, effects)
        return effects

    def absorb(self, reaction: Reaction, at: int, effects: list[Effect]) -> None:
        """Apply facts, journal them, and let rooms react to them until all is quiet."""
        effects.extend(reaction.effects)
        waiting: deque[Fact] = deque(reaction.facts)
        while waiting:
            fact = waiting.popleft()
            self.apply(fact)
            effects.append(Persist(fact=fact, is_lazy=isinstance(fact, _LAZY)))
            self._show(fact)
            for reactor in self._reactors.get(type(fact), ()):
                answer = reactor(fact, at)
                effects.extend(answer.effects)
                waiting.extend(answer.facts)

    def restore(self, facts: Iterable[Fact]) -> int:
        """Rebuild state from the journal: apply only, react to nothing. Returns how many."""
        count = 0
        for fact in facts:
            self.apply(fact)
            count += 1
        return count

    def apply(self, fact: Fact) -> None:
        """Change state by one fact; the same live, in simulation and at restart."""
        for applier in self._appliers.get(type(fact), ()):
            applier(fact)

    def facts_since(self, serial: int) -> tuple[ShownFact, ...]:
        """Return the facts from a serial on, as far as they are still held."""
        return tuple(shown for shown in self.shown if shown.serial >= serial)

    def _show(self, fact: Fact) -> None:
        self.shown.append(ShownFact(self.next_fact, fact))
        self.next_fact += 1


def _joined(tables: list[dict[type, Any]]) -> dict[type, tuple[Any, ...]]:
    joined: dict[type, tuple[Any, ...]] = {}
    for table in tables:
        for kind, call in table.items():
            joined[kind] = (*joined.get(kind, ()), call)
    return joined
