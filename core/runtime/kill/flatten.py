"""K3: positions are closed in reduce-only slices inside the collar, widening step by step.

Every slice goes through the gate like any order. What differs is one permission: HALTED allows
reduce-only orders that an explicit K3 issues, and only those.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any, Final

import msgspec

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.effects import Effect, PlaceOrder, WakeAt
from core.domain.events import KillMoved, TimerFired
from core.domain.exact import Price, Quantity
from core.domain.facts import (
    AlertRaised,
    DecisionTaken,
    Fact,
    KillTripped,
    TradingState,
    Verdict,
)
from core.domain.ids import AccountId, AlertId, InstrumentId, IntentId, StrategyId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.intent import Denied, Intent, Leg, NeedsConfirmation
from core.domain.kill import KillLevel
from core.domain.order import OrderTerms, Side, TimeInForce
from core.domain.reaction import NOTHING, Reaction
from core.risk.exposure import reference_price
from core.risk.gate import check_together
from core.risk.inputs import GateInputs
from core.risk.limits import RiskLimits
from core.risk.room import denial_text
from core.runtime.kill.room import KillRoom
from core.runtime.picture import Painter
from core.trading.room import TradingRoom

KILL_BOOK: Final = StrategyId("KILL")
TIMER: Final = "kill/flatten"
EVERY_NS: Final = 500_000_000
TARGET_NS: Final = 30_000_000_000
WIDENING_PCT: Final = tuple(Decimal(step) for step in ("0.25", "0.5", "1", "2", "3", "4", "4.9"))
"""How far beyond the reference each further slice may reach; the gate's own bound is 5 %."""
Handler = Callable[[Any, int], Reaction]


def may_pass_halted(effect: PlaceOrder, level: KillLevel | None) -> bool:
    """Whether an order may leave though the latch has tripped: a slice of an explicit K3."""
    is_slice = effect.approved.strategy == KILL_BOOK and effect.approved.leg.terms.reduce_only
    return level is KillLevel.FLATTEN and is_slice


def slice_of(
    position: Quantity, reference: Price, rules: Instrument, attempt: int, most: Quantity | None
) -> OrderTerms | None:
    """Return the next slice; None where less than the venue takes is left.

    Args:
        position: Signed base units.
        reference: What the collar counts from.
        rules: Tick, step and least quantity of the market.
        attempt: How many slices went before; each reaches farther.
        most: What the book holds inside the collar; None where it is not known.
    """
    side = Side.SELL if position.sign > 0 else Side.BUY
    pct = WIDENING_PCT[min(attempt, len(WIDENING_PCT) - 1)]
    price = reference.scaled_by(1 + side.sign * pct / 100)
    # Less aggressive by the tick: a buy down, a sell up (section 1).
    limit = price.floored_to(rules.tick) if side is Side.BUY else price.ceiled_to(rules.tick)
    quantity = abs(position)
    if most is not None and most >= rules.min_quantity:
        quantity = min(quantity, most)
    if rules.max_quantity is not None:
        quantity = min(quantity, rules.max_quantity)
    quantity = quantity.floored_to(rules.step)
    if quantity.sign <= 0 or quantity < rules.min_quantity:
        return None
    return OrderTerms(
        instrument=rules.id,
        side=side,
        quantity=quantity,
        limit_price=limit,
        time_in_force=TimeInForce.IOC,
        reduce_only=True,
    )


class Flattener:
    """Carries K3 on, one slice a market at a time, until nothing is left."""

    def __init__(
        self,
        kill: KillRoom,
        painter: Painter,
        trading: TradingRoom,
        limits: Callable[[], RiskLimits],
        accounts: tuple[AccountId, ...],
    ) -> None:
        self._kill = kill
        self._painter = painter
        self._trading = trading
        self._limits = limits
        self._accounts = accounts
        self._numbers = count(1)
        self._attempts: dict[tuple[AccountId, InstrumentId], int] = {}
        self._begun: int | None = None
        self._is_told = False

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer, KillMoved: self.on_moved}

    def reactors(self) -> dict[type, Handler]:
        """Return what follows from which fact."""
        return {KillTripped: self.on_tripped}

    @property
    def is_on(self) -> bool:
        """Whether an explicit K3 is in force."""
        return self._kill.tripped is not None and self._kill.tripped.level is KillLevel.FLATTEN

    def on_tripped(self, fact: KillTripped, at: int) -> Reaction:
        """Begin with the clock; slices wait until zero open orders are proven."""
        if fact.level is not KillLevel.FLATTEN:
            return NOTHING
        self._begun, self._is_told = at, False
        self._attempts.clear()
        return Reaction((), (WakeAt(key=TIMER, at=at + EVERY_NS),))

    def on_moved(self, _body: KillMoved, at: int) -> Reaction:
        """Take up a K3 that stands in the journal, after a restart."""
        if not self.is_on or self._begun is not None:
            return NOTHING
        self._begun = at
        return Reaction((), (WakeAt(key=TIMER, at=at),))

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Send the next slice of every market that is not flat."""
        if body.key != TIMER or not self.is_on or self._begun is None:
            return NOTHING
        facts: list[Fact] = []
        effects: list[Effect] = [WakeAt(key=TIMER, at=at + EVERY_NS)]
        lines: list[str] = []
        for account, rules, position in self._positions():
            sliced = self._next(account, rules, position, at) if self._kill.is_proven else NOTHING
            facts.extend(sliced.facts)
            effects.extend(sliced.effects)
            lines.append(f"{rules.id} {position}")
        if lines and at - self._begun > TARGET_NS and not self._is_told:
            self._is_told = True
            facts.append(AlertRaised(at=at, alert=_not_flat(tuple(lines), at)))
        self._kill.show_flatten(tuple(lines) or ("every position is flat",))
        return Reaction(tuple(facts), tuple(effects))

    def _positions(self) -> list[tuple[AccountId, Instrument, Quantity]]:
        """Return every open position of a perpetual; spot holdings are no positions."""
        found = []
        for account in self._accounts:
            for rules in self._trading.instruments.values():
                position = self._trading.ledger.position(account, rules.id)
                if rules.kind is not InstrumentKind.SPOT and not position.is_zero:
                    found.append((account, rules, position))
        return found

    def _next(self, account: AccountId, rules: Instrument, position: Quantity, at: int) -> Reaction:
        live = self._trading.orders.live()
        if any(r.account == account and r.terms.instrument == rules.id for r in live):
            return NOTHING
        key = (account, rules.id)
        attempt = self._attempts.get(key, 0)
        probe = self._drawn(account, rules, position, at)
        reference = reference_price(probe)
        if reference is None:
            return NOTHING
        terms = slice_of(position, reference, rules, attempt, _takeable(probe, reference, rules))
        if terms is None:
            return NOTHING
        self._attempts[key] = attempt + 1
        return self._through_the_gate(account, terms, at)

    def _drawn(
        self, account: AccountId, rules: Instrument, position: Quantity, at: int
    ) -> GateInputs:
        """Draw the market to size a slice by."""
        side = Side.SELL if position.sign > 0 else Side.BUY
        terms = OrderTerms(
            instrument=rules.id,
            side=side,
            quantity=abs(position),
            limit_price=rules.tick,
            reduce_only=True,
        )
        intent = self._intent(account, terms, at)
        return self._painter.draw(intent, intent.legs[0], at)

    def _intent(self, account: AccountId, terms: OrderTerms, at: int) -> Intent:
        number = f"kill/{at}/{next(self._numbers)}"
        return Intent(
            intent_id=IntentId(number),
            strategy=KILL_BOOK,
            legs=(Leg(account=account, terms=terms),),
            reason="K3 closes the position",
            cause=number,
            made_at=at,
        )

    def _through_the_gate(self, account: AccountId, terms: OrderTerms, at: int) -> Reaction:
        intent = self._intent(account, terms, at)
        pictures = tuple(_permitted(each) for each in self._painter.together(intent, at))
        verdict = check_together(intent, pictures, self._limits())
        if isinstance(verdict, Denied):
            return Reaction((_denied_line(intent, verdict, at),))
        assert not isinstance(verdict, NeedsConfirmation), "what reduces asks nobody"
        facts: list[Fact] = []
        effects: list[Effect] = []
        for approved in verdict:
            placed = self._trading.place(approved, at)
            facts.extend(placed.facts)
            effects.extend(placed.effects)
        return Reaction(tuple(facts), tuple(effects))


def _permitted(picture: GateInputs) -> GateInputs:
    """Give the explicit K3's permission: HALTED counts as REDUCING, for this order alone."""
    if picture.state is not TradingState.HALTED:
        return picture
    return msgspec.structs.replace(picture, state=TradingState.REDUCING)


def _takeable(probe: GateInputs, reference: Price, rules: Instrument) -> Quantity | None:
    """Return what the book holds inside the collar, in base units."""
    depth = probe.market.depth
    if depth is None or depth.sign <= 0:
        return None
    return Quantity(depth.value / (reference.value * rules.contract_multiplier))


def _denied_line(intent: Intent, denied: Denied, at: int) -> DecisionTaken:
    return DecisionTaken(
        at=at,
        strategy=KILL_BOOK,
        cause="K3",
        verdict=Verdict.DENIED,
        code=denied.rule,
        text=denial_text(denied),
        instrument=intent.legs[0].terms.instrument,
        intent_id=intent.intent_id,
    )


def _not_flat(lines: tuple[str, ...], at: int) -> Alert:
    return Alert(
        alert_id=AlertId(f"kill-flatten-{at}"),
        severity=Severity.EMERGENCY,
        scope="K3",
        title="Positions are not flat after 30 s",
        cause=f"K3 goes on; left are {', '.join(lines)}.",
        numbers=(),
        options=(AlertOption(key="a", label="Acknowledge", effect="Closes this alert."),),
        safe_default="a",
        raised_at=at,
    )
