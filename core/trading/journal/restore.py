"""Puts a backup in a journal's place, after proving how the two stand to one another.

Restoring what may be older than what happened marks the history incomplete.
"""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Final

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.trading.journal import staging
from core.trading.journal.backup import Manifest, read_backup
from core.trading.journal.chain import JournalDamaged
from core.trading.journal.reader import JournalReader, summarized
from core.trading.journal.swap import CrashPoint, clear_stage, free_name, no_crash, swap
from core.trading.journal.writer_lock import WriterLock


class Relation(StrEnum):
    """How a backup stands to the journal it would replace."""

    SAME = "same"
    NEWER = "newer"
    """It holds every row of the journal, and more."""
    OLDER = "older"
    """The journal holds every row of it, and more."""
    APART = "apart"
    """Each holds rows the other does not."""
    UNPROVED = "unproved"
    """There is no whole journal to compare it with."""


def relation(manifest: Manifest, journal: Path) -> Relation:
    """Compare a proved backup with the journal in place."""
    if not journal.exists():
        return Relation.UNPROVED
    try:
        with JournalReader(journal) as reader:
            return _relation(manifest, reader)
    except (ConfigError, JournalDamaged):
        return Relation.UNPROVED


def _relation(manifest: Manifest, reader: JournalReader) -> Relation:
    head, at_end, rows = "", "", 0
    for entry in reader.entries():
        rows, head = entry.n + 1, entry.digest.hex()
        if rows == manifest.rows:
            at_end = head
    if rows >= manifest.rows:
        if at_end != manifest.head_hash and manifest.rows:
            return Relation.APART
        return Relation.SAME if rows == manifest.rows else Relation.OLDER
    return Relation.NEWER


def restore(
    backup: Path,
    journal: Path,
    *,
    mode: Mode,
    stamp: str,
    at: int,
    is_older_meant: bool,
    crash: CrashPoint = no_crash,
) -> tuple[Relation, Path | None]:
    """Put a backup in a journal's place; return how it stood to it and where that is kept.

    Args:
        backup: A finished backup.
        journal: Where it goes; nobody may hold it.
        mode: What the journal's folder is for.
        stamp: Names what is kept.
        at: Wall clock, ns: stands on the mark of an incomplete history.
        is_older_meant: Whether the person said that it may lack what happened since.
        crash: Labelled points for tests.

    Raises:
        ConfigError: when it is refused, with the reason; nothing was changed then.
    """
    with WriterLock(journal):
        manifest = read_backup(backup)
        _check_belongs(manifest, journal, mode)
        stands = relation(manifest, journal)
        if stands is Relation.NEWER and not _continues(backup, journal):
            stands = Relation.APART
        if stands is Relation.SAME:
            return stands, None
        if stands is not Relation.NEWER and not is_older_meant:
            raise ConfigError(_refusals[stands], str(backup), _TYPE_OLDER)
        return stands, _put(backup, journal, manifest, stands, (stamp, at), crash)


def _put(
    backup: Path,
    journal: Path,
    manifest: Manifest,
    stands: Relation,
    when: tuple[str, int],
    crash: CrashPoint,
) -> Path | None:
    stamp, at = when
    stage = clear_stage(journal)
    shutil.copyfile(backup, stage)
    staging.upgrade(stage)
    if stands is not Relation.NEWER:
        reason = f"restored from a backup of {manifest.made_at} that may lack what happened since"
        staging.mark_incomplete(stage, reason, at)
    staging.check_staged(stage, manifest.rows)
    keep = free_name(journal, "replaced", stamp) if journal.exists() else None
    swap(stage, journal, keep, crash)
    return keep


_TYPE_OLDER: Final = (
    "Add --older to restore it nevertheless: the history is then marked incomplete, and the "
    "account only reduces until you allow trading again"
)
_refusals: Final = {
    Relation.OLDER: "backup is older than the journal",
    Relation.APART: "backup and journal hold different histories",
    Relation.UNPROVED: "no whole journal is there to prove that the backup is not older",
}


def _continues(backup: Path, journal: Path) -> bool:
    """Whether a longer backup holds the very rows of the journal first."""
    with JournalReader(journal) as present:
        mine = summarized(present)
    with JournalReader(backup) as reader:
        for entry in reader.entries():
            if entry.n + 1 == mine.rows:
                return entry.digest.hex() == mine.head_hash
    return mine.rows == 0


def _check_belongs(manifest: Manifest, journal: Path, mode: Mode) -> None:
    wanted = {"mode": mode.value}
    if journal.exists():
        try:
            with JournalReader(journal) as reader:
                wanted["account"] = reader.meta["account"]
        except ConfigError as error:
            if "newer" in error.title:
                raise
    for key, value in wanted.items():
        found = getattr(manifest, key)
        if found != value:
            raise ConfigError(
                "backup belongs elsewhere", f"{key} is {found!r}, here it is {value!r}"
            )
