"""Positions near liquidation, over a whole Desk: 100 SOL at 100 on 1,000 USDC, no maintenance."""

from decimal import Decimal

import pytest

from core.domain.alert import Alert, Severity
from core.domain.commands import AnswerAlert
from core.domain.facts import TradingState, TradingStateChanged
from core.risk.states import market_scope
from core.runtime.liquidation_watch import LIQUIDATION_CAUSE
from tests.core.builders import SOL_PERP
from tests.core.runtime.rig import USDC, Rig, TinyVenue

MARKET = market_scope(SOL_PERP)


@pytest.fixture
def rig() -> Rig:
    """Open an account ten times leveraged at 100.5: 10.45 % from liquidation."""
    venue = TinyVenue()
    venue.cash[USDC] = Decimal(1_000)
    venue.positions[SOL_PERP] = Decimal(100)
    return Rig(venue=venue).open_markets("100.5")


def at_price(rig: Rig, price: str) -> list[Alert]:
    """Let the market stand at a price for a beat; return what is open about liquidation."""
    rig.show(price)
    rig.run(1.1)
    return [alert for alert in rig.open_alerts if "iquidation" in alert.title]


def told(rig: Rig) -> list[Severity]:
    """Return how urgently liquidation was told of, in order."""
    return [alert.severity for alert in rig.raised if "iquidation" in alert.title]


def is_held(rig: Rig) -> bool:
    """Whether the market may only reduce for this."""
    return rig.rooms.risk.states.hold(LIQUIDATION_CAUSE, MARKET) is not None


def by_hand(price: str) -> Decimal:
    """Compute the distance in percent: what is left of equity over what the position is worth."""
    equity = 1_000 + 100 * (Decimal(price) - 100)
    return equity / (100 * Decimal(price)) * 100


def test_critical_below_ten_percent_is_told_once_and_ends_when_it_widens(rig: Rig) -> None:
    """A wobble around the bound neither repeats nor ends it."""
    assert by_hand("100.5") > 10 > by_hand("99.5") > by_hand("99")
    assert at_price(rig, "100.5") == []

    (alert,) = at_price(rig, "99.5")
    for price in ("100.2", "99", "100.2"):
        assert len(at_price(rig, price)) == 1
    wider = at_price(rig, "101.5")

    assert alert.severity is Severity.CRITICAL
    assert (alert.numbers[0].value, alert.safe_default) == (f"{by_hand('99.5'):.1f} %", "reduce")
    assert wider == []
    assert told(rig) == [Severity.CRITICAL]
    assert not is_held(rig)


def test_unanswered_nearness_reduces_the_market_until_it_widens(rig: Rig) -> None:
    """The safe default comes at the deadline; nobody has to lift it."""
    at_price(rig, "99.5")
    for _ in range(30):
        at_price(rig, "99.5")
    reduced = is_held(rig)
    at_price(rig, "102")

    assert reduced
    assert not is_held(rig)
    assert told(rig) == [Severity.CRITICAL]


def test_emergency_below_five_percent_acts_first(rig: Rig) -> None:
    """The market only reduces and its entries go, before anybody is told; the milder one ends."""
    assert by_hand("94.6") < 5 < by_hand("95")
    at_price(rig, "99.5")
    at_price(rig, "95")

    (alert,) = at_price(rig, "94.6")
    kinds = [type(fact) for fact in rig.facts]
    raised = next(i for i, f in enumerate(rig.facts) if getattr(f, "alert", None) == alert)

    assert alert.severity is Severity.EMERGENCY
    assert told(rig) == [Severity.CRITICAL, Severity.EMERGENCY]
    assert rig.rooms.risk.states.of(MARKET) in {TradingState.REDUCING, TradingState.HALTED}
    assert is_held(rig)
    assert TradingStateChanged in kinds[:raised]


def test_acknowledged_emergency_is_not_told_again_until_it_was_wider(rig: Rig) -> None:
    """The hold stands on; told anew after it had been wider."""
    (alert,) = at_price(rig, "94.6")
    rig.command(AnswerAlert(alert_id=alert.alert_id, option="ack"))
    quiet = at_price(rig, "94.5")
    still = is_held(rig)
    milder = at_price(rig, "97")
    again = at_price(rig, "94.6")

    assert (quiet, still) == ([], True)
    assert [each.severity for each in milder] == [Severity.CRITICAL]
    assert [each.severity for each in again] == [Severity.EMERGENCY]


def test_hold_of_an_earlier_run_ends_when_the_position_is_far_from_liquidation(rig: Rig) -> None:
    """What was told stands in the journal; what comes after a restart is judged anew."""
    at_price(rig, "94.6")
    assert is_held(rig)

    reborn = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at + 1).open_markets("94.6")
    near = [alert.title for alert in at_price(reborn, "94.6") if alert.severity == "emergency"]
    held = is_held(reborn)
    wider = at_price(reborn, "102")

    assert (near, held) == (["Liquidation is very near"], True)
    assert wider == []
    assert not is_held(reborn)


def test_position_that_is_gone_ends_everything(rig: Rig) -> None:
    """Nothing held, nothing to liquidate."""
    at_price(rig, "94.6")
    ledger = rig.rooms.trading.ledger
    rig.venue.positions[SOL_PERP] = Decimal(0)
    reconciler = rig.rooms.reconcilers[0]
    rig.run(8)
    facts = reconciler.adopt(rig.at)
    for fact in facts:
        rig.engine.desk.apply(fact)

    assert at_price(rig, "94.6") == []
    assert not is_held(rig)
    assert ledger.residual().is_zero
