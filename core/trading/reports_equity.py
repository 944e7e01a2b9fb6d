"""Equity over time from a journal, and how far it fell from its peak.

Equity stands in marks of the account (`NavMarked`, `EquityMarked`) and among the numbers of every
decision of the gate. Drawdown is of unitised value: transfers buy or redeem units, so that a
withdrawal is no loss.
"""

from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import Amount
from core.domain.facts import EquityMarked, GateJudged, NavMarked
from core.trading.history import Span
from core.trading.journal.chain import Entry

_GRAIN: Final = Decimal("0.000001")


class EquityPoint(msgspec.Struct, frozen=True, gc=False):
    """What the accounts were worth at one instant (ns)."""

    at: int
    equity: Amount
    drawdown_pct: Decimal | None
    """Fall of a unit from its peak so far, percent; None before units are known."""


class EquityCurve:
    """Folds a journal's entries in order. The peak is the account's, not the span's."""

    def __init__(self, span: Span) -> None:
        self.points: list[EquityPoint] = []
        self._span = span
        self._units: Amount | None = None
        self._peak: Decimal | None = None

    def take(self, entry: Entry) -> bool:
        """Fold one fact; True when it gave a point."""
        fact = entry.fact
        if self._span.is_over(fact.at):
            return False
        equity = self._equity(fact)
        if equity is None:
            return False
        drawdown = self._drawdown(equity)
        if self._span.holds(fact.at):
            self.points.append(EquityPoint(fact.at, equity, drawdown))
            return True
        return False

    @property
    def deepest_pct(self) -> Decimal | None:
        """The deepest drawdown in the span, percent."""
        known = [point.drawdown_pct for point in self.points if point.drawdown_pct is not None]
        return max(known) if known else None

    def _equity(self, fact: object) -> Amount | None:
        if isinstance(fact, NavMarked):
            self._units = fact.units
            self._peak = max(fact.peak.value, self._peak or fact.peak.value)
            return fact.equity
        if isinstance(fact, EquityMarked):
            return fact.equity
        if isinstance(fact, GateJudged):
            text = dict(fact.numbers).get("equity", "")
            return Amount(Decimal(text)) if text else None
        return None

    def _drawdown(self, equity: Amount) -> Decimal | None:
        if self._units is None or self._units.is_zero:
            return None
        value = equity.ratio_to(self._units)
        self._peak = value if self._peak is None else max(self._peak, value)
        if self._peak <= 0:
            return None
        return ((self._peak - value) / self._peak * 100).quantize(_GRAIN)
