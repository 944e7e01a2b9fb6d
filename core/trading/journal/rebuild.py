"""A damaged journal made usable again: what is proved stays, the rest is the venue's to tell.

The damaged file is kept as evidence. The history is marked incomplete: at its next start the engine
reads orders, fills and balances from the venue, and only reduces until a person has looked.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from core.domain.errors import ConfigError
from core.trading.journal import schema, staging
from core.trading.journal.chain import Entry, JournalDamaged
from core.trading.journal.reader import JournalReader
from core.trading.journal.swap import CrashPoint, clear_stage, free_name, no_crash, swap
from core.trading.journal.writer_lock import WriterLock

_INSERT: Final = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)"


def rebuild(
    journal: Path,
    stamp: str,
    at: int,
    *,
    owner: schema.JournalStamp | None = None,
    crash: CrashPoint = no_crash,
) -> tuple[int, Path | None]:
    """Keep the proved rows of a damaged journal; return how many, and where the old file is.

    Args:
        journal: Nobody may hold it.
        stamp: Names what is kept.
        at: Wall clock, ns.
        owner: Whose the journal is; needed where the file cannot be read at all, or is missing.
        crash: Labelled points for tests.

    Raises:
        ConfigError: when it is whole, of a newer version, in use, or nobody says whose it is.
    """
    with WriterLock(journal):
        stage = clear_stage(journal)
        rows, reason = _new(journal, stage, owner)
        if not reason:
            stage.unlink()
            raise ConfigError("journal is whole", str(journal), "There is nothing to rebuild")
        staging.mark_incomplete(stage, f"rebuilt from its first {rows} row(s): {reason}", at)
        staging.check_staged(stage, rows)
        keep = free_name(journal, "damaged", stamp) if journal.exists() else None
        swap(stage, journal, keep, crash)
        return rows, keep


def _new(journal: Path, stage: Path, owner: schema.JournalStamp | None) -> tuple[int, str]:
    """Write what can be kept; return how many rows, and what is wrong with the old one."""
    try:
        reader = JournalReader(journal)
    except ConfigError as error:
        if owner is None or "newer" in error.title or "mode" in error.title:
            raise
        with closing(sqlite3.connect(stage, isolation_level=None)) as db:
            schema.create(db, owner)
        return 0, error.title
    with reader:
        if owner is not None and reader.stamp != owner:
            raise ConfigError("journal belongs elsewhere", f"it is of {reader.stamp.account}")
        rows, damage = _salvaged(reader, stage)
    return rows, "" if damage is None else damage.reason


def _salvaged(reader: JournalReader, stage: Path) -> tuple[int, JournalDamaged | None]:
    """Copy every proved row into a new journal; return how many, and what stopped it."""
    rows = 0
    damage: JournalDamaged | None = None
    with closing(sqlite3.connect(stage, isolation_level=None)) as db:
        schema.create(db, reader.stamp)
        db.execute("BEGIN IMMEDIATE")
        try:
            for entry in reader.entries():
                db.execute(_INSERT, _row(entry))
                rows = entry.n + 1
        except JournalDamaged as found:
            damage = found
        db.execute("COMMIT")
    staging.cut(stage, rows)
    return rows, damage


def _row(entry: Entry) -> tuple[object, ...]:
    kind = type(entry.fact).__name__
    return entry.n, entry.step, entry.epoch, kind, entry.payload, entry.digest
