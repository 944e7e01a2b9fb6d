"""Old runs may go: by age, by size, never one in use, and a kill leaves nothing half."""

import fcntl
import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.domain.errors import ConfigError
from core.trading.journal import SqliteJournal
from core.trading.journal.retention import (
    DELETED_ONE,
    HIDDEN,
    StoredRun,
    chosen,
    finish_pruning,
    prune,
    stored_runs,
)
from tests.core.trading.journals import STAMP, killed_at, written

DAY: Final = 86_400_000_000_000
NOW: Final = 100 * DAY


def run(name: str, age_days: int, size: int = 10, **more: object) -> StoredRun:
    """Make a stored run."""
    last_at = NOW - age_days * DAY
    return StoredRun(folder=name, last_at=last_at, size_bytes=size, is_live=False, **more)  # type: ignore[arg-type]


def stored(folder: Path, name: str, age_days: int) -> Path:
    """Write a run's folder, so old."""
    journal = written(folder / name / "journal.db")
    when = NOW - age_days * DAY
    os.utime(journal, ns=(when, when))
    return journal.parent


def going(runs: list[StoredRun], age: int | None = None, size: int | None = None) -> list[str]:
    """Name what goes."""
    max_age = None if age is None else age * DAY
    choices = chosen(runs, now=NOW, max_age_ns=max_age, max_bytes=size)
    return [choice.run.folder for choice in choices if choice.goes]


def test_runs_older_than_the_limit_go() -> None:
    """Exactly the limit stays."""
    assert going([run("a", 31), run("b", 30), run("c", 1)], age=30) == ["a"]


def test_oldest_runs_go_until_all_weigh_no_more_than_the_limit() -> None:
    """Exactly the limit stays."""
    assert going([run("a", 9), run("b", 8), run("c", 7), run("d", 6)], size=20) == ["a", "b"]


def test_newest_live_and_foreign_runs_stay_whatever_the_limits() -> None:
    """What is in use, what is not ours, and what a report would show."""
    live = StoredRun(folder="b", last_at=0, size_bytes=9, is_live=True)
    mixed = run("a", 90, foreign=("notes.txt",))

    assert going([mixed, live, run("c", 80), run("d", 70)], age=1, size=0) == ["c"]


@given(
    some.lists(
        some.tuples(some.integers(0, 99), some.integers(0, 50), some.booleans()), max_size=9
    ),
    some.none() | some.integers(0, 99),
    some.none() | some.integers(0, 200),
)
def test_choice_keeps_its_promises(
    made: list[tuple[int, int, bool]], age: int | None, size: int | None
) -> None:
    """Never the newest, never a live one; the rest is within the limits or had to stay."""
    runs = [
        StoredRun(folder=str(n), last_at=NOW - a * DAY, size_bytes=s, is_live=live)
        for n, (a, s, live) in enumerate(sorted(made, reverse=True))
    ]
    gone = going(runs, age, size)

    kept = [each for each in runs if each.folder not in gone]
    assert all(not each.is_live for each in runs if each.folder in gone)
    assert not runs or runs[-1] in kept
    free = [each for each in kept if not each.is_live and each is not runs[-1]]
    if age is not None:
        assert all(NOW - each.last_at <= age * DAY for each in free)
    if size is not None and free:
        assert sum(each.size_bytes for each in kept) <= size
    if age is None and size is None:
        assert not gone


def test_runs_are_listed_with_age_size_and_use(tmp_path: Path) -> None:
    """Oldest first; folders that are no runs are not among them."""
    stored(tmp_path, "new", 1)
    stored(tmp_path, "old", 50)
    (tmp_path / "empty").mkdir()
    (tmp_path / "old" / "notes.txt").write_text("mine")
    journal = SqliteJournal(tmp_path / "new" / "journal.db", STAMP, epoch=1)

    first, second = stored_runs(tmp_path)
    journal.close()

    assert (Path(first.folder).name, first.foreign, first.is_live) == ("old", ("notes.txt",), False)
    assert (Path(second.folder).name, second.is_live) == ("new", True)
    assert first.size_bytes >= 8_192


def test_run_of_an_engine_that_locks_only_its_account_is_live(tmp_path: Path) -> None:
    """The account's lock counts as well as the journal's."""
    folder = stored(tmp_path, "run", 1)
    descriptor = os.open(folder / "abc.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    (found,) = stored_runs(tmp_path)

    with pytest.raises(ConfigError, match="in use"):
        prune(found)
    os.close(descriptor)

    assert found.is_live
    assert (folder / "journal.db").exists()


def test_run_that_came_into_use_after_it_was_chosen_stays(tmp_path: Path) -> None:
    """The choice is looked at again under the lock."""
    folder = stored(tmp_path, "run", 90)
    (found,) = stored_runs(tmp_path)
    journal = SqliteJournal(folder / "journal.db", STAMP, epoch=1)

    with pytest.raises(ConfigError, match="in use"):
        prune(found)
    journal.close()

    assert (folder / "journal.db").exists()


def test_pruned_run_is_gone(tmp_path: Path) -> None:
    """Its folder, its journal and its locks."""
    folder = stored(tmp_path, "run", 90)
    for name in ("armed", "tripped", "abc.lock", "journal.db.replaced-x"):
        (folder / name).touch()
    (found,) = stored_runs(tmp_path)

    prune(found)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", [HIDDEN, DELETED_ONE])
def test_prune_killed_halfway_leaves_no_half_journal_and_is_finished_later(
    tmp_path: Path, label: str
) -> None:
    """What is left is not taken for a run, and the next prune takes it away."""
    stored(tmp_path, "run", 90)
    (found,) = stored_runs(tmp_path)

    assert killed_at(label, lambda crash: prune(found, crash))

    assert stored_runs(tmp_path) == []
    assert finish_pruning(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_deleted_is_told_in_one_sentence(tmp_path: Path) -> None:
    """The name a pruned run would get is taken: nothing is lost."""
    stored(tmp_path, "run", 90)
    (found,) = stored_runs(tmp_path)
    blocked = tmp_path / ".pruned-run"
    blocked.mkdir()
    (blocked / "something").touch()

    with pytest.raises(ConfigError, match="cannot be deleted"):
        prune(found)

    assert (tmp_path / "run" / "journal.db").exists()
