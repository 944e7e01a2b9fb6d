"""Orders and books as the law watches them: over a whole Desk, in virtual time."""

from typing import Final

import msgspec
import pytest

from core.domain.alert import Alert, AlertEnd, Severity
from core.domain.commands import AnswerAlert, ResumeTrading, StopAll, SwitchStrategy
from core.domain.events import (
    BalanceReport,
    OrderOutcomeUnknown,
    OrderReport,
    QueryKind,
    SettlementReport,
    VenueConditionSeen,
    VenueTimeMeasured,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import (
    AlertCarriedOut,
    AlertEnded,
    CashBooked,
    FillBooked,
    InferredBooked,
    TradingState,
)
from core.domain.ids import ClientOrderId, VenueOrderId
from core.domain.order import Fill, OrderState, Side
from core.domain.views import ALERT_HISTORY, AlertHistoryView, FrameRequest
from core.risk.states import market_scope, strategy_scope
from core.trading.client_ids import SIMULATION_BIT
from core.trading.ledger import EXTERNAL, SYSTEM
from core.trading.orders import OrderRecord
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, STRATEGY, fill, intent, report, terms
from tests.core.runtime.rig import ALPHA, USDC, Rig

OURS: Final = SIMULATION_BIT | 3 << 12 | 7
"""An id built as a third taking of the account would build it."""


@pytest.fixture
def rig() -> Rig:
    """Open a calm market with a matched account."""
    return Rig().open_markets()


def resting(rig: Rig) -> OrderRecord:
    """Let the strategy send an order that rests at the venue."""
    rig.leader(quantity="10")
    rig.feed(rig.venue.accept(rig.placed[-1], rig.at))
    return of_last(rig)


def unanswered(rig: Rig) -> OrderRecord:
    """Let the strategy send an order whose answer never comes."""
    rig.leader(quantity="10")
    number = rig.placed[-1].client_order_id
    rig.feed(
        OrderOutcomeUnknown(
            ts_event=rig.at, ts_recv=rig.at, client_order_id=number, reason="timeout"
        )
    )
    return of_last(rig)


def of_last(rig: Rig) -> OrderRecord:
    """Return the record of the order placed last."""
    record = rig.rooms.trading.orders.by_client(rig.placed[-1].client_order_id)
    assert record is not None
    return record


def extra_fill(record: OrderRecord, quantity: str, number: int, at: int) -> Fill:
    """Make one more fill of an order."""
    return fill(
        number,
        quantity,
        client_order_id=record.client_order_id,
        venue_order_id=f"v{record.client_order_id}",
        ts_event=at,
    )


def told(rig: Rig, record: OrderRecord, state: OrderState, execution: Fill | None = None) -> None:
    """Let the stream say something about an order."""
    rig.feed(
        report(
            state,
            record.client_order_id,
            quantity=str(record.terms.quantity),
            execution=execution,
            venue_order_id=f"v{record.client_order_id}",
            at=rig.at,
        )
    )


def market_state(rig: Rig) -> TradingState:
    """Return what the market may do."""
    return rig.rooms.risk.states.of(market_scope(SOL_PERP))


def strategy_state(rig: Rig) -> TradingState:
    """Return what the strategy may do."""
    return rig.rooms.risk.states.of(strategy_scope(STRATEGY))


def titled(rig: Rig, title: str) -> Alert:
    """Return the one alert ever raised under a title."""
    (found,) = [alert for alert in rig.raised if alert.title == title]
    return found


def answer(rig: Rig, alert: Alert, option: str, cockpit: str = "cockpit") -> bool:
    """Choose an option; whether it was taken."""
    return rig.command(
        AnswerAlert(alert_id=alert.alert_id, option=option), cockpit=cockpit
    ).is_accepted


# ---- fills in every state ----------------------------------------------------------------------


def test_overfill_halts_the_market_at_once_and_is_booked(rig: Rig) -> None:
    """Act first: nothing new in the market until a person resumed."""
    record = resting(rig)
    told(rig, record, OrderState.FILLED, extra_fill(record, "5", 1, rig.at))
    told(rig, record, OrderState.FILLED, extra_fill(record, "2", 2, rig.at))

    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP) == Quantity(7)
    assert titled(rig, "Order filled beyond its quantity").severity is Severity.EMERGENCY
    assert market_state(rig) is TradingState.HALTED
    assert rig.rooms.risk.state is TradingState.ACTIVE
    rig.run(3)
    rig.show()
    rig.leader(trade="b", before="10")
    assert len(rig.placed) == 1
    assert rig.decisions[-1].code == "R01"


def test_market_halted_by_an_overfill_trades_again_once_a_person_resumed(rig: Rig) -> None:
    """Acknowledging lifts nothing, nor do time and matches; resuming does, after a match."""
    record = resting(rig)
    told(rig, record, OrderState.FILLED, extra_fill(record, "5", 1, rig.at))
    told(rig, record, OrderState.FILLED, extra_fill(record, "2", 2, rig.at))
    rig.venue.open.clear()
    rig.venue.positions[SOL_PERP] = rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP).value
    assert answer(rig, titled(rig, "Order filled beyond its quantity"), "ack")
    rig.run(120)
    before = (rig.rooms.reconcilers[0].last_matched, market_state(rig))

    resumed = rig.command(ResumeTrading())
    rig.run(4)

    assert before == (True, TradingState.HALTED)
    assert resumed.is_accepted
    assert market_state(rig) is TradingState.ACTIVE


def test_fill_after_a_proven_end_is_booked_with_a_warning(rig: Rig) -> None:
    """Cancelled with nothing filled, and then it filled: booked, told."""
    record = resting(rig)
    told(rig, record, OrderState.CANCELLED)

    told(rig, record, OrderState.CANCELLED, extra_fill(record, "2", 1, rig.at))

    assert record.state is OrderState.CANCELLED
    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP) == Quantity(2)
    assert titled(rig, "Fill after the end of its order").severity is Severity.WARNING


def test_fill_that_was_owed_at_the_end_is_no_surprise(rig: Rig) -> None:
    """The end said two were filled; the fill itself came after it."""
    record = resting(rig)
    ended = report(
        OrderState.EXPIRED,
        record.client_order_id,
        quantity="5",
        filled="2",
        venue_order_id=f"v{record.client_order_id}",
        at=rig.at,
    )
    rig.feed(ended)

    told(rig, record, OrderState.EXPIRED, extra_fill(record, "2", 1, rig.at))

    assert rig.raised == []


def test_execution_of_the_venue_is_system_critical_and_reduces_unless_answered(rig: Rig) -> None:
    """Liquidation or deleveraging: SYSTEM book; at the deadline the market only reduces."""
    record = resting(rig)
    taken = fill(9, "1", side=Side.SELL, client_order_id=None, is_system=True, ts_event=rig.at)
    rig.feed(report(OrderState.FILLED, None, side=Side.SELL, execution=taken, at=rig.at))
    rig.venue.positions[SOL_PERP] = -taken.quantity.value
    alert = titled(rig, "The venue traded on the account")
    before = market_state(rig)

    rig.run(31)

    line = rig.rooms.trading.ledger.line(ACCOUNT, SYSTEM, SOL_PERP)
    assert line is not None
    assert line.quantity == Quantity(-1)
    assert (alert.severity, before) == (Severity.CRITICAL, TradingState.ACTIVE)
    assert market_state(rig) is TradingState.REDUCING
    assert record.client_order_id in {cancel.client_order_id for cancel in rig.cancels}
    (carried,) = rig.of(AlertCarriedOut)
    assert isinstance(carried, AlertCarriedOut)
    assert carried.effect_id == f"{alert.alert_id}#reduce"


# ---- the late and the doubled ------------------------------------------------------------------


def absent(rig: Rig) -> OrderRecord:
    """Let an order be proved absent."""
    record = unanswered(rig)
    rig.run(15)
    assert record.state is OrderState.ABSENT
    return record


def test_absent_order_that_rests_after_all_is_found_within_five_seconds(rig: Rig) -> None:
    """No event tells of it: open orders do; cancelled, told, and its strategy is off."""
    absent(rig)
    rig.venue.accept(rig.placed[0], rig.at)
    before = len(rig.cancels)

    rig.run(5)

    assert len(rig.cancels) > before
    alert = titled(rig, "Order appeared after it was proved absent")
    assert alert.severity is Severity.EMERGENCY
    assert not rig.rooms.host.seats[STRATEGY].is_on


def test_absent_order_that_filled_unseen_is_booked_and_told(rig: Rig) -> None:
    """Only the fill history knows it: a difference leads there."""
    record = absent(rig)
    rig.venue.fill(rig.placed[0], rig.at)

    rig.run(10)

    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP) == record.terms.quantity
    assert titled(rig, "Order appeared after it was proved absent")
    assert not rig.rooms.host.seats[STRATEGY].is_on
    assert rig.rooms.reconcilers[0].last_matched


def test_order_executed_twice_is_neutralised_within_five_seconds(rig: Rig) -> None:
    """The second one is cancelled by its own id; the first goes on; the strategy is off."""
    record = resting(rig)
    twin = msgspec.structs.replace(
        rig.venue.open[record.client_order_id], venue_order_id=VenueOrderId("twin")
    )
    rig.venue.open[-1] = twin

    rig.run(5)

    assert {cancel.venue_order_id for cancel in rig.cancels} == {"twin"}
    assert titled(rig, "Order was executed twice").severity is Severity.EMERGENCY
    assert record.state is OrderState.ACCEPTED
    assert not rig.rooms.host.seats[STRATEGY].is_on
    assert strategy_state(rig) is TradingState.HALTED


def test_strategy_halted_for_a_late_order_is_freed_by_a_person_alone(rig: Rig) -> None:
    """Neither time, a match, a restart nor its switch: resume, a match, then the switch."""
    absent(rig)
    rig.venue.accept(rig.placed[0], rig.at)
    rig.run(5)
    rig.venue.open.clear()
    rig.run(120)
    alert = titled(rig, "Order appeared after it was proved absent")
    assert answer(rig, alert, "ack")
    reborn = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at + SECOND).open_markets()
    reborn.run(5)
    held = strategy_state(reborn)
    account = reborn.rooms.risk.state

    refused = reborn.command(SwitchStrategy(strategy=STRATEGY, is_on=True))
    resumed = reborn.command(ResumeTrading())
    reborn.run(5)
    freed = strategy_state(reborn)
    still_off = not reborn.rooms.host.seats[STRATEGY].is_on
    switched = reborn.command(SwitchStrategy(strategy=STRATEGY, is_on=True))

    assert (held, account) == (TradingState.HALTED, TradingState.ACTIVE)
    assert (refused.is_accepted, resumed.is_accepted, switched.is_accepted) == (False, True, True)
    assert "late" in refused.text
    assert freed is TradingState.ACTIVE
    assert still_off


def test_halted_strategy_is_denied_whatever_asks_for_it(rig: Rig) -> None:
    """The gate knows the hold, not only the switch."""
    absent(rig)
    rig.venue.accept(rig.placed[0], rig.at)
    rig.run(5)
    rig.show()

    outcome = rig.rooms.orders.submit(intent(terms()), rig.at)

    assert outcome.denied is not None
    assert outcome.denied.rule == "R01"


# ---- UNKNOWN for long --------------------------------------------------------------------------


def test_order_unknown_for_long_warns_then_reduces_its_market_until_resolved(rig: Rig) -> None:
    """10 s: WARNING; 30 s: CRITICAL and REDUCING; gone with the proof, alerts and all."""
    rig.venue.failing = {QueryKind.ORDER_HISTORY}
    record = unanswered(rig)
    number = record.client_order_id
    rig.run(10)
    early = list(rig.open_alerts)
    rig.run(2)
    warned = [alert.title for alert in rig.open_alerts]
    rig.run(20)
    critical = titled(rig, "Order of unknown fate")
    reduced = (market_state(rig), rig.rooms.risk.state)
    rig.venue.failing = set()

    rig.run(15)

    assert early == []
    assert warned == [f"Order {number} has no answer"]
    assert critical.severity is Severity.CRITICAL
    assert critical.raised_at <= rig.placed[0].send_before + 31 * SECOND
    assert reduced == (TradingState.REDUCING, TradingState.ACTIVE)
    assert record.state is OrderState.ABSENT
    assert market_state(rig) is TradingState.ACTIVE
    assert rig.open_alerts == []
    ends = [f.end for f in rig.facts if isinstance(f, AlertEnded)]
    assert ends == [AlertEnd.VOIDED, AlertEnd.VOIDED]


def test_market_with_an_unknown_order_is_compared_before_it_trades_again(rig: Rig) -> None:
    """Blocking: entries are denied by R03 from the proof until the books are known to match."""
    unanswered(rig)
    rig.run(8)
    rig.venue.failing = {QueryKind.BALANCES}
    rig.run(4)
    assert of_last(rig).state is OrderState.ABSENT
    rig.show()
    rig.leader(trade="b", before="10")
    denied = rig.decisions[-1]
    rig.venue.failing = set()
    rig.run(10)
    rig.show()

    rig.leader(trade="c", before="20")

    assert (denied.code, len(rig.placed)) == ("R03", 2)
    assert "compared" in denied.text


def test_cancel_the_venue_is_silent_about_is_repeated_and_then_proved(rig: Rig) -> None:
    """Every two seconds; when nothing comes, history says what became of the order."""
    record = resting(rig)
    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))
    rig.run(5)
    repeated = len(rig.cancels)
    gone = rig.venue.open.pop(record.client_order_id)
    rig.venue.history[record.client_order_id] = msgspec.structs.replace(
        gone, state=OrderState.CANCELLED
    )

    rig.run(8)

    assert repeated == 3
    assert record.state is OrderState.CANCELLED


def test_cancel_that_is_never_applied_is_asked_for_ever(rig: Rig) -> None:
    """202 means nothing: the order rests on, and so does the wish."""
    record = resting(rig)
    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))

    rig.run(60)

    assert record.is_live
    assert len(rig.cancels) >= 28


def test_silence_about_a_cancel_leads_to_proof_though_the_account_cannot_be_read(
    rig: Rig,
) -> None:
    """The comparison is blind; the order's own queries say what became of it."""
    record = resting(rig)
    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))
    rig.venue.failing = {QueryKind.BALANCES}
    gone = rig.venue.open.pop(record.client_order_id)
    rig.venue.history[record.client_order_id] = msgspec.structs.replace(
        gone, state=OrderState.CANCELLED
    )

    rig.run(8)

    assert record.state is OrderState.CANCELLED


def test_balance_that_moves_on_the_stream_is_compared_when_it_is_calm(rig: Rig) -> None:
    """A row touched just now is no mismatch, however long it goes on differing meanwhile."""
    rig.venue.cash[USDC] += 5
    for _ in range(12):
        rig.feed(
            BalanceReport(
                ts_event=rig.at,
                ts_recv=rig.at,
                account=ACCOUNT,
                asset=USDC,
                available=Amount(rig.venue.cash[USDC]),
                locked=Amount(0),
            )
        )
        rig.run(0.5)
    rig.venue.cash[USDC] -= 5

    rig.run(6)

    assert rig.raised == []
    assert rig.rooms.reconcilers[0].mismatches == 0
    assert rig.rooms.reconcilers[0].last_matched


# ---- foreign hands -----------------------------------------------------------------------------


def foreign_order(number: int | None, name: str = "f1") -> OrderReport:
    """Make somebody else's resting order: 40 at 90."""
    row = report(OrderState.ACCEPTED, number, quantity="40", venue_order_id=name)
    return msgspec.structs.replace(row, limit_price=Price(90))


@pytest.mark.parametrize("number", [None, 5, 0xFFFF_FFFF])
def test_foreign_order_counts_is_told_once_and_never_cancelled(
    rig: Rig, number: int | None
) -> None:
    """EXTERNAL: in every limit while it rests, whatever a person stops."""
    rig.venue.open[-1] = foreign_order(number)
    rig.run(10)
    counted = rig.rooms.trading.exposure(ACCOUNT, SOL_PERP, rig.at)
    rig.command(StopAll())
    rig.run(10)
    rig.venue.open.clear()
    rig.run(4)

    assert counted == (Quantity(0), Quantity(40), Quantity(0))
    assert titled(rig, "Orders or positions that are not ours").severity is Severity.WARNING
    assert rig.cancels == []
    assert rig.rooms.trading.exposure(ACCOUNT, SOL_PERP, rig.at)[1].is_zero
    assert rig.rooms.reconcilers[0].mismatches == 0


def test_foreign_order_leaves_less_room_for_ours(rig: Rig) -> None:
    """R12: 180 times 100 of theirs and our order together pass the cap of 20,000."""
    row = msgspec.structs.replace(foreign_order(None), quantity=Quantity(180))
    rig.venue.open[-1] = row
    rig.run(4)
    rig.show()

    rig.leader(quantity="50")

    assert rig.placed == []
    assert rig.decisions[-1].code == "R12"


def test_foreign_orders_count_in_every_limit_of_the_gate(rig: Rig) -> None:
    """Their number, their worth, and the way they would trade with ours (R11, R19)."""
    row = msgspec.structs.replace(foreign_order(None), quantity=Quantity(40))
    rig.venue.open[-1] = row
    rig.run(5)
    rig.show("100")
    wish = intent(terms(row.side.opposite, "1", str(row.limit_price)))

    picture = rig.rooms.orders.inputs(wish, wish.legs[0], rig.at)

    assert row.limit_price is not None
    assert (picture.live_orders, picture.orders_total) == (1, 1)
    assert picture.open_value == row.limit_price * row.quantity
    assert picture.crosses_own


def test_foreign_position_is_booked_external_and_told(rig: Rig) -> None:
    """A fill that is not ours: EXTERNAL, and nothing differs."""
    taken = fill(3, "2", client_order_id=None, ts_event=rig.at)
    rig.feed(report(OrderState.FILLED, None, execution=taken, at=rig.at))
    rig.venue.positions[SOL_PERP] = taken.quantity.value

    rig.run(10)

    line = rig.rooms.trading.ledger.line(ACCOUNT, EXTERNAL, SOL_PERP)
    assert line is not None
    assert line.quantity == Quantity(2)
    assert rig.rooms.reconcilers[0].last_matched
    assert titled(rig, "Orders or positions that are not ours")


def test_second_engine_on_the_account_halts_it_within_a_reading(rig: Rig) -> None:
    """A live id built as ours are, and not in our journal."""
    rig.venue.open[-1] = foreign_order(OURS)

    rig.run(4)

    assert rig.rooms.risk.state is TradingState.HALTED
    alert = titled(rig, "A second engine trades on the account")
    assert alert.severity is Severity.EMERGENCY
    assert rig.cancels == []


# ---- a mismatch and its choices ----------------------------------------------------------------


def mismatched(rig: Rig, quantity: str = "3") -> Alert:
    """Let the venue hold more than the ledger, for no reason anybody can find."""
    rig.venue.positions[SOL_PERP] = Quantity(quantity).value
    rig.run(9)
    return titled(rig, "Ledger and venue differ")


def test_difference_in_one_market_reduces_that_market_alone(rig: Rig) -> None:
    """A position that differs concerns its market; the account trades on elsewhere."""
    alert = mismatched(rig)

    assert [option.key for option in alert.options] == ["reduce", "halt", "flatten", "adopt"]
    assert alert.safe_default == "reduce"
    assert (market_state(rig), rig.rooms.risk.state) == (
        TradingState.REDUCING,
        TradingState.ACTIVE,
    )


def test_unanswered_mismatch_stays_reducing_and_cancels_own_orders_there(rig: Rig) -> None:
    """The safe default: nothing is adopted, nothing is closed."""
    record = resting(rig)
    mismatched(rig)

    rig.run(31)

    assert market_state(rig) is TradingState.REDUCING
    assert record.client_order_id in {cancel.client_order_id for cancel in rig.cancels}
    assert rig.of(InferredBooked) == []


def test_halt_is_one_of_the_choices(rig: Rig) -> None:
    """A person may stop everything instead."""
    assert answer(rig, mismatched(rig), "halt")

    assert rig.rooms.risk.state is TradingState.HALTED


def test_adopted_difference_matches_and_opens_the_market(rig: Rig) -> None:
    """EXTERNAL holds what nobody can explain, marked as inferred; the books match again."""
    assert answer(rig, mismatched(rig), "adopt")
    rig.run(2)

    (entry,) = rig.of(InferredBooked)
    assert isinstance(entry, InferredBooked)
    assert (entry.entry_id, entry.quantity) == (f"inferred/{ACCOUNT}/{SOL_PERP}/1", Quantity(3))
    assert rig.rooms.reconcilers[0].last_matched
    assert market_state(rig) is TradingState.ACTIVE
    assert rig.rooms.trading.ledger.residual().is_zero


def test_adopted_difference_is_reversed_by_the_real_fill(rig: Rig) -> None:
    """The fill comes late after all: it counts once, and the books match throughout."""
    happened_at = rig.at
    answer(rig, mismatched(rig), "adopt")
    rig.run(2)
    mismatches = rig.rooms.reconcilers[0].mismatches
    rig.venue.fills.append(fill(8, "3", client_order_id=None, ts_event=happened_at))

    rig.run(70)

    ledger = rig.rooms.trading.ledger
    entries = [f.quantity for f in rig.facts if isinstance(f, InferredBooked)]
    assert entries == [Quantity(3), Quantity(-3)]
    assert ledger.position(ACCOUNT, SOL_PERP) == Quantity(3)
    assert rig.rooms.reconcilers[0].mismatches == mismatches
    assert ledger.residual().is_zero


def test_flatten_closes_the_market_with_reduce_only_orders(rig: Rig) -> None:
    """Takes the venue's word first, then sells what it holds, and nothing more."""
    answer(rig, mismatched(rig), "flatten")
    for _ in range(4):
        rig.show()
        rig.run(1)
        rig.fill_all()

    terms = [effect.approved.leg.terms for effect in rig.placed]
    assert [(t.side, t.quantity, t.reduce_only) for t in terms] == [(Side.SELL, Quantity(3), True)]
    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP).is_zero
    rig.run(5)
    assert rig.rooms.reconcilers[0].last_matched


def test_choice_is_carried_out_once_though_two_cockpits_answer(rig: Rig) -> None:
    """The second answer finds the alert ended."""
    alert = mismatched(rig)

    first = answer(rig, alert, "adopt", "one")
    second = answer(rig, alert, "adopt", "two")

    assert (first, second) == (True, False)
    assert len(rig.of(InferredBooked)) == 1
    assert len(rig.of(AlertCarriedOut)) == 1


def test_mismatch_that_heals_ends_its_question(rig: Rig) -> None:
    """What matches again asks nobody."""
    mismatched(rig)
    rig.venue.positions.clear()

    rig.run(8)

    assert rig.open_alerts == []
    assert market_state(rig) is TradingState.ACTIVE


# ---- money -------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["-0.75", "12.5"])
@pytest.mark.parametrize("source", ["funding", "interest", "transfer", "liquidation"])
def test_cash_without_a_fill_is_known_cause_whatever_its_sign(
    rig: Rig, source: str, amount: str
) -> None:
    """Late funding, a changed sign, a transfer: booked by source, no mismatch, identity exact."""
    rig.run(50)
    rig.venue.cash[USDC] += Amount(amount).value
    rig.venue.settlements.append(
        SettlementReport(
            ts_event=rig.at - 40 * SECOND,
            ts_recv=rig.at,
            account=ACCOUNT,
            asset=USDC,
            amount=Amount(amount),
            source=source,
            row_id="row",
        )
    )

    rig.run(12)

    ledger = rig.rooms.trading.ledger
    assert rig.rooms.reconcilers[0].mismatches == 0
    assert ledger.cash(ACCOUNT, USDC) == Amount(100_000) + Amount(amount)
    assert [f.source for f in rig.facts if isinstance(f, CashBooked)] == ["opening", source]
    assert ledger.residual().is_zero


# ---- limits and the history --------------------------------------------------------------------


def test_four_fifths_of_a_limit_are_told_once(rig: Rig) -> None:
    """A position of 16,500 under a cap of 20,000; the warning is not repeated while it lasts."""
    rig.venue.open[-1] = msgspec.structs.replace(foreign_order(None), quantity=Quantity(165))

    rig.run(70)

    near = [alert for alert in rig.raised if alert.title.startswith("R12 Position")]
    assert [alert.severity for alert in near] == [Severity.WARNING]


def test_history_says_who_answered_what_and_survives_a_restart(rig: Rig) -> None:
    """Raised, title, severity, scope, end, option, by whom and how long it stood."""
    alert = mismatched(rig)
    rig.run(4)
    answer(rig, alert, "halt", "desk two")
    request = FrameRequest(versions={ALERT_HISTORY: 0})
    live = rig.engine.frames.frame(request, rig.at).views[ALERT_HISTORY]
    reborn = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at)
    again = reborn.engine.frames.frame(request, reborn.at).views[ALERT_HISTORY]

    assert isinstance(live, AlertHistoryView)
    (row,) = live.rows
    assert (row.title, row.severity, row.scope) == (alert.title, alert.severity, ACCOUNT)
    assert (row.end, row.option, row.by) == (AlertEnd.ANSWERED, "Halt", "desk two")
    assert row.raised_at == alert.raised_at
    assert row.stood_ms == (rig.at - alert.raised_at) // 1_000_000
    assert again == live


def test_person_who_resumes_lifts_what_an_overfill_halted(rig: Rig) -> None:
    """The hold of an alert stands until then, and no longer."""
    record = resting(rig)
    told(rig, record, OrderState.FILLED, extra_fill(record, "6", 1, rig.at))
    rig.venue.positions[SOL_PERP] = Quantity(6).value
    rig.venue.fills.append(extra_fill(record, "6", 1, rig.at))
    rig.run(5)

    receipt = rig.command(ResumeTrading())
    rig.run(5)

    assert receipt.is_accepted
    assert market_state(rig) is TradingState.ACTIVE
    assert len(rig.of(FillBooked)) == 1


def test_order_that_is_to_go_while_unknown_is_cancelled_by_its_client_id(rig: Rig) -> None:
    """The wish outlives the restart that comes in between."""
    record = unanswered(rig)
    rig.command(SwitchStrategy(strategy=STRATEGY, is_on=False))
    reborn = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at + SECOND)
    reborn.open_markets()

    reborn.run(5)

    cancels = [c.client_order_id for c in reborn.cancels]
    assert ClientOrderId(record.client_order_id) in cancels


def test_deadline_is_kept_though_its_timer_was_lost(rig: Rig) -> None:
    """The beat of a second looks at every deadline."""
    alert = mismatched(rig)
    assert alert.deadline is not None
    rig._timers = {key: at for key, at in rig._timers.items() if "alert" not in key}

    rig.run((alert.deadline - rig.at) / SECOND + 1)

    ended = [f for f in rig.facts if isinstance(f, AlertEnded) and f.alert_id == alert.alert_id]
    assert [f.end for f in ended] == [AlertEnd.EXPIRED]


# ---- a silent venue ----------------------------------------------------------------------------


def silenced(rig: Rig, secs: float) -> None:
    """Let the venue answer nothing for a while."""
    rig.run(4)
    rig.venue.failing = set(QueryKind)
    rig.run(secs)
    rig.venue.failing = set()


def test_silent_account_visibly_only_reduces_and_its_alert_stays_up(rig: Rig) -> None:
    """Told after 10 s, held after 30 s; the venue's return lifts both within a minute."""
    silenced(rig, 300)
    held = (rig.rooms.risk.state, [alert.title for alert in rig.open_alerts])

    rig.run(61)

    assert held == (TradingState.REDUCING, ["The account cannot be read"])
    assert rig.rooms.risk.state is TradingState.ACTIVE
    assert rig.open_alerts == []


@pytest.mark.parametrize("sign", ["clock", "condition", "stream"])
def test_account_is_read_at_once_when_its_silent_venue_shows_life(rig: Rig, sign: str) -> None:
    """The minute is for silence alone."""
    silenced(rig, 300)
    at = rig.at
    if sign == "clock":
        rig.feed(
            VenueTimeMeasured(
                ts_event=at, ts_recv=at, venue=ALPHA, offset_ns=0, error_bound_ns=1_000_000
            )
        )
    elif sign == "condition":
        rig.feed(VenueConditionSeen(ts_event=at, ts_recv=at, venue=ALPHA, is_stressed=False))
    else:
        rig.connect()

    rig.run(1.5)

    assert rig.rooms.reconcilers[0].last_matched
    assert rig.rooms.reconcilers[0].failing_since is None
    assert rig.rooms.risk.state is TradingState.ACTIVE
