"""Housekeeping of the Desk: answers to queries, the beat of a second, what follows from facts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from core.domain.effects import Effect, WakeAt
from core.domain.events import (
    BalanceReport,
    CandlesLoaded,
    Channel,
    ConnectionChanged,
    LeaderFilled,
    LinkState,
    OrderReport,
    PositionReport,
    Progressed,
    QueryAnswered,
    QueryFailed,
    TimerFired,
    VenueConditionSeen,
    VenueTimeMeasured,
)
from core.domain.facts import EquityMarked, Fact, FillBooked, OrderMoved, Reconciled
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueId, venue_of
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import ProgressStep, ProgressView
from core.risk.room import RiskRoom
from core.runtime.capital import CapitalDesk
from core.runtime.limit_watch import LimitWatch
from core.runtime.order_watch import OrderWatch, joined
from core.runtime.orderdesk import OrderDesk
from core.runtime.valuation import Valuation
from core.trading.chase import Chase
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

BEAT: Final = "desk/second"
REPLAY: Final = "replay"
_SECOND: Final = 1_000_000_000
_PRIVATE_KINDS: Final = {
    OrderReport: "order_update",
    PositionReport: "position_update",
    BalanceReport: "balance_update",
}
Handler = Callable[[Any, int], Reaction]


class Keeper:
    """Routes answers, beats once a second, and keeps the day's mark."""

    def __init__(
        self,
        trading: TradingRoom,
        risk: RiskRoom,
        chase: Chase,
        reconcilers: tuple[Reconciler, ...],
        orders: OrderDesk,
        valuation: Valuation,
        capital: CapitalDesk,
    ) -> None:
        self._capital = capital
        self._trading = trading
        self._risk = risk
        self._chase = chase
        self._reconcilers = {r.account: r for r in reconcilers}
        self._orders = orders
        self._valuation = valuation
        self._watch = OrderWatch(trading, risk, reconcilers)
        self._limits = LimitWatch(trading, risk, orders, valuation, capital)
        self._unknown: set[ClientOrderId] = set()
        self.day_mark: EquityMarked | None = None
        self.leader_fills = 0
        self.private_frames = {"order_update": 0, "position_update": 0, "balance_update": 0}

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {
            QueryAnswered: self.on_answer,
            QueryFailed: self.on_failed,
            TimerFired: self.on_timer,
            ConnectionChanged: self.on_connection,
            OrderReport: self._disturb,
            BalanceReport: self._disturb,
            PositionReport: self._disturb,
            LeaderFilled: self._count_leader_fill,
            VenueTimeMeasured: self.on_venue_time,
            VenueConditionSeen: self.on_condition,
        }

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        own: dict[type, Handler] = {
            Reconciled: self._risk.on_reconciled,
            OrderMoved: self.on_moved,
        }
        return joined((own, self._watch.reactors()))

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {
            Reconciled: self._apply_reconciled,
            EquityMarked: self._apply_mark,
            FillBooked: self._apply_fill,
        }

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

    def on_venue_time(self, body: VenueTimeMeasured, _at: int) -> Reaction:
        """Let the chase know how a venue's clock stands to ours."""
        self._chase.moods.on_time(body)
        return NOTHING

    def on_condition(self, body: VenueConditionSeen, at: int) -> Reaction:
        """Let the chase know of stress; after maintenance everything is read anew."""
        was_open = self._chase.moods.of(body.venue).is_open
        self._chase.moods.on_condition(body, at)
        if was_open or not body.is_open:
            return NOTHING
        return self._demanded(body.venue, at)

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Beat, or hand the timer to its owner."""
        if body.key == BEAT:
            return self._beat(at)
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
        fills = tuple(self._trading.fills_facts(body.fills, at))
        reports = [row for row in body.rows if isinstance(row, OrderReport)]
        return [
            Reaction(fills),
            *(self._trading.on_report(row, at) for row in reports),
            *(self._word(row, at) for row in reports),
        ]

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

    def _count_leader_fill(self, _body: LeaderFilled, _at: int) -> Reaction:
        self.leader_fills += 1
        return NOTHING

    def _beat(self, at: int) -> Reaction:
        effects: list[Effect] = [WakeAt(key=BEAT, at=at + _SECOND)]
        facts: list[Fact] = []
        reactions = [
            self._trading.repeat_cancels(at),
            self._risk.overdue(at),
            self._watch.beat(at),
            self._limits.beat(at),
            Reaction(self._day_facts(at)),
            self._marked(at),
        ]
        if any(record.state is OrderState.UNKNOWN for record in self._trading.orders.live()):
            reactions.append(self._chase.tick(at))
        for reaction in reactions:
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _marked(self, at: int) -> Reaction:
        """Judge losses once the books are known to be right."""
        return self._capital.beat(at) if self._orders.reconciled_at else NOTHING

    def _day_facts(self, at: int) -> tuple[Fact, ...]:
        """Mark the equity at the first match of a run and at each new UTC day."""
        if not self._orders.reconciled_at:
            return ()
        day = datetime.fromtimestamp(at / _SECOND, UTC).date().isoformat()
        if self.day_mark is not None and self.day_mark.day == day:
            return ()
        equity = self._valuation.equity(at)
        return () if equity is None else (EquityMarked(at=at, equity=equity, day=day),)

    def _apply_reconciled(self, fact: Reconciled) -> None:
        reconciler = self._reconcilers.get(fact.account)
        if reconciler is not None:
            reconciler.applied(fact)
            self._freeze()
        if fact.is_matched:
            self._orders.reconciled_at[AccountId(fact.account)] = fact.at

    def _apply_mark(self, fact: EquityMarked) -> None:
        self.day_mark = fact


class ProgressBoard:
    """Long start-up work as the cockpit shows it, and where a replay stands."""

    def __init__(self) -> None:
        self._steps: dict[str, ProgressStep] = {}
        self._wanted: set[InstrumentId] = set()
        self._loaded: set[InstrumentId] = set()
        self.replay = ""
        self.version = 1

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {
            Progressed: self.on_progress,
            ConnectionChanged: self.on_connection,
            CandlesLoaded: self.on_candles,
        }

    def expect(self, venues: tuple[VenueId, ...], markets: tuple[InstrumentId, ...]) -> None:
        """Show the way to these venues and these markets' history as work to be done."""
        for venue in venues:
            self._put(_connect_key(venue), f"Connecting {venue}", 0.0)
        self._wanted = set(markets)
        self._show_history()

    def on_progress(self, body: Progressed, _at: int) -> Reaction:
        """Follow one piece of work."""
        if body.key == REPLAY:
            self.replay = body.label
        else:
            self._put(body.key, body.label, body.fraction, is_failed=body.is_failed)
        return NOTHING

    def on_connection(self, body: ConnectionChanged, _at: int) -> Reaction:
        """Tick a venue off once its public stream is up."""
        if body.channel is Channel.PUBLIC and _connect_key(body.venue) in self._steps:
            is_up = body.state is LinkState.UP
            text = f"Connecting {body.venue}" + (f": {body.detail}" if body.detail else "")
            self._put(_connect_key(body.venue), text, 1.0 if is_up else 0.3)
        return NOTHING

    def on_candles(self, body: CandlesLoaded, _at: int) -> Reaction:
        """Count the markets whose minutes have come."""
        if body.instrument in self._wanted and body.instrument not in self._loaded:
            self._loaded.add(body.instrument)
            self._show_history()
        return NOTHING

    def view(self) -> ProgressView:
        """Show what is not done yet."""
        return ProgressView(steps=tuple(self._steps.values()))

    def _show_history(self) -> None:
        done, total = len(self._loaded & self._wanted), len(self._wanted)
        if total:
            self._put("history", f"Loading history {done} of {total}", done / total)

    def _put(self, key: str, label: str, fraction: float, *, is_failed: bool = False) -> None:
        self.version += 1
        if fraction >= 1 and not is_failed:
            self._steps.pop(key, None)
        else:
            self._steps[key] = ProgressStep(
                key=key, label=label, fraction=fraction, is_failed=is_failed
            )


def _connect_key(venue: VenueId) -> str:
    return f"connect/{venue}"
