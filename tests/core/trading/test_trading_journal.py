"""The journal on disk: synced, chained, stamped, and rebuilt the same any number of times."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Final

import pytest

from core.domain.errors import ConfigError, InvariantBroken
from core.domain.facts import Fact, Mode, Noted
from core.trading.journal import JournalStamp, SqliteJournal
from core.trading.journal.schema import create
from tests.core.builders import booked, fill, journaled

STAMP: Final = JournalStamp(mode=Mode.SIMULATION, account="alpha:main")
FACTS: Final[list[tuple[int, Fact]]] = [
    (1, journaled(1)),
    (1, booked(fill(1, "0.1", "123.45", fee="-0.0001"))),
    (2, Noted(at=3, level="info", text="汉字")),
    (5, journaled(2)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a journal's file."""
    return tmp_path / "journal.db"


def opened(path: Path, stamp: JournalStamp = STAMP) -> SqliteJournal:
    """Open a journal."""
    return SqliteJournal(path, stamp)


def written(path: Path) -> None:
    """Write the rows of these tests and close."""
    journal = opened(path)
    journal.append(FACTS[:2])
    journal.append(FACTS[2:])
    journal.close()


def changed(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the journal's back."""
    db = sqlite3.connect(path)
    db.execute(statement, values)
    db.commit()
    db.close()


def replayed(path: Path) -> list[tuple[int, Fact]]:
    """Read everything back."""
    journal = opened(path)
    try:
        return list(journal.replay())
    finally:
        journal.close()


def test_journal_reads_back_what_was_appended_any_number_of_times(path: Path) -> None:
    """Replay gives every step and fact in order, and changes nothing."""
    written(path)

    assert replayed(path) == FACTS
    assert replayed(path) == FACTS


def test_journal_continues_its_chain_after_it_was_closed(path: Path) -> None:
    """A second life appends to the first."""
    written(path)
    journal = opened(path)
    last = journal.last_step()
    journal.append([(9, journaled(3))])
    journal.close()

    assert last == 5
    assert replayed(path) == [*FACTS, (9, journaled(3))]


def test_journal_writes_ahead_and_syncs_fully(path: Path) -> None:
    """Write-ahead log, full synchronous commits, readable by its owner only."""
    journal = opened(path)

    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert path.stat().st_mode & 0o077 == 0
    journal.close()


def test_appended_rows_are_seen_by_another_connection_at_once(path: Path) -> None:
    """An append that returned is committed."""
    journal = opened(path)
    journal.append(FACTS)

    db = sqlite3.connect(path)
    (rows,) = db.execute("SELECT count(*) FROM rows").fetchone()
    db.close()
    journal.close()

    assert rows == len(FACTS)


def test_rows_are_chained_by_the_hash_of_all_before(path: Path) -> None:
    """The chain can be checked by anybody: SHA-256 over hash, step, type and payload."""
    written(path)
    db = sqlite3.connect(path)
    rows = db.execute("SELECT step, type, payload, hash FROM rows ORDER BY n").fetchall()
    db.close()

    last = bytes(32)
    for step, kind, payload, digest in rows:
        text = last + step.to_bytes(8, "big") + kind.encode() + b"\0" + payload
        last = hashlib.sha256(text).digest()
        assert digest == last


@pytest.mark.parametrize("row", range(len(FACTS)))
@pytest.mark.parametrize("column", ["payload", "hash", "type", "step"])
def test_any_changed_row_is_found_at_replay(path: Path, row: int, column: str) -> None:
    """A row that was changed does not continue the chain."""
    written(path)
    if column == "step":
        changed(path, "UPDATE rows SET step = step + 1 WHERE n = ?", row)
    elif column == "type":
        changed(path, "UPDATE rows SET type = type || 'x' WHERE n = ?", row)
    else:
        db = sqlite3.connect(path)
        (blob,) = db.execute(f"SELECT {column} FROM rows WHERE n = ?", (row,)).fetchone()  # noqa: S608
        db.close()
        flipped = bytes([blob[0] ^ 1]) + blob[1:]
        changed(path, f"UPDATE rows SET {column} = ? WHERE n = ?", flipped, row)  # noqa: S608

    with pytest.raises(InvariantBroken) as caught:
        replayed(path)

    assert str(path) in str(caught.value)


def test_every_flipped_byte_of_every_payload_is_found(path: Path) -> None:
    """No byte of a row is outside the chain."""
    written(path)
    db = sqlite3.connect(path)
    payloads = db.execute("SELECT n, payload FROM rows").fetchall()
    db.close()
    for row, payload in payloads:
        for index in range(0, len(payload), 7):
            bad = bytearray(payload)
            bad[index] ^= 0x10
            changed(path, "UPDATE rows SET payload = ? WHERE n = ?", bytes(bad), row)
            with pytest.raises(InvariantBroken):
                replayed(path)
        changed(path, "UPDATE rows SET payload = ? WHERE n = ?", payload, row)

    assert replayed(path) == FACTS


@pytest.mark.parametrize("row", range(len(FACTS) - 1))
def test_missing_row_is_found_at_replay(path: Path, row: int) -> None:
    """A hole in the middle is damage."""
    written(path)
    changed(path, "DELETE FROM rows WHERE n = ?", row)

    with pytest.raises(InvariantBroken):
        replayed(path)


@pytest.mark.parametrize(
    "stamp",
    [
        JournalStamp(mode=Mode.LIVE, account="alpha:main"),
        JournalStamp(mode=Mode.SIMULATION, account="beta:main"),
    ],
)
def test_journal_of_another_mode_or_account_is_refused_untouched(
    path: Path, stamp: JournalStamp
) -> None:
    """Modes and accounts never mix."""
    written(path)
    before = path.read_bytes()

    with pytest.raises(ConfigError) as caught:
        opened(path, stamp)

    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert replayed(path) == FACTS


def test_journal_of_a_newer_schema_is_refused(path: Path) -> None:
    """An older program does not guess at a newer file."""
    written(path)
    changed(path, "UPDATE meta SET value = '99' WHERE key = 'schema'")

    with pytest.raises(ConfigError, match="schema"):
        opened(path)


def test_file_that_is_no_journal_is_refused_untouched(path: Path) -> None:
    """A foreign file is not overwritten."""
    path.write_bytes(b"this is somebody's letter, not a database" * 40)
    before = path.read_bytes()

    with pytest.raises(ConfigError):
        opened(path)

    assert path.read_bytes() == before


def test_another_programs_database_is_refused_untouched(path: Path) -> None:
    """A database without our stamp is no journal."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE letters (text TEXT)")
    db.commit()
    db.close()
    before = path.read_bytes()

    with pytest.raises(ConfigError):
        opened(path)

    assert path.read_bytes() == before


def test_append_that_fails_adds_nothing_and_the_next_one_continues(path: Path) -> None:
    """A failed commit leaves chain and file as they were."""
    journal = opened(path)
    journal.append(FACTS[:2])
    journal._db.execute("PRAGMA query_only = ON")

    with pytest.raises(sqlite3.Error):
        journal.append(FACTS[2:])
    journal._db.execute("PRAGMA query_only = OFF")
    journal.append(FACTS[2:])
    journal.close()

    assert replayed(path) == FACTS


def test_full_disk_is_reported_and_nothing_is_half_written(path: Path) -> None:
    """A step that does not fit is not there at all."""
    journal = opened(path)
    journal.append(FACTS[:2])
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    big: list[tuple[int, Fact]] = [
        (number, Noted(at=number, level="info", text="x" * 3_000)) for number in range(10)
    ]

    with pytest.raises(sqlite3.Error, match="full"):
        journal.append(big)
    journal.close()

    assert replayed(path) == FACTS[:2]


def test_closed_journal_reports_a_write(path: Path) -> None:
    """Writing to what is closed is an error, not silence."""
    journal = opened(path)
    journal.close()

    with pytest.raises(sqlite3.Error):
        journal.append(FACTS)


@pytest.mark.parametrize("kind", ["empty", "write-ahead header only"])
def test_journal_that_died_at_its_creation_opens_again(path: Path, kind: str) -> None:
    """A crash at the first start does not lock the account's journal up for ever."""
    path.touch()
    if kind != "empty":
        changed(path, "PRAGMA journal_mode=WAL")
        assert path.stat().st_size > 0

    written(path)

    assert replayed(path) == FACTS


def test_tables_and_stamp_of_a_new_journal_are_one_commit(path: Path) -> None:
    """A crash at creation leaves both or none."""
    statements: list[str] = []
    db = sqlite3.connect(path, isolation_level=None)
    db.set_trace_callback(statements.append)
    create(db, STAMP)
    db.close()

    words = [text.split()[0].upper() for text in statements]
    assert words[0] == "BEGIN"
    assert words.index("COMMIT") == len(words) - 1
