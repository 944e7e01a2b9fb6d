"""What a person's orders lead to: tickets, cancels and moves, by commands and facts.

Handlers answer with facts and effects; state moves only in `apply`. Every order goes through
`OrderDesk.submit`; the pure parts beside this module decide what is asked of it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.commands import (
    CancelOrders,
    MoveOrder,
    PlaceTicket,
)
from core.domain.effects import Effect, WakeAt
from core.domain.events import TimerFired
from core.domain.exact import Price
from core.domain.facts import (
    DecisionTaken,
    Fact,
    MoveAsked,
    MoveEnded,
    Noted,
    OrderMoved,
    TradingState,
    TradingStateChanged,
    Verdict,
)
from core.domain.ids import AccountId, IntentId
from core.domain.intent import Denied, Intent
from core.domain.order import OrderTerms, Side
from core.domain.reaction import NOTHING, Reaction
from core.risk.room import denial_text
from core.runtime.manual.answers import Answer, denial, refused
from core.runtime.manual.closing import Closing
from core.runtime.manual.closing_room import ClosingRoom
from core.runtime.manual.moving import (
    MOVE_TIMER,
    PROVED_WITHIN_NS,
    Moves,
    Pending,
    anew,
    immovable,
    left_of,
)
from core.runtime.manual.picture import Pictures, manual_intent
from core.runtime.manual.scopes import chosen, worded_scope
from core.runtime.manual.seen import crosses, grown, stale_frame, turned_aggressive
from core.runtime.manual.tickets import worded
from core.runtime.orderdesk import OrderDesk, Outcome
from core.trading.ledger import MANUAL
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

_DROPPED: Final = "dropped by the restart; nothing was placed anew"


class ManualRoom:
    """A person's orders."""

    def __init__(
        self, trading: TradingRoom, orders: OrderDesk, pictures: Pictures, closing: ClosingRoom
    ) -> None:
        self._trading = trading
        self._orders = orders
        self._pictures = pictures
        self.moves = Moves()
        self._closing = closing
        self._wishes = 0

    def commands(self) -> dict[type, Callable[[Any, str, int], Answer]]:
        """Return what is done with which command."""
        return {
            PlaceTicket: self.place,
            CancelOrders: self.cancel,
            MoveOrder: self.move,
        }

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {
            MoveAsked: self.moves.asked,
            MoveEnded: self.moves.ended,
        }

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from which fact."""
        return {OrderMoved: self.on_moved, TradingStateChanged: self.on_state}

    # ---- tickets -------------------------------------------------------------------------------

    def place(self, command: PlaceTicket, by: str, at: int) -> Answer:
        """Send the order a ticket words, if what was seen still holds."""
        ticket, seen = command.ticket, command.seen
        account = self._pictures.account_of(ticket.instrument)
        if account is None:
            return refused(f"no account of this run trades {ticket.instrument}")
        touch = self._pictures.touch(ticket.instrument, at)
        stale = stale_frame(seen, touch, at)
        if stale is not None:
            return refused(stale)
        if ticket.limit_price is None:
            return refused("a ticket is sent with the price that was shown")
        asked = worded(ticket, self._pictures.situation(ticket, account, at))
        if isinstance(asked, str):
            return refused(asked)
        fault = grown(seen.quantity, asked.terms.quantity)
        terms = asked.terms
        if seen.quantity is not None and seen.quantity < terms.quantity:
            terms = msgspec.structs.replace(terms, quantity=seen.quantity)
        if fault is None and not ticket.is_at_collar:
            fault = turned_aggressive(seen, touch, terms.side, terms.limit_price, at)
        if fault is None and terms.post_only and crosses(terms.side, terms.limit_price, touch):
            fault = f"post-only at {terms.limit_price} would take from the book"
        if fault is not None:
            return refused(fault)
        how = "a ticket" if seen.row_price is None else f"the ladder's row {seen.row_price}"
        outcome = self._submit(terms, account, f"you sent it by {how}", by, at)
        return _answered(outcome, terms, at)

    # ---- cancels -------------------------------------------------------------------------------

    def cancel(self, command: CancelOrders, _by: str, at: int) -> Answer:
        """Cancel own orders of a scope; moves and closings in it stop too."""
        live = self._trading.orders.live()
        records = chosen(command, live)
        if isinstance(records, str):
            return refused(records)
        stopped = self._closing.stopped(
            self._closings_in(command, records), "stopped by a person", at
        )
        facts: list[Fact] = [*stopped.facts]
        effects: list[Effect] = [*stopped.effects]
        for record in records:
            pending = self.moves.pending.get(record.client_order_id)
            if pending is not None:
                facts.extend(_move_over(pending, "the order is cancelled instead", at))
            reaction = self._trading.cancel(record, at)
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        if not records and not facts:
            return refused(f"there is no working order {worded_scope(command)}")
        count = len(records)
        text = f"cancelling {count} order{'' if count == 1 else 's'} {worded_scope(command)}"
        return True, text, Reaction(tuple(facts), tuple(effects))

    def _closings_in(self, command: CancelOrders, records: Iterable[OrderRecord]) -> list[Closing]:
        slices = {record.client_order_id for record in records}
        is_whole = not command.orders
        return [
            closing
            for closing in self._closing.closings.running.values()
            if closing.live in slices
            or (is_whole and (command.is_all or _covers(command, closing)))
        ]

    # ---- moves ---------------------------------------------------------------------------------

    def move(self, command: MoveOrder, by: str, at: int) -> Answer:
        """Cancel an order that is to stand elsewhere; placed anew once that is proved."""
        record = self._trading.orders.by_client(command.client_order_id)
        if record is None:
            return refused(f"there is no order {command.client_order_id} of ours")
        fault = immovable(record, self.moves.pending.get(record.client_order_id))
        touch = self._pictures.touch(record.terms.instrument, at)
        fault = fault or stale_frame(command.seen, touch, at)
        terms = self._moved_terms(record, command.limit_price)
        if fault is not None or isinstance(terms, str):
            return refused(fault or str(terms))
        side, price = terms.side, terms.limit_price
        may_cross = crosses(side, price, touch)
        fault = turned_aggressive(command.seen, touch, side, price, at)
        if fault is None and may_cross and terms.post_only:
            fault = f"the order is post-only, and {price} would take from the book"
        if fault is None:
            fault = self._pictures.denial_instead_of(record, terms, at)
        if fault is not None:
            return refused(fault)
        asked = MoveAsked(
            at=at,
            client_order_id=record.client_order_id,
            limit_price=price,
            by=by,
            may_cross=may_cross,
        )
        cancelled = self._trading.cancel(record, at)
        wake = WakeAt(key=f"{MOVE_TIMER}{record.client_order_id}", at=at + PROVED_WITHIN_NS)
        text = f"moving order {record.client_order_id} from {record.terms.limit_price} to {price}"
        return True, text, Reaction((asked, *cancelled.facts), (*cancelled.effects, wake))

    def _moved_terms(self, record: OrderRecord, price: Price) -> OrderTerms | str:
        terms = record.terms
        rules = self._trading.instruments.get(terms.instrument)
        if rules is None:
            return f"{terms.instrument} is not listed"
        if price.sign <= 0:
            return f"a price above zero is needed, was {price}"
        on_tick = (
            price.floored_to(rules.tick) if terms.side is Side.BUY else price.ceiled_to(rules.tick)
        )
        if on_tick == terms.limit_price:
            return f"the order stands at {on_tick} already"
        return msgspec.structs.replace(terms, quantity=left_of(record), limit_price=on_tick)

    def _place_anew(self, pending: Pending, record: OrderRecord, at: int) -> Reaction:
        """Place what is left of a moved order, whose end has just been proved."""
        touch = self._pictures.touch(record.terms.instrument, at)
        rules = self._trading.instruments.get(record.terms.instrument)
        terms = anew(record, pending, rules, touch)
        if isinstance(terms, str):
            return Reaction(tuple(_move_over(pending, terms, at)))
        reason = f"you moved order {record.client_order_id} to {terms.limit_price}"
        outcome = self._submit(terms, record.account, reason, pending.by, at)
        if outcome.denied is not None:
            over = _move_over(pending, denial(outcome.denied), at)
            return Reaction((*outcome.reaction.facts, *over))
        ended = MoveEnded(
            at=at,
            client_order_id=pending.client_order_id,
            is_placed=True,
            text=_sentence(terms, is_asked=outcome.is_asked),
        )
        return Reaction((ended, *outcome.reaction.facts), outcome.reaction.effects)

    # ---- events and facts ----------------------------------------------------------------------

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Send the next slice, or give a move up whose cancel has no proof."""
        if not body.key.startswith(MOVE_TIMER):
            return NOTHING
        found = [p for n, p in self.moves.pending.items() if f"{MOVE_TIMER}{n}" == body.key]
        why = f"its cancel has no proof after {PROVED_WITHIN_NS // 1_000_000_000} s"
        return Reaction(tuple(fact for p in found for fact in _move_over(p, why, at)))

    def on_moved(self, fact: OrderMoved, at: int) -> Reaction:
        """Go on where an order's end was waited for."""
        if not fact.state.is_terminal:
            return NOTHING
        pending = self.moves.pending.get(fact.client_order_id)
        record = self._trading.orders.by_client(fact.client_order_id)
        if pending is not None and record is not None:
            return self._place_anew(pending, record, at)
        return NOTHING

    def on_state(self, fact: TradingStateChanged, at: int) -> Reaction:
        """Drop every move once entries are off."""
        if fact.scope or fact.state not in (TradingState.HALTED, TradingState.REDUCING):
            return NOTHING
        why = f"trading is {fact.state}: {fact.reason}"
        dropped = [f for p in self.moves.pending.values() for f in _move_over(p, why, at)]
        return Reaction(tuple(dropped))

    def recovery_facts(self, at: int) -> list[Fact]:
        """Return what a restart means: nothing half done is taken up again, and it is said."""
        return [f for p in self.moves.pending.values() for f in _move_over(p, _DROPPED, at)]

    # ---- parts ---------------------------------------------------------------------------------

    def _submit(
        self, terms: OrderTerms, account: AccountId, reason: str, by: str, at: int
    ) -> Outcome:
        leg = self._pictures.leg(account, terms)
        intent = manual_intent(IntentId(f"manual/{self._wish(by, at)}"), leg, reason, at)
        outcome = self._orders.submit(intent, at)
        if outcome.denied is None:
            return outcome
        line = _denied_line(intent, outcome.denied, at)
        reaction = Reaction((*outcome.reaction.facts, line), outcome.reaction.effects)
        return msgspec.structs.replace(outcome, reaction=reaction)

    def _wish(self, by: str, at: int) -> str:
        """Name a wish once and for all: who, when, and which of that run."""
        self._wishes += 1
        return f"{by}-{at}-{self._wishes}"


def _covers(command: CancelOrders, closing: Closing) -> bool:
    return command.instrument == closing.instrument and command.side in (None, closing.side)


def _answered(outcome: Outcome, terms: OrderTerms, _at: int) -> Answer:
    if outcome.denied is not None:
        return False, f"not sent: {denial(outcome.denied)}", outcome.reaction
    return True, _sentence(terms, is_asked=outcome.is_asked), outcome.reaction


def _sentence(terms: OrderTerms, *, is_asked: bool) -> str:
    order = f"{terms.side} {terms.quantity} {terms.instrument} at {terms.limit_price}"
    return f"{order}: the alert asks for your word" if is_asked else f"sent: {order}"


def _denied_line(intent: Intent, denied: Denied, at: int) -> DecisionTaken:
    return DecisionTaken(
        at=at,
        strategy=MANUAL,
        cause=intent.cause,
        verdict=Verdict.DENIED,
        code=denied.rule,
        text=denial_text(denied),
        instrument=intent.legs[0].terms.instrument,
        intent_id=intent.intent_id,
    )


def _move_over(pending: Pending, why: str, at: int) -> list[Fact]:
    name = pending.client_order_id
    text = f"order {name} was not moved to {pending.limit_price}: {why}"
    return [
        MoveEnded(at=at, client_order_id=name, is_placed=False, text=why),
        Noted(at=at, level="warning", text=text),
    ]
