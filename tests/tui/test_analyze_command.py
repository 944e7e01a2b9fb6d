"""`wingman analyze` as a process: in the box, on a server, and at an instant of a recording."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.domain.errors import ConfigError
from core.domain.fixed import UNIT, scaled
from core.domain.ids import InstrumentId
from core.runtime import analysis_run
from tests.core.analysis.recordings import MARKET, needs_recordings
from tui.analyze import AnalyzeQuestion, instant_of, run_analyze
from tui.analyze_document import exact, stamp
from tui.analyze_report import table

RECORDING = MARKET / "l2" / "binance-usdm_btcusdt_2024-08-08.tslog.gz"
REPLAY = ("--replay", f"binance-usdm={RECORDING}")
START = int(datetime(2024, 8, 8, 23, 54, 15, tzinfo=UTC).timestamp()) * 1_000_000_000


def wingman(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "tui.cli", "analyze", *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=55)


def parsed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Read the document, its numbers exact."""
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    return found


# ---- a recording -------------------------------------------------------------------------------


def _naive(until: int) -> tuple[Decimal, Decimal, int]:
    """Return best bid, best ask and prints of the recording up to an instant, read by hand."""
    lines = []
    with gzip.open(RECORDING, "rt", encoding="utf-8") as file:
        for line in file:
            at, _, text = line.partition(" ")
            if int(at) > until:
                break
            lines.append(json.loads(text))
    snapshot = next(m for m in lines if "stream" not in m)
    sides: dict[str, dict[Decimal, Decimal]] = {
        side: {Decimal(price): Decimal(size) for price, size in snapshot[name]}
        for side, name in (("b", "bids"), ("a", "asks"))
    }
    for message in lines:
        data = message.get("data", {})
        if data.get("e") != "depthUpdate" or data["u"] < snapshot["lastUpdateId"]:
            continue
        for side, levels in sides.items():
            levels.update({Decimal(price): Decimal(size) for price, size in data[side]})
    live = {side: [p for p, size in levels.items() if size] for side, levels in sides.items()}
    prints = sum(m.get("data", {}).get("e") == "trade" for m in lines)
    return max(live["b"]), min(live["a"]), prints


@needs_recordings
def test_book_and_prints_are_those_of_the_instant() -> None:
    """Best prices and the count of prints equal a naive reading of the file up to there."""
    found = parsed(wingman(*REPLAY, "--at", "2024-08-08T23:56:00Z", "--json"))

    bid, ask, prints = _naive(START + 105_000_000_000)
    assert found["at"] == "2024-08-08T23:56:00.000Z"
    assert found["instrument"] == "binance-usdm:BTCUSDT"
    assert (found["book"]["best_bid_price"], found["book"]["best_ask_price"]) == (bid, ask)
    assert float(found["depth"]["mid_price"]) == pytest.approx(float((bid + ask) / 2))
    assert next(w for w in found["flow"]["windows"] if w["window_s"] is None)["trades"] == prints
    bars = found["profile"]["rows"]
    volume = sum(Decimal(bar["sold_base"]) + Decimal(bar["bought_base"]) for bar in bars)
    assert float(volume) == pytest.approx(float(found["flow"]["windows"][-1]["volume_base"]))
    assert (found["gaps"], found["crossed"]) == (0, 0)
    assert [row["interval"] for row in found["trend"]["rows"]] == ["1m", "5m", "15m", "1h", "4h"]


@needs_recordings
def test_report_is_text_with_every_block() -> None:
    """Without --json a person reads aligned blocks; the symbol may be bare."""
    done = wingman(*REPLAY, "--at", "60s", "BTCUSDT")

    assert (done.returncode, done.stderr) == (0, "")
    for title in ("DEPTH", "FLOW", "PROFILE", "TREND", "integrity"):
        assert f"\n{title}" in done.stdout
    assert "nan" not in done.stdout.lower().split()
    assert all(line == line.rstrip() for line in done.stdout.splitlines())


@needs_recordings
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            ("--at", "22:00"),
            "time is outside the recording: 2024-08-08T22:00:00.000Z. It",
        ),
        (("--at", "2h"), "time is outside the recording"),
        (("--at", "soon"), "not a time: 'soon'"),
        (("--at", "25:61"), "not a time of day"),
        (("XBT", "--at", "60s"), "the recording has no such market: 'XBT'. Try binance-usdm:"),
    ],
)
def test_wrong_words_about_a_recording_are_one_sentence(
    typed: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2, nothing on standard output, and the remedy."""
    done = wingman(*REPLAY, *typed)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"wingman: {sentence}")
    assert done.stderr.count("\n") == 1


# ---- live --------------------------------------------------------------------------------------


def test_exchange_in_the_box_is_the_default() -> None:
    """Both of its venues are there; funding and pairs are filled; the book is consistent."""
    found = parsed(wingman("alpha:SOL_USDC_PERP", "--for", "4", "--seed", "3", "--json"))

    book, depth = found["book"], found["depth"]
    assert book["state"] == "valid"
    assert book["best_bid_price"] < depth["mid_price"] < book["best_ask_price"]
    assert book["best_bid_price"] <= depth["microprice"] <= book["best_ask_price"]
    assert {row["instrument"] for row in found["funding"]} >= {
        "alpha:SOL_USDC_PERP",
        "beta:SOL_USDC_PERP",
    }
    assert any(row["second"] == "beta:SOL_USDC_PERP" for row in found["pairs"])
    known = [row for row in found["trend"]["rows"] if row["regime"] != "unknown"]
    assert len(known) >= 4
    assert (found["gaps"], found["crossed"], found["malformed_frames"]) == (0, 0, 0)


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """Serve the embedded exchange."""
    command = [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_server_on_this_machine_is_asked_over_the_network(server: dict[str, str]) -> None:
    """With both addresses the same numbers come through sockets."""
    done = wingman(
        *("SOL_USDC_PERP", "--for", "3", "--json"),
        *("--backpack-url", server["rest"], "--backpack-ws-url", server["ws"]),
    )

    found = parsed(done)
    assert found["book"]["state"] == "valid"
    assert found["symbol"] == "SOL_USDC_PERP"
    assert found["depth"]["spread_bps"] > 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("NOPE", "--for", "1"), "the venue has no such market: 'NOPE'. Try alpha:"),
        (("SOL_USDC", "--for", "1"), "the venue has several such markets: SOL_USDC. Write one of"),
        ((), "no market named"),
        (("SOL_USDC", "--at", "23:57"), "a time without a recording"),
        (("--replay", "binance-usdm=/nowhere.gz"), "recording not found: /nowhere.gz"),
        (("--replay", "nobody=/nowhere.gz"), "recording is not named as VENUE=FILE"),
    ],
)
def test_wrong_words_are_one_sentence(typed: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, nothing on standard output, and the remedy."""
    done = wingman(*typed)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"wingman: {sentence}")
    assert done.stderr.count("\n") == 1


def test_venue_that_is_not_there_is_exit_code_1() -> None:
    """Nothing was wrong with what was typed: the venue gave no answer."""
    done = wingman(
        *("SOL_USDC_PERP", "--for", "1"),
        *("--backpack-url", "http://127.0.0.1:9", "--backpack-ws-url", "ws://127.0.0.1:9"),
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "did not list its markets" in done.stderr


# ---- parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "secs"),
    [
        ("90s", 90),
        ("+4m", 240),
        ("23:57", 165),
        ("23:57:30", 195),
        ("00:01", 405),
        ("2024-08-08T23:55:15Z", 60),
        ("2024-08-09T01:55:15+02:00", 60),
    ],
)
def test_instants_of_a_recording_are_read(typed: str, secs: int) -> None:
    """From its begin, by the clock of its day, or as ISO time with any zone."""
    assert instant_of(typed, START) == START + secs * 1_000_000_000


def test_naive_instant_is_read_as_utc_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody's local zone decides."""
    found = instant_of("2024-08-08T23:55:15", START)

    assert found == START + 60_000_000_000
    assert "read as UTC" in capsys.readouterr().err


def test_exact_numbers_keep_every_digit_and_no_more() -> None:
    """Units of 10^-10 as plain decimals."""
    units = (1, 15 * UNIT, 1_200 * UNIT, 0, 617_123 * UNIT // 10)

    found = [f"{exact(number):f}" for number in units]

    assert found == ["0.0000000001", "15", "1200", "0", "61712.3"]
    assert exact(None) is None


def test_instants_are_written_in_utc() -> None:
    """To the millisecond, cut off."""
    assert stamp(START + 1_999_999) == "2024-08-08T23:54:15.001Z"


def test_table_aligns_its_columns() -> None:
    """The first column to the left, the others to the right."""
    lines = table(("a", "price"), [("long", "1.5"), ("b", "100.25")]).splitlines()

    assert lines == ["  a      price", "  long     1.5", "  b     100.25"]


def test_question_is_checked_before_anything_is_opened() -> None:
    """No market and no recording is an error without a wait."""
    with pytest.raises(ConfigError):
        run_analyze(AnalyzeQuestion())


def test_recordings_need_not_be_named_when_they_name_themselves(tmp_path: Path) -> None:
    """A file that is no recording of ours must be named as VENUE=FILE."""
    path = tmp_path / "x.tslog"
    path.write_text("1 {}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="does not name its venue"):
        run_analyze(AnalyzeQuestion(recordings=(str(path),)))


@pytest.mark.parametrize(
    ("bid", "step", "ticks"),
    [
        ("141.50", "0.01", 2),
        ("61778.8", "0.1", 100),
        ("7.611", "0.001", 2),
        ("0.0173", "0.00001", 1),
    ],
)
def test_rows_of_the_profile_are_steps_people_count_in(bid: str, step: str, ticks: int) -> None:
    """About two basis points: 1, 2, 5, 10 ... ticks, never three."""
    ladder = SimpleNamespace(best_bid=scaled(bid), last_price=None, row_step=scaled(step))
    market = SimpleNamespace(ladder=lambda *_: ladder)
    shell: Any = SimpleNamespace(
        engine=SimpleNamespace(rooms=SimpleNamespace(market=market)),
        clock=SimpleNamespace(now=lambda: 0),
    )

    assert analysis_run._group(shell, InstrumentId("here:X")) == ticks
