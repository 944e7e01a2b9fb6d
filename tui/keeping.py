"""`wingman journal ...`: look at a journal, prove it, copy it, put it back, let old ones go.

Each command refuses what it cannot do safely, in one sentence, and says what it did.
"""

import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.runtime.config import data_folder
from core.runtime.journals import OUTSIDE, RUNS, find_journal, mode_folder, refuse_if_traded
from core.trading.history import utc_text
from core.trading.journal import JournalStamp
from core.trading.journal.backup import back_up, manifest_file
from core.trading.journal.migrate import migrate
from core.trading.journal.reader import JournalReader, Summary, summarized
from core.trading.journal.rebuild import rebuild
from core.trading.journal.restore import Relation, restore
from core.trading.journal.retention import (
    JOURNAL,
    Choice,
    chosen,
    finish_pruning,
    prune,
    stored_runs,
)
from core.trading.journal.schema import SCHEMA_VERSION
from core.trading.journal.swap import CrashPoint, no_crash
from tui.journals import FAILED, JournalChoice, open_journal, plain_cell
from tui.render.text import clean

_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
_DAY_NS: Final = 86_400_000_000_000
_AGES: Final = {"h": _DAY_NS // 24, "d": _DAY_NS, "w": 7 * _DAY_NS}
_MIB: Final = 2**20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that changes something was asked, as typed."""

    choice: JournalChoice
    confirm: str = ""
    crash: CrashPoint = no_crash


def show_info(choice: JournalChoice, *, as_json: bool) -> int:
    """Print what a journal is; 1 where it is damaged."""
    with open_journal(choice) as reader:
        found = summarized(reader)
    if as_json:
        _say(msgspec.json.encode(_document(found)).decode())
    else:
        width = max(map(len, _document(found)))
        for key, value in _document(found).items():
            _say(f"{key:{width}}  {'-' if value is None else value}")
    return 0 if found.broken_at is None else FAILED


def verify(choice: JournalChoice) -> int:
    """Prove a journal row by row; 0 when it is whole, 1 when it is damaged."""
    with open_journal(choice) as reader:
        found = summarized(reader)
    if found.torn_bytes:
        _say(
            f"A commit of {found.torn_bytes} bytes was cut off and never counted: nothing of it "
            "had left, and it is left out."
        )
    if found.broken_at is None:
        mark = ", history marked incomplete" if found.is_incomplete else ""
        _say(f"whole: {found.rows} rows, head {found.head_hash[:16]}{mark}: {found.path}")
        return 0
    _say(f"DAMAGED at sequence {found.broken_at}: {found.trouble}: {found.path}")
    _say(
        f"The {found.rows} rows before it are proved. Run `wingman journal restore BACKUP`, or "
        "`wingman journal rebuild`."
    )
    return FAILED


def back_up_to(asked: Kept, to: Path | None) -> int:
    """Copy a journal, also while an engine writes it, and prove the copy."""
    journal = _found(asked.choice)
    target = _target(asked.choice, journal, to)
    manifest = back_up(journal, target, _now_text(), asked.crash)
    _say(f"{target}: {manifest.rows} rows, head {manifest.head_hash[:16]}, proved")
    _say(f"{manifest_file(target)}: keep both together")
    return 0


def restore_from(asked: Kept, backup: Path, *, is_older_meant: bool) -> int:
    """Put a backup in a journal's place."""
    journal = _restorable(asked.choice)
    refuse_if_traded(journal, _locks())
    relation, kept = restore(
        backup,
        journal,
        mode=asked.choice.mode,
        stamp=_stamp(),
        at=time.time_ns(),
        is_older_meant=is_older_meant,
        crash=asked.crash,
    )
    if relation is Relation.SAME:
        _say(f"{journal} holds exactly this already; nothing was changed")
        return 0
    _say(f"{journal} restored from {backup}")
    if kept is not None:
        _say(f"what was there is kept as {kept}")
    if relation is not Relation.NEWER:
        _say(_ONLY_REDUCING)
    return 0


def migrate_journal(asked: Kept) -> int:
    """Bring a journal to this version's schema."""
    journal = _found(asked.choice)
    refuse_if_traded(journal, _locks())
    before, kept = migrate(journal, _stamp(), asked.crash)
    if kept is None:
        _say(f"{journal} has schema {before} already; nothing was changed")
    else:
        _say(f"{journal} is of schema {SCHEMA_VERSION} now; the old one is kept as {kept}")
    return 0


def rebuild_journal(asked: Kept, account: str) -> int:
    """Keep what is proved of a damaged journal; the venue tells the rest at the next start."""
    journal = _restorable(asked.choice)
    refuse_if_traded(journal, _locks())
    owner = JournalStamp(mode=asked.choice.mode, account=account) if account else None
    _confirmed(asked.confirm, "rebuild", f"{journal} is cut to what is proved of it")
    rows, kept = rebuild(journal, _stamp(), time.time_ns(), owner=owner, crash=asked.crash)
    _say(f"{journal} holds its first {rows} rows")
    if kept is not None:
        _say(f"the damaged file is kept as {kept}")
    _say(_ONLY_REDUCING)
    return 0


def prune_runs(asked: Kept, older_than: str, max_size: str) -> int:
    """Show which runs would go; delete them once that is confirmed."""
    if not older_than and not max_size:
        raise ConfigError("no limit given", "", "Add --older-than 30d or --max-size 500M")
    max_age, most = _age_ns(older_than), _size(max_size)
    if asked.choice.mode is Mode.LIVE:
        raise ConfigError("journals of live trading are never pruned", "", "Move them yourself")
    runs = mode_folder(asked.choice.data, asked.choice.mode) / RUNS
    choices = chosen(stored_runs(runs), now=time.time_ns(), max_age_ns=max_age, max_bytes=most)
    for each in choices:
        _say(_choice_text(each))
    going = [each.run for each in choices if each.goes]
    if not going:
        _say("Nothing to delete.")
        return 0
    word = f"delete {len(going)}"
    if not asked.confirm and not sys.stdin.isatty():
        _say(f"Nothing was deleted: add --confirm '{word}'")
        return 0
    size = sum(run.size_bytes for run in going) / _MIB
    _confirmed(asked.confirm, word, f"{len(going)} runs, {size:.1f} MiB, are gone for good then")
    finish_pruning(runs)
    for run in going:
        prune(run, asked.crash)
        _say(f"deleted {run.folder}")
    return 0


_ONLY_REDUCING: Final = (
    "History is marked incomplete: at its next start the engine compares with the venue and only "
    "reduces until you allow trading again (r in the cockpit)"
)


# ---- parts -------------------------------------------------------------------------------------


def _found(choice: JournalChoice) -> Path:
    journal = find_journal(choice.data, choice.mode, choice.run)
    JournalReader(journal, choice.mode).close()
    return journal


def _restorable(choice: JournalChoice) -> Path:
    """Return the journal to put something in the place of; `outside` may be gone altogether."""
    if choice.run != OUTSIDE:
        return find_journal(choice.data, choice.mode, choice.run)
    folder = mode_folder(choice.data, choice.mode) / OUTSIDE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError("folder cannot be made", f"{folder}: {error.strerror}") from error
    return folder / JOURNAL


def _target(choice: JournalChoice, journal: Path, to: Path | None) -> Path:
    name = f"{choice.mode.value}-{journal.parent.name}-{_stamp()}.db"
    if to is None:
        return choice.data / "backups" / name
    return to / name if to.is_dir() else to


def _locks() -> Path:
    return data_folder(None) / "locks"


def _confirmed(given: str, word: str, what: str) -> None:
    """Ask for a word to be typed, unless it was typed on the command line.

    Raises:
        ConfigError: when it was not.
    """
    typed = given
    if not typed and sys.stdin.isatty():
        sys.stderr.write(f"{what}.\nType `{word}` to do it: ")
        sys.stderr.flush()
        typed = sys.stdin.readline().strip()
    if typed != word:
        raise ConfigError("not confirmed, nothing was changed", what, f"Add --confirm '{word}'")


def _choice_text(each: Choice) -> str:
    run = each.run
    word = "DELETE" if each.goes else "keep  "
    size = f"{run.size_bytes / _MIB:8.2f} MiB"
    return f"{word} {Path(run.folder).name:32} {utc_text(run.last_at)[:16]} {size}  {each.why}"


def _age_ns(text: str) -> int | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if found is None:
        raise ConfigError("not an age", repr(text[:40]), "Write 36h, 30d or 8w")
    return int(found[1]) * _AGES[found[2]]


def _size(text: str) -> int | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,12})([KMG]?)", text)
    if found is None:
        raise ConfigError("not a size", repr(text[:40]), "Write 500M or 2G")
    return int(found[1]) * _UNITS[found[2]]


def _document(found: Summary) -> dict[str, Any]:
    times = (found.first_at, found.last_at)
    first, last = (None if at is None else utc_text(at) for at in times)
    cells: dict[str, Any] = msgspec.to_builtins(found)
    cells |= {"first_at": first, "last_at": last}
    return {key: plain_cell(value) for key, value in cells.items()}


def _now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S")


def _say(text: str) -> None:
    sys.stdout.write(clean(text, 4_000) + "\n")
