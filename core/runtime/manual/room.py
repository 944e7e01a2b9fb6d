"""What a person's orders lead to: tickets, cancels, moves and closings, by commands and facts.

Handlers answer with facts and effects; state moves only in `apply`. Every order goes through
`OrderDesk.submit`; the pure parts beside this module decide what is asked of it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.commands import (
    CancelOrders,
    ClosePosition,
    MoveOrder,
    PlaceTicket,
    StopClosing,
)
from core.domain.effects import Effect, WakeAt
from core.domain.events import TimerFired
from core.domain.exact import Price
from core.domain.facts import (
    CloseAsked,
    CloseEnded,
    DecisionTaken,
    Fact,
    FillBooked,
    MoveAsked,
    MoveEnded,
    Noted,
    OrderJournaled,
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
from core.runtime.manual.closing import (
    CLOSE_TIMER,
    GAP_NS,
    Closing,
    Closings,
    Over,
    Slice,
    next_step,
    slice_intent,
    to_close,
)
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

Answer = tuple[bool, str, Reaction]
_SEEN_FILLS: Final = 500
_DROPPED: Final = "dropped by the restart; nothing was placed anew"


class ManualRoom:
    """A person's orders."""

    def __init__(self, trading: TradingRoom, orders: OrderDesk, pictures: Pictures) -> None:
        self._trading = trading
        self._orders = orders
        self._pictures = pictures
        self.moves = Moves()
        self.closings = Closings()
        self._wishes = 0

    def commands(self) -> dict[type, Callable[[Any, str, int], Answer]]:
        """Return what is done with which command."""
        return {
            PlaceTicket: self.place,
            CancelOrders: self.cancel,
            MoveOrder: self.move,
            ClosePosition: self.close,
            StopClosing: self.stop_closing,
        }

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {
            MoveAsked: self.moves.asked,
            MoveEnded: self.moves.ended,
            CloseAsked: self.closings.asked,
            CloseEnded: self.closings.ended,
            OrderJournaled: self.closings.journaled,
            OrderMoved: self.closings.moved,
            FillBooked: self.closings.filled,
        }

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from which fact."""
        return {OrderMoved: self.on_moved, TradingStateChanged: self.on_state}

    @property
    def version(self) -> int:
        """Count changes of moves and closings."""
        return self.moves.version + self.closings.version

    # ---- tickets -------------------------------------------------------------------------------

    def place(self, command: PlaceTicket, by: str, at: int) -> Answer:
        """Send the order a ticket words, if what was seen still holds."""
        ticket, seen = command.ticket, command.seen
        account = self._pictures.account_of(ticket.instrument)
        if account is None:
            return _refused(f"no account of this run trades {ticket.instrument}")
        touch = self._pictures.touch(ticket.instrument, at)
        stale = stale_frame(seen, touch, at)
        if stale is not None:
            return _refused(stale)
        if ticket.limit_price is None:
            return _refused("a ticket is sent with the price that was shown")
        asked = worded(ticket, self._pictures.situation(ticket, account, at))
        if isinstance(asked, str):
            return _refused(asked)
        fault = grown(seen.quantity, asked.terms.quantity)
        terms = asked.terms
        if seen.quantity is not None and seen.quantity < terms.quantity:
            terms = msgspec.structs.replace(terms, quantity=seen.quantity)
        if fault is None and not ticket.is_at_collar:
            fault = turned_aggressive(seen, touch, terms.side, terms.limit_price, at)
        if fault is None and terms.post_only and crosses(terms.side, terms.limit_price, touch):
            fault = f"post-only at {terms.limit_price} would take from the book"
        if fault is not None:
            return _refused(fault)
        how = "a ticket" if seen.row_price is None else f"the ladder's row {seen.row_price}"
        outcome = self._submit(terms, account, f"you sent it by {how}", by, at)
        return _answered(outcome, terms, at)

    # ---- cancels -------------------------------------------------------------------------------

    def cancel(self, command: CancelOrders, _by: str, at: int) -> Answer:
        """Cancel own orders of a scope; moves and closings in it stop too."""
        live = self._trading.orders.live()
        records = chosen(command, live)
        if isinstance(records, str):
            return _refused(records)
        stopped = self._stopped(self._closings_in(command, records), "stopped by a person", at)
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
            return _refused(f"there is no working order {worded_scope(command)}")
        count = len(records)
        text = f"cancelling {count} order{'' if count == 1 else 's'} {worded_scope(command)}"
        return True, text, Reaction(tuple(facts), tuple(effects))

    def _closings_in(self, command: CancelOrders, records: Iterable[OrderRecord]) -> list[Closing]:
        slices = {record.client_order_id for record in records}
        is_whole = not command.orders
        return [
            closing
            for closing in self.closings.running.values()
            if closing.live in slices
            or (is_whole and (command.is_all or _covers(command, closing)))
        ]

    # ---- moves ---------------------------------------------------------------------------------

    def move(self, command: MoveOrder, by: str, at: int) -> Answer:
        """Cancel an order that is to stand elsewhere; placed anew once that is proved."""
        record = self._trading.orders.by_client(command.client_order_id)
        if record is None:
            return _refused(f"there is no order {command.client_order_id} of ours")
        fault = immovable(record, self.moves.pending.get(record.client_order_id))
        touch = self._pictures.touch(record.terms.instrument, at)
        fault = fault or stale_frame(command.seen, touch, at)
        terms = self._moved_terms(record, command.limit_price)
        if fault is not None or isinstance(terms, str):
            return _refused(fault or str(terms))
        side, price = terms.side, terms.limit_price
        may_cross = crosses(side, price, touch)
        fault = turned_aggressive(command.seen, touch, side, price, at)
        if fault is None and may_cross and terms.post_only:
            fault = f"the order is post-only, and {price} would take from the book"
        if fault is None:
            fault = self._pictures.denial_instead_of(record, terms, at)
        if fault is not None:
            return _refused(fault)
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
            over = _move_over(pending, _denial(outcome.denied), at)
            return Reaction((*outcome.reaction.facts, *over))
        ended = MoveEnded(
            at=at,
            client_order_id=pending.client_order_id,
            is_placed=True,
            text=_sentence(terms, is_asked=outcome.is_asked),
        )
        return Reaction((ended, *outcome.reaction.facts), outcome.reaction.effects)

    # ---- closings ------------------------------------------------------------------------------

    def close(self, command: ClosePosition, by: str, at: int) -> Answer:
        """Begin to close a position in slices."""
        name = command.instrument
        account = self._pictures.account_of(name)
        rules = self._trading.instruments.get(name)
        if account is None or rules is None:
            return _refused(f"no account of this run trades {name}")
        running = self.closings.of_market(name)
        if running is not None:
            return _refused(f"{name} is being closed already: {running}")
        position = self._trading.ledger.position(account, name)
        quantity = to_close(command, rules, position)
        if isinstance(quantity, str):
            return _refused(quantity)
        close_id = self._wish(by, at)
        asked = CloseAsked(
            at=at,
            close_id=close_id,
            account=account,
            instrument=name,
            side=Side.SELL if position.sign > 0 else Side.BUY,
            quantity=quantity,
            by=by,
        )
        text = f"closing {quantity} of {abs(position)} {name} in slices"
        owners = self._pictures.strategies_in(account, name)
        if owners:
            text += f"; part of it is held for {' and '.join(owners)}, which may trade it again"
        return True, text, Reaction((asked,), (WakeAt(key=f"{CLOSE_TIMER}{close_id}", at=at),))

    def stop_closing(self, command: StopClosing, _by: str, at: int) -> Answer:
        """Stop a closing, and cancel the slice that is out."""
        closing = self.closings.of_market(command.instrument)
        if closing is None:
            return _refused(f"{command.instrument} is not being closed")
        text = f"stopped closing {command.instrument}: {closing}"
        return True, text, self._stopped([closing], "stopped by a person", at)

    def _stopped(self, closings: Iterable[Closing], why: str, at: int) -> Reaction:
        facts: list[Fact] = []
        effects: list[Effect] = []
        for closing in closings:
            facts.extend(_close_over(closing, Over(False, f"{why}: {closing}"), at))
            record = self._trading.orders.by_client(closing.live)
            if record is not None:
                cancelled = self._trading.cancel(record, at)
                facts.extend(cancelled.facts)
                effects.extend(cancelled.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _next_slice(self, closing: Closing, at: int) -> Reaction:
        step = next_step(closing, self._pictures.chance(closing, at), at)
        if isinstance(step, Over):
            return Reaction(tuple(_close_over(closing, step, at)))
        again = WakeAt(key=f"{CLOSE_TIMER}{closing.close_id}", at=at + GAP_NS)
        if not isinstance(step, Slice):
            return Reaction((), (again,))
        intent = manual_intent(
            IntentId(slice_intent(closing.close_id, closing.slices + 1)),
            self._pictures.slice_leg(closing, step),
            f"you close {closing.instrument}",
            at,
        )
        outcome = self._orders.submit(intent, at)
        if outcome.denied is None:
            return outcome.reaction
        over = Over(
            False, f"closed {closing.closed} of {closing.quantity}: {_denial(outcome.denied)}"
        )
        return Reaction((*outcome.reaction.facts, *_close_over(closing, over, at)))

    # ---- events and facts ----------------------------------------------------------------------

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Send the next slice, or give a move up whose cancel has no proof."""
        if body.key.startswith(CLOSE_TIMER):
            closing = self.closings.running.get(body.key.removeprefix(CLOSE_TIMER))
            return NOTHING if closing is None or closing.live else self._next_slice(closing, at)
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
        closing = self.closings.of_order(fact.client_order_id)
        if closing is None or closing.live is not None:
            return NOTHING
        return Reaction((), (WakeAt(key=f"{CLOSE_TIMER}{closing.close_id}", at=at + GAP_NS),))

    def on_state(self, fact: TradingStateChanged, at: int) -> Reaction:
        """Drop every move once entries are off, and every closing once all is off."""
        if fact.scope or fact.state not in (TradingState.HALTED, TradingState.REDUCING):
            return NOTHING
        why = f"trading is {fact.state}: {fact.reason}"
        dropped = [f for p in self.moves.pending.values() for f in _move_over(p, why, at)]
        if fact.state is not TradingState.HALTED:
            return Reaction(tuple(dropped))
        stopped = self._stopped(tuple(self.closings.running.values()), why, at)
        return Reaction((*dropped, *stopped.facts), stopped.effects)

    def recovery_facts(self, at: int) -> list[Fact]:
        """Return what a restart means: nothing half done is taken up again, and it is said."""
        facts = [f for p in self.moves.pending.values() for f in _move_over(p, _DROPPED, at)]
        for closing in self.closings.running.values():
            facts.extend(_close_over(closing, Over(False, f"{_DROPPED}: {closing}"), at))
        return facts

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


def _refused(text: str) -> Answer:
    return False, text, NOTHING


def _answered(outcome: Outcome, terms: OrderTerms, _at: int) -> Answer:
    if outcome.denied is not None:
        return False, f"not sent: {_denial(outcome.denied)}", outcome.reaction
    return True, _sentence(terms, is_asked=outcome.is_asked), outcome.reaction


def _sentence(terms: OrderTerms, *, is_asked: bool) -> str:
    order = f"{terms.side} {terms.quantity} {terms.instrument} at {terms.limit_price}"
    return f"{order}: the alert asks for your word" if is_asked else f"sent: {order}"


def _denial(denied: Denied) -> str:
    return f"{denied.rule} {denial_text(denied)}"


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


def _close_over(closing: Closing, over: Over, at: int) -> list[Fact]:
    level = "info" if over.is_done else "warning"
    text = f"closing {closing.instrument}: {over.text}"
    return [
        CloseEnded(at=at, close_id=closing.close_id, is_done=over.is_done, text=over.text),
        Noted(at=at, level=level, text=text),
    ]
