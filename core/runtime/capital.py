"""Capital at run time: allocations in use, the mark of the day, losses that act, conduct.

Rebuilt from the journal: marks are facts of their own, conduct is folded from orders and fills.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from core.domain.exact import ZERO_AMOUNT, ZERO_NOTIONAL, Amount, Notional, Price
from core.domain.facts import (
    CashBooked,
    Fact,
    FillBooked,
    NavMarked,
    OrderJournaled,
    OrderMoved,
    StrategyPaused,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
)
from core.domain.ids import AccountId, InstrumentId, StrategyId
from core.domain.instrument import InstrumentKind
from core.domain.intent import Leg
from core.domain.reaction import NOTHING, Reaction
from core.risk import alerts, capital
from core.risk.behaviour import Behaviour, Behaviours
from core.risk.limits import CapitalLimits
from core.risk.room import RiskRoom
from core.risk.states import stricter
from core.runtime.margins import initial_margin
from core.runtime.strategy_host import StrategyHost
from core.runtime.valuation import Valuation
from core.trading.ledger import EXTERNAL, MANUAL, OPENING, SYSTEM
from core.trading.position import PositionLine
from core.trading.room import TradingRoom

TAKER_FEE: Final = Decimal("0.001")
"""Reserved for fees beside the margin, as a fraction of the notional."""
TRANSFERS: Final = frozenset({OPENING, "transfer", "deposit", "withdrawal"})
_SECOND: Final = 1_000_000_000
_MINUTE: Final = 60 * _SECOND
_PEAK_EVERY: Final = 10 * _SECOND
_UNMANAGED: Final = frozenset({EXTERNAL, SYSTEM})
Handler = Callable[[Any, int], Reaction]


class CapitalDesk:
    """Watches what strategies use, earn and lose."""

    def __init__(
        self,
        limits: CapitalLimits,
        trading: TradingRoom,
        risk: RiskRoom,
        host: StrategyHost,
        valuation: Valuation,
        accounts: tuple[AccountId, ...],
    ) -> None:
        self.limits = limits
        self.mark: NavMarked | None = None
        self._trading = trading
        self._risk = risk
        self._host = host
        self._valuation = valuation
        self._accounts = accounts
        self._behaviours = Behaviours()
        self._entries: deque[int] = deque(maxlen=5_000)
        self._flat_at: dict[tuple[AccountId, StrategyId, InstrumentId], Amount] = {}

    # ---- facts -----------------------------------------------------------------------------------

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state; orders and ledger have followed them already."""
        return {
            NavMarked: self._apply_mark,
            OrderJournaled: self._apply_journaled,
            OrderMoved: self._apply_moved,
            FillBooked: self._apply_fill,
            StrategySwitched: self._apply_switch,
        }

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        return {
            CashBooked: self.on_cash,
            FillBooked: self.on_fill,
            StrategySwitched: self.on_switch,
        }

    def _apply_mark(self, fact: NavMarked) -> None:
        self.mark = fact

    def _apply_journaled(self, fact: OrderJournaled) -> None:
        strategy = fact.approved.strategy
        if not fact.approved.leg.terms.reduce_only:
            self._entries.append(fact.at)
        if strategy != MANUAL:
            self._behaviours.of(strategy).submitted(fact.at)

    def _apply_moved(self, fact: OrderMoved) -> None:
        record = self._trading.orders.by_client(fact.client_order_id)
        if record is not None and record.strategy != MANUAL:
            self._behaviours.of(record.strategy).moved(fact.state)

    def _apply_fill(self, fact: FillBooked) -> None:
        key = (fact.fill.account, fact.book, fact.fill.instrument)
        line = self._trading.ledger.line(*key)
        if line is None:
            return
        ended: Amount | None = None
        if line.quantity.is_zero:
            profit = line.realized - line.fees
            ended = profit - self._flat_at.get(key, ZERO_AMOUNT)
            self._flat_at[key] = profit
        self._behaviours.of(fact.book).filled(fact.at, fact.fill.instrument, ended)

    def _apply_switch(self, fact: StrategySwitched) -> None:
        if fact.is_on:
            self._behaviours.of(fact.strategy).forgive()

    # ---- what follows ----------------------------------------------------------------------------

    def on_cash(self, fact: CashBooked, at: int) -> Reaction:
        """Let a transfer buy or redeem units, so that it is neither gain nor loss."""
        if self.mark is None or fact.source not in TRANSFERS:
            return NOTHING
        equity = self._valuation.equity(at)
        worth = self._valuation.worth(fact.account, fact.asset, fact.amount, at)
        if equity is None or worth is None:
            return NOTHING
        return Reaction((capital.transferred(self.mark, at, equity, worth),))

    def on_fill(self, fact: FillBooked, at: int) -> Reaction:
        """Pause a strategy that lost too often."""
        seat = self._host.seats.get(fact.book)
        if seat is None or seat.paused_reason or not seat.is_on:
            return NOTHING
        overdone = self._behaviours.of(fact.book).overdone(at, self.limits)
        return self._paused(fact.book, overdone, at) if overdone else NOTHING

    def on_switch(self, fact: StrategySwitched, at: int) -> Reaction:
        """Count a strategy's losses anew once a person switched it on."""
        profit = self.profits(at).get(fact.strategy)
        if self.mark is None or profit is None or not fact.is_on:
            return NOTHING
        return Reaction((capital.rebased_strategy(self.mark, at, fact.strategy, profit),))

    def _paused(self, strategy: StrategyId, reason: str, at: int) -> Reaction:
        return Reaction((StrategyPaused(at=at, strategy=strategy, reason=reason),))

    # ---- the beat --------------------------------------------------------------------------------

    def beat(self, at: int) -> Reaction:
        """Mark equity and peak, and act on losses, once a second."""
        equity = self._valuation.equity(at)
        if equity is None or equity.sign <= 0:
            return NOTHING
        day = datetime.fromtimestamp(at / _SECOND, UTC).date().isoformat()
        if self.mark is None:
            return Reaction((capital.opened(at, day, equity),))
        profits = self.profits(at)
        mark = capital.remarked(self.mark, at, day, equity, profits)
        facts: list[Fact] = [mark] if self._is_worth_keeping(mark) else []
        judged = self._account_losses(mark, equity, at)
        paused = self._strategy_losses(mark, profits, at)
        return Reaction((*facts, *judged.facts, *paused), judged.effects)

    def _is_worth_keeping(self, mark: NavMarked) -> bool:
        held = self.mark
        assert held is not None
        if mark.day != held.day or len(mark.strategies) != len(held.strategies):
            return True
        if mark.at - held.at >= _MINUTE:
            # A report draws equity and drawdown from these, quiet hours too.
            return True
        is_higher = mark.peak > held.peak or any(
            new[2] > old[2] for new, old in zip(mark.strategies, held.strategies, strict=True)
        )
        return is_higher and mark.at - held.at >= _PEAK_EVERY

    def _account_losses(self, mark: NavMarked, equity: Amount, at: int) -> Reaction:
        facts: list[Fact] = []
        effects: list[Any] = []
        for loss in capital.losses(mark, equity, self.limits):
            held = self._risk.states.hold(loss.cause)
            is_rearmed = self._risk.was_rearmed(loss.cause, mark.day)
            state = TradingState.REDUCING if is_rearmed else loss.state
            if held is not None and stricter(held.state, state) is held.state:
                continue
            facts.append(
                TradingStateChanged(at=at, state=state, reason=loss.text, cause=loss.cause)
            )
            raised = alerts.raising(alerts.loss_limit(loss.cause, state, loss.text, at), at)
            facts.extend(raised.facts)
            effects.extend(raised.effects)
        return Reaction(tuple(facts), tuple(effects))

    def _strategy_losses(
        self, mark: NavMarked, profits: dict[StrategyId, Amount], at: int
    ) -> list[Fact]:
        facts: list[Fact] = []
        for name, loss in capital.strategy_losses(mark, profits, self.limits).items():
            seat = self._host.seats.get(name)
            if seat is not None and seat.is_on and not seat.paused_reason:
                facts.extend(self._paused(name, f"its {loss.text}", at).facts)
        return facts

    # ---- reading ---------------------------------------------------------------------------------

    def profits(self, at: int) -> dict[StrategyId, Amount]:
        """Return what each strategy made so far, fees paid, open positions at the mark."""
        found: dict[StrategyId, Amount] = {}
        for (_, book, name), line in self._trading.ledger.lines():
            if book in _UNMANAGED:
                continue
            profit = line.realized - line.fees
            mark = self._valuation.mark_of(name, at) if not line.quantity.is_zero else None
            if mark is not None:
                profit += line.unrealized(mark)
            found[book] = found.get(book, ZERO_AMOUNT) + profit
        return found

    def strategies(self) -> tuple[StrategyId, ...]:
        """Return who shares the capital: every strategy, and a person's own hand."""
        return (*self._host.seats, MANUAL)

    def allocation(self, strategy: StrategyId, at: int) -> Notional | None:
        """Return what a strategy may use; None while equity is not known."""
        equity = self._valuation.equity(at)
        if equity is None or equity.sign <= 0:
            return None
        return capital.allocation(strategy, self.strategies(), Notional(equity.value), self.limits)

    def used(self, strategy: StrategyId, at: int) -> Notional:
        """Return the margin (perpetuals) or worth (spot) of what a strategy holds."""
        total = ZERO_NOTIONAL
        for (_, book, name), line in self._trading.ledger.lines():
            if book != strategy or line.quantity.is_zero:
                continue
            mark = self._mark(name, at, line)
            share = initial_margin(self._trading.instruments.get(name))
            if mark is not None:
                total += (mark * abs(line.quantity)).scaled_by(share)
        return total

    def reserved(self, strategy: StrategyId, at: int) -> Notional:
        """Return what a strategy's possibly-live orders tie up."""
        orders = self._trading.orders
        total = ZERO_NOTIONAL
        for record in (*orders.exposed(), *orders.shadows(at)):
            if record.strategy == strategy and not record.terms.reduce_only:
                terms = record.terms
                left = record.leaves if record.is_live else terms.quantity - record.filled
                worth = terms.limit_price * left
                total += worth.scaled_by(self._tied(terms.instrument))
        return total

    def free(self, strategy: StrategyId, at: int, ahead: Sequence[Leg] = ()) -> Notional | None:
        """Return what a strategy may still tie up, legs of its own before it left out."""
        allotted = self.allocation(strategy, at)
        if allotted is None:
            return None
        taken = self.used(strategy, at) + self.reserved(strategy, at)
        for leg in ahead:
            worth = leg.terms.limit_price * leg.terms.quantity
            taken += worth.scaled_by(self._tied(leg.terms.instrument))
        return allotted - taken

    def stop(self, strategy: StrategyId, instrument: InstrumentId, at: int) -> str:
        """Say which loss limit or cool-down stands in the way of an entry; empty for none."""
        for cause in (capital.DAY_LOSS, capital.DRAWDOWN):
            hold = self._risk.states.hold(cause)
            if hold is not None:
                return hold.reason
        if strategy == MANUAL:
            return ""
        return self._behaviours.of(strategy).cool_down(at, instrument, self.limits)

    def repeated(self, strategy: StrategyId, at: int) -> str:
        """Say how a strategy runs in circles; empty when it does not."""
        if strategy == MANUAL:
            return ""
        return self._behaviours.of(strategy).repeated(at, self._risk.limits)

    def conduct(self, strategy: StrategyId) -> Behaviour:
        """Return what a strategy did lately."""
        return self._behaviours.of(strategy)

    def entries_60s(self, at: int) -> int:
        """Count the entries of the last minute."""
        return sum(1 for moment in self._entries if at - moment < _MINUTE)

    def _mark(self, name: InstrumentId, at: int, line: PositionLine) -> Price | None:
        mark = self._valuation.mark_of(name, at)
        return line.entry_price if mark is None else mark

    def _tied(self, instrument: InstrumentId) -> Decimal:
        rules = self._trading.instruments.get(instrument)
        is_spot = rules is None or rules.kind is InstrumentKind.SPOT
        return (Decimal(1) if is_spot else initial_margin(rules)) + TAKER_FEE
