"""`wingman analyze`: every number of one market, live or at an instant of a recording."""

import asyncio
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from core.domain.errors import ConfigError, VenueError
from core.domain.facts import Mode
from core.runtime.analysis_run import Look, look_at_recording, look_at_venue
from core.runtime.config import Config, VenueKind
from core.runtime.launch import Launch
from core.runtime.replay import parse_choice
from tui.analyze_document import as_text
from tui.analyze_report import report
from tui.moments import moment

FAILED: Final = 1
_OFFSET: Final = re.compile(r"\+?(\d{1,9})([smh])")
_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600}
_NS: Final = 1_000_000_000


class AnalyzeQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    symbol: str = ""
    kind: VenueKind | None = None
    """None: the exchange in the box."""
    rest_url: str = ""
    ws_url: str = ""
    seed: int = 1
    secs: float = 10.0
    recordings: tuple[str, ...] = ()
    at: str = ""
    as_json: bool = False


def run_analyze(question: AnalyzeQuestion) -> int:
    """Answer on standard output; return the exit code: 0, or 1 where the venue has no answer.

    Raises:
        ConfigError: when something typed is wrong.
    """
    _check(question)
    try:
        look = _looked(question)
    except VenueError as error:
        sys.stderr.write(f"wingman: {error}\n")
        return FAILED
    sys.stdout.write((as_text(look) if question.as_json else report(look)) + "\n")
    return 0


def _check(question: AnalyzeQuestion) -> None:
    if question.at and not question.recordings:
        raise ConfigError(
            "a time without a recording", f"--at {question.at}", "Add --replay VENUE=FILE"
        )
    if not question.recordings and not question.symbol:
        raise ConfigError("no market named", "", "Write one, such as SOL_USDC_PERP")


def _looked(question: AnalyzeQuestion) -> Look:
    if question.recordings:
        choices = tuple(parse_choice(text) for text in question.recordings)
        launch = Launch(mode=Mode.REPLAY, config=Config(), data_dir="", recordings=choices)
        at = partial(instant_of, question.at) if question.at else None
        return asyncio.run(look_at_recording(launch, question.symbol, at))
    launch = Launch(
        mode=Mode.SIMULATION,
        config=Config(),
        data_dir="",
        seed=question.seed,
        rest_url=question.rest_url,
        ws_url=question.ws_url,
    )
    return asyncio.run(look_at_venue(launch, question.kind, question.symbol, question.secs))


def instant_of(text: str, first: int) -> int:
    """Read an instant of a recording that begins at `first`, ns.

    An ISO time, the nearest such time of day, UTC, or how far into it.

    Raises:
        ConfigError: when the text is no time.
    """
    start = datetime.fromtimestamp(first // _NS, UTC)
    offset = _OFFSET.fullmatch(text.strip())
    if offset is not None:
        return first + int(offset[1]) * _UNITS_S[offset[2]] * _NS
    of_day = _OF_DAY.fullmatch(text.strip())
    if of_day is not None:
        return _time_of_day(text, of_day, start)
    found, assumed = moment(text, start)
    if assumed:
        sys.stderr.write(assumed + "\n")
    return int((found - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1)) * 1_000


def _time_of_day(text: str, parts: re.Match[str], start: datetime) -> int:
    """Return the time of day, UTC, that lies nearest to the recording's begin."""
    try:
        found = start.replace(hour=int(parts[1]), minute=int(parts[2]), second=int(parts[3] or 0))
    except ValueError:
        raise ConfigError("not a time of day", repr(text), "Write 23:57 or 23:57:30") from None
    days = (found + timedelta(days=step) for step in (-1, 0, 1))
    return int(min(days, key=lambda day: abs(day - start)).timestamp()) * _NS
