"""Which old journals may go, and letting them go. The choice is pure; nothing in use is chosen.

A run's folder is first renamed, then emptied: killed in between, the next prune finishes it, and
nobody takes the rest for a journal.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import ConfigError
from core.trading.journal.swap import CrashPoint, no_crash
from core.trading.journal.writer_lock import WriterLock, is_held

JOURNAL: Final = "journal.db"
_LOCK: Final = f"{JOURNAL}.lock"
_LATCH: Final = frozenset({"armed", "tripped", "kill-wish"})
"""What the kill switch keeps in a run's folder."""
PRUNED: Final = ".pruned-"
HIDDEN: Final = "hidden"
"""Crash point: renamed, nothing deleted yet."""
DELETED_ONE: Final = "deleted-one"
"""Crash point: one file of several is gone."""


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run's folder on the disk."""

    folder: str
    last_at: int
    """When its journal was written last, ns."""
    size_bytes: int
    is_live: bool
    foreign: tuple[str, ...] = ()
    """Files in it that are not ours."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One run and what becomes of it."""

    run: StoredRun
    goes: bool
    why: str


def stored_runs(runs: Path) -> list[StoredRun]:
    """List the runs of a folder, oldest first; what a killed prune left is not among them."""
    if not runs.is_dir():
        return []
    found = [
        _stored(folder)
        for folder in runs.iterdir()
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith(".")
    ]
    return sorted(
        (run for run in found if run is not None), key=lambda run: (run.last_at, run.folder)
    )


def chosen(
    runs: Iterable[StoredRun], *, now: int, max_age_ns: int | None, max_bytes: int | None
) -> list[Choice]:
    """Say of each run, oldest first, whether it goes: by age, then by what all weigh together.

    The newest run, one in use, and one that holds files of others stay whatever the limits.
    """
    ordered = list(runs)
    total = sum(run.size_bytes for run in ordered)
    choices = []
    for run in ordered:
        keeps = _must_stay(run, is_newest=run is ordered[-1])
        too_old = max_age_ns is not None and now - run.last_at > max_age_ns
        too_much = max_bytes is not None and total > max_bytes
        goes = not keeps and (too_old or too_much)
        why = keeps or (
            "too old" if too_old else "too much in all" if too_much else "within limits"
        )
        total -= run.size_bytes if goes else 0
        choices.append(Choice(run=run, goes=goes, why=why))
    return choices


def written_at(journal: Path) -> int:
    """Return when a journal was written last, ns; a reader's empty log says nothing."""
    found = journal.stat().st_mtime_ns
    wal = journal.with_name(f"{journal.name}-wal")
    with suppress(FileNotFoundError):
        log = wal.stat()
        found = max(found, log.st_mtime_ns) if log.st_size else found
    return found


def prune(run: StoredRun, crash: CrashPoint = no_crash) -> None:
    """Delete one run's folder.

    Raises:
        ConfigError: when it came into use, or the disk refuses.
    """
    folder = Path(run.folder)
    try:
        with WriterLock(folder / JOURNAL):
            again = _stored(folder, is_ours_to_write=True)
            if again is None or again.is_live or again.foreign:
                raise ConfigError("run is in use", run.folder, "It was left alone")
            hidden = folder.with_name(f"{PRUNED}{folder.name}")
            folder.rename(hidden)
            crash(HIDDEN)
            _emptied(hidden, crash)
    except OSError as error:
        raise ConfigError("run cannot be deleted", f"{run.folder}: {error.strerror}") from error


def finish_pruning(runs: Path) -> int:
    """Empty what a killed prune left; return how many folders."""
    left = [f for f in runs.glob(f"{PRUNED}*") if f.is_dir() and not f.is_symlink()]
    for hidden in left:
        _emptied(hidden, no_crash)
    return len(left)


def _stored(folder: Path, *, is_ours_to_write: bool = False) -> StoredRun | None:
    files = [entry for entry in folder.iterdir() if not entry.is_symlink() and entry.is_file()]
    if not any(file.name == JOURNAL for file in files):
        return None
    names = {file.name for file in files}
    return StoredRun(
        folder=str(folder),
        last_at=written_at(folder / JOURNAL),
        size_bytes=sum(file.stat().st_size for file in files),
        is_live=any(
            is_held(file)
            for file in files
            if file.suffix == ".lock" and not (is_ours_to_write and file.name == _LOCK)
        ),
        foreign=tuple(
            sorted(e.name for e in folder.iterdir() if e.name not in names or not _is_ours(e.name))
        ),
    )


def _is_ours(name: str) -> bool:
    return name.startswith(JOURNAL) or name.endswith(".lock") or name in _LATCH


def _must_stay(run: StoredRun, *, is_newest: bool) -> str:
    if run.is_live:
        return "in use"
    if run.foreign:
        return f"holds files of others: {run.foreign[0]}"
    return "the newest" if is_newest else ""


def _emptied(hidden: Path, crash: CrashPoint) -> None:
    """Delete a folder's files, its journal first, then itself."""
    for file in sorted(hidden.iterdir(), key=lambda file: (file.name != JOURNAL, file.name)):
        file.unlink()
        crash(DELETED_ONE)
    hidden.rmdir()
