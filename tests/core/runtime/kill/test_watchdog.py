"""The watchdog: what it calls a fault, and that it cannot place an order."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from core.runtime.watchdog.beat import Beat, Judge, WatchedAccount

ROOT: Final = Path(__file__).resolve().parents[4]
S: Final = 1_000_000_000
FORBIDDEN: Final = (
    "core.exchange.backpack.entry",
    "core.exchange.backpack.requests",
    "core.exchange.backpack.order_fields",
    "core.exchange.backpack.client",
    "core.exchange.backpack.batching",
    "core.risk",
    "core.trading",
    "core.strategies",
    "core.market",
)


def beats(judge: Judge, first: int, last: int, *, steps: int = 1, answered: int = 0) -> None:
    """Beat once a second; `steps` of 0 stands still."""
    for second in range(first, last + 1):
        judge.heard(Beat(second * steps, answered * S), second * S)


def test_engine_that_beats_and_works_has_no_fault() -> None:
    """For as long as it does."""
    judge = Judge(0)
    beats(judge, 1, 600)

    assert judge.fault(604 * S) == ""


@pytest.mark.parametrize("after", [5.1, 60])
def test_silence_beyond_five_seconds_is_a_fault(after: float) -> None:
    """Also during the start."""
    judge = Judge(0)
    beats(judge, 1, 10)

    assert judge.fault(int(15 * S)) == ""
    assert "heartbeat" in judge.fault(int((10 + after) * S))


def test_inbox_that_stands_still_is_a_fault_though_it_beats() -> None:
    """Proof of work, not of life."""
    judge = Judge(0)
    beats(judge, 1, 70)
    for second in range(71, 77):
        judge.heard(Beat(70, 0), second * S)

    assert judge.fault(75 * S) == ""
    assert "inbox" in judge.fault(76 * S)


def test_no_signed_answer_for_thirty_seconds_is_a_fault() -> None:
    """The engine lives and does not reach the venue."""
    judge = Judge(0)
    beats(judge, 1, 100, answered=30)
    well = judge.fault(100 * S)
    beats(judge, 101, 101, answered=31)

    assert well == ""
    assert "signed query" in judge.fault(101 * S)


def test_slow_start_is_no_fault_while_it_beats() -> None:
    """A minute to connect and read."""
    judge = Judge(0)
    beats(judge, 1, 59, steps=0, answered=59)

    assert judge.fault(59 * S) == ""
    assert judge.fault(61 * S) != ""


def test_goodbye_ends_the_watch() -> None:
    """An orderly end is no silence."""
    judge = Judge(0)
    judge.heard(Beat(0, 0, is_bye=True), S)

    assert judge.is_over
    assert judge.fault(1000 * S) == ""


def test_watchdog_loads_nothing_that_could_place_an_order() -> None:
    """Seen by what the process imports, lazily or not."""
    code = "import core.runtime.watchdog.__main__, sys; print('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()

    assert "core.exchange.backpack.canceller" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []


@pytest.mark.parametrize(
    "name",
    ["core/exchange/backpack/canceller.py", "core/exchange/cancelling.py"]
    + [f"core/runtime/kill/{part}.py" for part in ("run", "carrying", "port", "latch", "switch")]
    + [f"core/runtime/watchdog/{part}.py" for part in ("__main__", "beat")],
)
def test_kill_path_knows_no_word_that_places(name: str) -> None:
    """No POST, no instruction of an order, nothing approved: query and cancel only."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    texts = {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value == str(n.value)
    }
    names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}

    assert not {"POST", "PUT", "PATCH", "orderExecute"} & texts
    assert not {"PLACE", "PlaceOrder", "RiskApproved", "place", "send_order"} & names


def test_secret_of_a_watched_account_is_not_shown() -> None:
    """Not even in a traceback."""
    watched = WatchedAccount("alpha:main", "backpack", "http://127.0.0.1:1", "canary-secret")

    assert "canary" not in repr(watched)
