"""The Desk and the kill switch: what trips, what holds, what arms again, how K3 closes."""

from decimal import Decimal

import msgspec
import pytest

from core.domain.commands import EndRun, Kill, ResumeTrading, StopAll, SwitchStrategy
from core.domain.effects import ArmLatch, Effect, PlaceOrder, TripKill
from core.domain.events import KillMoved, OrderReport, QueryKind
from core.domain.exact import Price, Quantity
from core.domain.facts import KillArmed, KillTripped, TradingState
from core.domain.ids import StrategyId
from core.domain.kill import KillLevel, KillPhase, KillProgress
from core.domain.order import OrderState, Side, TimeInForce
from core.runtime.kill.flatten import (
    KILL_BOOK,
    WIDENING_PCT,
    may_pass_halted,
    slice_of,
)
from tests.core.builders import ACCOUNT, SOL_PERP, STRATEGY, instrument
from tests.core.runtime.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """Open a calm market with a matched account."""
    return Rig().open_markets()


def moved(
    rig: Rig,
    *,
    level: KillLevel = KillLevel.HALT,
    proven: bool = True,
    by: str = "signal",
    is_emergency: bool = False,
) -> None:
    """Let the kill path tell."""
    told = KillProgress(
        account=ACCOUNT,
        phase=KillPhase.WATCHING if proven else KillPhase.CANCELLING,
        open_orders=0 if proven else 3,
        proven_ms=400 if proven else None,
        is_emergency=is_emergency,
        trouble="no answer" if is_emergency else "",
    )
    rig.feed(
        KillMoved(
            ts_event=rig.at, ts_recv=rig.at, level=level, by=by, reason="test", accounts=(told,)
        )
    )


def trips(rig: Rig) -> list[TripKill]:
    """Return the trips the Desk asked for."""
    return [each for each in rig.effects if isinstance(each, TripKill)]


def long(rig: Rig, quantity: str = "10") -> None:
    """Buy by copying the leader, and be filled."""
    rig.leader(quantity=quantity)
    rig.fill_all()
    rig.run(1)
    rig.show("100")


@pytest.mark.parametrize("level", [KillLevel.HALT, KillLevel.FLATTEN, KillLevel.SEVER])
def test_levels_from_k2_trip_halt_and_switch_off(rig: Rig, level: KillLevel) -> None:
    """The trip leaves as an effect that waits for no disk; the Desk halts at once."""
    receipt = rig.command(Kill(level=level))

    assert receipt.is_accepted
    assert [each.level for each in trips(rig)] == [level]
    assert rig.rooms.risk.state is TradingState.HALTED
    assert not rig.rooms.host.seats[STRATEGY].is_on


def test_k0_pauses_one_strategy_and_cancels_its_orders(rig: Rig) -> None:
    """The account goes on."""
    rig.leader()
    rig.feed(rig.venue.accept(rig.placed[0], rig.at))

    receipt = rig.command(Kill(level=KillLevel.PAUSE, strategy=STRATEGY))
    unknown = rig.command(Kill(level=KillLevel.PAUSE, strategy=StrategyId("nobody")))

    assert receipt.is_accepted
    assert not unknown.is_accepted
    assert trips(rig) == []
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert [c.client_order_id for c in rig.cancels] == [rig.placed[0].client_order_id]
    assert not rig.rooms.host.seats[STRATEGY].is_on


def test_k1_lets_the_account_only_reduce_until_resumed(rig: Rig) -> None:
    """No latch, so no typing either."""
    rig.command(Kill(level=KillLevel.REDUCE))
    reducing = rig.rooms.risk.state
    rig.leader()
    denied = list(rig.placed)
    rig.command(ResumeTrading())
    rig.run(8)

    assert reducing is TradingState.REDUCING
    assert denied == []
    assert trips(rig) == []
    assert rig.rooms.risk.state is TradingState.ACTIVE


def test_k1_never_loosens_a_halt(rig: Rig) -> None:
    """HALTED allows less, so it stands."""
    rig.command(Kill(level=KillLevel.HALT))
    rig.command(Kill(level=KillLevel.REDUCE))

    assert rig.rooms.risk.state is TradingState.HALTED


def test_kill_twice_is_once(rig: Rig) -> None:
    """Idempotent: one fact, and a higher level adds one."""
    rig.command(Kill(level=KillLevel.HALT))
    rig.command(StopAll())
    once = len(rig.of(KillTripped))
    rig.command(Kill(level=KillLevel.FLATTEN))
    rig.command(Kill(level=KillLevel.HALT))

    assert once == 1
    assert [f.level for f in rig.facts if isinstance(f, KillTripped)] == ["K2", "K3"]
    assert rig.rooms.kill.view().level is KillLevel.FLATTEN


def test_trip_from_outside_halts_the_desk(rig: Rig) -> None:
    """A signal, a removed file, the watchdog: the Desk follows what it is told."""
    moved(rig, by="latch", proven=False)

    assert rig.rooms.risk.state is TradingState.HALTED
    assert rig.rooms.kill.view().by == "latch"
    assert not rig.command(SwitchStrategy(strategy=STRATEGY, is_on=True)).is_accepted


def test_halt_by_limits_calls_k2(rig: Rig) -> None:
    """Whatever halts the account trips the latch."""
    halted = rig.rooms.risk.halt(rig.at, "drawdown over its limit")
    effects: list[Effect] = []
    rig.engine.desk.absorb(halted, rig.at, effects)

    tripped = [each for each in effects if isinstance(each, TripKill)]
    assert [each.level for each in tripped] == [KillLevel.HALT]
    assert tripped[0].reason == "drawdown over its limit"


def test_arming_needs_the_word_the_proof_and_a_match(rig: Rig) -> None:
    """In that order, and each refusal says what is missing."""
    rig.command(Kill(level=KillLevel.HALT))
    moved(rig, proven=False)
    early = rig.command(ResumeTrading(typed=ACCOUNT))
    moved(rig)
    wrong = rig.command(ResumeTrading(typed="yes"))
    rig.venue.failing = set(QueryKind)
    right = rig.command(ResumeTrading(typed=ACCOUNT))
    rig.run(2)
    unmatched = [each for each in rig.effects if isinstance(each, ArmLatch)]
    rig.venue.failing = set()
    rig.run(8)

    assert not early.is_accepted
    assert "not proven" in early.text
    assert not wrong.is_accepted
    assert ACCOUNT in wrong.text
    assert right.is_accepted
    assert unmatched == []
    assert len([each for each in rig.effects if isinstance(each, ArmLatch)]) >= 1
    assert rig.of(KillArmed)
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert rig.rooms.kill.view().level is None


def test_mismatch_does_not_arm(rig: Rig) -> None:
    """The venue holds what the ledger does not know."""
    rig.command(Kill(level=KillLevel.HALT))
    moved(rig)
    rig.venue.positions[SOL_PERP] = Decimal(3)
    rig.command(ResumeTrading(typed=ACCOUNT))
    rig.run(10)

    assert [each for each in rig.effects if isinstance(each, ArmLatch)] == []
    assert rig.rooms.risk.state is TradingState.HALTED


def test_halt_survives_a_restart_and_so_does_an_absent_latch() -> None:
    """The stricter of journal and latch counts."""
    live = Rig().open_markets()
    live.command(Kill(level=KillLevel.HALT))

    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at).open_markets()
    reborn.run(10)

    assert reborn.rooms.risk.state is TradingState.HALTED
    assert [each.by for each in trips(reborn)] == ["journal"]


def test_end_of_a_run_trips_nothing_and_the_next_begins_active() -> None:
    """Ordered ends are no kills."""
    live = Rig().open_markets()
    live.command(EndRun())
    ending = live.rooms.risk.state
    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at).open_markets()
    reborn.run(5)

    assert ending is TradingState.REDUCING
    assert trips(live) == []
    assert reborn.rooms.risk.state is TradingState.ACTIVE


def test_kill_in_trouble_is_one_emergency(rig: Rig) -> None:
    """Shown once an account, with what to do."""
    for _ in range(3):
        moved(rig, proven=False, is_emergency=True)

    assert [a.severity for a in rig.open_alerts if a.title.startswith("Kill")] == ["emergency"]


# ---- K3 ----------------------------------------------------------------------------------------


def test_k3_closes_the_position_once_zero_is_proven(rig: Rig) -> None:
    """Reduce-only, immediate, inside the collar, through the gate, though HALTED."""
    long(rig)
    before = len(rig.placed)
    rig.command(Kill(level=KillLevel.FLATTEN))
    rig.run(1)
    early = len(rig.placed) - before
    moved(rig, level=KillLevel.FLATTEN)
    rig.show("100")
    rig.run(0.6)

    (effect,) = rig.placed[before:]
    terms = effect.approved.leg.terms
    assert early == 0
    assert (terms.side, terms.reduce_only) == (Side.SELL, True)
    assert terms.time_in_force is TimeInForce.IOC
    assert terms.quantity == Quantity(5)
    assert Price("95") <= terms.limit_price < Price("100")
    assert rig.rooms.risk.state is TradingState.HALTED


def test_k3_widens_step_by_step_and_stops_when_flat(rig: Rig) -> None:
    """Each slice that did not fill reaches farther; a filled one ends it."""
    long(rig)
    before = len(rig.placed)
    rig.command(Kill(level=KillLevel.FLATTEN))
    moved(rig, level=KillLevel.FLATTEN)
    for _ in range(3):
        rig.show("100")
        rig.run(2.6)
        if len(rig.placed) - before < 3:
            record = rig.rooms.trading.orders.by_client(rig.placed[-1].client_order_id)
            assert record is not None
            if record.is_live:
                report = rig.venue.accept(rig.placed[-1], rig.at)
                rig.venue.open.clear()
                rig.feed(_expired(report))
    prices = [each.approved.leg.terms.limit_price for each in rig.placed[before:]]
    rig.feed(rig.venue.fill(rig.placed[-1], rig.at))
    count = len(rig.placed)
    for _ in range(4):
        rig.show("100")
        rig.run(1)

    assert len(prices) >= 2
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == len(prices)
    assert len(rig.placed) == count
    assert rig.rooms.kill.view().flatten == ("every position is flat",)


def _expired(report: OrderReport) -> OrderReport:
    return msgspec.structs.replace(report, state=OrderState.EXPIRED)


def test_k2_alone_closes_nothing(rig: Rig) -> None:
    """HALTED sends nothing new."""
    long(rig)
    before = len(rig.placed)
    rig.command(Kill(level=KillLevel.HALT))
    moved(rig)
    for _ in range(5):
        rig.show("100")
        rig.run(1)

    assert len(rig.placed) == before


def test_position_left_after_thirty_seconds_is_an_emergency(rig: Rig) -> None:
    """Told once, and the work goes on."""
    long(rig)
    rig.command(Kill(level=KillLevel.FLATTEN))
    moved(rig, level=KillLevel.FLATTEN)
    rig.run(40)

    assert len([a for a in rig.raised if a.alert_id.startswith("kill-flatten")]) == 1


def test_only_slices_of_an_explicit_k3_pass_the_latch(rig: Rig) -> None:
    """The last look lets nothing else through."""
    rig.leader()
    ordinary = rig.placed[0]
    approved = ordinary.approved
    terms = msgspec.structs.replace(approved.leg.terms, reduce_only=True)
    leg = msgspec.structs.replace(approved.leg, terms=terms)
    sliced = msgspec.structs.replace(
        ordinary, approved=msgspec.structs.replace(approved, strategy=KILL_BOOK, leg=leg)
    )
    assert isinstance(sliced, PlaceOrder)

    assert may_pass_halted(sliced, KillLevel.FLATTEN)
    for level in (None, KillLevel.HALT, KillLevel.SEVER):
        assert not may_pass_halted(sliced, level)
    assert not may_pass_halted(ordinary, KillLevel.FLATTEN)


@pytest.mark.parametrize("position", ["7.333", "-7.333"])
def test_slices_round_to_the_less_aggressive_tick_and_never_beyond_the_position(
    position: str,
) -> None:
    """Buys down, sells up; quantity toward zero; five per cent is never reached."""
    rules, reference = instrument(step="0.1", tick="0.05"), Price("100.01")
    for attempt in range(12):
        terms = slice_of(Quantity(position), reference, rules, attempt, None)
        assert terms is not None
        pct = WIDENING_PCT[min(attempt, len(WIDENING_PCT) - 1)]
        sign = 1 if Decimal(position) < 0 else -1
        exact = reference.value * (1 + sign * pct / 100)
        apart = (exact - terms.limit_price.value) * sign
        assert 0 <= apart < Decimal("0.05")
        assert terms.quantity == Quantity("7.3")
        assert terms.limit_price.value % Decimal("0.05") == 0
        assert terms.reduce_only
    assert slice_of(Quantity("0.001"), reference, rules, 0, None) is None


def test_slice_takes_no_more_than_the_book_holds() -> None:
    """Depth-aware."""
    terms = slice_of(Quantity("50"), Price(100), instrument(), 0, Quantity("12.5"))

    assert terms is not None
    assert terms.quantity == Quantity("12.5")
