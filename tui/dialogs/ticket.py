"""The ticket: one order by keys, docked on the living screen, with its card beside it."""

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

import msgspec
from textual import events
from textual.message import Message

from core.domain.commands import PlaceTicket
from core.domain.exact import Price, Quantity, exact_decimal
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.ticket import CardVerdict, Seen, SizeBy, Ticket, TicketView, ticket_topic
from core.domain.views import LadderView
from tui.render.numbers import market_name
from tui.render.palette import Palette, Runs
from tui.render.text import clean
from tui.render.ticket import TicketState, ticket_rows
from tui.render.ticket_form import (
    Form,
    Line,
    as_before,
    at_collar,
    changed,
    erased,
    kind_changed,
    moved,
    priced,
    sided,
    ticket_from,
    typed,
    unit_changed,
)
from tui.widgets.pane import Pane, Titles

GUARD_SECS: Final = 0.5
"""Enter this soon after the ticket opened was meant for something else."""
CARD_AGE_NS: Final = 1_000_000_000
FRAME_SECS: Final = 1.0
"""Without a frame for so long, nothing on the screen is of now."""
_PASSED_ON: Final = frozenset(
    {"ctrl+k", "ctrl+q", "ctrl+p", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"}
)


class TicketSent(Message):
    """A person sent the order a ticket words."""

    def __init__(self, command: PlaceTicket) -> None:
        super().__init__()
        self.command = command


class TicketClosed(Message):
    """The ticket was put away."""


class TicketPane(Pane):
    """One order, typed; prices behind it go on, and its card with them. Escape closes it."""

    DEFAULT_CSS = """
    TicketPane { layer: sheet; }
    """

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(palette, id=id)
        self.form: Form | None = None
        self.card: TicketView | None = None
        self.note, self.note_role = "", "info"
        self._clock = clock
        self._guarded_until = 0.0
        self._framed_at = 0.0
        self._engine_at = 0
        self._is_waiting = False
        self._wants_price = False
        self._last: dict[InstrumentId, tuple[str, SizeBy]] = {}

    # -- open and closed -------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a ticket."""
        return self.form is not None

    def begin(self, view: LadderView, cursor_price: int | None) -> None:
        """Open for a market: side and price as aimed at, else a buy at the best bid."""
        side, text = Side.BUY, ""
        if cursor_price is not None:
            text = f"{cursor_price / UNIT:.{view.price_decimals}f}"
            if view.best_ask is not None and cursor_price >= view.best_ask:
                side = Side.SELL
        last = self._last.get(view.instrument)
        self.form = Form(instrument=view.instrument, side=side, price=text, last=last)
        self.card, self.note, self._is_waiting = None, "", False
        self._wants_price = not text
        self._guarded_until = self._clock() + GUARD_SECS
        self.forget()
        self.redraw()

    def end(self) -> None:
        """Close."""
        self.form = self.card = None
        self.note = ""

    # -- what it shows ---------------------------------------------------------------------

    def topic(self) -> str | None:
        """Return the topic of the card of what is typed; of the bare market while it is none."""
        if self.form is None:
            return None
        ticket = ticket_from(self.form)
        return ticket_topic(bare(self.form) if isinstance(ticket, str) else ticket)

    def follow(self, instrument: InstrumentId | None) -> None:
        """Keep its market: a ticket never changes what it is about."""

    def show(self, view: TicketView) -> None:
        """Draw the card of what is typed; the first one gives the price, if none was aimed at."""
        if self.form is None:
            return
        is_bare = isinstance(ticket_from(self.form), str)
        self.card = _prices_of(view, self.form) if is_bare else view
        if self._wants_price and not self.form.price and self.form.line is not Line.PRICE:
            self._wants_price = False
            at_touch = self._at_touch(self.form)
            self.form = msgspec.structs.replace(self.form, price=at_touch.price)
        self.redraw()

    def took_frame(self, engine_at: int) -> None:
        """Know that a frame came: what it did not change is still so."""
        self._engine_at, self._framed_at = engine_at, self._clock()
        if self.is_open:
            self.redraw()

    @property
    def is_old(self) -> bool:
        """Whether the card, or everything on the screen, is over a second old."""
        if self.card is None or self._clock() - self._framed_at > FRAME_SECS:
            return True
        return self._engine_at - self.card.made_at > CARD_AGE_NS

    def title(self) -> Titles:
        """Return what it is about."""
        if self.form is None:
            return [("Ticket", "text")]
        venue = clean(self.form.instrument.partition(":")[0], 12)
        return [("Ticket ", "text"), (clean(market_name(self.form.instrument)), "accent"),
                (f" {venue}", "muted")]  # fmt: skip

    def status(self) -> Titles:
        """Return whether the card is of now."""
        if self._is_waiting:
            return [("◌ sending", "info")]
        if self.card is None or not self.is_old:
            return []
        return [("◍ OLD", "warning")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw form, card and note."""
        if self.form is None:
            return
        ticket = ticket_from(self.form)
        state = TicketState(
            form=self.form,
            card=self.card,
            missing=ticket if isinstance(ticket, str) else "",
            note=self.note,
            note_role=self.note_role,
            is_old=self.is_old,
            is_focused=self.has_focus,
        )
        yield from enumerate(ticket_rows(state, width, height, self.palette))

    def say(self, text: str, role: str = "warning") -> None:
        """Show a sentence at the foot."""
        self.note, self.note_role = text, role
        self._is_waiting = False
        self.redraw()

    # -- what a person does ----------------------------------------------------------------

    def action_move_cursor(self, rows: int) -> None:
        """Go to another line of the form."""
        if self.form is not None:
            self._take(moved(self.form, rows))

    def action_move_aside(self, direction: int) -> None:
        """Change the line's value."""
        if self.form is not None:
            self._take(changed(self.form, direction, self._tick()))

    def on_key(self, event: events.Key) -> None:
        """Take every key: nothing typed here may act elsewhere."""
        if event.key in _PASSED_ON or self.form is None:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.post_message(TicketClosed())
        elif event.key == "enter":
            self._send()
        else:
            self._edit(self.form, event)

    def _edit(self, form: Form, event: events.Key) -> None:
        name, char = event.key, event.character or ""
        simple = self._edits(form).get(name) or self._edits(form).get(char)
        if simple is not None:
            self._take(simple())
        elif len(char) == 1:
            self._take(typed(form, char))

    def _edits(self, form: Form) -> dict[str, Callable[[], Form]]:
        tick = self._tick()
        return {
            "up": lambda: moved(form, -1),
            "down": lambda: moved(form, 1),
            "tab": lambda: moved(form, 1),
            "shift+tab": lambda: moved(form, -1),
            "left": lambda: changed(form, -1, tick),
            "right": lambda: changed(form, 1, tick),
            "shift+left": lambda: changed(form, -10, tick),
            "shift+right": lambda: changed(form, 10, tick),
            "backspace": lambda: erased(form),
            "delete": lambda: erased(form, is_all=True),
            "b": lambda: sided(form, Side.BUY),
            "s": lambda: sided(form, Side.SELL),
            "m": lambda: at_collar(form),
            "f": lambda: kind_changed(form, 1),
            "p": lambda: changed(_at(form, Line.POST), 1, None),
            "r": lambda: changed(_at(form, Line.REDUCE), 1, None),
            "u": lambda: unit_changed(form),
            "l": lambda: as_before(form),
            "t": lambda: self._at_touch(form),
        }

    def _at_touch(self, form: Form) -> Form:
        """Take the best price of the order's own side, so that it rests."""
        if self.card is None:
            return form
        touch = self.card.best_bid if form.side is Side.BUY else self.card.best_ask
        return form if touch is None else priced(form, touch)

    def _tick(self) -> Decimal | None:
        return exact_decimal(self.card.tick) if self.card is not None and self.card.tick else None

    def _take(self, form: Form) -> None:
        """Follow an edit; the card of what was typed before says nothing any more."""
        before = self.topic()
        self.form = form
        self.note = ""
        if self.topic() != before and self.card is not None:
            self.card = _prices_of(self.card, form)
        self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """Refuse text that was not typed."""
        event.stop()
        event.prevent_default()
        self.say("pasted text is refused: type the numbers")

    # -- sending ---------------------------------------------------------------------------

    def _send(self) -> None:
        """Send by the card on the screen, and only while it is of now."""
        if self._is_waiting or self._clock() < self._guarded_until or self.form is None:
            return
        ticket = ticket_from(self.form)
        fault = ticket if isinstance(ticket, str) else self._fault()
        if fault or isinstance(ticket, str):
            self.say(str(fault))
            return
        card = self.card
        assert card is not None, "a ticket without fault has a card"
        ticket = msgspec.structs.replace(ticket, limit_price=Price(card.limit_price))
        seen = Seen(
            engine_at=card.made_at,
            best_bid=_read(card.best_bid),
            best_ask=_read(card.best_ask),
            quantity=Quantity(card.quantity),
        )
        self._last[self.form.instrument] = (self.form.size, self.form.size_by)
        self.say("waiting for the engine…", "info")
        self._is_waiting = True
        self.post_message(TicketSent(PlaceTicket(ticket=ticket, seen=seen)))

    def _fault(self) -> str:
        """Say why Enter sends nothing now; empty when it may."""
        card = self.card
        if card is None or not card.quantity:
            reason = card.text if card is not None and card.text else "the card is not there yet"
            return f"not sent: {reason}"
        if self.is_old:
            return "not sent: the card is over a second old; wait until it is of now"
        if card.verdict is CardVerdict.DENIED:
            return f"not sent: the gate would refuse it, {card.rule} {card.text}"
        return ""


def _at(form: Form, line: Line) -> Form:
    """Stand on a line that a key switches."""
    return msgspec.structs.replace(form, line=line)


def bare(form: Form) -> Ticket:
    """Return a ticket that names no order, to be told the prices of its market."""
    return Ticket(instrument=form.instrument, side=form.side, size=Decimal(1), is_at_collar=True)


def _prices_of(card: TicketView, form: Form) -> TicketView:
    """Keep only prices and units of a card whose order has changed."""
    return TicketView(
        instrument=card.instrument,
        side=form.side,
        made_at=card.made_at,
        verdict=CardVerdict.UNCLEAR,
        text="asking the engine",
        best_bid=card.best_bid,
        best_ask=card.best_ask,
        tick=card.tick,
        step=card.step,
        base=card.base,
        quote=card.quote,
    )


def _read(text: str | None) -> Price | None:
    return None if text is None else Price(text)
