"""Backup, restore, migration and rebuild: proved copies, refusals, and kills at every point."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Final

import pytest

from core.domain.errors import ConfigError
from core.domain.facts import Mode, Noted, TradingState, TradingStateChanged
from core.domain.history import HISTORY_INCOMPLETE
from core.trading.journal import JournalDamaged, JournalStamp, SqliteJournal
from core.trading.journal.backup import (
    COPIED,
    RENAMED,
    back_up,
    manifest_file,
    read_backup,
)
from core.trading.journal.migrate import migrate
from core.trading.journal.rebuild import rebuild
from core.trading.journal.restore import Relation, restore
from core.trading.journal.swap import POINTS, CrashPoint
from tests.core.trading.journals import (
    FACTS,
    STAMP,
    changed,
    facts_of,
    killed_at,
    summary,
    written,
    written_as_v1,
)

PLAIN: Final = [fact for _, fact in FACTS]
MADE: Final = "2026-10-14T12:00:00Z"
AT: Final = 1_800_000_000_000_000_000
LATER: Final = [(9, Noted(at=9, level="info", text="later"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a whole journal."""
    return written(tmp_path / "simulation" / "outside" / "journal.db")


@pytest.fixture
def copy(path: Path, tmp_path: Path) -> Path:
    """Back it up."""
    target = tmp_path / "copy.db"
    back_up(path, target, MADE)
    return target


def put_back(
    copy: Path, path: Path, *, older: bool = False, mode: Mode = Mode.SIMULATION
) -> tuple[Relation, Path | None]:
    """Restore."""
    return restore(copy, path, mode=mode, stamp="now", at=AT, is_older_meant=older)


def names(folder: Path) -> set[str]:
    """List what is there, the lock apart, which always stays."""
    return {name for name in os.listdir(folder) if not name.endswith(".lock")}  # noqa: PTH208


# ---- backup ------------------------------------------------------------------------------------


def test_backup_holds_the_journals_facts_and_says_so(path: Path, copy: Path) -> None:
    """The copy is one private file; the manifest names mode, account, epoch, rows and head."""
    manifest = json.loads(manifest_file(copy).read_text())

    assert facts_of(copy) == PLAIN
    assert manifest["rows"] == len(PLAIN)
    assert manifest["head_hash"] == summary(path).head_hash
    assert (manifest["mode"], manifest["account"]) == ("simulation", "alpha:main")
    assert (manifest["epoch"], manifest["last_step"], manifest["made_at"]) == (1, 4, MADE)
    assert copy.stat().st_mode & 0o077 == 0
    assert names(copy.parent) == {"copy.db", "copy.db.manifest.json", "simulation"}


def test_backup_is_taken_while_an_engine_writes(path: Path, tmp_path: Path) -> None:
    """The copy is one moment; what the engine adds later is not in it, and it goes on."""
    engine = SqliteJournal(path, STAMP, epoch=1)
    engine.append([(5, Noted(at=5, level="info", text="before"))])

    back_up(path, tmp_path / "live.db", MADE)
    engine.append(LATER)
    engine.close()

    assert len(facts_of(tmp_path / "live.db")) == len(PLAIN) + 1
    assert summary(path).rows == len(PLAIN) + 2


def test_damaged_journal_is_not_backed_up(path: Path, tmp_path: Path) -> None:
    """A copy of damage is no backup: nothing is left behind."""
    changed(path, "DELETE FROM rows WHERE n = 2")

    with pytest.raises(JournalDamaged):
        back_up(path, tmp_path / "copy.db", MADE)

    assert names(tmp_path) == {"simulation"}


def test_backup_never_overwrites(path: Path, copy: Path) -> None:
    """An existing file stays as it is."""
    before = copy.read_bytes()

    with pytest.raises(ConfigError, match="exists"):
        back_up(path, copy, MADE)

    assert copy.read_bytes() == before


@pytest.mark.parametrize("label", [COPIED, RENAMED])
def test_backup_killed_halfway_is_not_taken_for_one(path: Path, tmp_path: Path, label: str) -> None:
    """Without its manifest a copy is not finished; the journal is untouched; a new name works."""
    target = tmp_path / "copy.db"

    assert killed_at(label, lambda crash: back_up(path, target, MADE, crash))

    with pytest.raises(ConfigError, match="not complete"):
        put_back(target, path)
    assert facts_of(path) == PLAIN
    back_up(path, tmp_path / "second.db", MADE)
    assert read_backup(tmp_path / "second.db").rows == len(PLAIN)


# ---- restore -----------------------------------------------------------------------------------


def test_restoring_what_is_there_changes_nothing(path: Path, copy: Path) -> None:
    """The same rows: nothing to do, nothing marked."""
    assert put_back(copy, path) == (Relation.SAME, None)

    assert facts_of(path) == PLAIN


def test_newer_backup_is_restored_without_a_mark(path: Path, tmp_path: Path) -> None:
    """A backup that holds every row of the journal and more loses nothing."""
    copy = tmp_path / "copy.db"
    longer = written(tmp_path / "longer.db", [*FACTS, *LATER])
    back_up(longer, copy, MADE)

    relation, kept = put_back(copy, path)

    assert relation is Relation.NEWER
    assert facts_of(path) == [*PLAIN, LATER[0][1]]
    assert kept is not None
    assert facts_of(kept) == PLAIN


def test_older_backup_is_refused_unless_it_is_typed_out(path: Path, copy: Path) -> None:
    """What happened since would be forgotten: it has to be said."""
    written(path, LATER)

    with pytest.raises(ConfigError, match="--older"):
        put_back(copy, path)

    assert len(facts_of(path)) == len(PLAIN) + 1


def test_older_backup_marks_the_history_incomplete_and_only_reduces(path: Path, copy: Path) -> None:
    """The mark is a fact of the journal itself; what was there is kept."""
    written(path, LATER)

    relation, kept = put_back(copy, path, older=True)

    assert relation is Relation.OLDER
    *before, hold, note = facts_of(path)
    assert before == PLAIN
    assert isinstance(hold, TradingStateChanged)
    assert (hold.state, hold.cause) == (TradingState.REDUCING, HISTORY_INCOMPLETE)
    assert MADE in hold.reason
    assert isinstance(note, Noted)
    assert summary(path).is_incomplete
    assert kept is not None
    assert len(facts_of(kept)) == len(PLAIN) + 1
    written(path, LATER)
    assert summary(path).broken_at is None


@pytest.mark.parametrize("kind", ["apart", "gone", "damaged", "shorter apart"])
def test_backup_that_cannot_be_proved_newer_needs_the_word(
    path: Path, copy: Path, tmp_path: Path, kind: str
) -> None:
    """Other histories, no journal, a damaged one: it may lack what happened."""
    if kind == "gone":
        path.unlink()
    elif kind == "damaged":
        changed(path, "DELETE FROM rows WHERE n = 2")
    else:
        path.unlink()
        count = 2 if kind == "shorter apart" else 9
        other = [(n, Noted(at=n, level="info", text="other")) for n in range(count)]
        written(path, other)

    with pytest.raises(ConfigError, match="--older"):
        put_back(copy, path)
    relation, _ = put_back(copy, path, older=True)

    assert relation is (Relation.APART if "apart" in kind else Relation.UNPROVED)
    assert facts_of(path)[: len(PLAIN)] == PLAIN
    assert summary(path).is_incomplete
    assert tmp_path.exists()


@pytest.mark.parametrize("kind", ["mode", "account", "changed", "no manifest", "bad manifest"])
def test_backup_that_does_not_belong_or_was_changed_is_refused(
    path: Path, copy: Path, tmp_path: Path, kind: str
) -> None:
    """The reason is said and the journal is not touched, whatever else was typed."""
    mode = Mode.LIVE if kind == "mode" else Mode.SIMULATION
    if kind == "account":
        path.unlink()
        written(path, FACTS, JournalStamp(mode=Mode.SIMULATION, account="beta:main"))
    elif kind == "changed":
        changed(copy, "UPDATE meta SET value = 'beta:main' WHERE key = 'account'")
    elif kind == "no manifest":
        manifest_file(copy).unlink()
    elif kind == "bad manifest":
        manifest_file(copy).write_text("{")
    before = path.read_bytes()

    with pytest.raises(ConfigError):
        put_back(copy, path, older=True, mode=mode)

    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.staged*"))
    assert tmp_path.exists()


def test_restore_is_refused_while_an_engine_holds_the_journal(path: Path, copy: Path) -> None:
    """The engine goes on undisturbed."""
    engine = SqliteJournal(path, STAMP, epoch=1)

    with pytest.raises(ConfigError, match="in use"):
        put_back(copy, path, older=True)

    engine.append(LATER)
    engine.close()
    assert summary(path).rows == len(PLAIN) + 1


def test_backup_of_the_first_schema_is_restored_as_todays(tmp_path: Path, path: Path) -> None:
    """An old backup is migrated on the way in."""
    copy = tmp_path / "old.db"
    back_up(written_as_v1(tmp_path / "v1.db", [*FACTS, *LATER]), copy, MADE)

    put_back(copy, path)

    assert summary(path).schema == 2
    assert facts_of(path) == [*PLAIN, LATER[0][1]]
    SqliteJournal(path, STAMP).close()


# ---- migration ---------------------------------------------------------------------------------


def test_journal_of_the_first_schema_is_refused_until_migrated(tmp_path: Path) -> None:
    """The engine says which command; the command keeps the old file."""
    path = written_as_v1(tmp_path / "journal.db")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="wingman journal migrate"):
        SqliteJournal(path, STAMP)
    assert path.read_bytes() == before

    version, kept = migrate(path, "now")

    assert version == 1
    assert kept is not None
    assert summary(kept).schema == 1
    assert facts_of(kept) == facts_of(path) == PLAIN
    written(path, LATER)
    assert summary(path).rows == len(PLAIN) + 1
    assert migrate(path, "now") == (2, None)


@pytest.mark.parametrize("kind", ["newer", "damaged", "held"])
def test_migration_refuses_what_it_cannot_do_safely(tmp_path: Path, kind: str) -> None:
    """Newer, damaged or in use: untouched."""
    path = written_as_v1(tmp_path / "journal.db")
    if kind == "newer":
        changed(path, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    elif kind == "damaged":
        changed(path, "UPDATE rows SET step = 7 WHERE n = 2")
    holder = None
    if kind == "held":
        from core.trading.journal.writer_lock import WriterLock

        holder = WriterLock(path)
    before = path.read_bytes()

    with pytest.raises((ConfigError, JournalDamaged)):
        migrate(path, "now")

    assert path.read_bytes() == before
    assert names(tmp_path) <= {"journal.db", "journal.db-wal", "journal.db-shm"}
    if holder is not None:
        holder.release()


@pytest.mark.parametrize("label", POINTS)
@pytest.mark.parametrize("command", ["migrate", "restore", "rebuild"])
def test_killed_anywhere_leaves_the_old_or_the_new_journal_whole(
    tmp_path: Path, command: str, label: str
) -> None:
    """F70: never mixed; the same command, run again, finishes."""
    path = tmp_path / "journal.db"
    old = list(PLAIN)
    if command == "migrate":
        written_as_v1(path)
    elif command == "restore":
        written(path)
        back_up(written(tmp_path / "longer.db", [*FACTS, *LATER]), tmp_path / "copy.db", MADE)
    else:
        written(path)
        changed(path, "UPDATE rows SET payload = x'00' WHERE n = 3")
        old = PLAIN[:3]

    def work(crash: CrashPoint) -> object:
        if command == "migrate":
            return migrate(path, "now", crash)
        if command == "rebuild":
            return rebuild(path, "now", AT, crash=crash)
        return restore(
            tmp_path / "copy.db",
            path,
            mode=Mode.SIMULATION,
            stamp="now",
            at=AT,
            is_older_meant=False,
            crash=crash,
        )

    assert killed_at(label, work)

    is_new = label == "swapped"
    found = summary(path)
    if command == "migrate":
        assert found.schema == (2 if is_new else 1)
        assert facts_of(path) == old
    elif command == "restore":
        assert facts_of(path) == ([*old, LATER[0][1]] if is_new else old)
    else:
        assert (found.broken_at is None) is is_new
        assert found.rows == (5 if is_new else 3)
    if not is_new:
        assert not killed_at("never", work)
    again = summary(path)
    assert (again.schema, again.broken_at) == (2, None)
    assert not list(tmp_path.glob("*.staged*"))


# ---- rebuild -----------------------------------------------------------------------------------


def test_damaged_journal_is_rebuilt_from_what_is_proved(path: Path) -> None:
    """Proved rows stay, the history is marked, the evidence is kept, the engine may open it."""
    changed(path, "UPDATE rows SET payload = x'00' WHERE n = 3")

    rows, kept = rebuild(path, "now", AT)

    assert rows == 3
    assert facts_of(path)[:3] == PLAIN[:3]
    assert summary(path).is_incomplete
    assert kept is not None
    assert summary(kept).broken_at == 3
    journal = SqliteJournal(path, STAMP)
    assert len(list(journal.replay())) == 5
    journal.close()


def test_whole_journal_is_not_rebuilt(path: Path) -> None:
    """There is nothing to rebuild, and nothing is changed."""
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="whole"):
        rebuild(path, "now", AT)

    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.staged*"))


def test_file_that_cannot_be_read_at_all_needs_its_owner_named(tmp_path: Path) -> None:
    """Nobody guesses whose it was."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"\x00" * 9_000)

    with pytest.raises(ConfigError):
        rebuild(path, "now", AT)
    rows, kept = rebuild(path, "now", AT, owner=STAMP)

    assert rows == 0
    assert summary(path).is_incomplete
    assert kept is not None
    assert kept.read_bytes() == b"\x00" * 9_000


def test_row_hidden_in_the_log_is_kept_through_a_swap(path: Path, tmp_path: Path) -> None:
    """What only stands in the write-ahead log is folded in before the file is kept."""
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM rows").fetchone()
    written(path, LATER)
    reader.close()
    copy = tmp_path / "copy.db"
    more = [*LATER, (10, Noted(at=10, level="info", text="more"))]
    back_up(written(tmp_path / "longer.db", [*FACTS, *more]), copy, MADE)

    relation, kept = put_back(copy, path)

    assert relation is Relation.NEWER
    assert kept is not None
    assert len(facts_of(kept)) == len(PLAIN) + 1
