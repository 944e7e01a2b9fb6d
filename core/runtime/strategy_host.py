"""Runs strategies: who hears which event, their states, switches and pauses.

A strategy that raises or takes over 100 ms is paused; nothing else is.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.events import Body, LeaderFilled
from core.domain.exact import ZERO_QUANTITY, Price, Quantity
from core.domain.facts import DecisionTaken, StrategyPaused, StrategySwitched, Verdict
from core.domain.fixed import unscaled
from core.domain.ids import AccountId, InstrumentId, StrategyId
from core.domain.views import BookState
from core.market.room import MarketRoom
from core.strategies.contract import MarketGlance, Step, Strategy
from core.trading.room import TradingRoom

log = logging.getLogger(__name__)
SLOW_NS: Final = 100_000_000


class Seat(msgspec.Struct, gc=False):
    """One strategy, its state, and what the panel shows of it."""

    strategy: Strategy
    state: Any
    is_on: bool = False
    paused_reason: str = ""
    decisions: int = 0
    copied: int = 0
    skipped: int = 0
    asked: int = 0
    last: DecisionTaken | None = None


class RuntimeView:
    """The `StrategyView` of one strategy at one event."""

    __slots__ = ("_account", "_market", "_strategy", "_trading", "at")

    def __init__(
        self,
        at: int,
        strategy: StrategyId,
        account: AccountId,
        market: MarketRoom,
        trading: TradingRoom,
    ) -> None:
        self.at = at
        self._strategy = strategy
        self._account = account
        self._market = market
        self._trading = trading

    def market(self, instrument: InstrumentId) -> MarketGlance:
        """Look at one market; the touch of a book that is not valid is not shown."""
        touch = self._market.touch(instrument, self.at)
        is_valid = touch is not None and touch.book_state is BookState.VALID
        line = self._trading.ledger.line(self._account, self._strategy, instrument)
        return MarketGlance(
            rules=self._trading.instruments.get(instrument),
            best_bid=_price(touch.best_bid) if touch is not None and is_valid else None,
            best_ask=_price(touch.best_ask) if touch is not None and is_valid else None,
            position=ZERO_QUANTITY if line is None else line.quantity,
            pending=self._pending(instrument),
        )

    def _pending(self, instrument: InstrumentId) -> Quantity:
        total = ZERO_QUANTITY
        for record in self._trading.orders.exposed():
            if record.strategy == self._strategy and record.terms.instrument == instrument:
                total += record.leaves if record.terms.side.sign > 0 else -record.leaves
        return total


class StrategyHost:
    """Seats of every strategy, in the order of their keys 1-9."""

    def __init__(
        self,
        strategies: tuple[Strategy, ...],
        account: AccountId,
        market: MarketRoom,
        trading: TradingRoom,
        stopwatch: Callable[[], int],
    ) -> None:
        self.seats = {s.strategy_id: Seat(s, s.start()) for s in strategies}
        self._account = account
        self._market = market
        self._trading = trading
        self._stopwatch = stopwatch
        self._listeners: dict[type, list[Seat]] = {}
        for seat in self.seats.values():
            for kind in seat.strategy.interests.kinds:
                self._listeners.setdefault(kind, []).append(seat)
        self.version = 0

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change strategies' states."""
        return {
            DecisionTaken: self._apply_decision,
            StrategySwitched: self._apply_switch,
            StrategyPaused: self._apply_pause,
        }

    def listens(self, kind: type) -> bool:
        """Whether any strategy wants this kind of event at all."""
        return kind in self._listeners

    def decide(self, body: Body, at: int) -> list[tuple[Seat, Step, str]]:
        """Ask every strategy that is on and wants this event; a third word is why it is over."""
        steps = []
        for seat in self._listeners.get(type(body), ()):
            if seat.is_on and not seat.paused_reason and _wants(seat.strategy, body):
                step, fault = self._step(seat, body, at)
                seat.state = step.state
                steps.append((seat, step, fault))
        return steps

    def _step(self, seat: Seat, body: Body, at: int) -> tuple[Step, str]:
        strategy = seat.strategy
        view = RuntimeView(at, strategy.strategy_id, self._account, self._market, self._trading)
        begun = self._stopwatch()
        try:
            step = strategy.decide(seat.state, body, view)
        except Exception:
            # A user's strategy may raise anything; it is paused, the engine goes on.
            log.exception("strategy.failed", extra={"strategy": strategy.strategy_id})
            return Step(seat.state), "it raised an error (see the log)"
        if self._stopwatch() - begun > SLOW_NS:
            return step, "it took over 100 ms for one decision"
        return step, ""

    def _apply_pause(self, fact: StrategyPaused) -> None:
        seat = self.seats.get(fact.strategy)
        if seat is not None:
            seat.paused_reason = fact.reason
            self.version += 1

    def _apply_decision(self, fact: DecisionTaken) -> None:
        seat = self.seats.get(fact.strategy)
        if seat is None:
            return
        seat.state = seat.strategy.remember(seat.state, fact)
        seat.decisions += fact.repeats
        if fact.verdict in (Verdict.COPIED, Verdict.RESIZED):
            seat.copied += fact.repeats
        elif fact.verdict in (Verdict.SKIPPED, Verdict.DENIED):
            seat.skipped += fact.repeats
        elif fact.verdict is Verdict.ASKED:
            seat.asked += fact.repeats
        seat.last = fact
        self.version += 1

    def _apply_switch(self, fact: StrategySwitched) -> None:
        seat = self.seats.get(fact.strategy)
        if seat is not None:
            seat.is_on = fact.is_on
            seat.paused_reason = ""
            self.version += 1


def _wants(strategy: Strategy, body: Body) -> bool:
    interests = strategy.interests
    if isinstance(body, LeaderFilled):
        return body.leader in interests.leaders
    instrument = getattr(body, "instrument", None)
    return not interests.instruments or instrument is None or instrument in interests.instruments


def _price(number: int | None) -> Price | None:
    return None if number is None else Price(unscaled(number))
