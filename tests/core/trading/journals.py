"""Journals on disk, ready made, and a process that dies where it is told to."""

import os
import signal
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from core.domain.codec import packed
from core.domain.facts import Fact, MarketAdded, Mode, Noted, RunStarted
from core.domain.ids import Asset
from core.domain.instrument import InstrumentKind
from core.trading.journal import JournalReader, JournalStamp, SqliteJournal, Summary
from core.trading.journal.chain import GENESIS, chained
from core.trading.journal.reader import summarized
from core.trading.journal.swap import CrashPoint
from tests.core.builders import SOL_PERP, START, booked, fill, journaled

STAMP: Final = JournalStamp(mode=Mode.SIMULATION, account="alpha:main")
MARKET: Final = MarketAdded(
    at=START,
    instrument=SOL_PERP,
    kind=InstrumentKind.PERPETUAL,
    base=Asset("SOL"),
    quote=Asset("USDC"),
)
FACTS: Final[tuple[tuple[int, Fact], ...]] = (
    (1, RunStarted(at=START, mode=Mode.SIMULATION, epoch=1, version="1")),
    (2, MARKET),
    (2, journaled(1)),
    (3, booked(fill(1, "0.1", "123.45", fee="-0.0001"))),
    (4, Noted(at=START + 4, level="info", text="汉字")),
)
_V1: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE rows (n INTEGER PRIMARY KEY, step INTEGER NOT NULL, epoch INTEGER NOT NULL,
    type TEXT NOT NULL, payload BLOB NOT NULL, hash BLOB NOT NULL)""",
)


def written(
    path: Path,
    facts: Sequence[tuple[int, Fact]] = FACTS,
    stamp: JournalStamp = STAMP,
    epoch: int = 1,
) -> Path:
    """Append facts to a journal, one commit a step, and close it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = SqliteJournal(path, stamp, epoch=epoch)
    for step in dict.fromkeys(step for step, _ in facts):
        journal.append([each for each in facts if each[0] == step])
    journal.close()
    return path


def written_as_v1(path: Path, facts: Sequence[tuple[int, Fact]] = FACTS) -> Path:
    """Write a journal as the first schema had it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    for statement in _V1:
        db.execute(statement)
    meta = {"schema": "1", "mode": "simulation", "account": "alpha:main"}
    db.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    last = GENESIS
    for number, (step, fact) in enumerate(facts):
        kind, payload = type(fact).__name__, packed(fact)
        last = chained(last, step, kind, payload)
        db.execute("INSERT INTO rows VALUES (?,?,?,?,?,?)", (number, step, 1, kind, payload, last))
    db.commit()
    db.close()
    return path


def changed(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the journal's back."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    db.execute(statement, values)
    db.commit()
    db.close()


def summary(path: Path) -> Summary:
    """Prove a journal and say what it is."""
    with JournalReader(path) as reader:
        return summarized(reader)


def facts_of(path: Path) -> list[Fact]:
    """Read every fact back."""
    with JournalReader(path) as reader:
        return [entry.fact for entry in reader.entries()]


def killed_at(label: str, work: Callable[[CrashPoint], object], count: int = 1) -> bool:
    """Do some work in a process of its own that kills itself at a label.

    Returns whether it was killed; False means that it ended without reaching the label so often.
    """
    child = os.fork()
    if child == 0:
        left = [count]

        def crash(reached: str) -> None:
            left[0] -= reached == label
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(crash)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
