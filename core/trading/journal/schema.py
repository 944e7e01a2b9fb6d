"""What a journal's file looks like, which versions there are, and whose it is."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.trading.journal.chain import GENESIS, Head, head_of

SCHEMA_VERSION: Final = 2
_META: Final = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_ROWS: Final = """
CREATE TABLE rows (
    n INTEGER PRIMARY KEY,
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    type TEXT NOT NULL,
    payload BLOB NOT NULL,
    hash BLOB NOT NULL
)
"""
_HEAD: Final = """
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    rows INTEGER NOT NULL,
    hash BLOB NOT NULL,
    seal BLOB NOT NULL
)
"""
TABLES: Final = (_META, _ROWS, _HEAD)
SELECT_ROWS: Final = "SELECT n, step, epoch, type, payload, hash FROM rows ORDER BY n"


class JournalStamp(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a journal belongs to; a mismatch refuses to open."""

    mode: Mode
    account: str


def meta_of(stamp: JournalStamp) -> dict[str, str]:
    """Return the stamp as it stands in the file."""
    return {"schema": str(SCHEMA_VERSION), "mode": stamp.mode.value, "account": stamp.account}


def read_meta(db: sqlite3.Connection) -> dict[str, str]:
    """Return what a file says it is. Raises sqlite3.Error where it is no journal."""
    return {str(key): str(value) for key, value in db.execute("SELECT key, value FROM meta")}


def version_of(where: Path, meta: dict[str, str]) -> int:
    """Return the schema of a journal this program can read.

    Raises:
        ConfigError: for a newer one, or none.
    """
    text = meta.get("schema", "")
    if not text.isdigit() or not {"mode", "account"} <= meta.keys():
        raise ConfigError("not a journal", str(where), "Name a journal.db or a backup of one")
    if int(text) > SCHEMA_VERSION:
        raise ConfigError(
            "journal is of a newer version",
            f"{where}: schema {text}, this program knows {SCHEMA_VERSION}",
            "Use the version that wrote it; the journal was not touched",
        )
    return int(text)


def check_stamp(where: Path, meta: dict[str, str], stamp: JournalStamp) -> None:
    """Refuse a journal of another mode, account or schema.

    Raises:
        ConfigError: naming what differs; the file is left untouched.
    """
    for key, value in {"mode": stamp.mode.value, "account": stamp.account}.items():
        if meta.get(key) != value:
            raise ConfigError(
                "journal belongs elsewhere",
                f"{where}: {key} is {meta.get(key)!r}, this run needs {value!r}",
                "Choose another --data-dir; the journal was not touched",
            )
    version = version_of(where, meta)
    if version < SCHEMA_VERSION:
        raise ConfigError(
            "journal is of an older schema",
            f"{where}: schema {version}, this version needs {SCHEMA_VERSION}",
            "Run `wingman journal migrate`; it works on a copy and keeps the old file",
        )


def read_head(db: sqlite3.Connection, version: int) -> Head | None:
    """Return the head of a journal; None for a schema that had none."""
    if version < 2:  # noqa: PLR2004  the version that brought it
        return None
    row = db.execute("SELECT rows, hash, seal FROM head").fetchone()
    return Head(-1, b"", b"") if row is None else Head(int(row[0]), bytes(row[1]), bytes(row[2]))


def write_head(db: sqlite3.Connection, head: Head) -> None:
    """Keep a head; part of the caller's transaction."""
    values = (head.rows, head.digest, head.seal)
    db.execute("INSERT OR REPLACE INTO head VALUES (0, ?, ?, ?)", values)


def create(db: sqlite3.Connection, stamp: JournalStamp) -> None:
    """Write tables, stamp and head in one commit: a crash leaves all or none."""
    meta = meta_of(stamp)
    db.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        db.execute(statement)
    db.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    write_head(db, head_of(0, GENESIS, meta))
    db.execute("COMMIT")


def tail_of(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Return how many rows stand, by the last one's number, and its hash."""
    row = db.execute("SELECT n, hash FROM rows ORDER BY n DESC LIMIT 1").fetchone()
    return (0, GENESIS) if row is None else (int(row[0]) + 1, bytes(row[1]))


def _to_2(db: sqlite3.Connection) -> None:
    """Add the head."""
    db.execute(_HEAD)
    db.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
    rows, digest = tail_of(db)
    write_head(db, head_of(rows, digest, read_meta(db)))


FORWARD: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {1: _to_2}
"""How a journal of one schema becomes one of the next; inside a transaction."""
