"""Where journals lie under the data folder, and which one a person means."""

from pathlib import Path
from typing import Final

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.trading.journal.retention import JOURNAL, written_at
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
    for journal in (root / RUNS / run / JOURNAL, root / run / JOURNAL):
        if journal.is_file():
            return journal
    raise ConfigError("no such run", f"{run[:80]} in {root}", _known(root))


def journals_of(data: Path, mode: Mode) -> list[Path]:
    """Return every journal of a mode, the one written last at the end."""
    root = mode_folder(data, mode)
    found = [*root.glob(f"*/{JOURNAL}"), *root.glob(f"{RUNS}/*/{JOURNAL}")]
    named = [path for path in found if path.is_file() and not path.parent.name.startswith(".")]
    return sorted(named, key=lambda path: (written_at(path), str(path)))


def refuse_if_traded(journal: Path, locks: Path) -> None:
    """Refuse to change a journal while an engine may trade on it.

    Locks of accounts outside lie in one folder for all, so any of them stands in the way of a
    journal that is not a run's own.

    Raises:
        JournalInUse: naming the journal.
    """
    own = sorted(journal.parent.glob("*.lock"))
    is_own = journal.parent.parent.name in {RUNS, Mode.PAPER.value}
    shared = [] if is_own else sorted(locks.glob("*.lock"))
    if any(is_held(file) for file in (*own, *shared)):
        raise JournalInUse(journal)


def _latest(root: Path, mode: Mode) -> Path:
    runs = journals_of(root.parent, mode)
    if not runs:
        raise ConfigError(
            "no journal yet", f"{root}", "Run `wingman` first, or choose --data-dir and --mode"
        )
    return runs[-1]


def _known(root: Path) -> str:
    runs = [path.parent.name for path in journals_of(root.parent, Mode(root.name))]
    return f"There are: {', '.join(runs[-5:])}" if runs else "There are none"
