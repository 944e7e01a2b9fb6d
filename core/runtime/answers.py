"""What venues answer and say privately: evidence first, then the comparison and the chase judge."""

from collections.abc import Callable
from typing import Any, Final

from core.domain.effects import Effect
from core.domain.events import (
    BalanceReport,
    Channel,
    ConnectionChanged,
    LinkState,
    OrderReport,
    PositionReport,
    QueryAnswered,
    QueryFailed,
    TimerFired,
    VenueConditionSeen,
    VenueTimeMeasured,
)
from core.domain.exact import Quantity
from core.domain.facts import Fact, FillBooked, OrderMoved, Reconciled
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueId, venue_of
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.runtime.orderdesk import OrderDesk
from core.trading.chase import Chase
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

_PRIVATE_KINDS: Final = {
    OrderReport: "order_update",
    PositionReport: "position_update",
    BalanceReport: "balance_update",
}
Handler = Callable[[Any, int], Reaction]


class Answers:
    """Routes what venues say to those who asked, and freezes what is being compared."""

    def __init__(
        self,
        trading: TradingRoom,
        chase: Chase,
        reconcilers: tuple[Reconciler, ...],
        orders: OrderDesk,
    ) -> None:
        self._trading = trading
        self._chase = chase
        self._reconcilers = {r.account: r for r in reconcilers}
        self._orders = orders
        self._unknown: set[ClientOrderId] = set()
        self.private_frames = {"order_update": 0, "position_update": 0, "balance_update": 0}

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {
            QueryAnswered: self.on_answer,
            QueryFailed: self.on_failed,
            ConnectionChanged: self.on_connection,
            OrderReport: self._disturb,
            BalanceReport: self._disturb,
            PositionReport: self._disturb,
            VenueTimeMeasured: self.on_venue_time,
            VenueConditionSeen: self.on_condition,
        }

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {Reconciled: self._apply_reconciled, FillBooked: self._apply_fill}

    def on_answer(self, body: QueryAnswered, at: int) -> Reaction:
        """Take rows as evidence first, then let the comparison and the chase judge."""
        facts: list[Fact] = []
        effects: list[Effect] = []
        for reaction in self._evidence(body, at):
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        for judge in (self._chase.on_answer, *(r.on_answer for r in self._reconcilers.values())):
            reaction = judge(body, at)
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def on_failed(self, body: QueryFailed, at: int) -> Reaction:
        """Tell those who asked that there is no information."""
        for judge in (self._chase.on_failed, *(r.on_failed for r in self._reconcilers.values())):
            reaction = judge(body, at)
            if reaction.facts or reaction.effects:
                return reaction
        return NOTHING

    def on_venue_time(self, body: VenueTimeMeasured, at: int) -> Reaction:
        """Let the chase know how a venue's clock stands to ours; that it told it shows life."""
        self._chase.moods.on_time(body)
        return self._alive(body.venue, at)

    def on_condition(self, body: VenueConditionSeen, at: int) -> Reaction:
        """Let the chase know of stress; after maintenance everything is read anew."""
        was_open = self._chase.moods.of(body.venue).is_open
        self._chase.moods.on_condition(body, at)
        if body.is_open and not was_open:
            return self._demanded(body.venue, at)
        is_good = body.is_open and not body.is_stressed
        return self._alive(body.venue, at) if is_good else NOTHING

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Hand a timer to its owner."""
        for owner in (self._chase.on_timer, *(r.on_timer for r in self._reconcilers.values())):
            reaction = owner(body, at)
            if reaction.facts or reaction.effects:
                return reaction
        return NOTHING

    def on_connection(self, body: ConnectionChanged, at: int) -> Reaction:
        """Compare with the venue whenever its private stream comes up."""
        if body.channel is not Channel.PRIVATE or body.state is not LinkState.UP:
            return NOTHING
        return self._demanded(body.venue, at)

    def on_moved(self, fact: OrderMoved, at: int) -> Reaction:
        """Start proving an order whose outcome is not known; compare its market afterwards."""
        if fact.state is OrderState.UNKNOWN:
            self._unknown.add(fact.client_order_id)
            return self._chase.tick(at)
        record = self._trading.orders.by_client(fact.client_order_id)
        if fact.client_order_id not in self._unknown or record is None:
            return NOTHING
        self._unknown.discard(fact.client_order_id)
        reconciler = self._reconcilers.get(record.account)
        if reconciler is None or reconciler.opened_at is None:
            return NOTHING
        reaction = reconciler.demand(record.terms.instrument, at)
        self._freeze()
        return reaction

    def _demanded(self, venue: VenueId, at: int) -> Reaction:
        """Compare a venue's accounts at once; their entries wait for it."""
        effects: list[Effect] = []
        for account, reconciler in self._reconcilers.items():
            if venue_of(account) == venue:
                effects.extend(reconciler.demand(account, at).effects)
        self._freeze()
        return Reaction((), tuple(effects))

    def _alive(self, venue: VenueId, at: int) -> Reaction:
        """Read accounts without information again, now that their venue shows life."""
        effects: list[Effect] = []
        for account, reconciler in self._reconcilers.items():
            if venue_of(account) == venue:
                effects.extend(reconciler.alive(at).effects)
        return Reaction((), tuple(effects))

    def _freeze(self) -> None:
        """Let the gate deny entries of what is being compared."""
        frozen = self._orders.painter.reconciling
        frozen.clear()
        for reconciler in self._reconcilers.values():
            frozen |= reconciler.frozen

    def _evidence(self, body: QueryAnswered, at: int) -> list[Reaction]:
        reconciler = self._reconcilers.get(body.account)
        if reconciler is None or reconciler.opened_at is None:
            return []
        fills = tuple(self._trading.fills.of_answer(body.fills, at))
        reports = [row for row in body.rows if isinstance(row, OrderReport)]
        return [
            Reaction(fills),
            *(self._trading.on_report(row, at) for row in self._telling(reports)),
            *(self._word(row, at) for row in reports),
        ]

    def _telling(self, reports: list[OrderReport]) -> list[OrderReport]:
        """Keep of each conditional order the row that tells most: fired, it has two of one id.

        Rows of one answer are judged on one state, so an earlier word must not undo a later one.
        """
        most: dict[object, OrderReport] = {}
        for number, row in enumerate(reports):
            record = self._trading.orders.find(
                row.client_order_id, row.instrument, row.venue_order_id
            )
            key: object = number
            if record is not None and record.terms.trigger_price is not None:
                key = ("ours", record.client_order_id)
            held = most.get(key)
            if held is None or _weight(row) > _weight(held):
                most[key] = row
        return list(most.values())

    def _word(self, row: OrderReport, at: int) -> Reaction:
        """Ask on about an order of which the venue says what nobody here knows."""
        if row.state is None:
            return self._chase.puzzled(row.client_order_id, at)
        self._chase.understood(row.client_order_id)
        return NOTHING

    def _disturb(self, body: OrderReport | BalanceReport | PositionReport, at: int) -> Reaction:
        self.private_frames[_PRIVATE_KINDS[type(body)]] += 1
        reconciler = self._reconcilers.get(body.account)
        if reconciler is not None:
            reconciler.touched(self._names_in(body), at)
        return self._word(body, at) if isinstance(body, OrderReport) else NOTHING

    def _names_in(self, body: OrderReport | BalanceReport | PositionReport) -> tuple[str, ...]:
        """Return the markets and assets a private event may have moved."""
        if isinstance(body, BalanceReport):
            return (body.asset,)
        if isinstance(body, PositionReport):
            return (body.instrument,)
        if body.fill is None:
            return ()
        return (body.instrument, body.fill.fee_asset, *self._money_of(body.instrument))

    def _money_of(self, instrument: InstrumentId) -> tuple[str, ...]:
        rules = self._trading.instruments.get(instrument)
        return () if rules is None else (rules.base, rules.quote)

    def _apply_fill(self, fact: FillBooked) -> None:
        reconciler = self._reconcilers.get(fact.fill.account)
        if reconciler is not None:
            name = fact.fill.instrument
            money = self._trading.ledger.assets_of(name)
            reconciler.touched((name, fact.fill.fee_asset, *money), fact.at)

    def _apply_reconciled(self, fact: Reconciled) -> None:
        reconciler = self._reconcilers.get(fact.account)
        if reconciler is not None:
            reconciler.applied(fact)
            self._freeze()
        if fact.is_matched:
            self._orders.reconciled_at[AccountId(fact.account)] = fact.at


def _weight(row: OrderReport) -> tuple[bool, Quantity, int]:
    """Rank how much a row tells: an end, then more filled, then the later word."""
    is_end = row.state is not None and row.state.is_terminal
    return is_end, row.filled_quantity, row.ts_event
