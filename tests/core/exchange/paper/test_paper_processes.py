"""A paper run in a process of its own, on a venue in another: killed, restarted, judged apart.

The judge reads the account's file and the journal as plain rows, and the venue's own log of what
it was asked.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

pytestmark = pytest.mark.timeout(170)
ROOT: Final = Path(__file__).resolve().parents[4]
MODULE: Final = "tests.core.exchange.paper.paper_processes"
SIMULATION_BIT: Final = 1 << 31
Row = dict[str, Any]


class Lives(NamedTuple):
    """What a killed life and the one after it left behind."""

    summary: Row
    requests: list[Row]
    stored: list[Row]
    journal: list[tuple[str, Row]]
    killed: list[int]


def start(*words: str) -> "subprocess.Popen[bytes]":
    """Start one of the processes; errors go to its stderr pipe's end."""
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def address(venue: "subprocess.Popen[bytes]") -> Row:
    """Return where a venue's process says it is."""
    assert venue.stdout is not None
    found: Row = json.loads(venue.stdout.readline())
    return found


def ended(engine: "subprocess.Popen[bytes]", within: float) -> Row:
    """Wait for an engine's end and return what it printed."""
    out, errors = engine.communicate(timeout=within)
    assert engine.returncode == 0, errors.decode()[-2_000:]
    found: Row = json.loads(out)
    return found


def rows(folder: Path, name: str, query: str) -> list[Any]:
    """Read a database below a folder."""
    (file,) = folder.rglob(name)
    db = sqlite3.connect(file)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def journal(folder: Path) -> list[tuple[str, Row]]:
    """Return the journal as plain rows."""
    found = rows(folder, "journal.db", "SELECT type, payload FROM rows ORDER BY n")
    return [(kind, msgspec.msgpack.decode(payload)) for kind, payload in found]


def stored(folder: Path) -> list[Row]:
    """Return the account's file as plain rows."""
    found = rows(folder, "paper-backpack.db", "SELECT fact FROM facts ORDER BY seq")
    return [msgspec.msgpack.decode(blob) for (blob,) in found]


def live(folder: Path, kills: list[float], last_secs: float, seed: int) -> Lives:
    """Trade on paper; kill -9 after each of these times; then live once more to the end."""
    log = folder / "requests.log"
    venue = start(MODULE, "venue", str(seed), str(log))
    killed = []
    try:
        where = address(venue)
        words = (MODULE, "engine", where["rest"], where["ws"], str(folder / "data"))
        for secs in kills:
            engine = start(*words, "100")
            with engine:
                time.sleep(secs)
                assert engine.poll() is None, engine.communicate()[1].decode()[-2_000:]
                os.kill(engine.pid, signal.SIGKILL)
                killed.append(engine.wait(20))
        with start(*words, str(last_secs)) as engine:
            summary = ended(engine, last_secs + 60)
    finally:
        venue.terminate()
        venue.communicate(timeout=20)
    return Lives(
        summary,
        [json.loads(line) for line in log.read_text().splitlines()],
        stored(folder),
        journal(folder),
        killed,
    )


def check(lives: Lives) -> None:
    """Hold ledger, account and journal against one another."""
    summary = lives.summary
    assert summary["ledger_equals_venue"] is True, summary["comparisons"]
    assert summary["mismatches"] == 0
    assert summary["residual"] == 0
    assert summary["orders_live"] == 0
    assert summary["orders_unknown"] == 0
    made = Counter(_fill(row["fill"]) for row in lives.stored if row["type"] == "OrderFilled")
    booked = Counter(_fill(row["fill"]) for kind, row in lives.journal if kind == "FillBooked")
    assert made
    assert booked == made
    assert set(made.values()) == {1}


def _fill(row: Row) -> tuple[object, ...]:
    names = ("instrument", "trade_id", "venue_order_id", "client_order_id", "side")
    numbers = (Decimal(row[name]) for name in ("quantity", "price", "fee"))
    return (*(row[name] for name in names), *numbers, row["fee_asset"])


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """Kill one life, live another."""
    return live(tmp_path_factory.mktemp("paper"), [6.5], 4, 5)


def test_killed_paper_run_loses_and_doubles_no_fill(lives: Lives) -> None:
    """After kill -9 the ledger is the account to the last digit, every fill booked once."""
    assert lives.killed == [-signal.SIGKILL]
    check(lives)


def test_paper_run_sends_a_venue_public_gets_alone(lives: Lives) -> None:
    """Nothing with a body, a signature or a key ever reached it."""
    requests = lives.requests

    assert requests
    assert {row["method"] for row in requests} == {"GET"}
    assert {row["body"] for row in requests} == {0}
    assert not {name for row in requests for name in row["headers"] if name.startswith("x-")}
    paths = {row["path"] for row in requests}
    assert paths <= {f"/api/v1/{name}" for name in ("time", "depth", "klines", "markets", "status")}


def test_paper_run_never_imports_what_could_sign(lives: Lives) -> None:
    """No signing library is in the process, after trading."""
    assert lives.summary["fills"] > 0
    assert lives.summary["signing_modules"] == []


def test_paper_run_is_stamped_as_paper(lives: Lives) -> None:
    """Summary, journal and client ids say so."""
    (started, *_) = [row for kind, row in lives.journal if kind == "RunStarted"]

    assert lives.summary["mode"] == "paper"
    assert started["mode"] == "paper"
    assert all(number & SIMULATION_BIT for number in lives.summary["client_ids"])


@pytest.mark.slow
def test_paper_run_of_half_a_minute_on_a_served_venue_adds_up(tmp_path: Path) -> None:
    """Against `wingman venue --seed` itself: ledger = account, residual 0, makers and takers."""
    venue = start("tui.cli", "venue", "--json", "--seed", "11")
    try:
        where = address(venue)
        words = (MODULE, "engine", where["rest"], where["ws"], str(tmp_path), "30")
        with start(*words) as engine:
            summary = ended(engine, 100)
    finally:
        venue.terminate()
        venue.communicate(timeout=20)

    check(Lives(summary, [], stored(tmp_path), journal(tmp_path), []))
    assert 0 < summary["paper_makers"] < len(summary["paper_fills"])


@pytest.mark.slow
def test_paper_run_killed_again_and_again_stays_exact(tmp_path: Path) -> None:
    """Eight kills at random instants of one account's life."""
    chance = random.Random(7)

    check(live(tmp_path, [chance.uniform(3, 9) for _ in range(8)], 5, 23))
