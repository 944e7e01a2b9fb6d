"""The file a paper account lives in, beside the journal.

The rule: a fact is committed with full sync before any report of it leaves, and the account is the
fold of the committed facts, nothing else. So a crash may lose an order or a cancel that was still
on its way (as a network may), never a fill that anybody was told of, and none is made twice.
"""

import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from core.domain.codec import packed
from core.domain.errors import ConfigError
from core.domain.ids import AccountId
from core.exchange.paper.facts import FACTS, PaperFact

_FORM: Final = 1
_BUSY_SECS: Final = 2.0


class StoreBroken(Exception):
    """Facts could not be committed; nothing was told, and the same facts may be tried again."""


class PaperStore:
    """Append-only rows of one account.

    Raises:
        ConfigError: when the file cannot be opened, or is another account's.
    """

    def __init__(self, path: Path, account: AccountId) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=_BUSY_SECS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS stamp (form INTEGER, account TEXT)")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS facts (seq INTEGER PRIMARY KEY, fact BLOB)"
            )
            self._check_stamp(account)
        except sqlite3.Error as error:
            raise _unusable(path, str(error)) from error

    def _check_stamp(self, account: AccountId) -> None:
        row = self._db.execute("SELECT form, account FROM stamp").fetchone()
        if row is None:
            self._db.execute("INSERT INTO stamp VALUES (?, ?)", (_FORM, account))
        elif row != (_FORM, account):
            raise _unusable(self._path, f"it holds form {row[0]}, account {row[1]!r}")

    def read(self) -> list[PaperFact]:
        """Return every committed fact, oldest first. Raises ConfigError."""
        try:
            rows = self._db.execute("SELECT seq, fact FROM facts ORDER BY seq").fetchall()
            facts = [FACTS.decode(blob) for _, blob in rows]
        except (sqlite3.Error, msgspec.DecodeError, ArithmeticError) as error:
            raise _unusable(self._path, str(error)) from error
        if [seq for seq, _ in rows] != list(range(1, len(rows) + 1)):
            raise _unusable(self._path, "rows are missing")
        return facts

    def append(self, facts: list[PaperFact]) -> None:
        """Commit facts together. Raises StoreBroken; then none of them is there."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO facts (fact) VALUES (?)", [(packed(fact),) for fact in facts]
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise StoreBroken(str(error)) from error

    def _undo(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error:
                return

    def close(self) -> None:
        """Close the file; idempotent."""
        self._db.close()


def _unusable(path: Path, what: str) -> ConfigError:
    return ConfigError(
        "paper account cannot be read",
        f"{path}: {what}",
        "Move this file away to begin with a new deposit, or choose another --data-dir",
    )
