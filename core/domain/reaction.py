"""What a room answers to one event."""

from typing import Final, NamedTuple

from core.domain.effects import Effect
from core.domain.facts import Fact


class Reaction(NamedTuple):
    """Facts to apply and journal, effects to carry out. State changes only by applying facts."""

    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()


NOTHING: Final = Reaction()
