"""Trading states: the strictest of all holds wins, and every cause clears by itself."""

import random

import pytest

from core.domain.facts import TradingState, TradingStateChanged
from core.domain.ids import InstrumentId, StrategyId
from core.risk.states import States, market_scope, strategy_scope

SOL = market_scope(InstrumentId("alpha:SOL_USDC_PERP"))
BTC = market_scope(InstrumentId("alpha:BTC_USDC_PERP"))
COPY = strategy_scope(StrategyId("copy"))
ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
ORDER = [ACTIVE, REDUCING, TradingState.RECONCILING, TradingState.STARTING, HALTED]


def changed(state: TradingState, cause: str = "", scope: str = "") -> TradingStateChanged:
    """Make the fact."""
    return TradingStateChanged(at=1, state=state, reason=f"because of {cause}", cause=cause,
                               scope=scope)  # fmt: skip


def active() -> States:
    """Return an engine that trades."""
    states = States()
    states.apply(changed(ACTIVE))
    return states


def test_a_market_held_back_leaves_the_others_alone() -> None:
    """REDUCING of one market is not REDUCING of the account."""
    states = active()
    states.apply(changed(REDUCING, "mismatch", SOL))

    assert states.of() is ACTIVE
    assert states.of(SOL, COPY) is REDUCING
    assert states.of(BTC, COPY) is ACTIVE
    assert states.reason(SOL) == "because of mismatch"


def test_one_cause_gone_leaves_the_other_standing() -> None:
    """A stream that heals does not lift a halt."""
    states = active()
    states.apply(changed(REDUCING, "stream"))
    states.apply(changed(HALTED, "person"))
    states.apply(changed(ACTIVE, "stream"))

    assert states.of() is HALTED
    states.apply(changed(ACTIVE, "person"))
    assert states.of() is ACTIVE
    assert states.reason() == ""


@pytest.mark.parametrize("seed", range(20))
def test_state_is_the_strictest_of_what_stands(seed: int) -> None:
    """Against a dictionary and a maximum, over random facts."""
    rng = random.Random(seed)
    states, held, phase = active(), dict[tuple[str, str], TradingState](), ACTIVE
    for _ in range(200):
        scope = rng.choice(["", SOL, BTC, COPY])
        cause = rng.choice(["", "a", "b"])
        if not cause:
            phase = rng.choice([TradingState.STARTING, TradingState.RECONCILING, ACTIVE])
            states.apply(changed(phase))
        else:
            state = rng.choice([ACTIVE, REDUCING, HALTED])
            held[scope, cause] = state
            states.apply(changed(state, cause, scope))
        for asked in ((), (SOL,), (BTC, COPY)):
            concerned = [s for (where, _), s in held.items() if where in ("", *asked)]

            assert states.of(*asked) is max([phase, *concerned], key=ORDER.index)
