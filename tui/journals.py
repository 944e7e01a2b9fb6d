"""What the commands on a journal share: which one, from when to when, and safe output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TextIO

import msgspec

from core.domain.errors import ConfigError
from core.domain.exact import Exact
from core.domain.facts import Mode
from core.runtime.journals import LATEST, find_journal
from core.trading.history import Cell, Span
from core.trading.journal.reader import JournalReader
from tui.moments import moment
from tui.render.text import clean

FAILED: Final = 1
_FORMULA: Final = ("=", "+", "-", "@")
_LONGEST: Final = 20_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class JournalChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which journal, and which part of it, as typed."""

    data: Path
    mode: Mode = Mode.SIMULATION
    run: str = LATEST
    since: str = ""
    until: str = ""


def span_of(choice: JournalChoice) -> Span:
    """Read both times against this machine's clock.

    Raises:
        ConfigError: when one is no time, or the end is not after the beginning.
    """
    now = datetime.now(UTC)
    since, until = _instant(choice.since, now), _instant(choice.until, now)
    if since is not None and until is not None and until <= since:
        raise ConfigError(
            "nothing lies in that range", f"--from {choice.since} --to {choice.until}", "Swap them"
        )
    return Span(since, until)


def open_journal(choice: JournalChoice) -> JournalReader:
    """Open the journal a person means, of the mode he means.

    Raises:
        ConfigError: when there is none, or it is of another mode or a newer version.
    """
    return JournalReader(find_journal(choice.data, choice.mode, choice.run), choice.mode)


def one_form(*, as_csv: bool, as_json: bool) -> None:
    """Refuse two forms at once."""
    if as_csv and as_json:
        raise ConfigError("one form at a time", "--csv and --json", "Choose one of them")


def plain_cell(cell: Cell) -> str | int | bool | None:
    """Return a cell as JSON may hold it: exact numbers as text, text without hidden characters."""
    if isinstance(cell, Exact):
        return str(cell)
    return clean(cell, _LONGEST) if isinstance(cell, str) else cell


def csv_cell(cell: Cell) -> str:
    """Return a cell for a spreadsheet: no text is a formula, nothing is not a word."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if not isinstance(cell, str):
        return str(cell)
    text = clean(cell, _LONGEST)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def remark(text: str) -> None:
    """Say something beside the answer, on standard error."""
    sys.stderr.write(text + "\n")


@contextmanager
def output_to(out: Path | None) -> Iterator[TextIO]:
    """Give standard output, or a file that is there whole or not at all.

    Raises:
        ConfigError: when the file exists or cannot be written.
    """
    if out is None:
        yield sys.stdout
        # Now, so that a reader who went away is met here and not at the interpreter's end.
        sys.stdout.flush()
        return
    if out.exists():
        raise ConfigError("file exists already", str(out), "Choose another --out")
    part = out.with_name(f"{out.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(out)
    except OSError as error:
        raise ConfigError("file cannot be written", f"{out}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def stop_writing() -> None:
    """Let a reader who went away be: what is left in the buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _instant(text: str, now: datetime) -> int | None:
    if not text:
        return None
    found, assumed = moment(text, now)
    if assumed:
        remark(assumed)
    return (found - _EPOCH) // timedelta(microseconds=1) * 1_000
