"""`wingman klines` as a process against `wingman venue`, and the times a person may type."""

import csv
import io
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.domain.errors import ConfigError
from core.exchange.candles import Candle, CandleAnswer, Span
from tui.klines import COLUMNS, document, progress_bar, row
from tui.moments import moment

NOW = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def rest() -> Iterator[str]:
    """Serve the embedded exchange; return its address."""
    command = [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield str(json.loads(server.stdout.readline())["rest"])
        server.terminate()


def wingman(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "tui.cli", "klines", *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=50)


def test_csv_has_every_minute_once(rest: str, tmp_path: Path) -> None:
    """Two windows, joined; nothing but candles on standard output."""
    done = wingman(
        *("SOL_USDC", "1m", "--since", "1100m", "--csv"),
        *("--backpack-url", rest, "--data-dir", str(tmp_path)),
    )

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    starts = [datetime.fromisoformat(each["start"]) for each in rows]
    assert (done.returncode, done.stderr) == (0, "")
    assert tuple(rows[0]) == COLUMNS
    assert 1_100 <= len(rows) <= 1_102
    assert starts == [starts[0] + timedelta(minutes=index) for index in range(len(starts))]
    assert {each["is_open"] for each in rows[:-1]} == {"False"}
    # Asked in the first second of a minute, the range ends with the minute before: nothing is open.
    is_last_over = starts[-1] + timedelta(minutes=1) <= datetime.now(UTC)
    assert rows[-1]["is_open"] == "True" or is_last_over
    assert not list(tmp_path.iterdir())


def test_json_is_one_document_and_a_naive_time_is_said(rest: str, tmp_path: Path) -> None:
    """Exact text, UTC, and a remark on standard error."""
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%S}"
    done = wingman(
        *("BTC_USDC_PERP", "1h", "--since", yesterday, "--json"),
        *("--backpack-url", rest, "--data-dir", str(tmp_path)),
    )

    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert "read as UTC" in done.stderr
    assert len(found["candles"]) == 25
    assert isinstance(found["candles"][0]["open"], str)
    assert found["since"] == f"{yesterday}Z"


def test_table_and_a_range_without_candles(rest: str, tmp_path: Path) -> None:
    """A future range is an answer, not an error: exit code 0 and the reason."""
    known = ("--backpack-url", rest, "--data-dir", str(tmp_path))

    table = wingman("SOL_USDC", "1d", "--since", "3d", *known)
    future = wingman("SOL_USDC", "1d", "--since", "2090-01-01T00:00:00+01:00", *known)

    assert table.stdout.splitlines()[0].startswith("start, UTC")
    assert len(table.stdout.splitlines()) == 5
    assert future.returncode == 0
    assert "future" in future.stderr


def test_exit_codes_tell_whose_fault_it_is(rest: str, tmp_path: Path) -> None:
    """2 for what was typed, 1 for what the venue says, with its words."""
    known = ("--backpack-url", rest, "--data-dir", str(tmp_path))

    unknown = wingman("NOPE_USDC", "1h", *known)

    assert unknown.returncode == 1
    assert "startTime=" in unknown.stderr
    assert wingman("SOL_USDC", "7m", *known).returncode == 2
    assert wingman("SOL_USDC", "1m", "--since", "soon", *known).returncode == 2
    assert wingman("SOL_USDC", "1m", "--csv", "--json", *known).returncode == 2
    assert wingman("SOL_USDC", "1m", "--backpack-url", "ftp://x").returncode == 2


@pytest.mark.parametrize(
    ("text", "expected", "is_assumed"),
    [
        ("2026-10-14T21:20:00+02:00", datetime(2026, 10, 14, 19, 20, tzinfo=UTC), False),
        ("2026-10-14T21:20:00Z", datetime(2026, 10, 14, 21, 20, tzinfo=UTC), False),
        ("2026-10-14 21:20", datetime(2026, 10, 14, 21, 20, tzinfo=UTC), True),
        ("2026-10-14", datetime(2026, 10, 14, tzinfo=UTC), True),
        ("2d", NOW - timedelta(days=2), False),
        ("-90m", NOW - timedelta(minutes=90), False),
        ("999999999w", datetime(1970, 1, 1, tzinfo=UTC), False),
        ("now", NOW, False),
    ],
)
def test_times_are_read_as_typed(text: str, expected: datetime, *, is_assumed: bool) -> None:
    """A zone counts; without one it is UTC, and that is said."""
    found, note = moment(text, NOW)

    assert found == expected
    assert bool(note) == is_assumed


@pytest.mark.parametrize("text", ["", "soon", "1e9", "2026-13-01", "2x", "12345678901d"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    """The person sees what would be right."""
    with pytest.raises(ConfigError) as caught:
        moment(text, NOW)

    assert "2d" in caught.value.hint


def test_document_keeps_what_is_not_there() -> None:
    """None stays null; nothing becomes a zero."""
    candle = Candle(start_secs=0, end_secs=60)
    answer = CandleAnswer(
        symbol="A", interval="1m", asked=Span(0, 60), candles=(candle,), as_of_ns=1, note="why"
    )

    assert row(candle)["open"] is None
    assert document(answer)["candles"][0]["volume"] is None
    assert document(answer)["note"] == "why"


def test_progress_is_drawn_on_a_terminal_only() -> None:
    """A pipe gets nothing; a terminal gets a bar once the range is long."""
    quiet = io.StringIO()
    with progress_bar(quiet) as show:
        show(1, 5_000)
    ours, theirs = pty.openpty()
    drawn = b""
    with os.fdopen(theirs, "w") as terminal, progress_bar(terminal) as show:
        show(999, 5_000)
        show(5_000, 5_000)
        while b"candles" not in drawn:  # one read may hold only the first part
            assert select.select([ours], [], [], 5)[0], drawn
            drawn += os.read(ours, 65_536)

    assert not quiet.getvalue()
    os.close(ours)
