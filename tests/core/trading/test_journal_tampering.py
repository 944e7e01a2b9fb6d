"""Every way to change a journal behind its back is found, and nothing is traded from it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.domain.errors import CockpitError, ConfigError
from core.domain.facts import Mode, Noted, RunStarted
from core.trading.journal import JournalDamaged, JournalReader, SqliteJournal
from tests.core.trading.journals import FACTS, STAMP, changed, summary, written

ROWS = len(FACTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a whole journal."""
    return written(tmp_path / "journal.db")


def opened(path: Path) -> None:
    """Open and replay a journal as an engine does."""
    journal = SqliteJournal(path, STAMP)
    try:
        list(journal.replay())
    finally:
        journal.close()


def rehashed(path: Path) -> None:
    """Make the rows chain again, as one who knows the chain and not the head would."""
    from core.trading.journal.chain import GENESIS, chained

    db = sqlite3.connect(path)
    last = GENESIS
    rows = db.execute("SELECT n, step, type, payload FROM rows ORDER BY n").fetchall()
    for number, step, kind, payload in rows:
        last = chained(last, step, kind, payload)
        db.execute("UPDATE rows SET hash = ? WHERE n = ?", (last, number))
    db.commit()
    db.close()


def swap_rows(path: Path) -> None:
    """Exchange two rows."""
    changed(path, "UPDATE rows SET n = -1 WHERE n = 2")
    changed(path, "UPDATE rows SET n = 2 WHERE n = 3")
    changed(path, "UPDATE rows SET n = 3 WHERE n = -1")


def rewrite_history(path: Path) -> None:
    """Change a fill's payload and chain everything after it again."""
    changed(path, "UPDATE rows SET payload = (SELECT payload FROM rows WHERE n = 1) WHERE n = 4")
    changed(path, "UPDATE rows SET type = 'MarketAdded' WHERE n = 4")
    rehashed(path)


def add_behind(path: Path) -> None:
    """Append a row that chains, without the head."""
    changed(
        path,
        "INSERT INTO rows SELECT n + 1, step, epoch, type, payload, hash FROM rows"
        " ORDER BY n DESC LIMIT 1",
    )
    rehashed(path)


KINDS: dict[str, tuple[Callable[[Path], None], int]] = {
    "last row removed": (lambda p: changed(p, "DELETE FROM rows WHERE n = ?", ROWS - 1), ROWS - 1),
    "all rows removed": (lambda p: changed(p, "DELETE FROM rows"), 0),
    "middle row removed": (lambda p: changed(p, "DELETE FROM rows WHERE n = 2"), 2),
    "first row removed": (lambda p: changed(p, "DELETE FROM rows WHERE n = 0"), 0),
    "rows exchanged": (swap_rows, 2),
    "row added behind": (add_behind, ROWS),
    "history rewritten": (rewrite_history, ROWS),
    "epoch raised": (lambda p: changed(p, "UPDATE rows SET epoch = 9 WHERE n >= 3"), 3),
    "epoch lowered": (lambda p: changed(p, "UPDATE rows SET epoch = 0 WHERE n = 3"), 3),
    "epoch of a run": (lambda p: changed(p, "UPDATE rows SET epoch = 7"), 0),
    "step changed": (lambda p: changed(p, "UPDATE rows SET step = 1 WHERE n = 3"), 3),
    "negative step": (lambda p: changed(p, "UPDATE rows SET step = -1 WHERE n = 3"), 3),
    "type of a column": (lambda p: changed(p, "UPDATE rows SET payload = 7 WHERE n = 2"), 2),
    "hash cut": (lambda p: changed(p, "UPDATE rows SET hash = x'00' WHERE n = 1"), 1),
    "head removed": (lambda p: changed(p, "DELETE FROM head"), 0),
    "head lowered": (lambda p: changed(p, "UPDATE head SET rows = 2"), 2),
    "account changed": (
        lambda p: changed(p, "UPDATE meta SET value='x' WHERE key='account'"),
        ROWS,
    ),
    "mode changed": (lambda p: changed(p, "UPDATE meta SET value='live' WHERE key='mode'"), 0),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_tampering_is_found_and_its_place_is_named(path: Path, kind: str) -> None:
    """The proof stops at the first row that is not proved, and says which."""
    tamper, row = KINDS[kind]
    tamper(path)

    found = summary(path)

    if kind == "head removed":
        assert found.broken_at is not None
    else:
        assert found.broken_at == row
    assert found.trouble


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_engine_refuses_a_tampered_journal_and_says_what_to_do(path: Path, kind: str) -> None:
    """Nothing is traded from it; the sentence names restore and rebuild, or another account."""
    KINDS[kind][0](path)
    before = facts_raw(path)

    with pytest.raises(CockpitError) as caught:
        opened(path)

    is_elsewhere = kind in {"account changed", "mode changed"}
    assert ("belongs elsewhere" if is_elsewhere else "wingman journal restore") in str(caught.value)
    assert facts_raw(path) == before


def facts_raw(path: Path) -> list[tuple[object, ...]]:
    """Read the rows as they stand."""
    db = sqlite3.connect(path)
    rows = db.execute("SELECT * FROM rows ORDER BY n").fetchall()
    db.close()
    return rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Write a journal once, all of it in one file."""
    path = written(tmp_path_factory.mktemp("whole") / "journal.db")
    changed(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@settings(max_examples=40, deadline=None)
@given(some.data())
def test_any_flipped_bit_of_any_cell_is_found(whole: bytes, data: some.DataObject) -> None:
    """No bit of a payload, hash or type is outside the proof."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        path.write_bytes(whole)
        row = data.draw(some.integers(0, ROWS - 1))
        column = data.draw(some.sampled_from(("payload", "hash", "type")))
        cell = facts_raw(path)[row][{"type": 3, "payload": 4, "hash": 5}[column]]
        assert isinstance(cell, str | bytes)
        raw = bytearray(cell.encode() if isinstance(cell, str) else cell)
        index = data.draw(some.integers(0, len(raw) - 1))
        raw[index] ^= 1 << data.draw(some.integers(0, 6 if column == "type" else 7))
        value = raw.decode() if column == "type" else bytes(raw)
        changed(path, f"UPDATE rows SET {column} = ? WHERE n = ?", value, row)  # noqa: S608

        assert summary(path).broken_at == row


def test_whole_journal_is_proved(path: Path) -> None:
    """What was written is proved, with its first and last instants."""
    found = summary(path)

    assert (found.rows, found.broken_at, found.trouble) == (ROWS, None, "")
    assert (found.epoch, found.last_step, found.schema) == (1, 4, 2)
    assert found.first_at == FACTS[0][1].at
    assert not found.is_incomplete


def test_run_of_another_mode_inside_a_journal_is_damage(tmp_path: Path) -> None:
    """A live run never stands in a simulation's journal."""
    live = RunStarted(at=1, mode=Mode.LIVE, epoch=1, version="1")
    path = written(tmp_path / "journal.db", [(1, live)])

    assert summary(path).broken_at == 0


def test_fact_of_a_newer_version_is_refused_by_name(path: Path) -> None:
    """A kind of fact this version does not know is no damage: use the newer program."""
    import msgspec

    from core.trading.journal.chain import chained, head_of

    payload = msgspec.msgpack.encode({"type": "FromTheFuture", "at": 1})
    db = sqlite3.connect(path)
    (last,) = db.execute(f"SELECT hash FROM rows WHERE n = {ROWS - 1}").fetchone()  # noqa: S608
    digest = chained(last, 9, "FromTheFuture", payload)
    row = (ROWS, 9, 1, "FromTheFuture", payload, digest)
    db.execute("INSERT INTO rows VALUES (?,?,?,?,?,?)", row)
    meta = dict(db.execute("SELECT key, value FROM meta"))
    head = head_of(ROWS + 1, digest, meta)
    values = (head.rows, head.digest, head.seal)
    db.execute("UPDATE head SET rows = ?, hash = ?, seal = ?", values)
    db.commit()
    db.close()

    with pytest.raises(ConfigError, match="FromTheFuture"):
        opened(path)


def test_page_of_noise_in_the_file_is_damage_not_a_crash(tmp_path: Path) -> None:
    """A file whose pages are broken is told as damage from the first row that cannot be read."""
    many = [(1, Noted(at=n, level="info", text="x" * 500)) for n in range(1, 200)]
    path = written(tmp_path / "journal.db", many)
    changed(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8192)

    found = summary(path)

    assert found.broken_at is not None
    assert 0 < found.broken_at < 199
    with pytest.raises(CockpitError):
        opened(path)


def test_journal_held_by_an_engine_is_not_opened_twice(path: Path) -> None:
    """One writer: a second one is refused, a reader is not."""
    engine = SqliteJournal(path, STAMP, epoch=1)

    with pytest.raises(ConfigError, match="in use"):
        SqliteJournal(path, STAMP)
    with JournalReader(path) as reader:
        assert len(list(reader.entries())) == ROWS
    engine.close()
    opened(path)


def test_damage_names_the_row_it_stopped_at(path: Path) -> None:
    """Rows before the damage were handed out, none after."""
    changed(path, "UPDATE rows SET payload = x'00' WHERE n = 3")

    seen: list[int] = []
    with JournalReader(path) as reader, pytest.raises(JournalDamaged) as caught:
        seen.extend(entry.n for entry in reader.entries())

    assert seen == [0, 1, 2]
    assert caught.value.row == 3
