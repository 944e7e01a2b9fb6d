"""The journal on disk: an append-only, hash-chained SQLite file with full synchronous commits.

One writer, one file, one mode, one account. Rows are facts; replaying them rebuilds every state.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from core.domain.codec import packed
from core.domain.errors import ConfigError
from core.domain.facts import Fact
from core.trading.journal import schema
from core.trading.journal.chain import JournalDamaged, chained, head_of, proved
from core.trading.journal.schema import SCHEMA_VERSION, JournalStamp, meta_of
from core.trading.journal.swap import CrashPoint, no_crash
from core.trading.journal.wal import torn_bytes
from core.trading.journal.writer_lock import WriterLock

log = logging.getLogger(__name__)
MID_BATCH: Final = "mid-batch"
"""Crash point: a batch's rows are in the transaction, which is not committed."""
AFTER_COMMIT: Final = "after-commit"
"""Crash point: a batch is on disk, and the engine does not know yet."""


class SqliteJournal:
    """Appends steps durably and replays them.

    Attributes:
        torn_bytes: What the log held of a commit that was cut off; it never counted.
        crash: Labelled points for tests.

    Raises:
        ConfigError: on open, when another holds it, when the file belongs to another mode or
            account, has another schema, or is no journal; the file is left untouched.
        JournalDamaged: on open, when its end is not what its head says.
    """

    def __init__(self, path: Path, stamp: JournalStamp, *, epoch: int = 0) -> None:
        self._path = path
        self._epoch = epoch
        self._meta = meta_of(stamp)
        self.crash: CrashPoint = no_crash
        self._lock = WriterLock(path)
        self.torn_bytes = torn_bytes(path.with_name(f"{path.name}-wal"))
        if self.torn_bytes:
            log.warning("journal.torn_tail", extra={"bytes": self.torn_bytes})
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._next, self._hash = self._prepared(stamp)
        except sqlite3.Error as error:
            self._lock.release()
            raise ConfigError(
                "journal cannot be opened",
                f"{path}: {error}",
                "Look at it with `wingman journal verify`, or choose another --data-dir",
            ) from error
        except BaseException:
            self.close()
            raise

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
            last = chained(last, step, kind, payload)
            values.append((number, step, self._epoch, kind, payload, last))
            number += 1
        head = head_of(number, last, self._meta)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", values)
            self.crash(MID_BATCH)
            schema.write_head(self._db, head)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._hash, self._next = last, number
        if self.crash is not no_crash:
            self._reach_committed([type(fact).__name__ for _, fact in rows])

    def _reach_committed(self, kinds: Sequence[str]) -> None:
        self.crash(AFTER_COMMIT)
        for kind in kinds:
            self.crash(f"after:{kind}")

    def replay(self) -> Iterator[tuple[int, Fact]]:
        """Yield every step and fact in order, checking the hash chain.

        Raises:
            JournalDamaged: where a row does not continue the chain.
        """
        where, mode, number = str(self._path), self._meta["mode"], 0
        head = head_of(self._next, self._hash, self._meta)
        try:
            rows = self._db.execute(schema.SELECT_ROWS)
            for entry in proved(rows, where, mode, head, self._meta):
                number = entry.n + 1
                yield entry.step, entry.fact
        except sqlite3.Error as error:
            raise JournalDamaged(where, number, f"cannot be read, {error}") from error

    def last_step(self) -> int:
        """Return the newest step on disk, 0 when there is none."""
        (step,) = self._db.execute("SELECT coalesce(max(step), 0) FROM rows").fetchone()
        return int(step)

    def last_epoch(self) -> int:
        """Return the newest epoch on disk, 0 when there is none."""
        (epoch,) = self._db.execute("SELECT coalesce(max(epoch), 0) FROM rows").fetchone()
        return int(epoch)

    def close(self) -> None:
        """Close the file and let go of it."""
        self._db.close()
        self._lock.release()

    def _prepared(self, stamp: JournalStamp) -> tuple[int, bytes]:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables:
            schema.check_stamp(self._path, schema.read_meta(self._db), stamp)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if not tables:
            self._path.chmod(0o600)
            schema.create(self._db, stamp)
        return self._tail()

    def _tail(self) -> tuple[int, bytes]:
        """Return where to continue, if the end of the file is what its head says."""
        rows, last = schema.tail_of(self._db)
        found = schema.read_head(self._db, SCHEMA_VERSION)
        if found != head_of(rows, last, self._meta):
            raise JournalDamaged(str(self._path), rows, "its end is not what its head says")
        return rows, last
