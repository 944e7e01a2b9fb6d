"""Journal commits beside a bare SQLite commit and a bare sync in the same run; reading back.

Goal: a commit within 2 ms at p99. Run with
`pytest -m benchmark_only -s tests/benchmarks/test_journal_speed.py`.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import pytest

from core.domain.facts import Fact, Mode
from core.trading.history import History, Span
from core.trading.history_columns import Kind
from core.trading.journal import JournalReader, JournalStamp, SqliteJournal
from core.trading.journal.reader import summarized
from core.trading.reports import Report
from tests.core.builders import ACCOUNT, booked, fill, journaled
from tests.core.trading.journals import MARKET

pytestmark = pytest.mark.benchmark_only

COMMITS = 1_500
ORDERS = 10_000
STAMP = JournalStamp(mode=Mode.SIMULATION, account=ACCOUNT)


def test_commit_is_printed(tmp_path: Path) -> None:
    """One order's facts a commit, three peers in turn, so that a noisy disk hits all alike."""
    journal = SqliteJournal(tmp_path / "journal.db", STAMP, epoch=1)
    peer = _peer(tmp_path / "peer.db")
    descriptor = os.open(tmp_path / "bytes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times: dict[str, list[float]] = {"journal": [], "journal x 20": [], "sqlite": [], "sync": []}
    for number in range(1, COMMITS + 1):
        row = (number, journaled(number))
        times["journal"].append(_timed(lambda row=row: journal.append([row])))  # type: ignore[misc]
        many = [row] * 20
        times["journal x 20"].append(_timed(lambda many=many: journal.append(many)))  # type: ignore[misc]
        times["sqlite"].append(_timed(lambda: peer(b"x" * 400)))
        times["sync"].append(_timed(lambda: _synced(descriptor)))
    os.close(descriptor)
    journal.close()

    print(f"\n{'ms a commit':20}{'p50':>8}{'p99':>8}{'worst':>8}")
    for name, values in times.items():
        p99 = quantiles(values, n=100)[98]
        print(f"{name:20}{median(values):8.3f}{p99:8.3f}{max(values):8.3f}")
    with JournalReader(tmp_path / "journal.db") as reader:
        assert summarized(reader).rows == COMMITS * 21


def test_reading_back_is_printed(tmp_path: Path) -> None:
    """Proof, export and report of a journal of many orders, rows a second."""
    facts: list[tuple[int, Fact]] = [(1, MARKET)]
    for number in range(1, ORDERS + 1):
        facts.append((number + 1, journaled(number)))
        one = fill(number, "0.1", "100.5", client_order_id=number, fee="0.01")
        facts.append((number + 1, booked(one)))
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path, STAMP, epoch=1)
    journal.append(facts)
    journal.close()

    calls: dict[str, Callable[[JournalReader], int]] = {
        "verify": lambda reader: summarized(reader).rows,
        "export all": _exported,
        "report": _reported,
    }
    print(f"\n{'':12}{'facts/s':>10}")
    for name, call in calls.items():
        begun = time.perf_counter()
        with JournalReader(path) as reader:
            assert call(reader) >= ORDERS
        print(f"{name:12}{len(facts) / (time.perf_counter() - begun):10,.0f}")


def _exported(reader: JournalReader) -> int:
    history = History(ACCOUNT, tuple(Kind), Span())
    count = sum(1 for entry in reader.entries() for _ in history.rows(entry))
    return count + sum(1 for _ in history.orders())


def _reported(reader: JournalReader) -> int:
    report = Report(Span())
    for entry in reader.entries():
        report.take(entry)
    report.finish()
    return report.total()["USDC"].fills


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begun) / 1e6


def _peer(path: Path) -> Callable[[bytes], object]:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, payload BLOB)")
    return lambda payload: db.execute("INSERT INTO rows (payload) VALUES (?)", (payload,))


def _synced(descriptor: int) -> None:
    os.write(descriptor, b"x" * 4096)
    os.fsync(descriptor)
