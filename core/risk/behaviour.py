"""Strategies that run in circles or lose again and again (R18, cool-downs). Pure.

Counts submits without progress, refusals in a row, losing round trips, and losing exits by market.
"""

from collections import deque
from typing import Final

from core.domain.exact import Amount
from core.domain.ids import InstrumentId, StrategyId
from core.domain.order import OrderState
from core.risk.limits import CapitalLimits, RiskLimits

_MINUTE: Final = 60_000_000_000
_SECOND: Final = 1_000_000_000
_REFUSED: Final = frozenset({OrderState.REJECTED, OrderState.EXPIRED})
_PROGRESS: Final = frozenset({OrderState.FILLED, OrderState.PARTIAL})


class Behaviour:
    """What one strategy did lately."""

    __slots__ = ("cooling", "losses", "refusals", "submits")

    def __init__(self) -> None:
        self.submits: deque[int] = deque(maxlen=1_000)
        """Instants of orders since the last fill, ns."""
        self.refusals = 0
        self.losses: deque[int] = deque(maxlen=1_000)
        """Instants of round trips that ended at a loss, ns."""
        self.cooling: dict[InstrumentId, int] = {}
        """When the market was last left at a loss, ns."""

    def submitted(self, at: int) -> None:
        """Count an order."""
        self.submits.append(at)

    def moved(self, state: OrderState) -> None:
        """Follow an order's end."""
        if state in _REFUSED:
            self.refusals += 1
        elif state in _PROGRESS:
            self.refusals = 0

    def filled(self, at: int, instrument: InstrumentId, ended_at: Amount | None) -> None:
        """Take a fill as progress; `ended_at` is the profit of the round trip it ended, if any."""
        self.submits.clear()
        self.refusals = 0
        if ended_at is not None and ended_at.sign < 0:
            self.losses.append(at)
            self.cooling[instrument] = at

    def forgive(self) -> None:
        """Begin anew: a person switched the strategy on again."""
        self.submits.clear()
        self.losses.clear()
        self.refusals = 0

    def repeated(self, at: int, limits: RiskLimits) -> str:
        """Say how the strategy runs in circles; empty when it does not (R18)."""
        submits = self.submits_60s(at)
        if submits >= limits.max_submits_without_progress:
            return f"{submits} orders in 60 s without a fill"
        if self.refusals >= limits.max_refusals_in_a_row:
            return f"{self.refusals} orders in a row were rejected or expired"
        lost = self.losing_60s(at)
        return f"{lost} round trips at a loss within 60 s" if self._loses(lost, limits) else ""

    def submits_60s(self, at: int) -> int:
        """Count the orders of the last minute since the last fill."""
        return sum(1 for moment in self.submits if at - moment < _MINUTE)

    def losing_60s(self, at: int) -> int:
        """Count the round trips of the last minute that ended at a loss."""
        return sum(1 for moment in self.losses if at - moment < _MINUTE)

    def losses_within(self, at: int, limits: CapitalLimits) -> int:
        """Count the losing exits within the window."""
        window = limits.losses_window_secs * _SECOND
        return sum(1 for moment in self.losses if at - moment < window)

    def resting(self, at: int, limits: CapitalLimits) -> tuple[tuple[InstrumentId, int], ...]:
        """Return the markets that cool down, with the time left, ns."""
        wait = limits.cool_down_secs * _SECOND
        return tuple((n, left + wait - at) for n, left in self.cooling.items() if left + wait > at)

    def _loses(self, lost: int, limits: RiskLimits) -> bool:
        return lost >= limits.max_losing_round_trips

    def overdone(self, at: int, limits: CapitalLimits) -> str:
        """Say that too many exits lost within the window; empty when not."""
        lost = self.losses_within(at, limits)
        if lost < limits.losses_before_pause:
            return ""
        return f"{lost} losing exits within {limits.losses_window_secs} s"

    def cool_down(self, at: int, instrument: InstrumentId, limits: CapitalLimits) -> str:
        """Say how long entries of a market rest after a losing exit; empty when they do not."""
        left = self.cooling.get(instrument)
        if left is None:
            return ""
        wait_ns = left + limits.cool_down_secs * _SECOND - at
        return f"cooling down for {wait_ns // _SECOND + 1} s after a loss" if wait_ns > 0 else ""


class Behaviours:
    """Every strategy's behaviour, by name."""

    def __init__(self) -> None:
        self._all: dict[StrategyId, Behaviour] = {}

    def of(self, strategy: StrategyId) -> Behaviour:
        """Return a strategy's behaviour, blank at first."""
        found = self._all.get(strategy)
        if found is None:
            found = self._all[strategy] = Behaviour()
        return found
