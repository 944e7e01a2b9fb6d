"""A commit cut off by power loss: left out whole, and said so."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from core.domain.facts import Fact, Noted
from core.trading.journal import SqliteJournal
from core.trading.journal.wal import torn_bytes, torn_bytes_of
from tests.core.trading.journals import FACTS, STAMP, facts_of, summary

BIG: list[tuple[int, Fact]] = [(7, Noted(at=n, level="info", text="x" * 3_000)) for n in range(10)]


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """Copy the files of a journal whose process never closed it, two commits in the log."""
    live = tmp_path / "live.db"
    journal = SqliteJournal(live, STAMP, epoch=1)
    journal.append(FACTS)
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.append([(5, Noted(at=5, level="info", text="committed"))])
    before = live.with_name("live.db-wal").stat().st_size
    journal.append(BIG)
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{live}{suffix}", tmp_path / f"journal.db{suffix}")
    journal.close()
    (tmp_path / "whole").write_text(str(before))
    return tmp_path / "journal.db"


def wal_of(path: Path) -> Path:
    """Name the log."""
    return path.with_name(f"{path.name}-wal")


def test_log_of_whole_commits_is_not_torn(crashed: Path) -> None:
    """Nothing is missing: all rows are there."""
    assert torn_bytes(wal_of(crashed)) == 0
    assert len(facts_of(crashed)) == len(FACTS) + 1 + len(BIG)


@pytest.mark.parametrize("cut", [1, 100, 4_096, 9_999])
def test_commit_that_was_cut_off_is_left_out_whole_and_said(crashed: Path, cut: int) -> None:
    """The journal is at its last whole commit, by SQLite's own recovery, and ours agrees."""
    log = wal_of(crashed).read_bytes()
    whole = int((crashed.parent / "whole").read_text())
    wal_of(crashed).write_bytes(log[:-cut])

    found = summary(crashed)

    assert found.torn_bytes == len(log) - cut - whole
    assert (found.rows, found.broken_at) == (len(FACTS) + 1, None)
    journal = SqliteJournal(crashed, STAMP, epoch=1)
    assert journal.torn_bytes > 0
    journal.append(BIG)
    journal.close()
    assert summary(crashed).rows == len(FACTS) + 1 + len(BIG)


def test_every_cut_of_the_log_agrees_with_what_sqlite_recovers(crashed: Path) -> None:
    """Our reading of the log never calls a commit whole that SQLite drops, nor the reverse."""
    log = wal_of(crashed).read_bytes()
    whole = int((crashed.parent / "whole").read_text())
    for length in range(whole - 30, len(log), 1_711):
        wal_of(crashed).write_bytes(log[:length])
        for name in (f"{crashed.name}-shm",):
            crashed.with_name(name).unlink(missing_ok=True)
        db = sqlite3.connect(f"file:{crashed}?mode=ro", uri=True)
        (rows,) = db.execute("SELECT count(*) FROM rows").fetchone()
        db.close()

        is_first_in = rows > len(FACTS)

        assert torn_bytes_of(log[:length]) == length - (whole if is_first_in else 32)


@pytest.mark.parametrize("log", [b"", b"\x00" * 31, b"\x37\x7f\x06\x82" + b"\x00" * 40])
def test_log_that_is_none_is_torn_as_a_whole(log: bytes) -> None:
    """A header that was never whole holds no commit."""
    assert torn_bytes_of(log) == len(log)


def test_flipped_bit_in_the_log_ends_it_there(crashed: Path) -> None:
    """What follows a frame that does not check is not counted."""
    log = bytearray(wal_of(crashed).read_bytes())
    whole = int((crashed.parent / "whole").read_text())
    log[whole + 500] ^= 1

    assert 0 < torn_bytes_of(bytes(log)) <= len(log) - whole


def test_no_log_is_nothing_torn(tmp_path: Path) -> None:
    """A journal that was closed in order has no log."""
    assert torn_bytes(tmp_path / "journal.db-wal") == 0
