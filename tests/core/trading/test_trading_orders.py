"""The order state machine: which edges exist, what proves an end, what every fill does."""

import random
from typing import Final

import msgspec
import pytest

from core.domain.alert import Severity
from core.domain.effects import CancelOrder, PlaceOrder
from core.domain.errors import InvariantBroken
from core.domain.events import (
    CancelAnswered,
    CancelFailed,
    InstrumentsListed,
    OrderBytesLeft,
    OrderNotSent,
    OrderOutcomeUnknown,
    OrderRefused,
)
from core.domain.exact import Price, Quantity
from core.domain.facts import (
    AlertRaised,
    CancelAsked,
    Fact,
    FillBooked,
    MarketAdded,
    OrderJournaled,
    OrderMoved,
    OrderSent,
    StrategySwitched,
)
from core.domain.ids import ClientOrderId, VenueId
from core.domain.order import Fill, OrderState, Side
from core.domain.reaction import Reaction
from core.trading.client_ids import SIMULATION_BIT, ClientIds, epoch_of
from core.trading.ledger import EXTERNAL, SYSTEM
from core.trading.orders import EDGES, OrderRecord
from core.trading.room import SEND_WITHIN_NS, TradingRoom
from tests.core.builders import (
    ACCOUNT,
    SECOND,
    SOL_PERP,
    SOL_SPOT,
    START,
    STRATEGY,
    approved,
    fill,
    instrument,
    journaled,
    report,
    terms,
)

S = OrderState
LEGAL: Final = {
    S.JOURNALED: "sent accepted held partial filled cancelled expired rejected not_sent unknown",
    S.SENT: "accepted held partial filled cancelled expired rejected not_sent unknown",
    S.ACCEPTED: "partial filled cancelled expired pending_cancel unknown",
    S.HELD: "accepted partial filled cancelled expired pending_cancel unknown",
    S.PARTIAL: "filled cancelled expired pending_cancel unknown",
    S.PENDING_CANCEL: "filled cancelled expired unknown",
    S.UNKNOWN: "accepted held partial filled cancelled expired rejected absent",
}
"""Risk-and-faults section 5, written down a second time by hand."""
LIVE: Final = sorted(LEGAL)
ENDED: Final = sorted(set(S) - set(LEGAL))


class Trading:
    """A trading room whose facts are applied as the Desk would."""

    def __init__(self) -> None:
        self.room = TradingRoom()
        self.room.take_ids(ClientIds(1, is_simulation=False))
        self.facts: list[Fact] = []
        listed = (instrument(SOL_PERP), instrument(SOL_SPOT))
        venue = VenueId("alpha")
        body = InstrumentsListed(ts_event=0, ts_recv=0, venue=venue, instruments=listed)
        self.room.on_instruments(body, START)

    def take(self, reaction: Reaction) -> Reaction:
        """Apply what a room answered."""
        for fact in reaction.facts:
            self.apply(fact)
        return reaction

    def apply(self, fact: Fact) -> None:
        """Apply one fact."""
        self.facts.append(fact)
        applier = self.room.appliers().get(type(fact))
        if applier is not None:
            applier(fact)

    def order(self, state: OrderState = S.SENT, quantity: str = "1") -> OrderRecord:
        """Bring order 1 into a state."""
        self.apply(journaled(1, terms(quantity=quantity)))
        if state is not S.JOURNALED:
            number = ClientOrderId(1)
            self.apply(OrderMoved(at=START, client_order_id=number, state=state))
        record = self.room.orders.by_client(ClientOrderId(1))
        assert record is not None
        return record

    def reports(self, told: OrderState | None, **more: object) -> Reaction:
        """Let the venue say something about order 1."""
        return self.take(self.room.on_report(report(told, **more), START))  # type: ignore[arg-type]


@pytest.fixture
def trading() -> Trading:
    """Make a room that knows two markets."""
    return Trading()


# ---- edges -------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", list(S))
@pytest.mark.parametrize("end", list(S))
def test_order_takes_exactly_the_edges_of_the_law(start: OrderState, end: OrderState) -> None:
    """Every allowed edge exists and no other."""
    is_legal = end.value in LEGAL.get(start, "").split()

    assert (end in EDGES.get(start, frozenset())) is is_legal


@pytest.mark.parametrize("start", ENDED)
@pytest.mark.parametrize("told", [S.ACCEPTED, S.PARTIAL, S.FILLED, S.CANCELLED, S.EXPIRED])
def test_ended_order_follows_no_report(
    trading: Trading, start: OrderState, told: OrderState
) -> None:
    """An end is an end, whatever comes late."""
    record = trading.order(start)

    trading.reports(told)

    assert record.state is start


@pytest.mark.parametrize("start", LIVE)
@pytest.mark.parametrize("told", [S.ACCEPTED, S.PARTIAL, S.FILLED, S.CANCELLED, S.EXPIRED])
def test_live_order_follows_a_report_along_its_edges_only(
    trading: Trading, start: OrderState, told: OrderState
) -> None:
    """Reports out of order never take an order back."""
    record = trading.order(start)

    trading.reports(told)

    is_legal = told.value in LEGAL[start].split()
    assert record.state is (told if is_legal else start)


@pytest.mark.parametrize("start", LIVE)
def test_report_with_an_unknown_word_moves_nothing(trading: Trading, start: OrderState) -> None:
    """A word we do not know is never read as failure."""
    record = trading.order(start)

    trading.reports(None)

    assert record.state is start


# ---- fills -------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", list(S))
def test_fill_is_booked_in_every_state(trading: Trading, start: OrderState) -> None:
    """Fills are facts, also after an end."""
    record = trading.order(start, "5")

    trading.reports(None, execution=fill(1, "2"))

    assert trading.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(2)
    assert record.filled == Quantity(2)


def test_fill_told_twice_is_booked_once(trading: Trading) -> None:
    """The stream and the answer may both tell of a fill."""
    trading.order(S.ACCEPTED, "5")

    for _ in range(3):
        trading.reports(S.PARTIAL, execution=fill(1, "2"), filled="2", quantity="5")

    assert trading.room.ledger.fills == 1


def test_full_fill_ends_an_order_whatever_the_word(trading: Trading) -> None:
    """Booked fills that add up to the quantity are the proof."""
    record = trading.order(S.ACCEPTED, "2")

    trading.reports(S.PARTIAL, execution=fill(1, "1"))
    half = record.state
    trading.reports(S.PARTIAL, execution=fill(2, "1"))

    assert (half, record.state) == (S.PARTIAL, S.FILLED)


def test_fill_before_the_answer_finds_its_order_by_client_id(trading: Trading) -> None:
    """The stream may be faster than the answer to the placement."""
    record = trading.order(S.JOURNALED, "2")

    trading.reports(S.PARTIAL, execution=fill(1, "1"))

    assert record.state is S.PARTIAL
    assert trading.facts[-2] == FillBooked(at=START, fill=fill(1, "1"), book=STRATEGY)


def test_fill_of_a_foreign_order_goes_to_the_external_book(trading: Trading) -> None:
    """Ownership comes by client id only."""
    foreign = fill(1, client_order_id=77, venue_order_id="other")

    trading.take(trading.room.on_report(report(S.FILLED, 77, execution=foreign), START))

    (booked,) = [fact for fact in trading.facts if isinstance(fact, FillBooked)]
    assert booked.book == EXTERNAL


def test_fill_of_the_venues_own_goes_to_the_system_book(trading: Trading) -> None:
    """Liquidations and conversions are the system's."""
    facts = trading.room.fills.of_stream(
        fill(1, client_order_id=None, is_system=True), Quantity(0), START
    )

    assert [fact.book for fact in facts if isinstance(fact, FillBooked)] == [SYSTEM]


def test_first_fill_in_a_market_journals_what_it_is_booked_in(trading: Trading) -> None:
    """The journal alone rebuilds the books: a market's terms stand before its first booking."""
    trading.reports(S.FILLED, execution=fill(1, client_order_id=None))
    trading.reports(S.FILLED, execution=fill(2, client_order_id=None))

    assert [type(fact) for fact in trading.facts] == [MarketAdded, FillBooked, FillBooked]


def test_answer_that_repeats_a_fill_books_it_once(trading: Trading) -> None:
    """A list of fills may name one twice."""
    facts = trading.room.fills.of_answer([fill(1), fill(2), fill(1)], START)

    assert [fact.fill for fact in facts if isinstance(fact, FillBooked)] == [fill(1), fill(2)]


@pytest.mark.parametrize("seed", range(30))
def test_reports_in_any_order_with_repeats_book_everything_once(seed: int) -> None:
    """Shuffled and repeated reports end filled, with each fill booked once."""
    rng = random.Random(seed)
    trading = Trading()
    record = trading.order(S.SENT, "4")
    fills = [fill(n, "1", str(100 + n)) for n in range(4)]
    told: list[tuple[OrderState, Fill | None]] = [(S.ACCEPTED, None), (S.FILLED, fills[3])]
    told += [(S.PARTIAL, each) for each in fills[:3]]
    told += rng.choices(told, k=4)
    rng.shuffle(told)

    for state, each in told:
        word = None if state is S.FILLED else state
        trading.reports(word, execution=each, quantity="4")

    assert record.state is S.FILLED
    assert trading.room.ledger.fills == 4
    assert record.filled == Quantity(4)


# ---- ends that are no reports ------------------------------------------------------------------


def test_bytes_that_left_make_an_order_sent(trading: Trading) -> None:
    """The moment of signing is remembered: proof of absence counts from it."""
    record = trading.order(S.JOURNALED)
    left = OrderBytesLeft(
        ts_event=0, ts_recv=0, client_order_id=ClientOrderId(1), signed_at=START + 5, window_ms=2000
    )

    reaction = trading.take(trading.room.on_bytes_left(left, START + 9))
    again = trading.take(trading.room.on_bytes_left(left, START + 10))

    assert isinstance(reaction.facts[0], OrderSent)
    assert again.facts == ()
    assert (record.state, record.signed_at, record.window_ms) == (S.SENT, START + 5, 2000)


@pytest.mark.parametrize("start", list(S))
def test_not_sent_and_refused_end_only_what_never_reached_the_book(
    start: OrderState,
) -> None:
    """A refusal of our own or a coded one of the venue ends an order along its edges only."""
    number = ClientOrderId(1)
    for body, end in (
        (OrderNotSent(ts_event=0, ts_recv=0, client_order_id=number, reason="r"), S.NOT_SENT),
        (
            OrderRefused(ts_event=0, ts_recv=0, client_order_id=number, code="C", message="m"),
            S.REJECTED,
        ),
    ):
        trading = Trading()
        record = trading.order(start)

        handler = trading.room.handlers()[type(body)]
        trading.take(handler(body, START))

        is_legal = end.value in LEGAL.get(start, "").split()
        assert record.state is (end if is_legal else start)


@pytest.mark.parametrize("start", list(S))
def test_answer_that_never_came_makes_only_untold_orders_unknown(
    trading: Trading, start: OrderState
) -> None:
    """No answer is not a no; and it is nothing at all once the venue has spoken."""
    record = trading.order(start)
    body = OrderOutcomeUnknown(
        ts_event=0, ts_recv=0, client_order_id=ClientOrderId(1), reason="timeout"
    )

    trading.take(trading.room.on_outcome_unknown(body, START))

    assert record.state is (S.UNKNOWN if start in {S.JOURNALED, S.SENT} else start)


def test_unknown_order_keeps_its_full_exposure(trading: Trading) -> None:
    """Silence releases nothing."""
    trading.order(S.UNKNOWN, "5")
    trading.reports(None, execution=fill(1, "2"))

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START) == (
        Quantity(2),
        Quantity(3),
        Quantity(0),
    )


@pytest.mark.parametrize("start", ENDED)
def test_ended_order_counts_in_no_exposure(trading: Trading, start: OrderState) -> None:
    """An end releases what was reserved; proved absence does so ten minutes later."""
    trading.order(start, "5")
    is_shadow = start is OrderState.ABSENT

    now = trading.room.exposure(ACCOUNT, SOL_PERP, START)[1]
    soon = trading.room.exposure(ACCOUNT, SOL_PERP, START + 600 * SECOND - 1)[1]
    later = trading.room.exposure(ACCOUNT, SOL_PERP, START + 600 * SECOND)[1]

    assert now == soon == Quantity(5 if is_shadow else 0)
    assert later.is_zero


def test_order_told_filled_counts_in_exposure_until_its_fills_are_booked(trading: Trading) -> None:
    """The word may come before the fills: the worst case never dips in between."""
    trading.order(S.SENT, "5")

    trading.reports(S.FILLED, filled="5", quantity="5")
    told = trading.room.exposure(ACCOUNT, SOL_PERP, START)
    trading.reports(None, execution=fill(1, "3"))
    partly = trading.room.exposure(ACCOUNT, SOL_PERP, START)
    trading.reports(None, execution=fill(2, "2"))

    assert told == (Quantity(0), Quantity(5), Quantity(0))
    assert partly == (Quantity(3), Quantity(2), Quantity(0))
    assert trading.room.exposure(ACCOUNT, SOL_PERP, START) == (
        Quantity(5),
        Quantity(0),
        Quantity(0),
    )


def test_cancelled_order_counts_what_it_filled_until_that_is_booked(trading: Trading) -> None:
    """An IOC that ended partly filled still owes the books its part."""
    trading.order(S.SENT, "5")

    trading.reports(S.EXPIRED, filled="2", quantity="5")

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START)[1] == Quantity(2)


# ---- cancelling --------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [S.ACCEPTED, S.HELD, S.PARTIAL])
def test_cancelled_resting_order_is_pending_until_its_end_is_told(
    trading: Trading, start: OrderState
) -> None:
    """A cancel that was taken means nothing yet."""
    record = trading.order(start)

    reaction = trading.take(trading.room.cancel(record, START))
    taken = CancelAnswered(ts_event=0, ts_recv=0, client_order_id=ClientOrderId(1), is_done=True)
    trading.take(trading.room.on_cancel_answered(taken, START))
    pending = record.state
    trading.reports(S.CANCELLED)

    assert isinstance(reaction.effects[0], CancelOrder)
    assert (pending, record.state) == (S.PENDING_CANCEL, S.CANCELLED)


def test_cancel_is_repeated_until_the_order_has_ended(trading: Trading) -> None:
    """Every two seconds, and not once more after the end."""
    record = trading.order(S.ACCEPTED)
    trading.take(trading.room.cancel(record, START))

    early = trading.take(trading.room.repeat_cancels(START + SECOND))
    due = trading.take(trading.room.repeat_cancels(START + 2 * SECOND))
    soon = trading.take(trading.room.repeat_cancels(START + 3 * SECOND))
    again = trading.take(trading.room.repeat_cancels(START + 4 * SECOND))
    trading.reports(S.CANCELLED)

    assert [len(each.effects) for each in (early, due, soon, again)] == [0, 1, 0, 1]
    assert trading.room.repeat_cancels(START + 9 * SECOND) == Reaction()


def test_cancel_wish_survives_a_restart(trading: Trading) -> None:
    """What was asked to go is asked again once it is proved to rest."""
    record = trading.order(S.ACCEPTED)
    trading.take(trading.room.cancel(record, START))
    reborn = Trading()
    for fact in trading.facts:
        reborn.apply(fact)
    for fact in reborn.room.recovery_facts(START + SECOND):
        reborn.apply(fact)

    reborn.reports(S.ACCEPTED)

    assert len(reborn.room.repeat_cancels(START + 9 * SECOND).effects) == 1


def test_cancel_of_an_unknown_order_leaves_it_unknown(trading: Trading) -> None:
    """Asking is no proof: the chase keeps its order."""
    record = trading.order(S.UNKNOWN)

    reaction = trading.take(trading.room.cancel(record, START))

    assert isinstance(reaction.effects[0], CancelOrder)
    assert record.state is S.UNKNOWN


@pytest.mark.parametrize("is_not_found", [True, False])
def test_cancel_that_finds_no_order_turns_to_proof(trading: Trading, *, is_not_found: bool) -> None:
    """A 404 means the order ended somehow; any other failure means nothing."""
    record = trading.order(S.PENDING_CANCEL)
    body = CancelFailed(
        ts_event=0,
        ts_recv=0,
        client_order_id=ClientOrderId(1),
        is_not_found=is_not_found,
        reason="r",
    )

    trading.take(trading.room.on_cancel_failed(body, START))

    assert record.state is (S.UNKNOWN if is_not_found else S.PENDING_CANCEL)


@pytest.mark.parametrize("start", ENDED)
def test_ended_order_is_not_cancelled(trading: Trading, start: OrderState) -> None:
    """Nothing is sent for what has ended."""
    record = trading.order(start)

    assert trading.room.cancel(record, START) == Reaction()


# ---- restart and the late ----------------------------------------------------------------------


@pytest.mark.parametrize("start", list(S))
def test_restart_makes_every_live_order_unknown(trading: Trading, start: OrderState) -> None:
    """After a crash only proof counts."""
    record = trading.order(start)

    for fact in trading.room.recovery_facts(START):
        trading.apply(fact)

    assert record.state is (start if start.is_terminal else S.UNKNOWN)


def test_absent_order_that_appears_is_cancelled_told_and_its_strategy_stops(
    trading: Trading,
) -> None:
    """Late life is an emergency: neutralise, book, tell once, stop who sent it."""
    record = trading.order(S.ABSENT, "5")

    reaction = trading.reports(S.PARTIAL, execution=fill(1, "2"), quantity="5")
    again = trading.reports(S.ACCEPTED)

    (alert,) = [f for f in reaction.facts if isinstance(f, AlertRaised)]
    (off,) = [f for f in reaction.facts if isinstance(f, StrategySwitched)]
    assert alert.alert.severity is Severity.EMERGENCY
    assert (off.strategy, off.is_on) == (STRATEGY, False)
    assert [type(effect) for effect in reaction.effects] == [CancelOrder]
    assert trading.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(2)
    assert record.state is S.ABSENT
    assert again.facts == ()
    assert [type(effect) for effect in again.effects] == [CancelOrder]


# ---- identity ----------------------------------------------------------------------------------


def test_placed_order_is_journaled_with_the_identity_it_is_sent_with(trading: Trading) -> None:
    """The row and the bytes name the same id and the same latest moment."""
    reaction = trading.take(trading.room.place(approved(), START))

    fact, effect = reaction.facts[0], reaction.effects[0]
    assert isinstance(fact, OrderJournaled)
    assert isinstance(effect, PlaceOrder)
    assert fact.client_order_id == effect.client_order_id
    assert fact.send_before == effect.send_before == START + SEND_WITHIN_NS
    assert fact.approved is effect.approved


def test_client_ids_increase_and_stand_in_their_epoch() -> None:
    """Each acquisition of the account takes the next block of 4,096."""
    ids = ClientIds(5, is_simulation=False)

    taken = [ids.take() for _ in range(3)]

    assert taken == [5 << 12, (5 << 12) + 1, (5 << 12) + 2]
    assert {epoch_of(number) for number in taken} == {5}


def test_client_ids_go_on_above_everything_in_the_journal() -> None:
    """An id is never used again, even if the epoch file was lost."""
    assert ClientIds(1, is_simulation=False, highest_used=99_999).take() == 100_000


def test_client_ids_of_simulation_have_the_top_bit() -> None:
    """Simulated ids never meet live ones, and are uint32."""
    number = ClientIds(7, is_simulation=True).take()

    assert number == SIMULATION_BIT | 7 << 12
    assert epoch_of(number) == 7
    assert number < 2**32


@pytest.mark.parametrize(("is_simulation", "last"), [(False, 2**31 - 1), (True, 2**32 - 1)])
def test_client_ids_that_are_used_up_are_an_error(last: int, *, is_simulation: bool) -> None:
    """Nothing wraps around into used or live ids."""
    ids = ClientIds(1, is_simulation=is_simulation, highest_used=last - 1)

    assert ids.take() == last
    with pytest.raises(InvariantBroken):
        ids.take()


def test_order_is_found_by_its_venue_id_once_that_is_told(trading: Trading) -> None:
    """Reports without a client id still find their order."""
    record = trading.order(S.SENT)
    trading.reports(S.ACCEPTED, venue_order_id="v9")

    trading.take(trading.room.on_report(report(S.CANCELLED, None, venue_order_id="v9"), START))

    assert record.state is S.CANCELLED


def test_id_of_ours_on_another_market_is_foreign(trading: Trading) -> None:
    """An order is ours by id and market: a reused number elsewhere is somebody else's."""
    record = trading.order(S.ACCEPTED)

    trading.take(trading.room.on_report(report(S.CANCELLED, 1, name=SOL_SPOT), START))

    assert record.state is S.ACCEPTED


def test_sell_orders_count_on_the_ask_side_of_exposure(trading: Trading) -> None:
    """Bids and asks are reserved apart."""
    trading.apply(journaled(1, terms(Side.SELL, "3")))
    trading.apply(journaled(2, terms(Side.BUY, "4")))

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START) == (
        Quantity(0),
        Quantity(4),
        Quantity(3),
    )


# ---- what the venue changes --------------------------------------------------------------------


def test_waiting_trigger_counts_as_exposure(trading: Trading) -> None:
    """HELD is possibly live: it may fire at any moment."""
    trading.order(S.SENT, "5")

    trading.reports(S.HELD, quantity="5")

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START)[1] == Quantity(5)


@pytest.mark.parametrize("start", LIVE)
def test_reduce_only_order_is_followed_when_the_venue_makes_it_smaller(start: OrderState) -> None:
    """The venue shrinks what would open a position: exposure and the full fill follow."""
    trading = Trading()
    trading.apply(journaled(1, terms(Side.SELL, "5", reduce_only=True)))
    record = trading.room.orders.by_client(ClientOrderId(1))
    assert record is not None
    if start is not S.JOURNALED:
        trading.apply(OrderMoved(at=START, client_order_id=ClientOrderId(1), state=start))

    trading.reports(S.ACCEPTED, quantity="2", side=Side.SELL)
    shrunk = trading.room.exposure(ACCOUNT, SOL_PERP, START)[2]
    trading.reports(None, quantity="2", execution=fill(1, "2", side=Side.SELL))

    assert shrunk == Quantity(2)
    assert record.state is S.FILLED


def test_order_that_may_open_is_never_taken_for_smaller(trading: Trading) -> None:
    """A smaller number of an ordinary order is doubtful: its full size stays reserved."""
    trading.order(S.SENT, "5")

    trading.reports(S.ACCEPTED, quantity="2")

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START)[1] == Quantity(5)


@pytest.mark.parametrize("told", ["0", "9"])
def test_reduce_only_order_neither_grows_nor_vanishes_by_a_word(told: str) -> None:
    """Zero (a trigger that waits) and more than was asked are not followed."""
    trading = Trading()
    trading.apply(journaled(1, terms(Side.SELL, "5", reduce_only=True)))

    trading.reports(S.ACCEPTED, quantity=told, side=Side.SELL)

    assert trading.room.exposure(ACCOUNT, SOL_PERP, START)[2] == Quantity(5)


def test_fills_of_an_answer_move_their_order(trading: Trading) -> None:
    """A fill row proves that an unknown order exists; rows that add up prove its end."""
    record = trading.order(S.UNKNOWN, "3")

    for fact in trading.room.fills.of_answer([fill(1, "1")], START):
        trading.apply(fact)
    half = record.state
    for fact in trading.room.fills.of_answer([fill(2, "1"), fill(3, "1")], START):
        trading.apply(fact)

    assert (half, record.state) == (S.PARTIAL, S.FILLED)
    assert trading.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(3)


def test_conditional_order_that_fires_goes_on_under_its_new_id(trading: Trading) -> None:
    """A trigger's new venue id is the same order, not a second one."""
    waiting = msgspec.structs.replace(terms(quantity="5"), trigger_price=Price(95))
    trading.apply(journaled(1, waiting))
    trading.reports(S.HELD, quantity="5", venue_order_id="trigger")

    reaction = trading.reports(S.ACCEPTED, quantity="5", venue_order_id="fired")

    record = trading.room.orders.by_client(ClientOrderId(1))
    assert record is not None
    assert (record.state, record.venue_order_id) == (S.ACCEPTED, "fired")
    assert reaction.effects == ()


def test_cancel_wish_for_an_unknown_order_survives_a_restart(trading: Trading) -> None:
    """It stands in the journal, once."""
    record = trading.order(S.UNKNOWN)
    first = trading.take(trading.room.cancel(record, START))
    second = trading.take(trading.room.cancel(record, START))
    reborn = Trading()
    for fact in trading.facts:
        reborn.apply(fact)

    assert [type(fact) for fact in (*first.facts, *second.facts)] == [CancelAsked]
    assert [r.client_order_id for r in reborn.room.orders.to_cancel()] == [1]


@pytest.mark.parametrize(
    ("number", "is_like"),
    [
        (1 << 12, True),
        (7 << 12 | 99, True),
        ((7 + 256) << 12, True),
        ((7 + 257) << 12, False),
        (4_095, False),
        (1_700_000_000, False),
        (SIMULATION_BIT | 1 << 12, False),
    ],
)
def test_id_of_a_second_engine_is_told_from_other_peoples(number: int, *, is_like: bool) -> None:
    """Epochs near ours, of our mode; not counters from one, clocks, or another mode's."""
    assert ClientIds(7, is_simulation=False).are_like(number) is is_like
