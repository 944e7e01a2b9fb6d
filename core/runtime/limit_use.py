"""The use of every limit, measured once a second, with the highest of the UTC day.

Peaks are facts, so that a restart keeps them; use now is measured afresh and never journaled.
"""

from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Final

from core.domain.events import TimerFired
from core.domain.facts import GateJudged, LimitPeak, LimitsPeaked
from core.domain.reaction import NOTHING, Reaction
from core.domain.risk_views import LimitRow, LimitsView
from core.risk.limits import version_of
from core.risk.room import day_of
from core.risk.wording import decimal_of
from core.runtime.keeping import BEAT
from core.runtime.limit_change import LimitChanges
from core.runtime.limit_judging import texts_of
from core.runtime.limit_orders import uses_of
from core.runtime.limit_reading import LimitReader, Use
from core.runtime.limit_words import BY_NAME, WORDS, LimitWords, Tighter
from core.runtime.rooms import Rooms

KEEP_EVERY_NS: Final = 10_000_000_000
WORTH_KEEPING: Final = 0.01
"""A peak is journaled once it rose by this share of its limit."""
ORDER_STANDS_NS: Final = 60_000_000_000
"""How long an order that passed the gate is its latest use of the limits of one order."""
MOST_FRACTION: Final = 9.99
_DECIMALS: Final = {"": 0, "ms": 0, "s": 0, "quote": 2, "%": 2, "x": 2, "bps": 1}


class LimitUses:
    """Knows the use of every limit now, and at its highest today."""

    def __init__(self, rooms: Rooms, changes: LimitChanges) -> None:
        self._rooms = rooms
        self._changes = changes
        self._reader = LimitReader(rooms)
        self._now: dict[str, Use] = {}
        self._passed: dict[str, tuple[Use, int]] = {}
        """The newest use by an order that passed, and when."""
        self._day = ""
        self._peaks: dict[str, LimitPeak] = {}
        self._higher: dict[str, LimitPeak] = {}
        """Peaks that are not journaled yet."""
        self._kept_at = 0
        self._denied: dict[str, int] = {}
        self._denied_day = ""
        self._texts: tuple[int, dict[str, str], str] = (-1, {}, "")
        self._beats = 0

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {TimerFired: self.on_timer}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this state."""
        return {LimitsPeaked: self._apply_peaks, GateJudged: self._apply_judged}

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is learnt from a decision of the gate."""
        return {GateJudged: self.on_judged}

    # ---- measuring -----------------------------------------------------------------------------

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Measure with the beat, and journal peaks that rose."""
        if body.key != BEAT:
            return NOTHING
        self._measure(at)
        day = day_of(at)
        if self._day and self._day != day:
            self._higher.clear()
            for use in self._now.values():
                self._raise(use, at, {})
        return self._worth_keeping(at, day)

    def on_judged(self, fact: GateJudged, at: int) -> Reaction:
        """Take what an order that passed used of the limits of one order."""
        if fact.verdict == "approved":
            rules = self._rooms.trading.instruments.get(fact.instrument)
            for use in uses_of(fact, rules):
                self._passed[use.name] = (use, at)
                self._raise(use, at, self._peaks)
        return NOTHING

    def _measure(self, at: int) -> None:
        self._beats += 1
        found: dict[str, Use] = {}
        passed = [use for use, moment in self._passed.values() if at - moment < ORDER_STANDS_NS]
        for use in (*self._reader.uses(at), *passed):
            held = found.get(use.name)
            if held is None or self._fraction(use) > self._fraction(held):
                found[use.name] = use
        self._now = found
        for use in found.values():
            self._raise(use, at, self._peaks if self._day == day_of(at) else {})

    def _raise(self, use: Use, at: int, peaks: dict[str, LimitPeak]) -> None:
        fraction = self._fraction(use)
        held = self._higher.get(use.name) or peaks.get(use.name)
        if held is None or fraction > held.fraction:
            words = BY_NAME[use.name]
            text = use_text(use.used, words)
            self._higher[use.name] = LimitPeak(use.name, text, fraction, at, use.worst)

    def _worth_keeping(self, at: int, day: str) -> Reaction:
        is_new_day = day != self._day
        if not is_new_day and at - self._kept_at < KEEP_EVERY_NS:
            return NOTHING
        fresh = [peak for peak in self._higher.values() if is_new_day or self._rose(peak)]
        if not fresh:
            return NOTHING
        return Reaction((LimitsPeaked(at=at, day=day, peaks=tuple(fresh)),))

    def _rose(self, peak: LimitPeak) -> bool:
        held = self._peaks.get(peak.name)
        return held is None or peak.fraction - held.fraction >= WORTH_KEEPING

    def _fraction(self, use: Use) -> float:
        return fraction_of(use.used, self._limit(BY_NAME[use.name]), BY_NAME[use.name])

    def _limit(self, words: LimitWords) -> Decimal:
        if words.tighter is Tighter.SHARES:
            return Decimal(100)
        risk, capital = self._changes.limits
        held = risk if hasattr(risk, words.name) else capital
        return decimal_of(getattr(held, words.name))

    # ---- state ---------------------------------------------------------------------------------

    def _apply_peaks(self, fact: LimitsPeaked) -> None:
        if fact.day != self._day:
            self._day = fact.day
            self._peaks = {}
        for peak in fact.peaks:
            self._peaks[peak.name] = peak
            if self._higher.get(peak.name) == peak:
                del self._higher[peak.name]
        self._kept_at = fact.at

    def _apply_judged(self, fact: GateJudged) -> None:
        if fact.verdict != "denied":
            return
        day = day_of(fact.at)
        if day != self._denied_day:
            self._denied_day, self._denied = day, {}
        self._denied[fact.rule] = self._denied.get(fact.rule, 0) + fact.repeats

    # ---- reading -------------------------------------------------------------------------------

    def key(self) -> Hashable:
        """Return what moves the view."""
        return self._beats, self._rooms.risk.version, self._kept_at, len(self._higher)

    def view(self, at: int) -> LimitsView:
        """Show every limit."""
        values, version = self._written()
        return LimitsView(
            rows=tuple(self._row(words, values, at) for words in WORDS),
            version=version,
            day=day_of(at),
            sharing=self._rooms.capital.strategies(),
        )

    def _written(self) -> tuple[dict[str, str], str]:
        if self._texts[0] != self._rooms.risk.version:
            both = self._changes.limits
            self._texts = (self._rooms.risk.version, texts_of(both), version_of(*both))
        return self._texts[1], self._texts[2]

    def _row(self, words: LimitWords, values: dict[str, str], at: int) -> LimitRow:
        use = self._now.get(words.name)
        is_today = self._day == day_of(at)
        peak = self._higher.get(words.name) or (self._peaks.get(words.name) if is_today else None)
        quote = self._rooms.valuation.quote
        return LimitRow(
            name=words.path,
            rule=words.rule,
            title=words.title,
            scope=words.scope,
            value=values[words.path],
            file_value=self._changes.file_texts[words.path],
            unit=quote if words.unit == "quote" else words.unit,
            used=None if use is None else use_text(use.used, words),
            fraction=None if use is None else self._fraction(use),
            worst="" if use is None else use.worst,
            peak=None if peak is None else peak.used,
            peak_fraction=None if peak is None else peak.fraction,
            peak_at=None if peak is None else peak.at,
            peak_worst="" if peak is None else peak.worst,
            is_floor=words.is_floor,
            is_hard=words.is_hard,
            denied=self._denied.get(words.rule, 0) if self._denied_day == day_of(at) else 0,
        )


def fraction_of(used: Decimal, limit: Decimal, words: LimitWords) -> float:
    """Return use over limit, of a floor limit over use; from 0 to 9.99."""
    part, whole = (limit, used) if words.is_floor else (used, limit)
    if part <= 0:
        return 0.0
    return MOST_FRACTION if whole <= 0 else min(MOST_FRACTION, float(part / whole))


def use_text(used: Decimal, words: LimitWords) -> str:
    """Write a use with the decimals of its unit."""
    return f"{used:.{_DECIMALS[words.unit]}f}"
