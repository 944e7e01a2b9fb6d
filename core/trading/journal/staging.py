"""Prepares a journal in a file of its own before it takes a journal's place."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from core.domain.codec import packed
from core.domain.errors import InvariantBroken
from core.domain.facts import Fact, Noted, TradingState, TradingStateChanged
from core.domain.history import HISTORY_INCOMPLETE
from core.trading.journal import schema
from core.trading.journal.chain import chained, head_of
from core.trading.journal.reader import JournalReader, summarized

Step = Callable[[sqlite3.Connection], None]


def upgrade(stage: Path) -> None:
    """Bring a staged journal to the schema of this version, all steps in one commit."""
    with closing(sqlite3.connect(stage, isolation_level=None)) as db:
        version = schema.version_of(stage, schema.read_meta(db))
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN IMMEDIATE")
        for number in range(version, schema.SCHEMA_VERSION):
            schema.FORWARD[number](db)
        db.execute("COMMIT")


def mark_incomplete(stage: Path, reason: str, at: int) -> None:
    """Append to a staged journal that history is missing; it only reduces until a person looks."""
    facts: tuple[Fact, ...] = (
        TradingStateChanged(
            at=at, state=TradingState.REDUCING, reason=reason, cause=HISTORY_INCOMPLETE
        ),
        Noted(at=at, level="warning", text=f"{HISTORY_INCOMPLETE}: {reason}"),
    )
    with closing(sqlite3.connect(stage, isolation_level=None)) as db:
        _append(db, facts)


def cut(stage: Path, rows: int) -> None:
    """Leave only the first rows of a staged journal, and seal them."""
    with closing(sqlite3.connect(stage, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM rows WHERE n >= ? OR n < 0", (rows,))
        _seal(db)
        db.execute("COMMIT")


def check_staged(stage: Path, rows: int) -> None:
    """Prove a staged journal row by row before it takes another's place.

    Raises:
        InvariantBroken: when it is not what it should be.
    """
    with JournalReader(stage) as reader:
        found = summarized(reader)
    if found.broken_at is not None or found.rows < rows or found.schema != schema.SCHEMA_VERSION:
        raise InvariantBroken("the copy is not what it should be", f"{stage}: {found.trouble}")


def _append(db: sqlite3.Connection, facts: Sequence[Fact]) -> None:
    db.execute("PRAGMA synchronous=FULL")
    db.execute("BEGIN IMMEDIATE")
    number, last = schema.tail_of(db)
    query = "SELECT coalesce(max(step), 0), coalesce(max(epoch), 0) FROM rows"
    step, epoch = db.execute(query).fetchone()
    for fact in facts:
        kind, payload = type(fact).__name__, packed(fact)
        last = chained(last, step + 1, kind, payload)
        row = (number, step + 1, epoch, kind, payload, last)
        db.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", row)
        number += 1
    _seal(db)
    db.execute("COMMIT")


def _seal(db: sqlite3.Connection) -> None:
    number, last = schema.tail_of(db)
    schema.write_head(db, head_of(number, last, schema.read_meta(db)))
