"""Watches orders and books for what a person has to know, and acts where waiting would be unsafe.

Overfills and second engines halt, long silence reduces; late fills, foreign orders and the venue's
own executions are told. State changes by facts alone: what stands here is only what was told.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from core.domain.alert import Alert
from core.domain.effects import Effect
from core.domain.facts import (
    Fact,
    FillBooked,
    ForeignOrdersSeen,
    OrderMoved,
    PositionAdopted,
    StrategySwitched,
)
from core.domain.ids import AccountId, AlertId, ClientOrderId, InstrumentId, VenueOrderId
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.risk import alert_words, alerts
from core.risk.room import ALERTED, STREAM, RiskRoom
from core.risk.states import market_scope, strategy_scope
from core.trading.late import LATE_ORDER
from core.trading.orders import OrderRecord
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

_SECOND: Final = 1_000_000_000
WARN_AFTER_NS: Final = 10 * _SECOND
REDUCE_AFTER_NS: Final = 30 * _SECOND
UNREADABLE_AFTER_NS: Final = 10 * _SECOND
UNKNOWN_CAUSE: Final = "unknown order"
OVERFILL_CAUSE: Final = f"{ALERTED}overfill"
LATE_ORDER_CAUSE: Final = f"{ALERTED}late order"
Handler = Callable[[Any, int], Reaction]


class OrderWatch:
    """Raises alerts about orders and books, and ends them when their cause is gone."""

    def __init__(
        self, trading: TradingRoom, risk: RiskRoom, reconcilers: tuple[Reconciler, ...]
    ) -> None:
        self._trading = trading
        self._risk = risk
        self._reconcilers = reconcilers
        self._warned: set[ClientOrderId] = set()
        self._told_foreign: set[tuple[AccountId, VenueOrderId]] = set()

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        return {
            FillBooked: self.on_fill,
            ForeignOrdersSeen: self.on_foreign,
            PositionAdopted: self.on_adopted,
            OrderMoved: self.on_moved,
            StrategySwitched: self.on_switched,
        }

    # ---- fills ---------------------------------------------------------------------------------

    def on_fill(self, fact: FillBooked, at: int) -> Reaction:
        """Tell of a fill that should not be: beyond its order, after its end, or not ours."""
        fill = fact.fill
        text = f"{fill.side} {fill.quantity} at {fill.price}"
        if fill.is_system:
            return self._raise(alert_words.system_fill(fill.instrument, text, at), at)
        record = self._trading.orders.find(
            fill.client_order_id, fill.instrument, fill.venue_order_id
        )
        if record is None:
            return self._foreign(fill.account, (f"fill in {fill.instrument}: {text}",), at)
        if record.filled > record.terms.quantity:
            return self._overfilled(record, at)
        if record.state is OrderState.ABSENT:
            return Reaction(tuple(self._trading.unwanted.fill_facts(record, at)))
        if _is_late(record):
            words = alert_words.late_fill(
                record.client_order_id, fill.instrument, record.state, str(fill.quantity), at
            )
            return self._raise(words, at)
        return NOTHING

    def _overfilled(self, record: OrderRecord, at: int) -> Reaction:
        """Halt the market first, then tell."""
        name = record.terms.instrument
        reason = f"order {record.client_order_id} filled beyond its quantity"
        halted = self._risk.halt(at, reason, cause=OVERFILL_CAUSE, scope=market_scope(name))
        words = alert_words.overfilled(
            record.client_order_id, name, str(record.terms.quantity), str(record.filled), at
        )
        told = self._raise(words, at)
        return Reaction((*halted.facts, *told.facts), told.effects)

    def on_switched(self, fact: StrategySwitched, at: int) -> Reaction:
        """Halt a strategy that was switched off for an order that must not be there."""
        if fact.is_on or fact.by != LATE_ORDER:
            return NOTHING
        scope = strategy_scope(fact.strategy)
        return self._risk.halt(at, LATE_ORDER, cause=LATE_ORDER_CAUSE, scope=scope)

    # ---- foreign hands -------------------------------------------------------------------------

    def on_foreign(self, fact: ForeignOrdersSeen, at: int) -> Reaction:
        """Tell once of each foreign order; halt at once when a second engine shows."""
        fresh = [
            o for o in fact.orders if (fact.account, o.venue_order_id) not in self._told_foreign
        ]
        self._told_foreign |= {(fact.account, order.venue_order_id) for order in fresh}
        if not fresh:
            return NOTHING
        twin = next((order for order in fresh if order.is_second_instance), None)
        if twin is not None:
            text = f"Order {twin.client_order_id} in {twin.terms.instrument}"
            halted = self._risk.halt(at, "a second engine trades on the account")
            told = self._raise(alert_words.second_instance(fact.account, text, at), at)
            return Reaction((*halted.facts, *told.facts), told.effects)
        texts = tuple(
            f"{o.terms.side} {o.terms.quantity} {o.terms.instrument} at {o.terms.limit_price}"
            for o in fresh
        )
        return self._foreign(fact.account, texts, at)

    def on_adopted(self, fact: PositionAdopted, at: int) -> Reaction:
        """Tell of a position that was there before us."""
        text = f"position of {fact.quantity} in {fact.instrument}"
        return self._foreign(fact.account, (text,), at)

    def _foreign(self, account: AccountId, texts: tuple[str, ...], at: int) -> Reaction:
        return self._raise(alert_words.foreign(account, texts, at), at)

    # ---- orders of unknown fate ----------------------------------------------------------------

    def on_moved(self, fact: OrderMoved, at: int) -> Reaction:
        """End what was told of an unknown order once it is known."""
        if fact.state is OrderState.UNKNOWN:
            return NOTHING
        self._warned.discard(fact.client_order_id)
        ended = self._risk.alerts.resolved(
            AlertId(f"{alert_words.UNKNOWN_PREFIX}{fact.client_order_id}"), at, "resolved"
        )
        freed = self._freed(at)
        return Reaction((*freed, *(() if ended is None else (ended,))))

    def beat(self, at: int) -> Reaction:
        """Judge ages once a second."""
        reactions = [*self._unknown(at), *(self._unreadable(r, at) for r in self._reconcilers)]
        reactions.extend(self._average_price(r, at) for r in self._reconcilers)
        facts: list[Fact] = []
        effects: list[Effect] = []
        for reaction in reactions:
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _unknown(self, at: int) -> list[Reaction]:
        reactions: list[Reaction] = []
        long: dict[InstrumentId, list[OrderRecord]] = {}
        for record in self._trading.orders.live():
            if record.unknown_since is None:
                continue
            age = at - record.unknown_since
            if age > REDUCE_AFTER_NS:
                long.setdefault(record.terms.instrument, []).append(record)
            elif age > WARN_AFTER_NS and record.client_order_id not in self._warned:
                self._warned.add(record.client_order_id)
                words = alert_words.unknown_order(
                    record.client_order_id, record.terms.instrument, age // _SECOND, at
                )
                reactions.append(self._raise(words, at))
        reactions.extend(self._reduced(name, records, at) for name, records in long.items())
        return reactions

    def _reduced(self, name: InstrumentId, records: list[OrderRecord], at: int) -> Reaction:
        """Let a market with a long unknown order only reduce; once, until that is resolved."""
        if self._risk.states.hold(UNKNOWN_CAUSE, market_scope(name)) is not None:
            return NOTHING
        secs = max(at - (r.unknown_since or at) for r in records) // _SECOND
        reason = f"an order in {name} is unknown for {secs} s"
        held = self._risk.reduce(at, UNKNOWN_CAUSE, reason, market_scope(name))
        numbers = tuple(record.client_order_id for record in records)
        told = self._raise(alert_words.long_unknown(name, numbers, secs, at), at)
        return Reaction((*held.facts, *told.facts), told.effects)

    def _freed(self, at: int) -> list[Fact]:
        """Return what lets markets trade again whose unknown orders are resolved."""
        unknown = {
            market_scope(record.terms.instrument)
            for record in self._trading.orders.live()
            if record.unknown_since is not None
        }
        facts: list[Fact] = []
        for hold in self._risk.states.holds():
            if hold.cause == UNKNOWN_CAUSE and hold.scope not in unknown:
                facts.extend(self._risk.clear(at, UNKNOWN_CAUSE, hold.scope).facts)
                name = hold.scope.partition("/")[2]
                ended = self._risk.alerts.resolved(
                    AlertId(f"{alert_words.LONG_UNKNOWN_PREFIX}{name}"), at, "resolved"
                )
                facts.extend(() if ended is None else (ended,))
        return facts

    # ---- what the venue does not say, or says otherwise ----------------------------------------

    def _unreadable(self, reconciler: Reconciler, at: int) -> Reaction:
        """Tell of an account without information; later let it visibly only reduce, until a match.

        The hold counts as one of the private stream's: the next match lifts it.
        """
        since, name = reconciler.failing_since, reconciler.account
        silent_ns = 0 if since is None else at - since
        words = alert_words.unreadable(name, silent_ns // _SECOND, at)
        told = self._standing(words, at, is_due=silent_ns > UNREADABLE_AFTER_NS)
        if silent_ns <= REDUCE_AFTER_NS:
            return told
        held = self._risk.reduce(at, f"{STREAM}{name}", f"no information on {name}")
        return Reaction((*told.facts, *held.facts), told.effects)

    def _average_price(self, reconciler: Reconciler, at: int) -> Reaction:
        texts = reconciler.price_differences
        words = alert_words.average_price(reconciler.account, texts, at)
        return self._standing(words, at, is_due=bool(texts))

    def _standing(self, words: Alert, at: int, *, is_due: bool) -> Reaction:
        """Keep an alert up while its cause lasts, and end it when that is gone."""
        is_open = self._risk.alerts.find(words.alert_id) is not None
        if is_due and not is_open:
            return self._raise(words, at)
        if not is_due and is_open:
            ended = self._risk.alerts.resolved(words.alert_id, at, "resolved")
            return NOTHING if ended is None else Reaction((ended,))
        return NOTHING

    def _raise(self, words: Alert, at: int) -> Reaction:
        return alerts.raising(words, at)


def _is_late(record: OrderRecord) -> bool:
    """Whether an order filled more than the venue said at its end."""
    ended = record.state.is_terminal and record.state is not OrderState.FILLED
    return ended and record.filled > record.told_filled


def joined(tables: Iterable[dict[type, Handler]]) -> dict[type, Handler]:
    """Join tables of reactors into one, each kind's reactors in order."""
    calls: dict[type, list[Handler]] = {}
    for table in tables:
        for kind, call in table.items():
            calls.setdefault(kind, []).append(call)
    return {kind: _in_turn(found) for kind, found in calls.items()}


def _in_turn(calls: list[Handler]) -> Handler:
    if len(calls) == 1:
        return calls[0]

    def all_of_them(fact: Any, at: int) -> Reaction:
        reactions = [call(fact, at) for call in calls]
        return Reaction(
            tuple(fact for reaction in reactions for fact in reaction.facts),
            tuple(effect for reaction in reactions for effect in reaction.effects),
        )

    return all_of_them
