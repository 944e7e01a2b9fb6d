"""A change of limits before it is made: new values read, tighter told from looser. Pure."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.domain.exact import Notional
from core.domain.ids import StrategyId
from core.risk import capital as shares
from core.risk.limits import CapitalLimits, RiskLimits
from core.runtime.limit_words import WORDS, LimitWords, Tighter, section_of, words_of

EVERY: Final = "all"
EQUAL: Final = "equal"
MAX_CHANGES: Final = 60
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_SUFFIXES: Final = frozenset({"%", "ms", "bps", "s"})
_LONGEST: Final = 2_000
_SHOWN: Final = 60
Both = tuple[RiskLimits, CapitalLimits]


class LimitWrong(ValueError):
    """A change that cannot be made, in one sentence that names the limit."""


class Change(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One limit that would change."""

    words: LimitWords
    before: str
    after: str
    is_looser: bool

    @property
    def text(self) -> str:
        """Say it as a difference."""
        way = "looser" if self.is_looser else "tighter"
        return f"{self.words.path}: {self.before} -> {self.after} ({way})"

    @property
    def token(self) -> str:
        """What has to be typed to loosen it."""
        return f"{self.words.name} {self.after}"


class Judged(msgspec.Struct, frozen=True, gc=False):
    """Limits as they would be, and what differs."""

    limits: Both
    changes: tuple[Change, ...]

    @property
    def token(self) -> str:
        """What has to be typed; empty when everything is tighter."""
        return ", ".join(change.token for change in self.changes if change.is_looser)

    @property
    def text(self) -> str:
        """Say all differences."""
        return "; ".join(change.text for change in self.changes)


# ---- values as text ------------------------------------------------------------------------------


def value_text(limits: Both, words: LimitWords) -> str:
    """Write a limit the way it is read back."""
    value = getattr(limits[0] if section_of(words) is RiskLimits else limits[1], words.name)
    if words.tighter is Tighter.FEWER:
        return " ".join(value) or EVERY
    if words.tighter is Tighter.SHARES:
        return " ".join(f"{name}={_number_text(pct)}" for name, pct in value.items()) or EQUAL
    return _number_text(value)


def limits_of(texts: Iterable[tuple[str, str]]) -> Both:
    """Read limits from texts of names and values; what is not named is as by default.

    Raises:
        LimitWrong: naming the limit.
    """
    return replaced((RiskLimits(), CapitalLimits()), texts)


def _number_text(value: float) -> str:
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _value(words: LimitWords, text: str) -> object:
    text = text.strip()
    if len(text) > _LONGEST:
        raise LimitWrong(f"{words.path}: the value is longer than {_LONGEST} characters")
    if words.tighter is Tighter.FEWER:
        names = tuple(dict.fromkeys(text.replace(",", " ").split()))
        return () if names in {(EVERY,), ()} else _markets(words, names)
    if words.tighter is Tighter.SHARES:
        parts = text.replace(",", " ").split()
        return {} if parts in ([EQUAL], []) else dict(_share(words, part) for part in parts)
    return _number(words, text)


def _markets(words: LimitWords, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        venue, _, symbol = name.partition(":")
        if not venue or not symbol:
            raise LimitWrong(
                f"{words.path}: {name[:_SHOWN]!r} is no market; write venue:SYMBOL, or {EVERY}"
            )
    return names


def _share(words: LimitWords, part: str) -> tuple[str, float]:
    name, _, number = part.rpartition("=")
    if not name:
        raise LimitWrong(f"{words.path}: write strategy=percent for each, or {EQUAL}")
    return name, float(_number(words, number))


def _number(words: LimitWords, text: str) -> float | int:
    bare = text.removesuffix(words.unit).strip() if words.unit in _SUFFIXES else text
    if not _NUMBER.fullmatch(bare):
        unit = f" {words.unit}" if words.unit in _SUFFIXES else ""
        raise LimitWrong(
            f"{words.path}: {text[:_SHOWN]!r} is no plain number{unit and f' of{unit}'}; "
            "write digits and at most one point, such as 2.5"
        )
    return float(bare) if "." in bare else int(bare)


def _known(name: str) -> LimitWords:
    words = words_of(name.strip())
    if words is None:
        raise LimitWrong(f"{name[:_SHOWN]}: there is no such limit; the Risk room lists them all")
    return words


def _replaced(limits: Both, asked: list[tuple[LimitWords, str]]) -> Both:
    """Return the limits with these values, checked as the file is."""
    fresh: dict[type, dict[str, object]] = {RiskLimits: {}, CapitalLimits: {}}
    for words, text in asked:
        kind, value = section_of(words), _value(words, text)
        try:
            msgspec.convert({words.name: value}, kind)
        except msgspec.ValidationError as error:
            raise LimitWrong(f"{words.path}: {text.strip()[:_SHOWN]} {_why(error)}") from None
        fresh[kind][words.name] = value
    path = asked[0][0].path if asked else ""
    return (
        _checked(limits[0], fresh[RiskLimits], path),
        _checked(limits[1], fresh[CapitalLimits], path),
    )


def _checked(held: Any, fresh: dict[str, object], path: str) -> Any:
    whole = {**msgspec.to_builtins(held), **fresh}
    try:
        return msgspec.convert(whole, type(held))
    except msgspec.ValidationError as error:
        raise LimitWrong(f"{path}: {_why(error)}") from None


def _why(error: msgspec.ValidationError) -> str:
    """Turn the checker's words into a person's."""
    text = str(error).partition(" - at `")[0]
    found = re.fullmatch(r"Expected `(float|int)` (>=|<=|>|<) (.+)", text)
    if found:
        return f"is out of range: it must be {found[2]} {found[3].removesuffix('.0')}"
    if text.startswith("Expected `int`"):
        return "is out of range: it must be a whole number"
    return text


# ---- tighter or looser ---------------------------------------------------------------------------


def judged(
    limits: Both, values: Iterable[tuple[str, str]], sharing: tuple[StrategyId, ...]
) -> Judged:
    """Say what a change would do; nothing is changed.

    Args:
        limits: As they are.
        values: Names (or paths) and new values as text.
        sharing: Who shares the capital.

    Raises:
        LimitWrong: for an unknown name, a wrong value, or a loosening that is never allowed.
    """
    asked = [(_known(name), text) for name, text in values]
    if not 0 < len(asked) <= MAX_CHANGES:
        raise LimitWrong(f"name a limit and its new value, at most {MAX_CHANGES} at once")
    if len({words.name for words, _ in asked}) != len(asked):
        raise LimitWrong(f"{asked[0][0].path}: a limit is named twice")
    after = _replaced(limits, asked)
    changes = tuple(
        Change(
            words=words,
            before=value_text(limits, words),
            after=value_text(after, words),
            is_looser=is_looser(words, limits, after, sharing),
        )
        for words, _ in asked
        if value_text(limits, words) != value_text(after, words)
    )
    if not changes:
        words = asked[0][0]
        raise LimitWrong(f"{words.path}: it is {value_text(limits, words)} already")
    for change in changes:
        if change.is_looser and change.words.is_hard:
            raise LimitWrong(
                f"{change.words.path}: {change.before} can only be tightened while the engine "
                "runs; to loosen it write it in the file and start again"
            )
    return Judged(after, changes)


def is_looser(
    words: LimitWords, before: Both, after: Both, sharing: tuple[StrategyId, ...]
) -> bool:
    """Whether a limit allows anything that it did not."""
    section = 0 if section_of(words) is RiskLimits else 1
    old, new = getattr(before[section], words.name), getattr(after[section], words.name)
    if words.tighter is Tighter.LOWER:
        return bool(new > old)
    if words.tighter is Tighter.HIGHER:
        return bool(new < old)
    if words.tighter is Tighter.FEWER:
        return bool(old) and (not new or bool(set(new) - set(old)))
    whole, everybody = Notional(100), {*sharing, *map(StrategyId, (*old, *new))}
    return any(
        shares.allocation(name, sharing, whole, after[1])
        > shares.allocation(name, sharing, whole, before[1])
        for name in everybody
    )


def text_of(limits: Both, path: str) -> str | None:
    """Write one limit by its path; None where there is no such limit."""
    words = words_of(path)
    return None if words is None else value_text(limits, words)


def texts_of(limits: Both) -> dict[str, str]:
    """Write every limit by its path."""
    return {words.path: value_text(limits, words) for words in WORDS}


def replaced(limits: Both, values: Iterable[tuple[str, str]]) -> Both:
    """Return the limits with these values, by name or path.

    Raises:
        LimitWrong: naming the limit.
    """
    return _replaced(limits, [(_known(name), text) for name, text in values])
