"""Changing limits while the engine runs: reading the new values, what is looser, what survives.

The rule of a restart. The file is a person's word when a run begins. A tightening made while the
engine ran survives restarts: the stricter of file and journal counts, for as long as the file says
what it said when the limit was tightened. A limit that was written anew in the file since is the
newer word of the two and counts as written (and is told). A loosening never outlives its run unless
it is written in the file. The hard cap of an order and the reserve are never loosened at run time.
"""

from collections.abc import Callable, Iterable
from typing import Any

from core.domain.commands import ChangeLimits
from core.domain.facts import LimitsChanged, Noted, RunStarted
from core.domain.reaction import NOTHING, Reaction
from core.risk.room import RiskRoom
from core.runtime.capital import CapitalDesk
from core.runtime.limit_judging import (
    Both,
    Judged,
    LimitWrong,
    is_looser,
    judged,
    replaced,
    text_of,
    texts_of,
    value_text,
)

BY_FILE = "the file"


class LimitChanges:
    """The limits in force: the file's, what a person changed since, what survived restarts."""

    def __init__(self, risk: RiskRoom, capital: CapitalDesk) -> None:
        self.file: Both = (risk.limits, capital.limits)
        self.file_texts = texts_of(self.file)
        self._risk = risk
        self._capital = capital
        self._kept: dict[str, tuple[str, str]] = {}
        """By path: the tightened value, and what the file said then."""

    @property
    def limits(self) -> Both:
        """The limits in force."""
        return self._risk.limits, self._capital.limits

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change the limits."""
        return {LimitsChanged: self._apply_change, RunStarted: self._apply_run}

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from the start of a run."""
        return {RunStarted: self.on_run}

    def change(self, command: ChangeLimits, cockpit: str, at: int) -> tuple[bool, str, Reaction]:
        """Tighten at once; loosen what was typed in full; refuse the rest."""
        try:
            found = judged(self.limits, command.values, self._capital.strategies())
        except LimitWrong as wrong:
            return False, str(wrong), NOTHING
        if found.token and " ".join(command.typed.split()) != found.token:
            return False, f"{found.text}: type {found.token} to loosen", NOTHING
        values = tuple((c.words.path, c.after) for c in found.changes)
        fact = LimitsChanged(at=at, values=values, by=cockpit, kept=self._surviving(found))
        return True, found.text, Reaction((fact,))

    def on_run(self, _fact: RunStarted, at: int) -> Reaction:
        """Tell which tightened limits hold no longer, because the file was written anew."""
        newer = [
            (path, text_of(self.file, path) or "", said, value)
            for path, (value, said) in self._kept.items()
            if said != text_of(self.file, path)
        ]
        if not newer:
            return NOTHING
        notes = [
            Noted(
                at=at,
                level="warning",
                text=f"{path}: the file says {now} now ({said} before), so {value} of an earlier "
                "run holds no longer",
            )
            for path, now, said, value in newer
        ]
        values = tuple((path, now) for path, now, _, _ in newer)
        return Reaction((LimitsChanged(at=at, values=values, by=BY_FILE), *notes))

    def _surviving(self, found: Judged) -> tuple[tuple[str, str], ...]:
        sharing = self._capital.strategies()
        return tuple(
            (change.words.path, value_text(self.file, change.words))
            for change in found.changes
            if change.after != value_text(self.file, change.words)
            and not is_looser(change.words, self.file, found.limits, sharing)
        )

    def _apply_change(self, fact: LimitsChanged) -> None:
        said = dict(fact.kept)
        for path, value in fact.values:
            self._kept.pop(path, None)
            if path in said:
                self._kept[path] = (value, said[path])
        self._put(fact.values)

    def _apply_run(self, _fact: RunStarted) -> None:
        self._risk.limits, self._capital.limits = self.file
        held = [(p, v) for p, (v, said) in self._kept.items() if said == text_of(self.file, p)]
        self._put(held)

    def _put(self, values: Iterable[tuple[str, str]]) -> None:
        """Replace limits; a value an older program wrote and this one does not know is left out."""
        values = tuple(values)
        try:
            both = replaced(self.limits, values)
        except LimitWrong:
            both = self.limits
            for value in values:
                both = _one(both, value)
        self._risk.limits, self._capital.limits = both
        self._risk.version += 1


def _one(limits: Both, value: tuple[str, str]) -> Both:
    try:
        return replaced(limits, (value,))
    except LimitWrong:
        return limits
