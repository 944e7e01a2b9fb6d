"""Puts a finished file in a journal's place, so that a kill at any point leaves old or new whole.

The old file is kept beside it under a name of its own. Steps, each harmless to die after: the new
file is synced; the old one's log is folded into it; the old one gets a second name; its empty log
goes; one rename puts the new one in place. Only whoever holds the writer's lock may do it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

CrashPoint = Callable[[str], None]
STAGED: Final = "staged"
FOLDED: Final = "folded"
KEPT: Final = "kept"
CLEARED: Final = "cleared"
SWAPPED: Final = "swapped"
POINTS: Final = (STAGED, FOLDED, KEPT, CLEARED, SWAPPED)
_SIDE: Final = ("-wal", "-shm")


def no_crash(_label: str) -> None:
    """Do nothing: what every run but a crash test uses."""


def staged_name(live: Path) -> Path:
    """Name the file a new journal is prepared in; a leftover of a killed command is overwritten."""
    return live.with_name(f"{live.name}.staged")


def clear_stage(live: Path) -> Path:
    """Take a killed command's leftover away and return the free name."""
    stage = staged_name(live)
    for suffix in ("", "-journal", *_SIDE):
        stage.with_name(f"{stage.name}{suffix}").unlink(missing_ok=True)
    return stage


def swap(stage: Path, live: Path, keep: Path | None, crash: CrashPoint = no_crash) -> None:
    """Put `stage` in the place of `live`; what was there stands as `keep` from then on."""
    stage.chmod(0o600)
    sync_file(stage)
    sync_file(stage.parent)
    crash(STAGED)
    if live.exists():
        _fold(live)
        crash(FOLDED)
        if keep is not None:
            _keep(live, keep)
        crash(KEPT)
        for suffix in _SIDE:
            live.with_name(f"{live.name}{suffix}").unlink(missing_ok=True)
        crash(CLEARED)
    stage.replace(live)
    sync_file(live.parent)
    crash(SWAPPED)


def free_name(live: Path, word: str, stamp: str) -> Path:
    """Return a name for what is kept that nothing has yet."""
    number = 0
    while True:
        tail = f"-{number}" if number else ""
        found = live.with_name(f"{live.name}.{word}-{stamp}{tail}")
        if not found.exists():
            return found
        number += 1


def sync_file(path: Path) -> None:
    """Have a file, or a folder's names, on the disk before returning."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fold(live: Path) -> None:
    """Write the log into the file. One that is damaged keeps its log as evidence instead."""
    with suppress(sqlite3.Error):
        db = sqlite3.connect(live, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.close()


def _keep(live: Path, keep: Path) -> None:
    os.link(live, keep)
    wal = live.with_name(f"{live.name}-wal")
    if wal.exists() and wal.stat().st_size:
        os.link(wal, keep.with_name(f"{keep.name}-wal"))
    sync_file(live.parent)
