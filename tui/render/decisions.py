"""Facts as lines of a journal a person reads: who decided what, about which market, and why."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.alert import Severity
from core.domain.facts import (
    AlertEnded,
    AlertRaised,
    CommandTaken,
    DecisionTaken,
    GateJudged,
    KillArmed,
    KillTripped,
    LimitsChanged,
    Noted,
    StrategyPaused,
    StrategySwitched,
    TradingState,
    TradingStateChanged,
    Verdict,
)
from core.domain.views import ShownFact
from tui.render.numbers import clock_text, market_name
from tui.render.palette import Palette, Runs
from tui.render.study import exact
from tui.render.text import clean, fit, width_of, wrapped

ROUTINE, ACTS, ALARMS = 0, 1, 2
LEVELS: Final = ("all", "acts and alarms", "alarms and denials")
_ALARMING: Final = frozenset({Severity.CRITICAL, Severity.EMERGENCY})
_NARROW: Final = 92


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line of the journal as a person reads it."""

    serial: int
    at: int
    level: int
    mark: str
    role: str
    who: str
    market: str = ""
    code: str = ""
    text: str
    numbers: tuple[tuple[str, str], ...] = ()
    sought: str = ""
    """Everything of it in lower case, for the filter."""


def entry_of(shown: ShownFact) -> Entry | None:
    """Make a line of a fact; None for facts that are no decision, alert or order of a person."""
    make = _MAKERS.get(type(shown.fact))
    if make is None:
        return None
    entry = make(shown.serial, shown.fact)
    words = (entry.who, entry.market, entry.code, entry.text, entry.mark)
    return msgspec.structs.replace(entry, sought=" ".join(words).lower())


_VERDICTS: Final = {
    Verdict.COPIED: ("copied", "ok", ACTS),
    Verdict.RESIZED: ("resized", "ok", ACTS),
    Verdict.SKIPPED: ("skipped", "muted", ROUTINE),
    Verdict.DENIED: ("denied", "danger", ALARMS),
    Verdict.ASKED: ("asked", "warning", ACTS),
    Verdict.NOTE: ("note", "muted", ROUTINE),
}
_JUDGED: Final = {
    "approved": ("passed", "ok", ROUTINE),
    "denied": ("DENIED", "danger", ALARMS),
    "asked": ("asked", "warning", ACTS),
}


def _decision(serial: int, fact: DecisionTaken) -> Entry:
    mark, role, level = _VERDICTS[fact.verdict]
    return Entry(
        serial=serial, at=fact.at, level=level, mark=mark, role=role, who=fact.strategy,
        market=fact.instrument or "", code=fact.code, text=_repeated(fact.text, fact.repeats),
        numbers=(("cause", fact.cause), *fact.numbers),
    )  # fmt: skip


def _judged(serial: int, fact: GateJudged) -> Entry:
    mark, role, level = _JUDGED.get(fact.verdict, ("judged", "muted", ROUTINE))
    text = fact.text or "every rule of the gate passed"
    return Entry(
        serial=serial, at=fact.at, level=level, mark=mark, role=role, who=fact.strategy,
        market=fact.instrument, code=fact.rule or "gate", text=_repeated(text, fact.repeats),
        numbers=(("limits", fact.limits), ("intent", fact.intent_id), *fact.numbers),
    )  # fmt: skip


def _raised(serial: int, fact: AlertRaised) -> Entry:
    alert = fact.alert
    is_bad = alert.severity in _ALARMING
    numbers = tuple((number.label, number.value) for number in alert.numbers)
    return Entry(
        serial=serial, at=fact.at, level=ALARMS if is_bad else ACTS, mark="ALERT",
        role="danger" if is_bad else "warning", who=alert.scope, code=alert.severity,
        text=f"{alert.title}: {alert.cause}", numbers=numbers,
    )  # fmt: skip


def _ended(serial: int, fact: AlertEnded) -> Entry:
    by = f" by {fact.by}" if fact.by else ""
    return Entry(
        serial=serial, at=fact.at, level=ACTS, mark="ended", role="info", who="alert",
        code=fact.end, text=f"{fact.alert_id}: {fact.option or 'no answer'}{by}",
    )  # fmt: skip


def _state(serial: int, fact: TradingStateChanged) -> Entry:
    is_free = fact.state is TradingState.ACTIVE
    kind, _, name = fact.scope.partition("/")
    is_market = kind == "market"
    return Entry(
        serial=serial, at=fact.at, level=ACTS if is_free else ALARMS, mark="state",
        role="ok" if is_free else "warning", who=kind if is_market else name or "account",
        market=name if is_market else "", code=fact.state,
        text=fact.reason or fact.cause or "trading is open",
    )  # fmt: skip


def _paused(serial: int, fact: StrategyPaused) -> Entry:
    return Entry(
        serial=serial, at=fact.at, level=ALARMS, mark="paused", role="danger", who=fact.strategy,
        text=fact.reason,
    )  # fmt: skip


def _switched(serial: int, fact: StrategySwitched) -> Entry:
    word = "on" if fact.is_on else "off"
    return Entry(
        serial=serial, at=fact.at, level=ACTS, mark=word, role="ok" if fact.is_on else "muted",
        who=fact.strategy, text=f"switched {word} by {fact.by}",
    )  # fmt: skip


def _limits(serial: int, fact: LimitsChanged) -> Entry:
    return Entry(
        serial=serial, at=fact.at, level=ACTS, mark="limits", role="warning", who=fact.by,
        text=", ".join(f"{name} is {value}" for name, value in fact.values), numbers=fact.values,
    )  # fmt: skip


def _command(serial: int, fact: CommandTaken) -> Entry:
    who = fact.command_id.rpartition("-")[0] or "person"
    return Entry(
        serial=serial, at=fact.at, level=ROUTINE if fact.is_accepted else ACTS,
        mark="told" if fact.is_accepted else "refused",
        role="text_soft" if fact.is_accepted else "warning", who=who, text=fact.text,
    )  # fmt: skip


def _noted(serial: int, fact: Noted) -> Entry:
    is_bad = fact.level in {"warning", "error"}
    return Entry(
        serial=serial, at=fact.at, level=ACTS if is_bad else ROUTINE, mark="note",
        role="warning" if is_bad else "muted", who="engine", text=fact.text,
    )  # fmt: skip


def _killed(serial: int, fact: KillTripped) -> Entry:
    return Entry(
        serial=serial, at=fact.at, level=ALARMS, mark="KILL", role="danger", who=fact.by,
        code=fact.level, text=fact.reason,
    )  # fmt: skip


def _armed(serial: int, fact: KillArmed) -> Entry:
    return Entry(
        serial=serial, at=fact.at, level=ACTS, mark="armed", role="ok", who=fact.by,
        text="the kill switch is armed again",
    )  # fmt: skip


_MAKERS: Final[dict[type, Callable[[int, Any], Entry]]] = {
    DecisionTaken: _decision,
    GateJudged: _judged,
    AlertRaised: _raised,
    AlertEnded: _ended,
    TradingStateChanged: _state,
    StrategyPaused: _paused,
    StrategySwitched: _switched,
    LimitsChanged: _limits,
    CommandTaken: _command,
    Noted: _noted,
    KillTripped: _killed,
    KillArmed: _armed,
}


def _repeated(text: str, repeats: int) -> str:
    return f"{text} ({repeats}x)" if repeats > 1 else text


def entry_row(entry: Entry, width: int, palette: Palette, *, ground: str, pointer: str) -> Runs:
    """Draw one line: time, verdict, who, market, code, text."""
    is_narrow = width < _NARROW
    who, market, code = (11, 9, 8) if is_narrow else (18, 12, 12)
    runs = [
        (f"{pointer}{clock_text(entry.at)} ", palette.style("faint", ground)),
        (fit(entry.mark, 8), palette.style(entry.role, ground, bold=entry.level == ALARMS)),
        (fit(clean(entry.who, 60), who) + " ", palette.style("text_soft", ground)),
        (fit(_market(entry.market), market) + " ", palette.style("text", ground)),
        (fit(clean(entry.code, 20), code) + " ", palette.style("key", ground)),
    ]
    used = sum(width_of(text) for text, _ in runs)
    runs.append((fit(clean(entry.text), max(0, width - used)), palette.style("text", ground)))
    return exact(runs, width, palette)


def entry_detail(entry: Entry, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Say a line in full, with every number it was decided by."""
    head = " · ".join(clean(text, 80) for text in (entry.who, entry.market, entry.code) if text)
    texts = [(head, "muted")]
    texts += [(line, "text") for line in wrapped(clean(entry.text), width, 3)]
    drawn = [exact([(text, palette.style(role))], width, palette) for text, role in texts]
    return [*drawn, *_numbers(entry, width, palette)][:lines]


def _numbers(entry: Entry, width: int, palette: Palette) -> list[Runs]:
    """Draw names and values in columns, in the order they were written."""
    cells = 40 if width >= 80 else 36  # noqa: PLR2004 - two columns from here
    across = max(1, width // cells)
    pairs = [(clean(n, 22), clean(v, 60)) for n, v in entry.numbers if v]
    rows = []
    for start in range(0, len(pairs), across):
        runs = []
        for name, value in pairs[start : start + across]:
            runs.append((fit(f"  {name}", 20) + " ", palette.style("muted")))
            runs.append((fit(value, cells - 22) + " ", palette.style("text_soft")))
        rows.append(exact(runs, width, palette))
    return rows


def _market(name: str) -> str:
    return market_name(clean(name, 60)) if name else ""
