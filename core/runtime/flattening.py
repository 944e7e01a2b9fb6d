"""Closing positions a person asked to be closed: reduce-only slices through the ordinary gate.

Unlike K3 it stops nothing else and asks for no permission: what the gate denies is not sent.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from core.domain.effects import Effect, WakeAt
from core.domain.events import TimerFired
from core.domain.exact import Price
from core.domain.facts import Fact
from core.domain.ids import AccountId, InstrumentId, IntentId
from core.domain.instrument import Instrument
from core.domain.intent import Intent, Leg
from core.domain.order import OrderTerms, Side
from core.domain.reaction import NOTHING, Reaction
from core.risk import alert_words, alerts
from core.risk.exposure import reference_price
from core.runtime.kill.flatten import slice_of
from core.runtime.orderdesk import OrderDesk
from core.trading.ledger import MANUAL
from core.trading.room import TradingRoom

TIMER: Final = "desk/closing"
EVERY_NS: Final = 1_000_000_000
GIVE_UP_NS: Final = 30_000_000_000
Market = tuple[AccountId, InstrumentId]


class Closer:
    """Closes one market after the other, a slice at a time, for at most 30 s each."""

    def __init__(self, trading: TradingRoom, orders: OrderDesk) -> None:
        self._trading = trading
        self._orders = orders
        self._begun: dict[Market, int] = {}
        self._attempts: dict[Market, int] = {}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer}

    def close(self, account: AccountId, markets: Iterable[InstrumentId], at: int) -> WakeAt:
        """Begin closing; the wake-up has to be asked for by the caller's reaction."""
        for name in markets:
            self._begun.setdefault((account, name), at)
        return WakeAt(key=TIMER, at=at)

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Send the next slice of every market that is not flat."""
        if body.key != TIMER or not self._begun:
            return NOTHING
        facts: list[Fact] = []
        effects: list[Effect] = []
        for market, begun in list(self._begun.items()):
            reaction = self._next(market, begun, at)
            facts.extend(reaction.facts)
            effects.extend(reaction.effects)
        if self._begun:
            effects.append(WakeAt(key=TIMER, at=at + EVERY_NS))
        return Reaction(tuple(facts), tuple(effects))

    def _next(self, market: Market, begun: int, at: int) -> Reaction:
        account, name = market
        position = self._trading.ledger.position(account, name)
        rules = self._trading.instruments.get(name)
        if position.is_zero or rules is None:
            self._done(market)
            return NOTHING
        if at - begun > GIVE_UP_NS:
            self._done(market)
            return alerts.raising(alert_words.not_flat(name, str(position), at), at)
        live = self._trading.orders.live()
        if any(r.account == account and r.terms.instrument == name for r in live):
            return NOTHING
        return self._slice(market, rules, at)

    def _slice(self, market: Market, rules: Instrument, at: int) -> Reaction:
        position = self._trading.ledger.position(*market)
        reference = self._reference(market, rules, at)
        if reference is None:
            return NOTHING
        attempt = self._attempts.get(market, 0)
        terms = slice_of(position, reference, rules, attempt, None)
        if terms is None:
            return NOTHING
        self._attempts[market] = attempt + 1
        return self._orders.submit(_intent(market[0], terms, attempt, at), at).reaction

    def _reference(self, market: Market, rules: Instrument, at: int) -> Price | None:
        probe = OrderTerms(
            instrument=rules.id,
            side=Side.SELL,
            quantity=rules.min_quantity,
            limit_price=rules.tick,
            reduce_only=True,
        )
        intent = _intent(market[0], probe, 0, at)
        return reference_price(self._orders.inputs(intent, intent.legs[0], at))

    def _done(self, market: Market) -> None:
        self._begun.pop(market, None)
        self._attempts.pop(market, None)


def _intent(account: AccountId, terms: OrderTerms, attempt: int, at: int) -> Intent:
    number = f"close/{terms.instrument}/{at}/{attempt}"
    return Intent(
        intent_id=IntentId(number),
        strategy=MANUAL,
        legs=(Leg(account=account, terms=terms),),
        reason="a person chose to flatten",
        cause=number,
        made_at=at,
    )
