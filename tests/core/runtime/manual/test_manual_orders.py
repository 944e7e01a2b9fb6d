"""A person's orders on a whole Desk: what was seen binds, moves wait for proof, slices close."""

from decimal import Decimal

import msgspec
import pytest

from core.domain.commands import (
    CancelOrders,
    ClosePosition,
    EndRun,
    MoveOrder,
    PlaceTicket,
    StopAll,
    StopClosing,
)
from core.domain.effects import PlaceOrder
from core.domain.events import DepthChanged, OrderReport
from core.domain.exact import Price, Quantity
from core.domain.facts import CloseEnded, Fact, MoveEnded, Noted
from core.domain.ids import ClientOrderId, VenueOrderId
from core.domain.order import OrderState, OrderType, Side, TimeInForce
from core.domain.ticket import CardVerdict, Seen, SizeBy, Ticket, TicketView, ticket_topic
from core.domain.views import FrameRequest
from core.risk.limits import RiskLimits
from core.trading.ledger import MANUAL
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, SOL_SPOT
from tests.core.runtime.rig import MS, Rig

BIG = RiskLimits(confirm_above_equity_pct=5.0)


@pytest.fixture
def rig() -> Rig:
    """A calm market around 100, matched with the venue."""
    return Rig().open_markets()


def seen(rig: Rig, bid: str = "99.99", ask: str = "100.01", *, ago_ms: int = 100) -> Seen:
    """What a person saw so long ago."""
    return Seen(engine_at=rig.at - ago_ms * MS, best_bid=Price(bid), best_ask=Price(ask))


def ticket(side: Side = Side.BUY, size: str = "1", price: str = "99.95", **more: object) -> Ticket:
    """Word an order."""
    base = {
        "instrument": SOL_PERP,
        "side": side,
        "size": Decimal(size),
        "limit_price": Price(price),
    }
    return Ticket(**{**base, **more})  # type: ignore[arg-type]


def rest(rig: Rig, *, price: str = "99.95", size: str = "1", side: Side = Side.BUY) -> PlaceOrder:
    """Place an order that rests, and let the venue say so."""
    receipt = rig.command(PlaceTicket(ticket=ticket(side, size, price), seen=seen(rig)))
    assert receipt.is_accepted, receipt.text
    effect = rig.placed[-1]
    rig.feed(rig.venue.accept(effect, rig.at))
    return effect


def told(effect: PlaceOrder, state: OrderState, rig: Rig, *, filled: str = "0") -> OrderReport:
    """What the venue says of an order."""
    terms = effect.approved.leg.terms
    return OrderReport(
        ts_event=rig.at, ts_recv=rig.at, account=ACCOUNT, instrument=terms.instrument,
        venue_order_id=VenueOrderId(f"v{effect.client_order_id}"),
        client_order_id=effect.client_order_id, state=state, side=terms.side,
        quantity=terms.quantity, filled_quantity=Quantity(filled),
    )  # fmt: skip


def holding(rig: Rig, size: str = "10") -> Rig:
    """Buy so much with orders of up to 10 and let it be filled."""
    left = Decimal(size)
    while left > 0:
        part = min(left, Decimal(10))
        order = ticket(Side.BUY, str(part), "100.01", time_in_force=TimeInForce.IOC)
        receipt = rig.command(PlaceTicket(ticket=order, seen=seen(rig)))
        assert receipt.is_accepted, receipt.text
        rig.fill_all()
        left -= part
        rig.run(2.5)
        rig.show()
    return rig


# ---- tickets -------------------------------------------------------------------------------------


def test_a_ticket_becomes_one_limit_order_of_the_manual_book(rig: Rig) -> None:
    """Its exact terms go out once; a limit, never a market order."""
    receipt = rig.command(
        PlaceTicket(ticket=ticket(size="1.239", price="99.959", post_only=True), seen=seen(rig))
    )

    (sent,) = rig.placed
    terms = sent.approved.leg.terms
    assert receipt.is_accepted
    assert sent.approved.strategy == MANUAL
    assert (terms.quantity, terms.limit_price) == (Quantity("1.23"), Price("99.95"))
    assert terms.order_type is OrderType.LIMIT
    assert terms.post_only
    assert terms.time_in_force is TimeInForce.GTC


@pytest.mark.parametrize(("ago_ms", "is_taken"), [(0, True), (1_000, True), (1_001, False)])
def test_a_frame_over_a_second_old_refuses(rig: Rig, ago_ms: int, is_taken: bool) -> None:  # noqa: FBT001
    """One second is the bound, and the receipt says what moved."""
    rig.show("101")
    receipt = rig.command(PlaceTicket(ticket=ticket(), seen=seen(rig, ago_ms=ago_ms)))

    assert receipt.is_accepted is is_taken
    if not is_taken:
        assert rig.placed == []
        assert "best bid 99.99 then, 100.99 now" in receipt.text


def test_a_frame_of_the_future_refuses(rig: Rig) -> None:
    """A cockpit whose frame is ahead of the engine is wrong about something."""
    receipt = rig.command(PlaceTicket(ticket=ticket(), seen=seen(rig, ago_ms=-100)))

    assert not receipt.is_accepted
    assert rig.placed == []


def test_an_order_that_would_have_rested_does_not_take(rig: Rig) -> None:
    """The ask came down to it meanwhile: refused, with the difference."""
    rig.show("99.9")
    receipt = rig.command(PlaceTicket(ticket=ticket(price="99.95"), seen=seen(rig)))

    assert rig.placed == []
    assert "would take from the book now" in receipt.text
    assert "best ask 100.01 then, 99.91 now" in receipt.text


def test_an_order_meant_to_take_may_take(rig: Rig) -> None:
    """It crossed what was seen, so it is meant to."""
    receipt = rig.command(PlaceTicket(ticket=ticket(price="100.01"), seen=seen(rig)))

    assert receipt.is_accepted
    assert len(rig.placed) == 1


def test_at_the_collar_is_an_ioc_limit(rig: Rig) -> None:
    """The word market stands nowhere; the price is the one that was shown."""
    order = ticket(price="100.90", is_at_collar=True)
    rig.command(PlaceTicket(ticket=order, seen=seen(rig)))
    bare = rig.command(
        PlaceTicket(ticket=msgspec.structs.replace(order, limit_price=None), seen=seen(rig))
    )

    (sent,) = rig.placed
    terms = sent.approved.leg.terms
    assert terms.time_in_force is TimeInForce.IOC
    assert terms.order_type is OrderType.LIMIT
    assert terms.limit_price == Price("100.90")
    assert not bare.is_accepted


def test_never_more_than_the_card_showed(rig: Rig) -> None:
    """A size in percent that grew keeps to the card; one that shrank is refused."""
    asked = ticket(size="1", size_by=SizeBy.EQUITY_PERCENT, price="99.95")
    shown = msgspec.structs.replace(seen(rig), quantity=Quantity("9"))
    rig.command(PlaceTicket(ticket=asked, seen=shown))
    late = msgspec.structs.replace(seen(rig), quantity=Quantity("11"))
    receipt = rig.command(PlaceTicket(ticket=asked, seen=late))

    # 1 % of 100,000 at 99.95 is 10.005: 10 by the step of 0.01
    (sent,) = rig.placed
    assert sent.approved.leg.terms.quantity == Quantity("9")
    assert "the card showed 11" in receipt.text


def test_above_two_percent_the_gate_asks(rig: Rig) -> None:
    """3,000 of 100,000: the ticket is no confirmation any more."""
    receipt = rig.command(PlaceTicket(ticket=ticket(size="30"), seen=seen(rig)))

    assert receipt.is_accepted
    assert rig.placed == []
    assert len(rig.open_alerts) == 1
    assert "asks for your word" in receipt.text


def test_a_denial_names_rule_value_and_limit(rig: Rig) -> None:
    """6,000 is above the hard cap of 5,000; the risk panel counts it."""
    receipt = rig.command(PlaceTicket(ticket=ticket(size="60"), seen=seen(rig)))

    assert not receipt.is_accepted
    assert "R10" in receipt.text
    assert "5000" in receipt.text
    assert rig.rooms.risk.use.denied == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"post_only": True, "time_in_force": TimeInForce.IOC}, "cannot be immediate"),
        ({"post_only": True, "limit_price": Price("100.01")}, "post-only"),
        ({"size": Decimal(0)}, "above zero"),
        ({"size": Decimal("0.001")}, "the least is 0.01"),
        ({"size": Decimal(101), "size_by": SizeBy.FREE_PERCENT}, "at most 100 %"),
        ({"size": Decimal(1), "size_by": SizeBy.RISK_PERCENT}, "a stop price"),
        ({"size": Decimal(5), "size_by": SizeBy.VOLATILITY_TARGET}, "volatility"),
        ({"take_profit": Price("99")}, "above its price"),
        ({"stop_loss": Price("99.999")}, "off the tick"),
        ({"stop_loss": Price("101")}, "below its price"),
        ({"reduce_only": True, "stop_loss": Price("98")}, "no exits"),
        ({"instrument": "beta:SOL_USDC"}, "no account"),
        ({"instrument": "alpha:NOPE"}, "not known"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(rig: Rig, more: dict[str, object], said: str) -> None:
    """What is wrong and what would be right, and nothing sent."""
    receipt = rig.command(PlaceTicket(ticket=ticket(**more), seen=seen(rig)))  # type: ignore[arg-type]

    assert not receipt.is_accepted
    assert said in receipt.text
    assert rig.placed == []


def test_exits_carry_a_limit_each(rig: Rig) -> None:
    """A stop is never an order at any price: 5 % beyond its trigger, a profit 1 %."""
    order = ticket(price="99.95", take_profit=Price(110), stop_loss=Price(95))
    rig.command(PlaceTicket(ticket=order, seen=seen(rig)))

    terms = rig.placed[0].approved.leg.terms
    assert terms.take_profit is not None
    assert terms.stop_loss is not None
    assert terms.take_profit.limit_price == Price("108.9")
    assert terms.stop_loss.limit_price == Price("90.25")


def test_nothing_trades_while_halted(rig: Rig) -> None:
    """A stop is a stop for people too."""
    rig.command(StopAll())
    receipt = rig.command(PlaceTicket(ticket=ticket(), seen=seen(rig)))

    assert not receipt.is_accepted
    assert "R01" in receipt.text
    assert rig.placed == []


# ---- cancels -------------------------------------------------------------------------------------


def test_cancels_reach_their_scope_and_no_further(rig: Rig) -> None:
    """One, a side, a market, all."""
    orders = [
        rest(rig, price="99.95"),
        rest(rig, price="99.90"),
        rest(rig, price="100.10", side=Side.SELL),
    ]
    ids = [order.client_order_id for order in orders]

    def cancelled() -> list[int]:
        return [each.client_order_id for each in rig.cancels]

    rig.command(CancelOrders(orders=(ids[1],)))
    assert cancelled() == [ids[1]]
    rig.command(CancelOrders(instrument=SOL_PERP, side=Side.SELL))
    assert cancelled() == [ids[1], ids[2]]
    rig.command(CancelOrders(instrument=SOL_PERP))
    assert set(cancelled()) == set(ids)
    assert not rig.command(CancelOrders(instrument=SOL_SPOT)).is_accepted
    assert rig.command(CancelOrders(is_all=True)).is_accepted


@pytest.mark.parametrize(
    "command",
    [
        CancelOrders(),
        CancelOrders(side=Side.BUY),
        CancelOrders(instrument=SOL_PERP, is_all=True),
        CancelOrders(orders=(ClientOrderId(1),), is_all=True),
    ],
)
def test_a_cancel_without_one_scope_is_refused(rig: Rig, command: CancelOrders) -> None:
    """Leaving things out never means all."""
    rest(rig)

    assert not rig.command(command).is_accepted
    assert rig.cancels == []


# ---- moves ---------------------------------------------------------------------------------------


def move(rig: Rig, order: PlaceOrder, price: str = "99.90") -> MoveOrder:
    """Wish an order elsewhere."""
    return MoveOrder(
        client_order_id=order.client_order_id, limit_price=Price(price), seen=seen(rig)
    )


def move_ends(rig: Rig) -> list[MoveEnded]:
    """Return how moves ended."""
    return [fact for fact in rig.facts if isinstance(fact, MoveEnded)]


def test_a_moved_order_is_placed_anew_only_after_the_proof(rig: Rig) -> None:
    """Cancel, proof, place: never two of them alive, and only what was not filled."""
    order = rest(rig, size="5")

    assert rig.command(move(rig, order)).is_accepted
    assert len(rig.placed) == 1
    rig.feed(told(order, OrderState.PARTIAL, rig, filled="2"))
    assert len(rig.placed) == 1
    rig.feed(told(order, OrderState.CANCELLED, rig, filled="2"))

    assert len(rig.placed) == 2
    terms = rig.placed[1].approved.leg.terms
    assert (terms.quantity, terms.limit_price) == (Quantity(3), Price("99.90"))
    assert move_ends(rig)[0].is_placed
    assert not rig.rooms.entry.manual.moves.pending


@pytest.mark.parametrize(
    ("state", "filled"),
    [(OrderState.FILLED, "5"), (OrderState.EXPIRED, "1"), (OrderState.CANCELLED, "5")],
)
def test_an_order_that_ended_otherwise_is_not_placed_anew(
    rig: Rig, state: OrderState, filled: str
) -> None:
    """Filled, expired, or nothing left: it is said, and nothing is sent."""
    order = rest(rig, size="5")
    rig.command(move(rig, order))
    rig.feed(told(order, state, rig, filled=filled))

    assert len(rig.placed) == 1
    (end,) = move_ends(rig)
    assert not end.is_placed
    assert any(isinstance(f, Noted) and "was not moved" in f.text for f in rig.facts)


def test_a_move_without_proof_is_dropped_while_its_cancel_goes_on(rig: Rig) -> None:
    """Ten seconds later nobody wants that price any more."""
    order = rest(rig)
    rig.command(move(rig, order))
    rig.run(11)
    rig.show()
    rig.feed(told(order, OrderState.CANCELLED, rig))

    assert len(rig.placed) == 1
    assert "no proof" in move_ends(rig)[0].text


def test_a_move_that_would_cross_by_the_time_of_the_proof_is_dropped(rig: Rig) -> None:
    """It was passive when it was wished for."""
    order = rest(rig)
    rig.command(move(rig, order, "99.98"))
    rig.show("99.9")
    rig.feed(told(order, OrderState.CANCELLED, rig))

    assert len(rig.placed) == 1
    assert "would take from the book" in move_ends(rig)[0].text


def test_a_pending_move_is_dropped_at_restart_and_said_so(rig: Rig) -> None:
    """What was half done is not taken up again."""
    order = rest(rig)
    rig.command(move(rig, order))
    again = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at + SECOND)
    again.at = rig.at + SECOND
    again.open_markets()
    again.feed(told(order, OrderState.CANCELLED, again))

    assert again.placed == []
    (end,) = move_ends(again)
    assert "restart" in end.text
    assert not again.rooms.entry.manual.moves.pending


def test_what_cannot_be_moved_says_why(rig: Rig) -> None:
    """A stale frame, an ended order, the same price, a price the gate refuses, a second move."""
    order = rest(rig)
    old = msgspec.structs.replace(move(rig, order), seen=seen(rig, ago_ms=1_500))

    assert "1.5 s old" in rig.command(old).text
    assert "already" in rig.command(move(rig, order, "99.95")).text
    assert "R08" in rig.command(move(rig, order, "80")).text
    assert rig.cancels == []
    assert rig.command(move(rig, order)).is_accepted
    assert "being moved" in rig.command(move(rig, order, "99.80")).text
    rig.feed(told(order, OrderState.CANCELLED, rig))
    assert "ended already" in rig.command(move(rig, order, "99.80")).text


def test_cancelling_or_halting_drops_a_move(rig: Rig) -> None:
    """The newest word counts."""
    first, second = rest(rig), rest(rig, price="99.93")
    rig.command(move(rig, first))
    rig.command(CancelOrders(orders=(first.client_order_id,)))
    rig.command(move(rig, second))
    rig.command(StopAll())
    for order in (first, second):
        rig.feed(told(order, OrderState.CANCELLED, rig))

    assert len(rig.placed) == 2
    assert [end.is_placed for end in move_ends(rig)] == [False, False]


# ---- closings ------------------------------------------------------------------------------------


def thin(rig: Rig, size: str) -> None:
    """Show so much on the best bid; nothing else stands inside the collar."""
    rig._depth_id += 1
    number = rig._depth_id
    rig.feed(
        DepthChanged(
            ts_event=rig.at, ts_recv=rig.at, instrument=SOL_PERP, first_id=number, last_id=number,
            bids=[("99.99", size)], asks=[],
        )
    )  # fmt: skip


def close_ends(rig: Rig) -> list[CloseEnded]:
    """Return how closings ended."""
    return [fact for fact in rig.facts if isinstance(fact, CloseEnded)]


def run_closing(rig: Rig, *, rounds: int = 40, fills: bool = True) -> list[PlaceOrder]:
    """Let slices go out one by one, each filled (or expired) at once; return them."""
    done = len(rig.placed)
    slices: list[PlaceOrder] = []
    for _ in range(rounds):
        rig.run(0.3)
        rig.show()
        thin(rig, "10")
        for effect in rig.placed[done:]:
            slices.append(effect)
            answer = (
                rig.venue.fill(effect, rig.at) if fills else told(effect, OrderState.EXPIRED, rig)
            )
            rig.feed(answer)
        done = len(rig.placed)
    return slices


def test_a_position_is_closed_in_reduce_only_slices_of_the_depth(rig: Rig) -> None:
    """10 at a bid of 10 with a share of 20 %: five slices of 2, then done."""
    holding(rig)
    thin(rig, "10")
    assert rig.command(ClosePosition(instrument=SOL_PERP)).is_accepted
    slices = run_closing(rig)

    terms = [each.approved.leg.terms for each in slices]
    assert [each.quantity for each in terms] == [Quantity(2)] * 5
    assert all(t.reduce_only and t.time_in_force is TimeInForce.IOC for t in terms)
    assert all(t.side is Side.SELL and t.limit_price == Price("99") for t in terms)
    assert close_ends(rig)[0].is_done
    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP).is_zero


def test_only_one_slice_is_out_at_a_time(rig: Rig) -> None:
    """The next waits for the end of the one before, whatever time passes."""
    holding(rig)
    thin(rig, "10")
    before = len(rig.placed)
    rig.command(ClosePosition(instrument=SOL_PERP))
    rig.run(5)

    assert len(rig.placed) == before + 1


def test_half_a_position_leaves_the_other_half(rig: Rig) -> None:
    """The share is of what was held when it was asked for."""
    holding(rig)
    rig.command(ClosePosition(instrument=SOL_PERP, percent=Decimal(50)))
    run_closing(rig)

    assert rig.rooms.trading.ledger.position(ACCOUNT, SOL_PERP) == Quantity(5)


def test_fills_told_but_not_booked_are_not_closed_twice(rig: Rig) -> None:
    """The venue says a slice of the half filled; its fill row comes later."""
    holding(rig)
    rig.command(ClosePosition(instrument=SOL_PERP, percent=Decimal(50)))
    rig.run(0.1)
    (slice_,) = rig.placed[1:]
    assert slice_.approved.leg.terms.quantity == Quantity(5)
    rig.feed(told(slice_, OrderState.FILLED, rig, filled="5"))
    rig.run(3)

    assert len(rig.placed) == 2


def test_a_closing_that_finds_nothing_stops_with_a_reason(rig: Rig) -> None:
    """Ten seconds without a fill: it says how far it came."""
    holding(rig)
    rig.command(ClosePosition(instrument=SOL_PERP))
    run_closing(rig, fills=False, rounds=45)

    (end,) = close_ends(rig)
    assert not end.is_done
    assert "closed 0 of 10" in end.text
    assert "10 s" in end.text


def test_a_closing_is_stopped_by_a_cancel_and_by_its_own_word(rig: Rig) -> None:
    """The slice that is out is cancelled, and no further one goes."""
    holding(rig)
    for stop in (CancelOrders(instrument=SOL_PERP), StopClosing(instrument=SOL_PERP)):
        rig.command(ClosePosition(instrument=SOL_PERP))
        rig.run(0.1)
        out = rig.placed[-1]
        assert rig.command(stop).is_accepted
        assert rig.cancels[-1].client_order_id == out.client_order_id
        count = len(rig.placed)
        rig.feed(told(out, OrderState.CANCELLED, rig))
        rig.run(2)
        rig.show()
        assert len(rig.placed) == count
    assert [end.is_done for end in close_ends(rig)] == [False, False]


@pytest.mark.parametrize("command", [StopAll(), EndRun()])
def test_a_stop_and_the_end_of_a_run_stop_a_closing(rig: Rig, command: StopAll | EndRun) -> None:
    """Nothing further goes out; what is out is cancelled."""
    holding(rig)
    rig.command(ClosePosition(instrument=SOL_PERP))
    rig.run(0.1)
    out = rig.placed[-1]
    rig.command(command)
    rig.feed(told(out, OrderState.CANCELLED, rig))
    rig.run(2)

    assert rig.placed[-1] is out
    assert rig.cancels[-1].client_order_id == out.client_order_id
    assert not close_ends(rig)[0].is_done


def test_a_closing_is_dropped_at_restart_and_said_so(rig: Rig) -> None:
    """A person looks first, then closes the rest."""
    holding(rig)
    rig.command(ClosePosition(instrument=SOL_PERP))
    rig.run(0.1)
    again = Rig(journal=rig.facts, venue=rig.venue, epoch=2, at=rig.at + SECOND)

    (end,) = close_ends(again)
    assert "restart" in end.text
    assert not again.rooms.entry.closing.closings.running


@pytest.mark.parametrize("percent", [0, -5, 101])
def test_a_share_that_is_none_is_refused(rig: Rig, percent: int) -> None:
    """More than 0, at most 100."""
    holding(rig)

    command = ClosePosition(instrument=SOL_PERP, percent=Decimal(percent))
    assert "at most 100" in rig.command(command).text


def test_nothing_to_close_is_said(rig: Rig) -> None:
    """Flat, spot, unknown."""
    assert "no position" in rig.command(ClosePosition(instrument=SOL_PERP)).text
    assert "spot" in rig.command(ClosePosition(instrument=SOL_SPOT)).text


# ---- the card ------------------------------------------------------------------------------------


def shown(rig: Rig, wish: Ticket) -> TicketView:
    """Ask for a card as a cockpit does."""
    topic = ticket_topic(wish)
    frame = rig.engine.frames.frame(FrameRequest(versions={topic: 0}), rig.at)
    view = frame.views[topic]
    assert isinstance(view, TicketView)
    return view


def test_the_card_says_what_the_order_would_cost(rig: Rig) -> None:
    """By hand: 2 from an ask of 100.01 with the mid at 100."""
    card = shown(rig, ticket(size="2", price="100.05"))

    assert card.verdict is CardVerdict.APPROVED
    assert (card.quantity, card.notional, card.taken) == ("2", "200.10", "2")
    assert card.vwap == "100.0100"
    assert card.slippage_bps == "1.0"
    assert card.fee == "0.20"
    assert (card.position_before, card.position_after) == ("0", "2")
    assert card.worst_case == "200.00"
    assert card.made_at == rig.at


def test_a_card_leaves_no_trace(rig: Rig) -> None:
    """Looking is free: no fact, no order, no reservation."""
    before = len(rig.facts)
    for size in ("2", "30", "60"):
        shown(rig, ticket(size=size))

    assert len(rig.facts) == before
    assert rig.placed == []
    assert rig.open_alerts == []


@pytest.mark.parametrize(
    ("size", "verdict", "rule"),
    [("2", CardVerdict.APPROVED, ""), ("30", CardVerdict.ASKED, "R25"),
     ("60", CardVerdict.DENIED, "R10")],
)  # fmt: skip
def test_the_card_says_what_the_gate_then_says(
    rig: Rig, size: str, verdict: CardVerdict, rule: str
) -> None:
    """Card and gate agree on the same moment."""
    card = shown(rig, ticket(size=size))
    receipt = rig.command(PlaceTicket(ticket=ticket(size=size), seen=seen(rig)))

    assert (card.verdict, card.rule) == (verdict, rule)
    assert receipt.is_accepted is (verdict is not CardVerdict.DENIED)
    assert bool(rig.placed) is (verdict is CardVerdict.APPROVED)


def test_the_card_at_the_collar_names_its_price(rig: Rig) -> None:
    """1 % beyond the reference of 100, on the tick."""
    wish = msgspec.structs.replace(ticket(), limit_price=None, is_at_collar=True)

    assert shown(rig, wish).limit_price == "101"


def test_a_size_in_percent_is_bound_by_the_tightest_cap(rig: Rig) -> None:
    """All of the free capital would be far more than one order may be."""
    wish = ticket(size="100", size_by=SizeBy.FREE_PERCENT, price="100")
    card = shown(rig, wish)

    assert card.bound_by == "order cap"
    assert card.quantity == "50"


@pytest.mark.parametrize("topic", ["ticket/x", "ticket/a/buy/1/base/-/gtc/00/-/-",
                                   "ticket/a/buy/nan/base/-/gtc/000/-/-"])  # fmt: skip
def test_a_topic_that_is_none_is_left_out(rig: Rig, topic: str) -> None:
    """Junk is no view and no error."""
    assert not rig.engine.frames.frame(FrameRequest(versions={topic: 0}), rig.at).views


def test_tables_show_orders_positions_and_fills(rig: Rig) -> None:
    """What stands, what is held, what was done; with their sums."""
    holding(rig)
    rest(rig, price="99.95", size="4")
    topics = {"working": 0, "positions": 0, "fills/50": 0}
    views: dict[str, object] = dict(
        rig.engine.frames.frame(FrameRequest(versions=topics), rig.at).views
    )

    working, positions, fills = (msgspec.to_builtins(views[t], enc_hook=str) for t in topics)
    assert [row["leaves"] for row in working["rows"]] == ["4"]
    assert working["buy_value"] == "399.80"
    assert working["rows"][0]["away_bps"] == pytest.approx(4.0, abs=0.01)
    (row,) = positions["rows"]
    assert (row["quantity"], row["entry_price"], row["unrealized_pnl"]) == ("10", "100.01", "-0.10")
    assert positions["notional"] == "1000.00"
    assert (fills["count"], fills["volume"], fills["fees"]) == (1, "1000.10", "0.10")


def test_facts_of_a_persons_orders_rebuild_the_same_state(rig: Rig) -> None:
    """Folded from the journal alone: moves and closings stand as they stood."""
    holding(rig)
    order = rest(rig)
    rig.command(move(rig, order))
    rig.command(ClosePosition(instrument=SOL_PERP))
    rig.run(0.1)
    entry = rig.rooms.entry
    again = Rig()
    facts: list[Fact] = rig.facts
    again.engine.desk.restore(facts)
    other = again.rooms.entry

    assert other.manual.moves.pending == entry.manual.moves.pending
    assert [str(c) for c in other.closing.closings.running.values()] == [
        str(c) for c in entry.closing.closings.running.values()
    ]
