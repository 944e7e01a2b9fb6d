"""Facts as words: which ones a person should see pass by, and how often."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from core.domain.alert import Severity
from core.domain.facts import (
    AlertEnded,
    AlertRaised,
    DecisionTaken,
    Fact,
    FillBooked,
    Noted,
    StrategySwitched,
    TradingStateChanged,
    Verdict,
)
from core.domain.ids import AlertId, symbol_of
from tui.render.text import clean

_FILL_QUIET_SECS: Final = 60.0
"""Fills are told in the line of the last event; a toast over the prices is the exception."""


_ALERT_QUIET_SECS: Final = 60.0
"""The same for one alert that is raised again and again."""


class Words(msgspec.Struct, frozen=True, gc=False):
    """A line about a fact; `severity` is Textual's, None for lines that are no toast."""

    text: str
    severity: str | None = None
    title: str = ""


def words_for(fact: Fact) -> Words | None:
    """Say a fact in one line; None for facts nobody has to see."""
    say = _WORDS.get(type(fact))
    return say(fact) if say is not None else None


def _fill(fact: FillBooked) -> Words:
    fill = fact.fill
    text = f"{fill.side} {fill.quantity} {symbol_of(fill.instrument)} at {fill.price}"
    return Words(f"filled {text} · {fact.book}", "information", "Filled")


def _state(fact: TradingStateChanged) -> Words:
    return Words(f"trading is {fact.state}: {fact.reason}", "warning", "Trading state")


def _decision(fact: DecisionTaken) -> Words | None:
    if fact.verdict is not Verdict.DENIED:
        return None
    return Words(f"denied {fact.code} · {fact.text}")


def _switch(fact: StrategySwitched) -> Words:
    return Words(f"{fact.strategy} is {'on' if fact.is_on else 'off'} ({fact.by})")


def _alert(fact: AlertEnded) -> Words:
    return Words(f"alert {fact.end}: {fact.option} ({fact.by})")


def _raised(fact: AlertRaised) -> Words | None:
    """Tell what only informs; what asks for a decision brings its own sheet."""
    if fact.alert.severity is not Severity.INFO:
        return None
    return Words(fact.alert.title, "information", "Alert")


def _note(fact: Noted) -> Words:
    is_loud = fact.level in {"warning", "error", "critical"}
    return Words(fact.text, "warning" if is_loud else None, "Note")


_WORDS: Final[dict[type, Callable[..., Words | None]]] = {
    FillBooked: _fill,
    TradingStateChanged: _state,
    DecisionTaken: _decision,
    StrategySwitched: _switch,
    AlertEnded: _alert,
    AlertRaised: _raised,
    Noted: _note,
}


class Notices:
    """Turns facts into the line of the last event and into few toasts."""

    def __init__(
        self,
        show_event: Callable[[str], None],
        toast: Callable[[str, str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show_event = show_event
        self._toast = toast
        self._clock = clock
        self._fills = 0
        self._fill_quiet_until = 0.0
        self._told: dict[AlertId, tuple[float, int]] = {}
        """When an alert may be told again, and how often it was raised without a toast."""

    def take(self, facts: tuple[Fact, ...]) -> None:
        """Show what these facts say: the newest as a line, at most one toast of a kind."""
        newest: Words | None = None
        for fact in facts:
            words = words_for(fact)
            if words is None:
                continue
            newest = words
            if isinstance(fact, FillBooked):
                self._fills += 1
            elif isinstance(fact, AlertRaised):
                self._toast_alert(fact.alert.alert_id, words)
            elif words.severity is not None:
                self._toast(clean(words.text), words.severity, words.title)
        if newest is not None:
            self._show_event(clean(newest.text))
        self._toast_fills(facts)

    def _toast_alert(self, alert_id: AlertId, words: Words) -> None:
        """Tell one alert at most once a minute, then with how often it came meanwhile."""
        now = self._clock()
        quiet_until, untold = self._told.get(alert_id, (0.0, 0))
        if now < quiet_until:
            self._told[alert_id] = (quiet_until, untold + 1)
            return
        more = f" (and {untold} more)" if untold else ""
        self._toast(clean(words.text) + more, "information", words.title)
        self._told[alert_id] = (now + _ALERT_QUIET_SECS, 0)

    def _toast_fills(self, facts: tuple[Fact, ...]) -> None:
        fills = [fact for fact in facts if isinstance(fact, FillBooked)]
        if not fills or self._clock() < self._fill_quiet_until:
            return
        words = words_for(fills[-1])
        assert words is not None
        more = f" (and {self._fills - 1} more)" if self._fills > 1 else ""
        self._toast(clean(words.text) + more, "information", words.title)
        self._fills = 0
        self._fill_quiet_until = self._clock() + _FILL_QUIET_SECS
