"""The whole Desk: one story live and at restart, the same effects for the same log."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from core.domain.alert import Severity
from core.domain.commands import AnswerAlert, StopAll, SwitchStrategy
from core.domain.events import Event, LinkState, QueryKind, SettlementReport
from core.domain.exact import Amount
from core.domain.facts import CashBooked, OrderMoved, Reconciled, TradingState
from core.domain.ids import AlertId
from core.domain.order import OrderState, Side
from core.trading import reconcile
from core.trading.ledger import OPENING
from core.trading.reading import HISTORY
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, STRATEGY
from tests.core.runtime.rig import USDC, Rig

ROOT: Final = Path(__file__).resolve().parents[3]


@pytest.fixture
def rig() -> Rig:
    """Open a calm market with a matched account."""
    return Rig().open_markets()


def busy(rig: Rig) -> Rig:
    """Copy, fill, answer, lose a stream, mismatch and heal."""
    rig.leader(quantity="10", trade="a")
    rig.fill_all()
    rig.run(2)
    rig.show("100.2")
    rig.leader(quantity="50", before="10", trade="b")
    rig.run(1)
    rig.show("100.2")
    (alert,) = rig.open_alerts
    token = alert.options[-1].token
    assert rig.command(
        AnswerAlert(alert_id=alert.alert_id, option="approve", typed=token)
    ).is_accepted
    rig.fill_all()
    rig.connect(LinkState.DOWN)
    rig.run(1)
    rig.connect()
    rig.run(3)
    rig.show("100.1")
    rig.leader(Side.SELL, "60", before="60", trade="c")
    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))
    rig.run(4)
    return rig


# ---- reconciliation ----------------------------------------------------------------------------


def test_account_opens_with_what_the_venue_holds_and_then_trades(rig: Rig) -> None:
    """Opening balances are booked once, compared, and only then entries are allowed."""
    (opening,) = [f for f in rig.facts if isinstance(f, CashBooked) and f.source == OPENING]

    assert (opening.asset, opening.amount) == (USDC, Amount(100_000))
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert rig.rooms.trading.ledger.residual().is_zero


def test_account_that_was_never_matched_takes_no_entry() -> None:
    """No trade before the first match."""
    rig = Rig()
    rig.venue.failing = set(QueryKind)
    rig.open_markets()

    rig.leader()

    assert rig.placed == []
    assert rig.decisions[-1].code == "R01"


def test_account_is_compared_again_every_three_seconds(rig: Rig) -> None:
    """The light comparison goes on for ever."""
    before = rig.rooms.reconcilers[0].compared

    rig.run(30)

    assert 9 <= rig.rooms.reconcilers[0].compared - before <= 11


@pytest.mark.parametrize("is_reversed", [False, True])
def test_fill_the_stream_lost_is_found_by_reading_and_booked_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, *, is_reversed: bool
) -> None:
    """A fill only REST knows is found within seconds, whichever answer comes last."""
    if is_reversed:
        monkeypatch.setattr(reconcile, "HISTORY", tuple(reversed(HISTORY)))
    rig.leader(quantity="10")
    rig.venue.fill(rig.placed[0], rig.at)

    rig.run(10)

    assert rig.rooms.trading.ledger.fills == 1
    assert rig.rooms.reconcilers[0].last_matched
    assert rig.rooms.reconcilers[0].mismatches == 0


def test_settlement_row_is_booked_once_and_matches(rig: Rig) -> None:
    """Profit the venue settled without a fill is known cause, not a mismatch."""
    rig.venue.cash[USDC] += 5
    rig.venue.settlements.append(
        SettlementReport(
            ts_event=rig.at,
            ts_recv=rig.at,
            account=ACCOUNT,
            asset=USDC,
            amount=Amount(5),
            source="realized_pnl",
            row_id="s1",
        )
    )

    rig.run(12)

    assert rig.rooms.trading.ledger.cash(ACCOUNT, USDC) == Amount(100_005)
    assert rig.rooms.reconcilers[0].mismatches == 0
    assert rig.rooms.reconcilers[0].last_matched


def test_difference_younger_than_two_seconds_is_not_judged(rig: Rig) -> None:
    """What heals by itself raises nothing."""
    rig.venue.cash[USDC] += 5
    rig.run(3)
    rig.venue.cash[USDC] -= 5
    rig.run(10)

    assert rig.rooms.reconcilers[0].mismatches == 0
    assert rig.raised == []


def test_difference_that_stays_means_reducing_and_one_critical_alert(rig: Rig) -> None:
    """After two seconds of difference entries stop and a person is told, once."""
    rig.venue.cash[USDC] += 5

    rig.run(20)

    assert rig.rooms.risk.state is TradingState.REDUCING
    assert [alert.severity for alert in rig.raised] == [Severity.CRITICAL]
    assert rig.rooms.reconcilers[0].mismatches > 1
    rig.leader()
    assert rig.placed == []


def test_match_after_a_mismatch_opens_trading_again(rig: Rig) -> None:
    """REDUCING by a mismatch clears with the next match."""
    rig.venue.cash[USDC] += 5
    rig.run(10)
    rig.venue.cash[USDC] -= 5

    rig.run(5)

    assert rig.rooms.risk.state is TradingState.ACTIVE


@pytest.mark.parametrize(
    "kind",
    [QueryKind.BALANCES, QueryKind.POSITIONS, QueryKind.OPEN_ORDERS, QueryKind.FILLS],
)
def test_failed_query_is_no_information(rig: Rig, kind: QueryKind) -> None:
    """Never flat, never gone: the comparison is given up and asked again; a person is told."""
    rig.leader(quantity="10")
    rig.fill_all()
    rig.run(58)
    rig.venue.failing = {kind}

    rig.run(40)
    compared = rig.rooms.reconcilers[0].compared
    titles = [alert.title for alert in rig.open_alerts]
    rig.venue.failing = set()
    rig.run(21)

    assert rig.rooms.reconcilers[0].mismatches == 0
    assert titles == ["The account cannot be read"]
    assert rig.open_alerts == []
    assert rig.rooms.reconcilers[0].compared > compared


def test_stale_comparison_denies_entries(rig: Rig) -> None:
    """R03: thirty seconds without a match."""
    rig.venue.failing = set(QueryKind)
    rig.run(31)
    rig.show()

    rig.leader()

    assert rig.placed == []
    assert rig.decisions[-1].code == "R03"


def test_private_stream_down_means_reducing_until_matched_again(rig: Rig) -> None:
    """Blind means no entries; a fresh match ends it."""
    rig.connect(LinkState.DOWN)
    down = rig.rooms.risk.state
    rig.connect()
    before_match = rig.facts[-1]
    rig.run(1)

    assert down is TradingState.REDUCING
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert before_match is not None


def test_order_that_vanished_from_the_open_orders_turns_to_proof(rig: Rig) -> None:
    """An order that should rest and is not listed is UNKNOWN, and its fate is found."""
    rig.leader(quantity="10")
    rig.feed(rig.venue.accept(rig.placed[0], rig.at))
    rig.venue.fill(rig.placed[0], rig.at)
    rig.venue.fills.clear()
    rig.venue.positions.clear()
    rig.venue.cash[USDC] = rig.rooms.trading.ledger.cash(ACCOUNT, USDC).value

    rig.run(12)

    moves = [f.state for f in rig.facts if isinstance(f, OrderMoved)]
    assert OrderState.UNKNOWN in moves
    assert moves[-1] is OrderState.FILLED


# ---- one story ---------------------------------------------------------------------------------


def test_restored_desk_is_the_live_desk() -> None:
    """Facts alone rebuild ledger, orders, alerts, switches and states."""
    live = busy(Rig().open_markets())
    live.show()
    live.command(SwitchStrategy(strategy=STRATEGY, is_on=True))
    live.leader(Side.SELL, "60", before="0", trade="d")

    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at)

    mine, theirs = reborn.rooms, live.rooms
    assert live.open_alerts
    assert reborn.open_alerts == live.open_alerts
    assert mine.trading.ledger._balances == theirs.trading.ledger._balances
    assert mine.trading.ledger.residual().is_zero
    lines = {key: (ln.quantity, ln.cost, ln.realized) for key, ln in mine.trading.ledger.lines()}
    assert lines == {
        key: (ln.quantity, ln.cost, ln.realized) for key, ln in theirs.trading.ledger.lines()
    }
    ours = {r.client_order_id: (r.state, r.filled) for r in mine.trading.orders.newest(99)}
    expected = {
        r.client_order_id: (OrderState.UNKNOWN if r.is_live else r.state, r.filled)
        for r in theirs.trading.orders.newest(99)
    }
    assert ours == expected
    assert mine.host.seats[STRATEGY].is_on
    assert mine.host.seats[STRATEGY].state == theirs.host.seats[STRATEGY].state
    assert mine.watchlist.instruments == theirs.watchlist.instruments


def test_restart_continues_client_ids_in_a_new_epoch() -> None:
    """No id is used again, and the second life trades on."""
    live = Rig().open_markets()
    live.leader(trade="a")
    live.fill_all()
    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at + SECOND).open_markets()

    reborn.leader(trade="b", before="10")

    assert reborn.placed[0].client_order_id > live.placed[0].client_order_id
    assert reborn.placed[0].client_order_id & 0x7FFF_FFFF >= 2 << 12


def test_restart_does_not_copy_a_cause_again() -> None:
    """What was decided stays decided."""
    live = Rig().open_markets()
    live.leader(trade="a")
    live.fill_all()
    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at + SECOND).open_markets()
    lines = len(reborn.decisions)

    reborn.leader(trade="a")

    assert reborn.placed == []
    assert len(reborn.decisions) == lines


def test_restart_after_stop_stays_halted() -> None:
    """HALTED is latched: only a person clears it."""
    live = Rig().open_markets()
    live.command(StopAll())

    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at).open_markets()
    reborn.run(10)

    assert reborn.rooms.risk.state is TradingState.HALTED


def test_alert_past_its_deadline_takes_its_default_after_a_restart() -> None:
    """Deadlines run on while nothing runs."""
    live = Rig().open_markets()
    live.leader(quantity="60")
    (alert,) = live.open_alerts

    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at + 60 * SECOND)
    reborn.run(1)

    assert reborn.open_alerts == []
    assert reborn.placed == []
    assert AlertId(alert.alert_id) == alert.alert_id


def test_restored_facts_are_reacted_to_by_nobody() -> None:
    """Replaying a journal sends nothing."""
    live = busy(Rig().open_markets())

    reborn = Rig(journal=live.facts, venue=live.venue, epoch=2, at=live.at)

    assert reborn.placed == []
    assert reborn.cancels == []


def test_reconciled_is_the_only_word_that_opens_trading(rig: Rig) -> None:
    """ACTIVE follows a match, in the same step."""
    states = [type(fact).__name__ for fact in rig.facts]

    assert states.index("Reconciled") < len(states)
    assert any(isinstance(fact, Reconciled) and fact.is_matched for fact in rig.facts)


# ---- determinism -------------------------------------------------------------------------------


def test_same_log_gives_the_same_effects() -> None:
    """A log handled twice gives one trace, byte for byte."""
    first = busy(Rig().open_markets())
    again = Rig()
    for event in first.log:
        again.at = event.at
        again._carry_out(again.engine.desk.handle(event))

    assert again.trace.hexdigest() == first.trace.hexdigest()
    assert [type(e) for e in again.effects] == [type(e) for e in first.effects]
    assert all(isinstance(event, Event) for event in first.log)


@pytest.mark.parametrize("seeds", [("0", "1234")])
def test_same_log_gives_the_same_effects_in_another_process(seeds: tuple[str, str]) -> None:
    """Neither the process nor its hash seed shows in any effect."""
    code = (
        "from tests.core.runtime.test_desk import busy; from tests.core.runtime.rig import Rig;"
        "print(busy(Rig().open_markets()).trace.hexdigest())"
    )
    traces = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in seeds
    }

    assert len(traces) == 1
    assert len(traces.pop().strip()) == 64


def test_ledger_position_is_what_was_filled(rig: Rig) -> None:
    """Numbers shown come from the ledger, and the ledger from fills."""
    rig.leader(quantity="10")
    rig.fill_all()

    assert str(rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP)) == "5"
