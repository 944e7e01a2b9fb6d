"""The journal on disk, and keeping it: check, copy, restore, migrate, prune, rebuild."""

from core.trading.journal.chain import JournalDamaged
from core.trading.journal.reader import JournalReader, Summary
from core.trading.journal.schema import SCHEMA_VERSION, JournalStamp
from core.trading.journal.store import SqliteJournal
from core.trading.journal.writer_lock import JournalInUse

__all__ = [
    "SCHEMA_VERSION",
    "JournalDamaged",
    "JournalInUse",
    "JournalReader",
    "JournalStamp",
    "SqliteJournal",
    "Summary",
]
