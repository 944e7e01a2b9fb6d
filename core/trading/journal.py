"""The journal on disk: an append-only, hash-chained SQLite file with full synchronous commits.

One writer, one file, one mode, one account. Rows are facts; replaying them rebuilds every state.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from core.domain.codec import packed, unpacker
from core.domain.errors import ConfigError, InvariantBroken
from core.domain.facts import Fact, Mode

SCHEMA_VERSION: Final = 1
_GENESIS: Final = b"\0" * 32
_SCHEMA: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
CREATE TABLE rows (
    n INTEGER PRIMARY KEY,
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    type TEXT NOT NULL,
    payload BLOB NOT NULL,
    hash BLOB NOT NULL
)
""",
)


class JournalStamp(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a journal belongs to; a mismatch refuses to open."""

    mode: Mode
    account: str


class SqliteJournal:
    """Appends steps durably and replays them.

    Raises:
        ConfigError: on open, when the file belongs to another mode or account, has a newer schema,
            or is no journal; the file is left untouched.
    """

    def __init__(self, path: Path, stamp: JournalStamp, *, epoch: int = 0) -> None:
        self._path = path
        self._epoch = epoch
        self._decoder: msgspec.msgpack.Decoder[Fact] = unpacker(Fact)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare(stamp)
        except sqlite3.Error as error:
            raise ConfigError(
                "journal cannot be opened",
                f"{path}: {error}",
                "Move the file away or choose another --data-dir",
            ) from error
        self._next, self._hash = self._tail()

    @property
    def path(self) -> Path:
        """Where the journal is."""
        return self._path

    def begin_epoch(self, epoch: int) -> None:
        """Stamp the rows from now on with this epoch."""
        self._epoch = epoch

    def append(self, rows: Sequence[tuple[int, Fact]]) -> None:
        """Commit whole steps with a full sync. Raises sqlite3.Error; then nothing was added."""
        values = []
        last, number = self._hash, self._next
        for step, fact in rows:
            payload = packed(fact)
            kind = type(fact).__name__
            last = _chained(last, step, kind, payload)
            values.append((number, step, self._epoch, kind, payload, last))
            number += 1
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", values)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._hash, self._next = last, number

    def replay(self) -> Iterator[tuple[int, Fact]]:
        """Yield every step and fact in order, checking the hash chain.

        Raises:
            InvariantBroken: where a row does not continue the chain.
        """
        last = _GENESIS
        query = "SELECT n, step, type, payload, hash FROM rows ORDER BY n"
        for expected, (number, step, kind, payload, digest) in enumerate(self._db.execute(query)):
            last = _chained(last, step, kind, payload)
            if number != expected or last != digest:
                raise InvariantBroken(
                    "journal is damaged",
                    f"{self._path} row {number} does not continue the hash chain",
                    "Keep the file as evidence and start with another --data-dir",
                )
            yield step, self._decoder.decode(payload)

    def last_step(self) -> int:
        """Return the newest step on disk, 0 when there is none."""
        (step,) = self._db.execute("SELECT coalesce(max(step), 0) FROM rows").fetchone()
        return int(step)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _prepare(self, stamp: JournalStamp) -> None:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables:
            self._check(stamp)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if not tables:
            self._create(stamp)

    def _check(self, stamp: JournalStamp) -> None:
        found = dict(self._db.execute("SELECT key, value FROM meta"))
        wanted = _meta(stamp)
        for key, value in wanted.items():
            if found.get(key) != value:
                raise ConfigError(
                    "journal belongs elsewhere",
                    f"{self._path}: {key} is {found.get(key)!r}, this run needs {value!r}",
                    "Choose another --data-dir; the journal was not touched",
                )

    def _create(self, stamp: JournalStamp) -> None:
        """Write tables and stamp in one commit: a crash leaves both or none."""
        self._path.chmod(0o600)
        self._db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            self._db.execute(statement)
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", list(_meta(stamp).items()))
        self._db.execute("COMMIT")

    def _tail(self) -> tuple[int, bytes]:
        row = self._db.execute("SELECT n, hash FROM rows ORDER BY n DESC LIMIT 1").fetchone()
        return (0, _GENESIS) if row is None else (int(row[0]) + 1, bytes(row[1]))


def _meta(stamp: JournalStamp) -> dict[str, str]:
    return {"schema": str(SCHEMA_VERSION), "mode": stamp.mode.value, "account": stamp.account}


def _chained(last: bytes, step: int, kind: str, payload: bytes) -> bytes:
    return hashlib.sha256(last + step.to_bytes(8, "big") + kind.encode() + b"\0" + payload).digest()
