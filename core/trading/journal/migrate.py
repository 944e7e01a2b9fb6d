"""Forward migrations: done on a copy, proved, then swapped in; the old file is kept.

A journal of an unknown newer schema, or a damaged one, is refused and not touched.
"""

import sqlite3
from pathlib import Path

from core.domain.errors import ConfigError
from core.trading.journal import staging
from core.trading.journal.chain import JournalDamaged
from core.trading.journal.reader import JournalReader, summarized
from core.trading.journal.schema import SCHEMA_VERSION
from core.trading.journal.swap import CrashPoint, clear_stage, free_name, no_crash, swap
from core.trading.journal.writer_lock import WriterLock


def migrate(journal: Path, stamp: str, crash: CrashPoint = no_crash) -> tuple[int, Path | None]:
    """Bring a journal to this version's schema; return its old schema and where that is kept.

    Raises:
        ConfigError: when it is of a newer version, in use, or the disk refuses.
        JournalDamaged: when it is damaged.
    """
    with WriterLock(journal):
        with JournalReader(journal) as reader:
            found = summarized(reader)
            if found.broken_at is not None:
                raise JournalDamaged(str(journal), found.broken_at, found.trouble)
            if found.schema == SCHEMA_VERSION:
                return found.schema, None
            stage = clear_stage(journal)
            _staged(reader, stage)
        staging.check_staged(stage, found.rows)
        keep = free_name(journal, f"schema{found.schema}", stamp)
        swap(stage, journal, keep, crash)
        return found.schema, keep


def _staged(reader: JournalReader, stage: Path) -> None:
    try:
        reader.copy_to(stage)
        staging.upgrade(stage)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(
            "journal cannot be migrated", f"{reader.path}: {error}", "It was not touched"
        ) from error
