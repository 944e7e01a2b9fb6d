"""Copies of a journal: taken while the engine runs, proved, with a manifest, and put back.

A backup is one SQLite file and a manifest beside it. The manifest is written last: without it a
copy is not finished. Restoring what may be older than what happened marks the history incomplete.
"""

import hashlib
import json
import shutil
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.trading.journal import staging
from core.trading.journal.chain import JournalDamaged
from core.trading.journal.reader import JournalReader, Summary, summarized
from core.trading.journal.swap import (
    CrashPoint,
    clear_stage,
    free_name,
    no_crash,
    swap,
    sync_file,
)
from core.trading.journal.writer_lock import WriterLock

COPIED: Final = "copied"
RENAMED: Final = "renamed"
_CHUNK: Final = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds, written beside it."""

    format: int = 1
    mode: str
    account: str
    schema: int
    epoch: int
    rows: int
    last_step: int
    head_hash: str
    sha256: str
    """Of the whole file."""
    made_at: str
    """UTC."""
    is_incomplete: bool = False


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


def manifest_file(backup: Path) -> Path:
    """Name a backup's manifest."""
    return backup.with_name(f"{backup.name}.manifest.json")


def back_up(journal: Path, target: Path, made_at: str, crash: CrashPoint = no_crash) -> Manifest:
    """Copy a journal as it stands at one moment, prove the copy, and write its manifest.

    Raises:
        ConfigError: when the target exists or cannot be written.
        JournalDamaged: when the journal is; nothing is left behind then.
    """
    if target.exists() or manifest_file(target).exists():
        raise ConfigError("backup exists already", str(target), "Choose another name with --to")
    part = target.with_name(f"{target.name}.part")
    try:
        return _backed_up(journal, target, part, made_at, crash)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError("backup cannot be written", f"{target}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _backed_up(
    journal: Path, target: Path, part: Path, made_at: str, crash: CrashPoint
) -> Manifest:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with JournalReader(journal) as reader:
        reader.copy_to(part)
    with JournalReader(part) as copy:
        found = summarized(copy)
    _must_be_whole(journal, found)
    sync_file(part)
    manifest = _manifest(found, _digest(part), made_at)
    crash(COPIED)
    part.replace(target)
    crash(RENAMED)
    _write_manifest(target, manifest)
    return manifest


def read_backup(backup: Path) -> Manifest:
    """Read a backup's manifest and prove that the file is what it says, row by row.

    Raises:
        ConfigError: when it is not finished, was changed, or is of a newer version.
    """
    try:
        raw = manifest_file(backup).read_bytes()
        manifest = msgspec.json.decode(raw, type=Manifest)
        is_same = manifest.format == 1 and _digest(backup) == manifest.sha256
    except OSError as error:
        raise ConfigError(
            "backup is not complete",
            f"{backup}: {Path(error.filename or '').name} cannot be read",
            "A backup is a file and its .manifest.json; choose a finished one",
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError("backup has no valid manifest", f"{backup}: {error}") from error
    if not is_same:
        raise ConfigError(
            "backup was changed", f"{backup}: it is not what its manifest says", "Use another one"
        )
    with JournalReader(backup) as reader:
        found = summarized(reader)
    _must_be_whole(backup, found)
    if (found.rows, found.head_hash, found.mode, found.account) != (
        manifest.rows,
        manifest.head_hash,
        manifest.mode,
        manifest.account,
    ):
        raise ConfigError("backup was changed", f"{backup}: its rows are not what it says")
    return manifest


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


def _must_be_whole(path: Path, found: Summary) -> None:
    if found.broken_at is not None:
        raise JournalDamaged(str(path), found.broken_at, found.trouble)


def _manifest(found: Summary, sha256: str, made_at: str) -> Manifest:
    return Manifest(
        mode=found.mode,
        account=found.account,
        schema=found.schema,
        epoch=found.epoch,
        rows=found.rows,
        last_step=found.last_step,
        head_hash=found.head_hash,
        sha256=sha256,
        made_at=made_at,
        is_incomplete=found.is_incomplete,
    )


def _write_manifest(target: Path, manifest: Manifest) -> None:
    part = target.with_name(f"{target.name}.part")
    part.write_text(json.dumps(msgspec.to_builtins(manifest), indent=1) + "\n", encoding="utf-8")
    part.chmod(0o600)
    sync_file(part)
    part.replace(manifest_file(target))
    sync_file(target.parent)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
