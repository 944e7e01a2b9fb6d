"""What a strategy is: declared parameters and a pure `decide`.

A strategy answers an event with intents and a reason for everything it takes or refuses. It keeps
no hidden state: what `decide` and `remember` return is all it knows.
"""

from typing import Any, NamedTuple, Protocol

import msgspec

from core.domain.events import Body
from core.domain.exact import Price, Quantity
from core.domain.facts import DecisionTaken
from core.domain.ids import InstrumentId, LeaderId, StrategyId
from core.domain.instrument import Instrument
from core.domain.intent import Intent


class Interests(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Which events a strategy wants: kinds, and for market kinds the markets."""

    kinds: frozenset[type]
    instruments: frozenset[InstrumentId] = frozenset()
    leaders: frozenset[LeaderId] = frozenset()


class MarketGlance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One market as a strategy sees it."""

    rules: Instrument | None
    best_bid: Price | None
    best_ask: Price | None
    position: Quantity
    """Signed, attributed to this strategy by the ledger."""
    pending: Quantity
    """Signed sum of what its possibly-live orders may still fill."""


class StrategyView(Protocol):
    """What the runtime lets a strategy see."""

    @property
    def at(self) -> int:
        """Engine time, ns."""

    def market(self, instrument: InstrumentId) -> MarketGlance:
        """Look at one market."""


class Step(NamedTuple):
    """What a strategy answers to one event."""

    state: Any
    intents: tuple[Intent, ...] = ()
    decisions: tuple[DecisionTaken, ...] = ()
    wake_at: int | None = None


class Strategy(Protocol):
    """One strategy, configured."""

    @property
    def strategy_id(self) -> StrategyId:
        """Its name in the ledger's books."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def interests(self) -> Interests:
        """What it wants to hear."""

    def start(self) -> Any:
        """Return the state it begins with."""

    def remember(self, state: Any, decision: DecisionTaken) -> Any:
        """Fold one of its journaled decisions into its state, live and at restart."""

    def decide(self, state: Any, body: Body, view: StrategyView) -> Step:
        """Answer one event. Pure; raising or taking over 100 ms pauses the strategy."""
