"""Strategies that misbehave are paused; nothing else is."""

from typing import Any

import pytest

from core.domain.commands import SwitchStrategy
from core.domain.events import Body, LeaderFilled, QuoteSeen, TimerFired
from core.domain.facts import DecisionTaken
from core.domain.ids import InstrumentId, LeaderId, StrategyId
from core.strategies.contract import Interests, Step, StrategyView
from core.strategies.copy_trade import CopyTrade, CopyTradeParameters
from tests.core.builders import ACCOUNT, SOL_PERP, SOL_SPOT, STRATEGY
from tests.core.runtime.rig import Rig

ODD = StrategyId("odd")


class Odd:
    """A user's strategy that does what a test tells it."""

    strategy_id = ODD
    title = "Odd"

    def __init__(self, kinds: frozenset[type], markets: frozenset[InstrumentId]) -> None:
        self.interests = Interests(
            kinds=kinds, instruments=markets, leaders=frozenset({LeaderId("leader")})
        )
        self.heard: list[Body] = []
        self.fault: Any = None

    def start(self) -> int:
        """Begin with nothing."""
        return 0

    def remember(self, state: int, decision: DecisionTaken) -> int:
        """Count decisions."""
        del decision
        return state + 1

    def decide(self, state: int, body: Body, view: StrategyView) -> Step:
        """Listen, and misbehave if told to."""
        del view
        self.heard.append(body)
        if self.fault is not None:
            self.fault()
        return Step(state)


def rig_with(odd: Odd) -> Rig:
    """Seat the odd one beside the copier."""
    copier = CopyTrade(CopyTradeParameters(ratio=0.5), ACCOUNT)
    return Rig(strategies=(odd, copier)).open_markets()


@pytest.fixture
def odd() -> Odd:
    """Make a strategy that hears the leader."""
    return Odd(frozenset({LeaderFilled}), frozenset())


def test_strategy_that_raises_is_paused_and_the_others_go_on(odd: Odd) -> None:
    """A user's error costs his strategy, not the engine."""
    rig = rig_with(odd)

    def fail() -> None:
        raise ZeroDivisionError("of the user")

    odd.fault = fail
    rig.leader(trade="a")
    rig.fill_all()
    odd.fault = None
    rig.leader(trade="b", before="10")

    assert len(odd.heard) == 1
    assert rig.rooms.host.seats[ODD].paused_reason
    assert not rig.rooms.host.seats[STRATEGY].paused_reason
    assert len(rig.placed) == 2


@pytest.mark.parametrize(("took_ns", "is_paused"), [(100_000_000, False), (100_000_001, True)])
def test_strategy_that_takes_too_long_is_paused(odd: Odd, took_ns: int, *, is_paused: bool) -> None:
    """Over 100 ms for one decision is over."""
    rig = rig_with(odd)

    def dawdle() -> None:
        rig.stopwatch += took_ns

    odd.fault = dawdle
    rig.leader(trade="a")

    assert bool(rig.rooms.host.seats[ODD].paused_reason) is is_paused
    assert not rig.rooms.host.seats[STRATEGY].paused_reason


def test_paused_strategy_hears_again_once_it_is_switched_on(odd: Odd) -> None:
    """A person lifts the pause."""
    rig = rig_with(odd)
    rig.rooms.host.seats[ODD].paused_reason = "a test"
    rig.leader(trade="a")
    silent = len(odd.heard)

    rig.command(SwitchStrategy(strategy=ODD, is_on=True))
    rig.leader(trade="b")

    assert (silent, len(odd.heard)) == (0, 1)


def test_paused_strategy_is_still_paused_after_a_restart(odd: Odd) -> None:
    """A pause is a fact: it stands in the journal."""
    rig = rig_with(odd)

    def fail() -> None:
        raise ZeroDivisionError("of the user")

    odd.fault = fail
    rig.leader(trade="a")
    odd.fault = None
    copier = CopyTrade(CopyTradeParameters(ratio=0.5), ACCOUNT)
    reborn = Rig(
        strategies=(odd, copier), journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at
    ).open_markets()
    odd.heard.clear()

    reborn.leader(trade="b")

    assert odd.heard == []
    assert reborn.rooms.host.seats[ODD].paused_reason


def test_strategy_of_chosen_markets_hears_timers_too() -> None:
    """Markets are a filter for what has a market, and no trap for what has none."""
    odd = Odd(frozenset({TimerFired, QuoteSeen}), frozenset({SOL_PERP}))
    rig = rig_with(odd)
    odd.heard.clear()
    for name in (SOL_PERP, SOL_SPOT):
        rig.feed(
            QuoteSeen(
                ts_event=rig.at,
                ts_recv=rig.at,
                instrument=name,
                update_id=1,
                bid="1",
                bid_size="1",
                ask="2",
                ask_size="1",
            )
        )

    rig.run(1)

    quotes = [body.instrument for body in odd.heard if isinstance(body, QuoteSeen)]
    assert quotes == [SOL_PERP]
    assert any(isinstance(body, TimerFired) for body in odd.heard)


def test_strategy_hears_only_its_leaders(odd: Odd) -> None:
    """Somebody else's fill is nobody's signal."""
    odd.interests = Interests(
        kinds=frozenset({LeaderFilled}), leaders=frozenset({LeaderId("another")})
    )
    rig = rig_with(odd)

    rig.leader()

    assert odd.heard == []
