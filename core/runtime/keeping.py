"""Housekeeping of the Desk: the beat of a second, the day's mark, what follows from facts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from core.domain.effects import Effect, WakeAt
from core.domain.events import LeaderFilled, TimerFired
from core.domain.facts import EquityMarked, Fact, OrderMoved, Reconciled
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.risk.room import RiskRoom
from core.runtime.answers import Answers
from core.runtime.capital import CapitalDesk
from core.runtime.limit_watch import LimitWatch
from core.runtime.liquidation_watch import LiquidationWatch
from core.runtime.order_watch import OrderWatch, joined
from core.runtime.orderdesk import OrderDesk
from core.runtime.valuation import Valuation
from core.trading.chase import Chase
from core.trading.reconcile import Reconciler
from core.trading.room import TradingRoom

BEAT: Final = "desk/second"
_SECOND: Final = 1_000_000_000
Handler = Callable[[Any, int], Reaction]


class Keeper:
    """Beats once a second and keeps the day's mark."""

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
        self._answers = Answers(trading, chase, reconcilers, orders)
        self._orders = orders
        self._valuation = valuation
        self._watch = OrderWatch(trading, risk, reconcilers)
        accounts = tuple(each.account for each in reconcilers)
        self._liquidation = LiquidationWatch(trading, risk, valuation, accounts)
        self._limits = LimitWatch(trading, risk, orders, valuation, capital)
        self.day_mark: EquityMarked | None = None
        self.leader_fills = 0

    @property
    def private_frames(self) -> dict[str, int]:
        """How many private frames came, by kind."""
        return self._answers.private_frames

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {
            **self._answers.handlers(),
            TimerFired: self.on_timer,
            LeaderFilled: self._count_leader_fill,
        }

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        own: dict[type, Handler] = {
            Reconciled: self._risk.on_reconciled,
            OrderMoved: self._answers.on_moved,
        }
        return joined((own, self._watch.reactors()))

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {**self._answers.appliers(), EquityMarked: self._apply_mark}

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Beat, or hand the timer to its owner."""
        return self._beat(at) if body.key == BEAT else self._answers.on_timer(body, at)

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
            self._liquidation.beat(at),
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

    def _apply_mark(self, fact: EquityMarked) -> None:
        self.day_mark = fact
