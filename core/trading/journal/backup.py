"""Copies of a journal: taken while the engine runs, proved, with a manifest.

A backup is one SQLite file and a manifest beside it. The manifest is written last: without it a
copy is not finished.
"""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import ConfigError
from core.trading.journal.chain import JournalDamaged
from core.trading.journal.reader import JournalReader, Summary, summarized
from core.trading.journal.swap import CrashPoint, no_crash, sync_file

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
