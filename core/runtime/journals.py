"""Where journals lie under the data folder, and which one a person means."""

from pathlib import Path
from typing import Final

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.trading.journal.retention import JOURNAL, stored_runs
from core.trading.journal.writer_lock import JournalInUse, is_held

LATEST: Final = "LATEST"
OUTSIDE: Final = "outside"
RUNS: Final = "runs"


def mode_folder(data: Path, mode: Mode) -> Path:
    """Return the folder of everything of one mode."""
    return data / mode.value


def find_journal(data: Path, mode: Mode, run: str) -> Path:
    """Return the journal a person names: LATEST, a run's folder name, `outside`, or a file.

    Raises:
        ConfigError: when there is none, or the name is none.
    """
    root = mode_folder(data, mode)
    if run == LATEST:
        return _latest(root, mode)
    named = Path(run).expanduser()
    if named.is_file():
        return named
    if run != named.name or run in {"", ".", ".."}:
        raise ConfigError("no journal there", run[:200], "Name a run, LATEST, or a file")
    folder = root / OUTSIDE if run == OUTSIDE else root / RUNS / run
    if not (folder / JOURNAL).is_file():
        raise ConfigError("no such run", f"{run[:80]} in {root}", _known(root))
    return folder / JOURNAL


def journals_of(data: Path, mode: Mode) -> list[Path]:
    """Return every journal of a mode, the one written last at the end."""
    root = mode_folder(data, mode)
    found = [Path(run.folder) / JOURNAL for run in stored_runs(root / RUNS)]
    outside = root / OUTSIDE / JOURNAL
    if outside.is_file():
        found.append(outside)
    return sorted(found, key=_written_at)


def refuse_if_traded(journal: Path, locks: Path) -> None:
    """Refuse to change a journal while an engine may trade on it.

    Locks of accounts outside lie in one folder for all, so any of them stands in the way of a
    journal that is not a run's own.

    Raises:
        JournalInUse: naming the journal.
    """
    own = sorted(journal.parent.glob("*.lock"))
    shared = sorted(locks.glob("*.lock")) if journal.parent.parent.name != RUNS else []
    if any(is_held(file) for file in (*own, *shared)):
        raise JournalInUse(journal)


def _latest(root: Path, mode: Mode) -> Path:
    runs = journals_of(root.parent, mode)
    if not runs:
        raise ConfigError(
            "no journal yet", f"{root}", "Run `wingman` first, or choose --data-dir and --mode"
        )
    return runs[-1]


def _written_at(journal: Path) -> tuple[int, str]:
    wal = journal.with_name(f"{journal.name}-wal")
    times = [file.stat().st_mtime_ns for file in (journal, wal) if file.exists()]
    return max(times), str(journal)


def _known(root: Path) -> str:
    runs = [Path(run.folder).name for run in stored_runs(root / RUNS)]
    return f"There are: {', '.join(runs[-5:])}" if runs else "There are none"
