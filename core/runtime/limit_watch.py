"""Warns when four fifths of a limit are used (R10-R15), once until the use has fallen again."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from core.domain.effects import Effect
from core.domain.exact import ZERO_NOTIONAL, Notional
from core.domain.facts import Fact
from core.domain.ids import AccountId
from core.domain.reaction import NOTHING, Reaction
from core.risk import alert_words, alerts, capital
from core.risk.room import RiskRoom
from core.risk.wording import decimal_of
from core.runtime.capital import CapitalDesk
from core.runtime.margins import initial_margin, maintenance_margin
from core.runtime.orderdesk import OrderDesk
from core.runtime.valuation import Valuation
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

WARN_PERCENT: Final = 80
AGAIN_BELOW_PERCENT: Final = 75
_CENT: Final = Decimal(100)


class LimitUse(NamedTuple):
    """How much of one limit is used."""

    rule: str
    title: str
    used: Decimal
    limit: Decimal

    @property
    def percent(self) -> int:
        """Use in whole percent of the limit, rounded down; 0 where nothing is allowed."""
        return int(self.used / self.limit * _CENT) if self.limit > 0 else 0


class LimitWatch:
    """Looks at every limit once a second."""

    def __init__(
        self,
        trading: TradingRoom,
        risk: RiskRoom,
        orders: OrderDesk,
        valuation: Valuation,
        desk: CapitalDesk,
    ) -> None:
        self._trading = trading
        self._risk = risk
        self._orders = orders
        self._valuation = valuation
        self._capital = desk
        self._told: set[tuple[str, str]] = set()

    def beat(self, at: int) -> Reaction:
        """Warn of limits that came near, and forget those that are far again."""
        if not self._orders.reconciled_at:
            return NOTHING
        facts: list[Fact] = []
        effects: list[Effect] = []
        for use in self.uses(at):
            reaction = self._judged(use, at)
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        return Reaction(tuple(facts), tuple(effects))

    def uses(self, at: int) -> Iterator[LimitUse]:
        """Yield the use of every limit there is a number for."""
        yield from self._order_uses()
        worth = self._valuation.equity(at)
        if worth is None or worth.sign <= 0:
            return
        equity = Notional(worth.value)
        limits = self._risk.limits
        for account in self._orders.reconciled_at:
            yield from self._exposure_uses(account, equity, at)
        open_value = sum((r.terms.limit_price * r.leaves for r in self._entries()), ZERO_NOTIONAL)
        most = equity.scaled_by(decimal_of(limits.max_open_value_pct) / _CENT)
        yield LimitUse("R11", "Open value", open_value.value, most.value)
        yield from self._capital_uses(at)

    def _judged(self, use: LimitUse, at: int) -> Reaction:
        key = (use.rule, use.title)
        if use.percent < AGAIN_BELOW_PERCENT:
            self._told.discard(key)
        if use.percent < WARN_PERCENT or key in self._told:
            return NOTHING
        self._told.add(key)
        used, limit = f"{use.used:.2f}", f"{use.limit:.2f}"
        words = alert_words.near_limit(use.rule, use.title, used, limit, use.percent, at)
        return alerts.raising(words, at)

    def _entries(self) -> list[OrderRecord]:
        return [r for r in self._trading.orders.exposed() if not r.terms.reduce_only]

    def _order_uses(self) -> Iterator[LimitUse]:
        limits = self._risk.limits
        live = self._trading.orders.live()
        largest = max((r.terms.limit_price * r.leaves for r in live), default=ZERO_NOTIONAL)
        yield LimitUse("R10", "Live order", largest.value, decimal_of(limits.max_order_notional))
        total = Decimal(len(live))
        yield LimitUse("R11", "Open orders", total, Decimal(limits.max_open_orders_total))
        for name in sorted({record.terms.instrument for record in live}):
            count = Decimal(sum(1 for record in live if record.terms.instrument == name))
            yield LimitUse("R11", f"Orders in {name}", count, Decimal(limits.max_open_orders))

    def _exposure_uses(self, account: AccountId, equity: Notional, at: int) -> Iterator[LimitUse]:
        limits = self._risk.limits
        gross = needed = ZERO_NOTIONAL
        multiple = decimal_of(limits.min_margin_multiple)
        for name in self._orders.exposed_markets(account, at):
            worth = self._orders.worst_case(account, name, at)
            if worth is None:
                continue
            gross += worth
            rules = self._trading.instruments.get(name)
            kept = max(initial_margin(rules), maintenance_margin(rules) * multiple)
            needed += worth.scaled_by(kept)
            cap = decimal_of(limits.max_position_notional)
            yield LimitUse("R12", f"Position in {name}", worth.value, cap)
        most = equity.scaled_by(decimal_of(limits.max_leverage))
        yield LimitUse("R12", f"Gross of {account}", gross.value, most.value)
        yield LimitUse("R13", f"Margin of {account}", needed.value, equity.value)

    def _capital_uses(self, at: int) -> Iterator[LimitUse]:
        for strategy in self._capital.strategies():
            allotted = self._capital.allocation(strategy, at)
            if allotted is None:
                continue
            taken = self._capital.used(strategy, at) + self._capital.reserved(strategy, at)
            yield LimitUse("R14", f"Capital of {strategy}", taken.value, allotted.value)
        mark, worth = self._capital.mark, self._valuation.equity(at)
        if mark is None or worth is None:
            return
        lost = capital.day_loss_pct(mark, worth)
        most = decimal_of(self._capital.limits.day_loss_reduce_pct)
        yield LimitUse("R15", "Day loss", lost, most)
        fallen = capital.drawdown_pct(mark, worth)
        most = decimal_of(self._capital.limits.drawdown_reduce_pct)
        yield LimitUse("R15", "Drawdown", fallen, most)
