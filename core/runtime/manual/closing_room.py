"""Closings in slices: from a person's word to the last slice, by commands, timers and facts."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from core.domain.commands import ClosePosition, StopClosing
from core.domain.effects import Effect, WakeAt
from core.domain.events import TimerFired
from core.domain.facts import (
    CloseAsked,
    CloseEnded,
    Fact,
    FillBooked,
    Noted,
    OrderJournaled,
    OrderMoved,
    TradingState,
    TradingStateChanged,
)
from core.domain.ids import IntentId
from core.domain.order import Side
from core.domain.reaction import NOTHING, Reaction
from core.runtime.kill.room import END_CAUSE
from core.runtime.manual.answers import Answer, denial, refused
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
from core.runtime.manual.picture import Pictures, manual_intent
from core.runtime.orderdesk import OrderDesk
from core.trading.room import TradingRoom

DROPPED: Final = "dropped by the restart; nothing more was sent"


class ClosingRoom:
    """Every closing a person asked for."""

    def __init__(self, trading: TradingRoom, orders: OrderDesk, pictures: Pictures) -> None:
        self._trading = trading
        self._orders = orders
        self._pictures = pictures
        self.closings = Closings()
        self._wishes = 0

    def commands(self) -> dict[type, Callable[[Any, str, int], Answer]]:
        """Return what is done with which command."""
        return {ClosePosition: self.close, StopClosing: self.stop_closing}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {
            CloseAsked: self.closings.asked,
            CloseEnded: self.closings.ended,
            OrderJournaled: self.closings.journaled,
            OrderMoved: self.closings.moved,
            FillBooked: self.closings.filled,
        }

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from which fact."""
        return {OrderMoved: self.on_moved, TradingStateChanged: self.on_state}

    def close(self, command: ClosePosition, by: str, at: int) -> Answer:
        """Begin to close a position in slices."""
        name = command.instrument
        account = self._pictures.account_of(name)
        rules = self._trading.instruments.get(name)
        if account is None or rules is None:
            return refused(f"no account of this run trades {name}")
        running = self.closings.of_market(name)
        if running is not None:
            return refused(f"{name} is being closed already: {running}")
        position = self._trading.ledger.position(account, name)
        quantity = to_close(command, rules, position)
        if isinstance(quantity, str):
            return refused(quantity)
        self._wishes += 1
        close_id = f"{by}-{at}-{self._wishes}"
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
            return refused(f"{command.instrument} is not being closed")
        text = f"stopped closing {command.instrument}: {closing}"
        return True, text, self.stopped([closing], "stopped by a person", at)

    def stopped(self, closings: Iterable[Closing], why: str, at: int) -> Reaction:
        """End closings for a reason, and cancel the slices that are out."""
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
            False, f"closed {closing.closed} of {closing.quantity}: {denial(outcome.denied)}"
        )
        return Reaction((*outcome.reaction.facts, *_close_over(closing, over, at)))

    # ---- events and facts ----------------------------------------------------------------------

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Send the next slice, when none is out."""
        if not body.key.startswith(CLOSE_TIMER):
            return NOTHING
        closing = self.closings.running.get(body.key.removeprefix(CLOSE_TIMER))
        if closing is None or closing.live is not None:
            return NOTHING
        return self._next_slice(closing, at)

    def on_moved(self, fact: OrderMoved, at: int) -> Reaction:
        """Go on a little after a slice has ended."""
        closing = self.closings.of_order(fact.client_order_id)
        if closing is None or closing.live is not None or not fact.state.is_terminal:
            return NOTHING
        return Reaction((), (WakeAt(key=f"{CLOSE_TIMER}{closing.close_id}", at=at + GAP_NS),))

    def on_state(self, fact: TradingStateChanged, at: int) -> Reaction:
        """Stop every closing once all is off, or the run ends; while reducing they go on."""
        is_over = fact.state is TradingState.HALTED or fact.cause == END_CAUSE
        if fact.scope or fact.state is TradingState.ACTIVE or not is_over:
            return NOTHING
        why = f"trading is {fact.state}: {fact.reason}"
        return self.stopped(tuple(self.closings.running.values()), why, at)

    def recovery_facts(self, at: int) -> list[Fact]:
        """Return what a restart means: no closing is taken up again, and it is said."""
        facts: list[Fact] = []
        for closing in self.closings.running.values():
            facts.extend(_close_over(closing, Over(False, f"{DROPPED}: {closing}"), at))
        return facts


def _close_over(closing: Closing, over: Over, at: int) -> list[Fact]:
    level = "info" if over.is_done else "warning"
    text = f"closing {closing.instrument}: {over.text}"
    return [
        CloseEnded(at=at, close_id=closing.close_id, is_done=over.is_done, text=over.text),
        Noted(at=at, level=level, text=text),
    ]
