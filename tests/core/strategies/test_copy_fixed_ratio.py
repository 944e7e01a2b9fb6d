"""Copying at a fixed ratio: increases by k, decreases by his fraction, and a reason for each."""

import random
from fractions import Fraction
from typing import Any, Final

import msgspec
import pytest

from core.domain.events import LeaderFilled, TimerFired
from core.domain.exact import Price, Quantity
from core.domain.facts import DecisionTaken, Verdict
from core.domain.ids import InstrumentId, LeaderId, TradeId, VenueOrderId
from core.domain.instrument import Instrument
from core.domain.order import Side, TimeInForce
from core.strategies.contract import MarketGlance, Step
from core.strategies.copy_trade import CopyTrade, CopyTradeParameters
from core.strategies.copy_trade.fixed_ratio import CopyState
from tests.core.builders import ACCOUNT, SOL_PERP, SOL_SPOT, START, instrument

RULES: Final = instrument(SOL_PERP, tick="0.05", step="0.1", min_quantity="0.2")


class View:
    """What a strategy is shown in these tests."""

    def __init__(
        self,
        position: str = "0",
        pending: str = "0",
        *,
        rules: Instrument | None = RULES,
        bid: str | None = "100",
        ask: str | None = "100.05",
    ) -> None:
        self.at = START + 5
        self._glance = MarketGlance(
            rules=rules,
            best_bid=None if bid is None else Price(bid),
            best_ask=None if ask is None else Price(ask),
            position=Quantity(position),
            pending=Quantity(pending),
        )

    def market(self, instrument: InstrumentId) -> MarketGlance:  # noqa: ARG002  one market here
        """Look at the market."""
        return self._glance


def copy(**parameters: Any) -> CopyTrade:
    """Make a strategy that copies half."""
    return CopyTrade(
        CopyTradeParameters(**{"ratio": 0.5, "max_slippage_bps": 10.0, **parameters}), ACCOUNT
    )


def filled(
    side: Side = Side.BUY,
    quantity: str = "10",
    before: str | None = "0",
    *,
    trade: str = "t1",
    name: InstrumentId = SOL_PERP,
) -> LeaderFilled:
    """Make a fill of the leader."""
    return LeaderFilled(
        ts_event=START,
        ts_recv=START,
        leader=LeaderId("leader"),
        instrument=name,
        side=side,
        quantity=Quantity(quantity),
        price=Price("100"),
        trade_id=TradeId(trade),
        venue_order_id=VenueOrderId("o1"),
        position_before=None if before is None else Quantity(before),
    )


def orders(step: Step) -> list[tuple[str, str, bool]]:
    """Return side, quantity and reduce-only of every intent."""
    found = []
    for intent in step.intents:
        (leg,) = intent.legs
        found.append((leg.terms.side.value, str(leg.terms.quantity), leg.terms.reduce_only))
    return found


def line(step: Step) -> DecisionTaken:
    """Return the one decision line."""
    (decision,) = step.decisions
    return decision


def test_increase_is_copied_at_the_ratio() -> None:
    """The leader's quantity times k, with his price and time for the gate to judge."""
    step = copy().decide(CopyState(), filled(quantity="10"), View())

    (intent,) = step.intents
    assert orders(step) == [("buy", "5", False)]
    assert intent.reference_price == Price(100)
    assert intent.signal_ts == START
    assert line(step).verdict is Verdict.COPIED


def test_quantity_is_rounded_down_to_the_step() -> None:
    """Never more than the ratio."""
    assert orders(copy().decide(CopyState(), filled(quantity="1.39"), View())) == [
        ("buy", "0.6", False)
    ]


def test_decrease_closes_the_same_fraction_of_ours() -> None:
    """A quarter of his is a quarter of ours, whatever the ratio was."""
    step = copy().decide(CopyState(), filled(Side.SELL, "10", "40"), View("8"))

    assert orders(step) == [("sell", "2", True)]


def test_close_takes_everything_we_attribute_to_him() -> None:
    """His exit is our exit, to the last step."""
    step = copy().decide(CopyState(), filled(Side.SELL, "40", "40"), View("7.3"))

    assert orders(step) == [("sell", "7.3", True)]


def test_flip_closes_all_then_opens_the_rest() -> None:
    """Through zero: our whole position goes, and k times his new one comes."""
    step = copy().decide(CopyState(), filled(Side.SELL, "60", "40"), View("8"))

    assert orders(step) == [("sell", "8", True), ("sell", "10", False)]


def test_short_leader_is_copied_as_a_mirror() -> None:
    """Buying back a short is a decrease."""
    step = copy().decide(CopyState(), filled(Side.BUY, "5", "-20"), View("-8"))

    assert orders(step) == [("buy", "2", True)]


def test_decrease_counts_what_is_on_its_way() -> None:
    """Orders that may still fill are part of what is ours."""
    step = copy().decide(CopyState(), filled(Side.SELL, "20", "40"), View("4", "4"))

    assert orders(step) == [("sell", "4", True)]


def test_decrease_we_hold_nothing_of_opens_nothing() -> None:
    """His exit is never our entry."""
    step = copy().decide(CopyState(), filled(Side.SELL, "10", "40"), View("0"))

    assert step.intents == ()
    assert line(step).verdict is Verdict.SKIPPED


def test_spot_close_is_not_flagged_reduce_only() -> None:
    """Spot knows no such flag."""
    rules = instrument(SOL_SPOT)
    step = copy().decide(
        CopyState(), filled(Side.SELL, "10", "10", name=SOL_SPOT), View("5", rules=rules)
    )

    assert orders(step) == [("sell", "5", False)]


def test_unknown_position_of_the_leader_is_taken_as_none() -> None:
    """Without his position a fill reads as an increase."""
    assert orders(copy().decide(CopyState(), filled(before=None), View())) == [("buy", "5", False)]


@pytest.mark.parametrize(
    ("side", "price"), [(Side.BUY, "100.15"), (Side.SELL, "99.9")], ids=["buy", "sell"]
)
def test_order_reaches_beyond_the_touch_by_the_cap_and_rests_nowhere(
    side: Side, price: str
) -> None:
    """IOC at the slippage cap, rounded to the less aggressive tick."""
    step = copy().decide(CopyState(), filled(side), View())

    (leg,) = step.intents[0].legs
    assert leg.terms.limit_price == Price(price)
    assert leg.terms.time_in_force is TimeInForce.IOC


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (View(rules=None), "symbol-unmapped"),
        (View(bid=None), "stale"),
        (View(ask=None), "stale"),
    ],
    ids=["unlisted", "no bid", "no ask"],
)
def test_market_that_cannot_be_traded_is_skipped_with_a_reason(view: View, code: str) -> None:
    """Every fill that is not copied says why."""
    step = copy().decide(CopyState(), filled(), view)

    assert step.intents == ()
    assert (line(step).verdict, line(step).code) == (Verdict.SKIPPED, code)


def test_quantity_below_the_minimum_is_skipped_with_the_numbers() -> None:
    """Too small is said, not rounded up."""
    step = copy().decide(CopyState(), filled(quantity="0.3"), View())

    assert step.intents == ()
    assert line(step).code == "below-min"
    assert "0.2" in line(step).text


def test_market_outside_the_chosen_ones_is_skipped() -> None:
    """Only what was asked for is copied."""
    chosen = copy(symbols=("alpha:BTC_USDC_PERP",))

    step = chosen.decide(CopyState(), filled(), View())

    assert (step.intents, line(step).code) == ((), "symbol-unmapped")


def test_same_fill_is_decided_once() -> None:
    """A repeated message is no second signal, also after it was skipped."""
    strategy = copy()
    for view in (View(), View(rules=None)):
        first = strategy.decide(CopyState(), filled(), view)
        state = strategy.remember(first.state, line(first))

        again = strategy.decide(state, filled(), view)

        assert (again.intents, again.decisions) == ((), ())


def test_another_trade_of_the_same_order_is_another_signal() -> None:
    """One order of his may fill in parts."""
    strategy = copy()
    first = strategy.decide(CopyState(), filled(trade="t1"), View())
    state = strategy.remember(first.state, line(first))

    assert strategy.decide(state, filled(trade="t2"), View()).intents


def test_other_events_are_let_by() -> None:
    """It listens to its leader only."""
    state = CopyState()
    timer = TimerFired(ts_event=0, ts_recv=0, key="k", due=0)

    assert copy().decide(state, timer, View()) == Step(state)


def test_memory_of_causes_is_bounded() -> None:
    """Ten thousand causes are remembered, the oldest go first."""
    strategy, state = copy(), CopyState()
    template = line(strategy.decide(state, filled(), View()))
    for number in range(10_050):
        state = strategy.remember(state, msgspec.structs.replace(template, cause=f"c{number}"))

    assert len(state.seen) == len(state.known) == 10_000
    assert "c10049" in state.known
    assert "c49" not in state.known


@pytest.mark.parametrize("seed", range(15))
def test_copying_without_friction_keeps_ours_at_the_ratio_of_his(seed: int) -> None:
    """Over any path of his, filled at once: ours is k times his, to the rounding of each step."""
    rng = random.Random(seed)
    strategy = copy()
    rules = instrument(SOL_PERP, step="0.0000000001", min_quantity="0.0000000001")
    his, ours, state = Fraction(0), Fraction(0), CopyState()
    for number in range(60):
        side = rng.choice(list(Side))
        quantity = Fraction(rng.randint(1, 400), 10)
        body = filled(side, f"{float(quantity):.1f}", f"{float(his):.1f}", trade=str(number))
        view = View(f"{_text(ours)}", rules=rules)
        step = strategy.decide(state, body, view)
        his += quantity * side.sign
        for intent in step.intents:
            terms = intent.legs[0].terms
            signed = Fraction(terms.quantity.value) * terms.side.sign
            if terms.reduce_only:
                assert abs(ours + signed) < abs(ours)
            ours += signed

        assert abs(ours - his / 2) < Fraction(1, 10**6)
        assert len(step.decisions) == 1


def _text(value: Fraction) -> str:
    scaled = value * 10**10
    assert scaled.denominator == 1
    sign = "-" if scaled < 0 else ""
    digits = f"{abs(scaled.numerator):011d}"
    return f"{sign}{digits[:-10]}.{digits[-10:]}"
