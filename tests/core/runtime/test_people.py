"""Commands and questions: who may do what, once, in time, on the terms that were shown."""

import pytest

from core.domain.alert import Alert, AlertEnd
from core.domain.commands import (
    AddToWatchlist,
    AnswerAlert,
    PauseReplay,
    RemoveFromWatchlist,
    ResumeTrading,
    SetReplaySpeed,
    StepReplay,
    StopAll,
    SwitchStrategy,
)
from core.domain.effects import KeepWatchlist, SetPace, SubscribeMarket, UnsubscribeMarket
from core.domain.events import JournalHealth, QueryKind
from core.domain.facts import AlertEnded, CommandTaken, TradingState, Verdict
from core.domain.ids import AlertId, InstrumentId, StrategyId
from core.domain.order import OrderState, Side
from tests.core.builders import ACCOUNT, SOL_PERP, SOL_SPOT, STRATEGY
from tests.core.runtime.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """Open a calm market with a matched account."""
    return Rig().open_markets()


def asked(rig: Rig) -> Alert:
    """Let the leader do something large and return the question about it."""
    rig.leader(quantity="60")
    (alert,) = rig.open_alerts
    return alert


def token(alert: Alert) -> str:
    """Return what has to be typed to approve."""
    (option,) = [each for each in alert.options if each.key == "approve"]
    return option.token


def approve(alert: Alert, typed: str | None = None) -> AnswerAlert:
    """Make the command that approves."""
    typed = token(alert) if typed is None else typed
    return AnswerAlert(alert_id=alert.alert_id, option="approve", typed=typed)


def ends(rig: Rig) -> list[tuple[AlertEnd, str, str]]:
    """Return how alerts ended."""
    return [(f.end, f.option, f.by) for f in rig.facts if isinstance(f, AlertEnded)]


# ---- a question about an order -----------------------------------------------------------------


def test_large_order_is_asked_about_and_not_sent(rig: Rig) -> None:
    """The safe default stands first, adds no risk and needs no typing."""
    alert = asked(rig)

    assert rig.placed == []
    assert rig.decisions[-1].verdict is Verdict.ASKED
    assert alert.options[0].key == alert.safe_default == "deny"
    assert not alert.options[0].adds_risk
    assert token(alert) == "3004"
    assert alert.deadline == rig.at + 15 * 10**9


def test_approved_order_is_sent_once_on_the_terms_that_were_shown(rig: Rig) -> None:
    """Yes sends exactly this order, and only this once."""
    alert = asked(rig)

    first = rig.command(approve(alert))
    second = rig.command(approve(alert))

    (sent,) = rig.placed
    assert first.is_accepted
    assert not second.is_accepted
    assert "ended" in second.text
    assert sent.approved.terms_hash == alert.terms_hash
    assert sent.approved.confirmed_by == "cockpit"
    assert ends(rig) == [(AlertEnd.ANSWERED, "approve", "cockpit")]


def test_denied_order_is_never_sent(rig: Rig) -> None:
    """No is final."""
    alert = asked(rig)

    receipt = rig.command(AnswerAlert(alert_id=alert.alert_id, option="deny"))
    rig.run(20)

    assert receipt.is_accepted
    assert rig.placed == []
    assert ends(rig) == [(AlertEnd.ANSWERED, "deny", "cockpit")]


def test_unanswered_question_ends_on_the_safe_side(rig: Rig) -> None:
    """Silence is no approval."""
    asked(rig)

    rig.run(16)

    assert rig.open_alerts == []
    assert rig.placed == []
    assert ends(rig) == [(AlertEnd.EXPIRED, "deny", "")]


def test_answer_at_the_deadline_is_too_late(rig: Rig) -> None:
    """The deadline itself is past it, even before the timer came."""
    alert = asked(rig)
    rig.at += 15 * 10**9

    receipt = rig.command(approve(alert))

    assert not receipt.is_accepted
    assert "deadline" in receipt.text
    assert rig.placed == []


@pytest.mark.parametrize("typed", ["", "3003", "30040", "approve", " 3 004"])
def test_approval_without_the_typed_amount_is_refused(rig: Rig, typed: str) -> None:
    """What adds risk is typed, exactly; the question stays open."""
    alert = asked(rig)

    receipt = rig.command(approve(alert, typed))

    assert not receipt.is_accepted
    assert "3004" in receipt.text
    assert rig.placed == []
    assert rig.open_alerts == [alert]


@pytest.mark.parametrize("typed", ["3,004", " 3004 "])
def test_typed_amount_may_have_separators(rig: Rig, typed: str) -> None:
    """A person may write the amount as it is shown."""
    alert = asked(rig)

    assert rig.command(approve(alert, typed)).is_accepted


def test_option_that_does_not_exist_is_refused(rig: Rig) -> None:
    """Only what was offered can be chosen."""
    alert = asked(rig)

    receipt = rig.command(AnswerAlert(alert_id=alert.alert_id, option="double"))

    assert not receipt.is_accepted
    assert rig.open_alerts == [alert]


def test_alert_nobody_knows_is_refused(rig: Rig) -> None:
    """An answer needs a question."""
    assert not rig.command(AnswerAlert(alert_id=AlertId("x"), option="deny")).is_accepted


def test_approval_is_void_when_the_market_moved_and_the_question_comes_again(rig: Rig) -> None:
    """More than 10 bps from what was shown: look again, at today's price."""
    alert = asked(rig)
    rig.run(5)
    rig.show("100.11")

    receipt = rig.command(approve(alert))

    (again,) = rig.open_alerts
    assert not receipt.is_accepted
    assert "moved" in receipt.text
    assert rig.placed == []
    assert again.alert_id != alert.alert_id
    assert ends(rig) == [(AlertEnd.VOIDED, "", "")]
    assert rig.command(approve(again)).is_accepted
    assert len(rig.placed) == 1


def test_approval_holds_while_the_market_moved_within_the_bound(rig: Rig) -> None:
    """Ten basis points are not more than ten."""
    alert = asked(rig)
    rig.show("100.10")

    assert rig.command(approve(alert)).is_accepted
    assert len(rig.placed) == 1


def test_approval_cannot_pass_what_the_gate_denies_now(rig: Rig) -> None:
    """An approved order goes through every rule again."""
    alert = asked(rig)
    rig.command(StopAll())

    rig.command(approve(alert))

    assert rig.placed == []
    assert rig.decisions[-1].code == "R01"


def test_approval_over_a_stale_book_is_not_sent(rig: Rig) -> None:
    """Nobody trades on frozen prices, approved or not."""
    alert = asked(rig)
    rig.at += 2 * 10**9

    rig.command(approve(alert))

    assert rig.placed == []


# ---- strategies --------------------------------------------------------------------------------


def test_strategy_switched_off_decides_nothing_and_on_again_it_does(rig: Rig) -> None:
    """The switch is a fact, with who did it."""
    off = rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))
    rig.leader(trade="a")
    during = len(rig.placed)
    on = rig.command(SwitchStrategy(strategy=STRATEGY, is_on=True))
    rig.leader(trade="b")

    assert (off.is_accepted, on.is_accepted) == (True, True)
    assert (during, len(rig.placed)) == (0, 1)


def test_strategy_switched_off_has_its_orders_cancelled(rig: Rig) -> None:
    """Off means off the book too."""
    rig.leader()
    rig.feed(rig.venue.accept(rig.placed[0], rig.at))

    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))

    assert [c.client_order_id for c in rig.cancels] == [rig.placed[0].client_order_id]


def test_strategy_nobody_knows_cannot_be_switched(rig: Rig) -> None:
    """The name has to exist."""
    receipt = rig.command(SwitchStrategy(strategy=StrategyId("nobody"), is_on=True))

    assert not receipt.is_accepted
    assert "nobody" in receipt.text


# ---- stop and resume ---------------------------------------------------------------------------


def test_stop_all_halts_switches_off_and_cancels_everything(rig: Rig) -> None:
    """One command: nothing new, nothing left resting."""
    rig.leader()
    rig.feed(rig.venue.accept(rig.placed[0], rig.at))

    receipt = rig.command(StopAll())

    record = rig.rooms.trading.orders.by_client(rig.placed[0].client_order_id)
    assert receipt.is_accepted
    assert rig.rooms.risk.state is TradingState.HALTED
    assert not rig.rooms.host.seats[STRATEGY].is_on
    assert record is not None
    assert record.state is OrderState.PENDING_CANCEL
    rig.run(7)
    assert len(rig.cancels) >= 3


def test_match_does_not_open_a_halted_account(rig: Rig) -> None:
    """HALTED is latched."""
    rig.command(StopAll())
    rig.run(20)

    assert rig.rooms.risk.state is TradingState.HALTED
    assert not rig.command(SwitchStrategy(strategy=STRATEGY, is_on=True)).is_accepted


def test_resume_opens_only_after_a_match(rig: Rig) -> None:
    """A person arms, the comparison opens; strategies stay off."""
    rig.command(StopAll())
    rig.venue.failing = set(QueryKind)
    receipt = rig.command(ResumeTrading(typed=ACCOUNT))
    waiting = rig.rooms.risk.state
    rig.venue.failing = set()
    rig.run(8)

    assert receipt.is_accepted
    assert waiting is TradingState.HALTED
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert not rig.rooms.host.seats[STRATEGY].is_on


def test_resume_of_an_account_that_is_not_halted_is_refused(rig: Rig) -> None:
    """There is nothing to resume."""
    assert not rig.command(ResumeTrading()).is_accepted


# ---- watchlist ---------------------------------------------------------------------------------


def test_added_market_is_subscribed_shown_and_kept(rig: Rig) -> None:
    """The list outlives the run."""
    receipt = rig.command(AddToWatchlist(instrument=SOL_SPOT))

    assert receipt.is_accepted
    assert rig.rooms.watchlist.instruments == (SOL_PERP, SOL_SPOT)
    assert SubscribeMarket(instrument=SOL_SPOT) in rig.effects
    assert KeepWatchlist(instruments=(SOL_PERP, SOL_SPOT)) in rig.effects


def test_bare_symbol_of_one_venue_is_enough(rig: Rig) -> None:
    """The venue may be left out where only one has it."""
    assert rig.command(AddToWatchlist(instrument=InstrumentId("SOL_USDC"))).is_accepted
    assert SOL_SPOT in rig.rooms.watchlist.instruments


@pytest.mark.parametrize("name", ["alpha:SOL_USDT", "SOL_USD", "alpha:SOL_USDC_PREP"])
def test_unknown_symbol_is_refused_with_near_names(rig: Rig, name: str) -> None:
    """A slip of the pen is answered with what was meant."""
    receipt = rig.command(AddToWatchlist(instrument=InstrumentId(name)))

    assert not receipt.is_accepted
    assert name in receipt.text
    assert "did you mean" in receipt.text


def test_market_on_the_list_cannot_be_added_again(rig: Rig) -> None:
    """Once is enough."""
    assert not rig.command(AddToWatchlist(instrument=SOL_PERP)).is_accepted


def test_removed_market_is_unsubscribed_unless_it_is_held(rig: Rig) -> None:
    """What is held stays watched by the engine."""
    rig.command(AddToWatchlist(instrument=SOL_SPOT))
    rig.leader(quantity="10")
    rig.fill_all()

    spot = rig.command(RemoveFromWatchlist(instrument=SOL_SPOT))
    perp = rig.command(RemoveFromWatchlist(instrument=SOL_PERP))
    gone = rig.command(RemoveFromWatchlist(instrument=SOL_PERP))

    assert (spot.is_accepted, perp.is_accepted, gone.is_accepted) == (True, True, False)
    stopped = [e.instrument for e in rig.effects if isinstance(e, UnsubscribeMarket)]
    assert stopped == [SOL_SPOT]


# ---- replay and every command ------------------------------------------------------------------


def test_replay_commands_become_changes_of_pace(rig: Rig) -> None:
    """Speed, pause and steps are carried out by the rim."""
    rig.command(SetReplaySpeed(speed=2.5))
    rig.command(PauseReplay(is_paused=True))
    rig.command(StepReplay(frames=0))
    bad = rig.command(SetReplaySpeed(speed=-1))

    paces = [effect for effect in rig.effects if isinstance(effect, SetPace)]
    assert paces == [SetPace(speed=2.5), SetPace(is_paused=True), SetPace(step_frames=1)]
    assert not bad.is_accepted


def test_every_command_leaves_a_row_and_one_receipt(rig: Rig) -> None:
    """What a person did stands in the journal, refused or not."""
    rig.command(StopAll())
    rig.command(AddToWatchlist(instrument=InstrumentId("nothing")))

    taken = [fact for fact in rig.facts if isinstance(fact, CommandTaken)]
    assert [fact.is_accepted for fact in taken] == [True, False]
    assert [r.command_id for r in rig.receipts] == [fact.command_id for fact in taken]


# ---- the disk ----------------------------------------------------------------------------------


def health(rig: Rig, oldest_ms: int = 0, *, is_failed: bool = False) -> None:
    """Tell the Desk how the disk does."""
    rig.feed(
        JournalHealth(
            ts_event=rig.at, ts_recv=rig.at, oldest_uncommitted_ms=oldest_ms, is_failed=is_failed
        )
    )


def test_slow_disk_denies_entries_until_it_is_well(rig: Rig) -> None:
    """Over 250 ms uncommitted: no entries; reading goes on."""
    health(rig, 251)
    rig.leader(trade="a")
    slow = list(rig.placed)
    health(rig, 250)
    rig.leader(trade="b")

    assert slow == []
    assert rig.decisions[0].code == "R03"
    assert len(rig.placed) == 1


@pytest.mark.parametrize(("oldest_ms", "is_failed"), [(0, True), (2_001, False)])
def test_failed_or_stuck_disk_raises_one_critical_alert(
    rig: Rig, oldest_ms: int, *, is_failed: bool
) -> None:
    """A person hears of it, once, and the alert stands until it is acknowledged."""
    for _ in range(5):
        health(rig, oldest_ms, is_failed=is_failed)
    health(rig, 0)

    (alert,) = rig.open_alerts
    assert alert.severity == "critical"
    assert len(rig.raised) == 1
    rig.leader()
    assert len(rig.placed) == 1


def test_cancel_goes_out_while_the_disk_is_broken(rig: Rig) -> None:
    """What reduces never waits for the disk."""
    rig.leader()
    rig.feed(rig.venue.accept(rig.placed[0], rig.at))
    health(rig, is_failed=True)

    rig.command(StopAll())

    assert len(rig.cancels) == 1
    assert rig.cancels[0].instrument == SOL_PERP
    assert rig.placed[0].approved.leg.terms.side is Side.BUY
