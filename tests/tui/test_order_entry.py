"""Orders by keys on a real Desk: the ticket, the armed ladder, the tables."""

from core.domain.exact import Price, Quantity
from core.domain.facts import DecisionTaken
from core.domain.order import OrderState, Side, TimeInForce
from tests.core.builders import SOL_PERP
from tests.core.runtime.manual.test_manual_orders import told
from tests.tui.rig_link import RealFlight, flying_for_real
from tui.dialogs.ticket import TicketPane
from tui.render.ticket_form import Line
from tui.widgets.ladder import Ladder


async def open_ticket(flight: RealFlight) -> TicketPane:
    """Press the key, and wait until the guard is over and the market's prices are there."""
    await flight.press("o")
    await flight.draw(6)
    return flight.panes.ticket


def _ladder(flight: RealFlight) -> Ladder:
    return flight.panes.ladder_left


def _is_armed(ladder: Ladder) -> bool:
    return ladder.arming.is_armed


async def _armed(flight: RealFlight) -> Ladder:
    ladder = _ladder(flight)
    ladder.focus()
    await flight.press("e")
    return ladder


# ---- the ticket ----------------------------------------------------------------------------------


async def test_a_ticket_by_keys_is_one_order() -> None:
    """Size, two ticks up, post-only, enter: exactly these terms go out, and the ticket closes."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        assert ticket.form is not None
        assert ticket.form.price == "99.99"
        await flight.press("1", ".", "5", "down", "left", "left", "p", "enter")

        (sent,) = flight.rig.placed
        terms = sent.approved.leg.terms
        assert (terms.side, terms.quantity) == (Side.BUY, Quantity("1.5"))
        assert terms.limit_price == Price("99.97")
        assert terms.post_only
        assert not ticket.is_open


async def test_side_kind_and_exits_by_keys() -> None:
    """A sell at the collar is an IOC limit; exits stand on the ticket."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("2", "s", "m")
        await flight.draw(2)
        assert "99 collar" in ticket.all_text
        assert "▼ SELL" in ticket.all_text
        await flight.press("enter")

        terms = flight.rig.placed[0].approved.leg.terms
        assert terms.side is Side.SELL
        assert terms.time_in_force is TimeInForce.IOC
        assert terms.limit_price == Price("99")


async def test_prices_stay_live_and_so_does_the_card() -> None:
    """The card follows the book while nothing is typed."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("1")
        assert "ask 100.01" in ticket.all_text
        flight.link.price = "100.50"
        await flight.draw(3)

        assert "ask 100.51" in ticket.all_text
        assert not flight.app.is_covered


async def test_enter_needs_a_card_of_now() -> None:
    """No frame for over a second: nothing is sent, and the pane says that it is old."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("1")
        flight.clock.now += 1.1
        await flight.pilot.press("enter")
        await flight.settle()

        assert flight.rig.placed == []
        assert "over a second old" in ticket.all_text
        await flight.draw(2)
        await flight.press("enter")
        assert len(flight.rig.placed) == 1


async def test_an_engine_that_went_on_refuses_what_was_seen() -> None:
    """The cockpit believes its card; the engine knows better, and the ticket stays open."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("1")
        flight.rig.run(1.2)
        flight.rig.show("100")
        await flight.pilot.press("enter")
        await flight.settle()

        assert flight.rig.placed == []
        assert not flight.link.receipts[-1].is_accepted
        assert ticket.is_open
        assert "at most 1.0 s" in ticket.all_text


async def test_a_card_of_what_was_typed_before_is_no_card() -> None:
    """One digit more and at once enter: the card is not of this order."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("1")
        await flight.pilot.press("0", "enter")
        await flight.settle()

        assert flight.rig.placed == []
        assert "asking the engine" in ticket.all_text


async def test_a_denial_is_shown_before_and_not_sent() -> None:
    """60 SOL are 6,000: above the hard cap; rule, value and limit stand on the card."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("6", "0", "enter")

        text = ticket.all_text
        assert "R10" in text
        assert "5000" in text
        assert flight.rig.placed == []
        assert flight.rig.of(DecisionTaken) == []


async def test_enter_at_once_and_pasted_text_send_nothing() -> None:
    """Type-ahead is no order, and neither is a clipboard."""
    async with flying_for_real() as flight:
        await flight.pilot.press("o", "1", "enter")
        await flight.settle()
        ticket = flight.panes.ticket
        await flight.draw()
        assert flight.rig.placed == []

        from textual import events

        ticket.post_message(events.Paste("5\n"))
        await flight.pilot.pause()
        assert "pasted text is refused" in ticket.all_text
        assert ticket.form is not None
        assert ticket.form.size == "1"


async def test_escape_closes_and_gives_the_focus_back() -> None:
    """Nothing is sent, and the ladder has the keys again."""
    async with flying_for_real() as flight:
        _ladder(flight).focus()
        await flight.press("o", "1", "escape")

        assert not flight.panes.ticket.is_open
        assert flight.app.main.focused is _ladder(flight)
        assert flight.rig.placed == []


async def test_keys_of_the_cockpit_are_the_tickets_while_it_is_open() -> None:
    """A digit types a size and switches no strategy; r reduces and resumes nothing."""
    async with flying_for_real() as flight:
        ticket = await open_ticket(flight)
        await flight.press("1", "r", "t")

        assert ticket.form is not None
        assert ticket.form.reduce_only
        assert ticket.form.line is Line.PRICE
        assert flight.link.receipts == []


async def test_nothing_trades_on_a_dead_engine() -> None:
    """The link is gone: the ticket says so, the ladder is disarmed."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        flight.link.is_dead = True
        await flight.draw()
        assert not _is_armed(ladder)
        await flight.pilot.press("B")
        await flight.settle()
        await flight.pilot.press("o", "1")
        flight.clock.now += 0.6
        await flight.pilot.press("enter")
        await flight.settle()

        assert flight.rig.placed == []
        assert flight.link.receipts == []


async def test_the_ticket_fits_the_smallest_terminal() -> None:
    """At 80 x 24 verdict, price and cost are there."""
    async with flying_for_real(size=(80, 24)) as flight:
        ticket = await open_ticket(flight)
        await flight.press("1")
        for part in ("▲ BUY", "the gate would let it pass", "fee", "position", "0 → 1"):
            assert part in ticket.all_text


# ---- the ladder ----------------------------------------------------------------------------------


async def test_an_armed_ladder_trades_on_the_row() -> None:
    """Arm, four rows down, buy: 100 quote units at that row's price."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        assert "ARMED 100" in ladder.all_text
        await flight.press("down", "down", "down")
        price = ladder.cursor_price
        assert price is not None
        await flight.press("B")

        terms = flight.rig.placed[0].approved.leg.terms
        assert terms.limit_price == Price(f"{price / 10**10:.2f}")
        worth = terms.limit_price.value * terms.quantity.value
        assert 99 < worth <= 100


async def test_an_unarmed_ladder_trades_nothing() -> None:
    """The same keys, and a click, without arming."""
    async with flying_for_real() as flight:
        ladder = _ladder(flight)
        ladder.focus()
        await flight.press("down", "B", "S", "X", "M")
        await flight.pilot.click(ladder, offset=(5, 6))
        await flight.settle()

        assert flight.link.receipts == []


async def test_a_click_never_trades_even_armed() -> None:
    """It moves the cursor and nothing else."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        await flight.pilot.click(ladder, offset=(5, 4))
        await flight.pilot.click(ladder, offset=(5, 4), times=2)
        await flight.settle()

        assert flight.link.receipts == []


async def test_arming_ends_after_half_a_minute_and_with_the_focus() -> None:
    """29.9 s trade, 30 do not; another pane disarms at once, and so does a dialog."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        flight.clock.now += 29.7
        assert _is_armed(ladder)
        flight.clock.now += 0.3
        await flight.press("B")
        assert flight.link.receipts == []
        assert "ARMED" not in ladder.all_text

        await flight.press("e")
        assert _is_armed(ladder)
        flight.panes.watchlist.focus()
        await flight.pilot.pause()
        assert not _is_armed(ladder)

        ladder = await _armed(flight)
        await flight.press("f1")
        assert not _is_armed(ladder)


async def test_a_row_that_moved_is_not_traded_on() -> None:
    """The grid was laid anew and not drawn yet: the key means another price."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        grid = ladder.stand.grid
        assert grid is not None
        ladder.stand.grid = grid.moved(2)
        await flight.pilot.press("B")
        await flight.settle()

        assert flight.link.receipts == []


async def test_what_is_ours_on_the_row_is_cancelled_and_moved() -> None:
    """X cancels it; M picks it up and puts it on another row."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        await flight.press("down", "down", "down", "B")
        order = flight.rig.placed[0]
        flight.rig.feed(flight.rig.venue.accept(order, flight.rig.at))
        await flight.draw(2)
        await flight.press("M")
        assert "M puts 99.96 here" in ladder.all_text
        assert "ARMED" in ladder.all_text
        await flight.press("down", "M")
        assert flight.rig.cancels[-1].client_order_id == order.client_order_id
        flight.rig.feed(told(order, OrderState.CANCELLED, flight.rig))
        assert len(flight.rig.placed) == 2

        again = flight.rig.placed[1]
        flight.rig.feed(flight.rig.venue.accept(again, flight.rig.at))
        await flight.draw(2)
        await flight.press("X")
        assert flight.rig.cancels[-1].client_order_id == again.client_order_id


async def test_presets_have_five_steps() -> None:
    """And no more."""
    async with flying_for_real() as flight:
        ladder = await _armed(flight)
        found = []
        for _ in range(6):
            await flight.press("right_curly_bracket")
            found.append(ladder.arming.amount)
        assert found == [250, 500, 1_000, 1_000, 1_000, 1_000]
        for _ in range(6):
            await flight.press("left_curly_bracket")
        assert ladder.arming.amount == 50


# ---- the tables ----------------------------------------------------------------------------------


async def _resting(flight: RealFlight) -> object:
    """Place an order that rests, by the ticket."""
    await open_ticket(flight)
    await flight.press("1", "enter")
    effect = flight.rig.placed[-1]
    flight.rig.feed(flight.rig.venue.accept(effect, flight.rig.at))
    return effect


async def test_orders_are_moved_and_cancelled_from_their_table() -> None:
    """m, two ticks, enter; x; and the totals follow."""
    async with flying_for_real() as flight:
        await _resting(flight)
        await flight.press("f5")
        orders = flight.panes.orders
        orders.focus()
        await flight.draw(6)
        assert "▲ buy" in orders.all_text
        assert "1 order · buy 99.99" in orders.all_text
        await flight.press("m", "down", "down")
        assert "→99.97" in orders.all_text
        await flight.press("enter")
        assert flight.link.receipts[-1].is_accepted, flight.link.receipts[-1].text
        assert "99.99 to 99.97" in flight.link.receipts[-1].text
        first = flight.rig.placed[0]
        flight.rig.feed(told(first, OrderState.CANCELLED, flight.rig))
        flight.rig.feed(flight.rig.venue.accept(flight.rig.placed[1], flight.rig.at))
        await flight.draw(6)
        await flight.press("x")

        assert flight.rig.cancels[-1].client_order_id == flight.rig.placed[1].client_order_id


async def test_escape_leaves_an_order_where_it_is() -> None:
    """A price half typed moves nothing, and typed digits switch no strategy."""
    async with flying_for_real() as flight:
        await _resting(flight)
        await flight.press("f5")
        flight.panes.orders.focus()
        await flight.draw(6)
        count = len(flight.link.receipts)
        await flight.press("m", "9", "8", "escape")

        assert len(flight.link.receipts) == count
        assert flight.rig.cancels == []


async def test_a_position_is_closed_from_its_table() -> None:
    """X sends a reduce-only IOC slice; the row says how far it is."""
    async with flying_for_real() as flight:
        await open_ticket(flight)
        await flight.press("5", "m")
        await flight.draw(2)
        await flight.press("enter")
        flight.rig.fill_all()
        await flight.press("f5")
        positions = flight.panes.positions
        positions.focus()
        await flight.draw(25)
        assert "▲ 5" in positions.all_text
        await flight.press("x")
        await flight.draw(3)

        terms = flight.rig.placed[-1].approved.leg.terms
        assert terms.instrument == SOL_PERP
        assert terms.reduce_only
        assert terms.time_in_force is TimeInForce.IOC
        assert "slice 1" in positions.all_text
        await flight.press("w")
        assert flight.rig.cancels[-1].client_order_id == flight.rig.placed[-1].client_order_id
        flight.panes.fills.redraw()
        assert "1 fill" in flight.panes.fills.all_text


async def test_empty_tables_say_so_and_old_ones_too() -> None:
    """Nothing open is not the same as nothing known."""
    async with flying_for_real() as flight:
        assert flight.panes.orders.view is None
        await flight.press("f5")
        await flight.draw(12)
        assert "no working order" in flight.panes.orders.all_text
        assert "flat" in flight.panes.positions.all_text
        assert "no fills yet" in flight.panes.fills.all_text
        orders = flight.panes.orders
        orders.tick(flight.rig.at + 9 * 10**9)
        assert "STALE" in orders.all_text
