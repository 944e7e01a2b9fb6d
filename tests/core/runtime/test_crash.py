"""Kill the real engine process between journal and send, and between send and answer.

Everything here is real: the venue's process, the engine's process, sockets, SQLite. The judge is
independent: it signs its own requests, reads the venue's own fills and orders, and reads the
journal as plain rows.
"""

import base64
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pytest
from nacl.signing import SigningKey

pytestmark = pytest.mark.timeout(170)
ROOT: Final = Path(__file__).resolve().parents[3]
VENUE: Final = "alpha"
CASES: Final = {"after-journal": 11, "after-send": 7}
Row = dict[str, Any]


class Served(NamedTuple):
    """One venue process and the keys it printed."""

    process: "subprocess.Popen[bytes]"
    words: dict[str, str]


class Life(NamedTuple):
    """What one engine life before the crash and one after it left behind."""

    crash_code: int
    journal_at_crash: list[tuple[str, Row]]
    journal: list[tuple[str, Row]]
    summary: dict[str, Any]
    restart_code: int
    errors: str
    fills: list[Row]
    orders: list[Row]
    positions: list[Row]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Life]"]]:
    """Live both crashes at once, each on a venue of its own."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {
            label: pool.submit(_life, label, seed, tmp_path_factory.mktemp(label))
            for label, seed in CASES.items()
        }


@pytest.fixture(params=sorted(CASES))
def label(request: pytest.FixtureRequest) -> str:
    """Name a crash point."""
    return str(request.param)


@pytest.fixture
def life(lives: dict[str, "Future[Life]"], label: str) -> Life:
    """Wait for the life of one crash point."""
    return lives[label].result(timeout=160)


def test_engine_at_a_crash_point_dies_by_sigkill(life: Life) -> None:
    """The crash is a real one: no clean-up runs."""
    assert life.crash_code == -signal.SIGKILL


def test_engine_killed_around_a_send_left_orders_without_an_outcome(life: Life, label: str) -> None:
    """The crash hits where it says: journaled before, told to the venue only after the send."""
    journaled = {row["client_order_id"] for row in _of(life.journal_at_crash, "OrderJournaled")}
    told = {row["client_order_id"] for row in _of(life.journal_at_crash, "OrderMoved")}
    at_venue = {order["clientId"] for order in life.orders}

    in_doubt = journaled - told

    assert in_doubt
    assert bool(in_doubt & at_venue) is (label == "after-send")


def test_engine_after_a_crash_ends_with_ledger_equal_to_venue(life: Life) -> None:
    """Restart state is the venue's: matched, balanced, nothing unknown, nothing raised."""
    summary = life.summary

    assert life.restart_code == 0, life.errors
    assert summary["ledger_equals_venue"] is True, summary["comparisons"]
    assert summary["mismatches"] == 0
    assert summary["orders_unknown"] == 0
    assert summary["orders_live"] == 0
    assert summary["residual"] == 0
    assert summary["exceptions"] == 0


def test_every_venue_fill_is_booked_exactly_once_after_a_crash(life: Life) -> None:
    """No fill is lost and none is booked twice, terms included."""
    venue = Counter(_venue_fill(fill) for fill in life.fills)
    booked = Counter(_booked_fill(row["fill"]) for row in _of(life.journal, "FillBooked"))

    assert venue
    assert booked == venue
    assert set(booked.values()) == {1}


def test_client_ids_are_never_used_twice_across_a_crash(life: Life) -> None:
    """One id is one order at the venue, in the journal, increasing, above the crashed epoch's."""
    at_venue = [order["clientId"] for order in life.orders if order["clientId"] is not None]
    journaled = [row["client_order_id"] for row in _of(life.journal, "OrderJournaled")]

    assert len(at_venue) == len(set(at_venue))
    assert journaled == sorted(set(journaled))
    assert set(at_venue) <= set(journaled)


def test_no_intent_is_sent_a_second_time_after_a_crash(life: Life) -> None:
    """An order whose outcome was in doubt is never resent: one attempt an intent."""
    intents = [row["approved"]["intent_id"] for row in _of(life.journal, "OrderJournaled")]

    assert len(intents) == len(set(intents))


def test_orders_in_doubt_end_by_proof_after_a_crash(life: Life, label: str) -> None:
    """What never left is proved ABSENT; what left ends as the venue says."""
    before = {row["client_order_id"] for row in _of(life.journal_at_crash, "OrderJournaled")}
    ends = {row["client_order_id"]: row["state"] for row in _of(life.journal, "OrderMoved")}
    at_venue = {order["clientId"] for order in life.orders}

    for client_order_id in before:
        is_absent = ends[client_order_id] == "absent"
        assert is_absent is (client_order_id not in at_venue)
    if label == "after-journal":
        assert "absent" in {ends[client_order_id] for client_order_id in before}


def test_positions_added_up_from_the_journal_equal_the_venue_after_a_crash(life: Life) -> None:
    """Signed fills, added up by hand, are the venue's positions."""
    ours: dict[str, Decimal] = {}
    for row in _of(life.journal, "FillBooked"):
        fill = row["fill"]
        sign = 1 if fill["side"] == "buy" else -1
        symbol = fill["instrument"].partition(":")[2]
        ours[symbol] = ours.get(symbol, Decimal(0)) + sign * Decimal(fill["quantity"])
    theirs = {row["symbol"]: Decimal(row["netQuantity"]) for row in life.positions}

    assert {s: q for s, q in ours.items() if q} == {s: q for s, q in theirs.items() if q}


# ---- two lives ---------------------------------------------------------------------------------


def _life(label: str, seed: int, folder: Path) -> Life:
    served = _serve(seed, folder)
    try:
        config = _configured(folder, served.words)
        crashed = _engine(served.words, config, folder, 100, f"{label}/2")
        assert crashed.returncode == -signal.SIGKILL, crashed.stderr.decode()[-2_000:]
        at_crash = _journal(folder)
        second = _engine(served.words, config, folder, 3, "")
        out = second.stdout.decode()
        return Life(
            crash_code=crashed.returncode,
            journal_at_crash=at_crash,
            journal=_journal(folder),
            summary=json.loads(out) if out else {},
            restart_code=second.returncode,
            errors=second.stderr.decode()[-2_000:],
            fills=_signed_rows(served.words, "/wapi/v1/history/fills", "fillHistoryQueryAll"),
            orders=_signed_rows(served.words, "/wapi/v1/history/orders", "orderHistoryQueryAll"),
            positions=_signed_rows(served.words, "/api/v1/position", "positionQuery"),
        )
    finally:
        served.process.terminate()
        served.process.wait(20)


def _serve(seed: int, folder: Path) -> Served:
    printed = folder / "venue.json"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", str(seed)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    end = time.monotonic() + 40
    while not printed.read_bytes().endswith(b"\n"):
        assert process.poll() is None, "the venue ended"
        assert time.monotonic() < end, "the venue did not say where it is"
        time.sleep(0.05)
    return Served(process, json.loads(printed.read_bytes()))


def _configured(folder: Path, words: dict[str, str]) -> Path:
    for name, prefix in (("key", ""), ("leader", "leader_")):
        file = folder / f"{name}.json"
        keys = {"api_key": words[f"{prefix}api_key"], "api_secret": words[f"{prefix}api_secret"]}
        file.write_text(json.dumps({"mode": "simulation", **keys}))
        file.chmod(0o600)
    config = folder / "wingman.toml"
    config.write_text(
        f'[[venues]]\nname = "{VENUE}"\nkind = "backpack"\n'
        f'key_file = "{folder}/key.json"\nleader_key_file = "{folder}/leader.json"\n'
    )
    return config


def _engine(
    words: dict[str, str], config: Path, folder: Path, for_secs: int, crash_at: str
) -> "subprocess.CompletedProcess[bytes]":
    environment = {k: v for k, v in os.environ.items() if k != "WINGMAN_CRASH_AT"}
    if crash_at:
        environment["WINGMAN_CRASH_AT"] = crash_at
    return subprocess.run(
        [
            *(sys.executable, "-m", "tui.cli"),
            *("--backpack-url", words["rest"], "--backpack-ws-url", words["ws"]),
            *("--config", str(config), "--data-dir", str(folder / "data")),
            *("--headless", "--for", str(for_secs), "--json"),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        timeout=for_secs + 60,
    )


# ---- the independent judge ---------------------------------------------------------------------


def _journal(folder: Path) -> list[tuple[str, Row]]:
    file = folder / "data" / "simulation" / "outside" / "journal.db"
    db = sqlite3.connect(file)
    try:
        found = db.execute("SELECT type, payload FROM rows ORDER BY n").fetchall()
    finally:
        db.close()
    return [(kind, msgspec.msgpack.decode(payload)) for kind, payload in found]


def _of(journal: list[tuple[str, Row]], kind: str) -> list[Row]:
    return [row for name, row in journal if name == kind]


def _signed_rows(words: dict[str, str], path: str, instruction: str) -> list[Row]:
    """Read a signed list of the venue, with the exchange's documented signing and nothing else."""
    stamp = str(int(time.time() * 1000))
    query = "limit=1000" if "history" in path else ""
    signed = "&".join(
        filter(None, (f"instruction={instruction}", query, f"timestamp={stamp}", "window=5000"))
    )
    key = SigningKey(base64.b64decode(words["api_secret"]))
    headers = {
        "X-API-Key": words["api_key"],
        "X-Signature": base64.b64encode(key.sign(signed.encode()).signature).decode(),
        "X-Timestamp": stamp,
        "X-Window": "5000",
    }
    connection = http.client.HTTPConnection(urlsplit(words["rest"]).netloc, timeout=20)
    try:
        connection.request("GET", f"{path}?{query}" if query else path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, body
    rows: list[Row] = json.loads(body)
    assert len(rows) < 1000, "the page is full: more rows may exist"
    return rows


def _venue_fill(row: Row) -> tuple[object, ...]:
    return (
        f"{VENUE}:{row['symbol']}",
        str(row["tradeId"]),
        str(row["orderId"]),
        "buy" if row["side"] == "Bid" else "sell",
        Decimal(row["quantity"]),
        Decimal(row["price"]),
        Decimal(row["fee"]),
        row["feeSymbol"],
    )


def _booked_fill(row: Row) -> tuple[object, ...]:
    return (
        row["instrument"],
        row["trade_id"],
        row["venue_order_id"],
        row["side"],
        Decimal(row["quantity"]),
        Decimal(row["price"]),
        Decimal(row["fee"]),
        row["fee_asset"],
    )
