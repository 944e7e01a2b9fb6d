"""Losses act on a whole Desk: reducing, halting, pausing, coming back, surviving a restart."""

from decimal import Decimal

import pytest

from core.domain.commands import ResumeTrading, SwitchStrategy
from core.domain.events import SettlementReport
from core.domain.exact import Amount
from core.domain.facts import GateJudged, NavMarked, StrategyPaused, TradingState
from core.domain.ids import StrategyId
from core.domain.order import Side
from tests.core.builders import ACCOUNT, SECOND
from tests.core.runtime.rig import USDC, Rig

DAY_SECS = 86_400


@pytest.fixture
def rig() -> Rig:
    """Return an engine that holds 76 SOL bought at 100 of 100,000 USDC, matched with its venue."""
    rig = Rig().open_markets()
    for number in range(4):
        rig.leader(quantity="38", before=str(38 * number), trade=f"t{number}")
        rig.fill_all()
        rig.run(3)
        rig.show("100")
    assert len(rig.placed) == 4
    return rig


def crash(rig: Rig, loss: str) -> None:
    """Let the price of what is held fall by so much money, and let a beat pass."""
    price = Decimal(100) - Decimal(loss) / 76
    rig.show(str(price.quantize(Decimal("0.01"))))
    rig.run(1)


def test_capital_of_a_strategy_shrinks_by_what_it_holds(rig: Rig) -> None:
    """Free = allocation - margin of the position; a fresh strategy has all of its allocation."""
    copy = next(iter(rig.rooms.host.seats))
    capital = rig.rooms.capital
    allotted = capital.allocation(copy, rig.at)
    assert allotted is not None

    free = capital.free(copy, rig.at)

    assert free is not None
    assert (allotted - free).value == 7_600
    assert capital.free(StrategyId("other"), rig.at) is not None


@pytest.mark.parametrize(
    ("loss", "state"),
    [
        ("2900", TradingState.ACTIVE),
        ("3100", TradingState.REDUCING),
        ("5100", TradingState.HALTED),
    ],
)
def test_loss_of_the_day_acts_within_a_second(rig: Rig, loss: str, state: TradingState) -> None:
    """3 % reduce, 5 % halt; a person is told."""
    crash(rig, loss)

    assert rig.rooms.risk.state is state
    told = [alert for alert in rig.open_alerts if alert.title == "Loss limit: day loss"]
    assert bool(told) is (state is not TradingState.ACTIVE)


def test_reducing_by_a_loss_does_not_clear_before_the_next_day(rig: Rig) -> None:
    """A person may not lift it today; tomorrow he may."""
    crash(rig, "3500")
    rig.show("100")
    rig.run(5)
    today = rig.command(ResumeTrading())
    state_today = rig.rooms.risk.state
    rig.at += DAY_SECS * SECOND
    rig.run(1)
    rig.show("100")
    still = rig.rooms.risk.state
    tomorrow = rig.command(ResumeTrading())
    rig.run(5)

    assert (today.is_accepted, state_today) == (False, TradingState.REDUCING)
    assert still is TradingState.REDUCING
    assert tomorrow.is_accepted
    assert rig.rooms.risk.state is TradingState.ACTIVE


def test_halt_by_a_loss_comes_back_as_reducing_on_the_same_day(rig: Rig) -> None:
    """Re-armed by a person, the account may still only reduce until tomorrow."""
    crash(rig, "5500")
    halted = rig.rooms.risk.state
    receipt = rig.command(ResumeTrading(typed=ACCOUNT))
    rig.run(8)

    assert halted is TradingState.HALTED
    assert receipt.is_accepted
    assert rig.rooms.risk.state is TradingState.REDUCING


def test_loss_and_peak_survive_a_restart(rig: Rig) -> None:
    """The journal alone brings back marks and holds."""
    crash(rig, "3500")
    before = rig.rooms.capital.mark

    reborn = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at)
    reborn.open_markets("53.95")
    reborn.run(5)

    assert reborn.rooms.capital.mark is not None
    assert before is not None
    assert reborn.rooms.capital.mark.peak >= before.peak
    assert reborn.rooms.capital.mark.day_equity == before.day_equity
    assert reborn.rooms.risk.state is TradingState.REDUCING


def test_a_strategy_that_lost_half_as_much_is_paused_alone(rig: Rig) -> None:
    """1.5 % lost by one strategy pauses it; the account goes on; switching on forgives."""
    copy = next(iter(rig.rooms.host.seats))
    crash(rig, "1600")
    paused = [f for f in rig.facts if isinstance(f, StrategyPaused)]
    reason = rig.rooms.host.seats[copy].paused_reason
    rig.command(SwitchStrategy(strategy=copy, is_on=True))
    rig.run(3)

    assert [each.strategy for each in paused] == [copy]
    assert "day loss" in reason
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert not rig.rooms.host.seats[copy].paused_reason


def test_a_deposit_is_not_a_gain(rig: Rig) -> None:
    """Money that comes in buys units: neither the day nor the peak moves."""
    before, worth = rig.rooms.capital.mark, rig.rooms.valuation.equity(rig.at)
    rig.venue.cash[USDC] += 20_000
    rig.venue.settlements.append(
        SettlementReport(
            ts_event=rig.at,
            ts_recv=rig.at,
            account=ACCOUNT,
            asset=USDC,
            amount=Amount(20_000),
            source="transfer",
            row_id="deposit-1",
        )
    )
    rig.run(70)
    mark = rig.rooms.capital.mark

    assert before is not None
    assert mark is not None
    assert mark.day_equity == before.day_equity + Amount(20_000)
    equity = rig.rooms.valuation.equity(rig.at)
    assert equity is not None
    assert worth is not None
    assert equity == worth + Amount(20_000)
    assert mark.day_equity - equity == before.day_equity - worth
    assert abs(mark.peak - before.peak) < Amount("0.0001")


def test_every_verdict_of_the_gate_is_in_the_journal_with_its_numbers(rig: Rig) -> None:
    """Approved and denied ones, with ages and the version of the limits; repeats as a count."""
    rig.show("100")
    for number in range(6):
        rig.leader(Side.BUY, "5000", before="100", trade=f"big{number}")
    rig.run(11)
    rig.leader(Side.BUY, "5000", before="100", trade="big-last")

    judged = [fact for fact in rig.facts if isinstance(fact, GateJudged)]

    assert {fact.verdict for fact in judged} >= {"approved", "denied"}
    for fact in judged:
        numbers = dict(fact.numbers)
        assert numbers["book_age_ms"]
        assert numbers["equity"]
        assert len(fact.limits) == 8
    denied = [fact for fact in judged if fact.verdict == "denied"]
    assert sum(fact.repeats for fact in denied) >= len(denied)
    assert any(isinstance(fact, NavMarked) for fact in rig.facts)
