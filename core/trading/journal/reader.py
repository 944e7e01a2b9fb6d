"""Reads a journal without changing it, also while an engine writes it: one consistent moment."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import msgspec

from core.domain.errors import ConfigError
from core.domain.facts import Mode, TradingStateChanged
from core.domain.history import HISTORY_INCOMPLETE
from core.trading.journal import schema
from core.trading.journal.chain import GENESIS, Entry, Head, JournalDamaged, proved
from core.trading.journal.wal import torn_bytes

_BUSY_SECS: Final = 5.0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal is, as far as it is proved."""

    path: str
    schema: int
    mode: str
    account: str
    epoch: int
    rows: int
    last_step: int
    head_hash: str
    first_at: int | None
    """Engine time of the first fact, ns."""
    last_at: int | None
    is_incomplete: bool
    """Whether it was restored from an older copy, or rebuilt."""
    torn_bytes: int
    broken_at: int | None
    """Number of the first row that is not proved; None when all are."""
    trouble: str


class JournalReader:
    """A journal at one moment, read only.

    Raises:
        ConfigError: on open, when there is none, it is no journal, or a newer one.
    """

    def __init__(self, path: Path, mode: Mode | None = None) -> None:
        self.path = path
        if not path.is_file():
            raise ConfigError("no journal there", str(path), "Check --data-dir and --run")
        self.torn_bytes = torn_bytes(path.with_name(f"{path.name}-wal"))
        try:
            address = f"file:{quote(str(path.resolve()))}?mode=ro"
            self._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECS)
        except sqlite3.Error as error:
            raise _unreadable(path, error) from error
        try:
            self._db.execute("BEGIN")
            self.meta = schema.read_meta(self._db)
            self.version = schema.version_of(path, self.meta)
            self._head = schema.read_head(self._db, self.version)
        except sqlite3.Error as error:
            self.close()
            raise _unreadable(path, error) from error
        except BaseException:
            self.close()
            raise
        self._check_mode(mode)

    @property
    def stamp(self) -> schema.JournalStamp:
        """What the journal belongs to."""
        return schema.JournalStamp(mode=Mode(self.meta["mode"]), account=self.meta["account"])

    @property
    def head(self) -> Head | None:
        """How many rows it says it has; None for a schema that had no head."""
        return self._head

    def entries(self) -> Iterator[Entry]:
        """Yield every proved fact in order.

        Raises:
            JournalDamaged: at the first row that is not proved.
        """
        number = 0
        try:
            rows = self._db.execute(schema.SELECT_ROWS)
            where, mode = str(self.path), self.meta["mode"]
            for entry in proved(rows, where, mode, self._head, self.meta):
                number = entry.n + 1
                yield entry
        except sqlite3.Error as error:
            raise JournalDamaged(str(self.path), number, f"cannot be read, {error}") from error

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of this moment as one file, synced by the caller."""
        db = sqlite3.connect(target, isolation_level=None)
        try:
            self._db.execute("COMMIT")
            self._db.backup(db)
            db.execute("PRAGMA journal_mode=DELETE")
        finally:
            db.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _check_mode(self, mode: Mode | None) -> None:
        if self.meta["mode"] in set(Mode) and mode in {None, self.meta["mode"]}:
            return
        self.close()
        raise ConfigError(
            "journal is of another mode",
            f"{self.path}: it is {self.meta['mode'][:20]!r}, asked for {mode or 'any known'}",
            "Modes never mix: choose its own with --mode",
        )


def summarized(reader: JournalReader) -> Summary:
    """Prove a journal row by row and say what it is; damage is told, not raised."""
    rows, step, epoch, digest = 0, 0, 0, GENESIS
    first: int | None = None
    last: int | None = None
    is_incomplete, broken, trouble = False, None, ""
    try:
        for entry in reader.entries():
            rows, step, epoch, digest = entry.n + 1, entry.step, entry.epoch, entry.digest
            last = entry.fact.at
            first = last if first is None else first
            is_incomplete = is_incomplete or is_incomplete_mark(entry)
    except JournalDamaged as damage:
        broken, trouble = damage.row, damage.reason
    return Summary(
        path=str(reader.path),
        schema=reader.version,
        mode=reader.meta["mode"],
        account=reader.meta["account"],
        epoch=epoch,
        rows=rows,
        last_step=step,
        head_hash=digest.hex(),
        first_at=first,
        last_at=last,
        is_incomplete=is_incomplete,
        torn_bytes=reader.torn_bytes,
        broken_at=broken,
        trouble=trouble,
    )


def is_incomplete_mark(entry: Entry) -> bool:
    """Whether a fact says that the history before it has a hole."""
    fact = entry.fact
    return isinstance(fact, TradingStateChanged) and fact.cause == HISTORY_INCOMPLETE


def _unreadable(path: Path, error: sqlite3.Error) -> ConfigError:
    return ConfigError("not a journal that can be read", f"{path}: {error}", "Check --run")
