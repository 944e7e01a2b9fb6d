"""Kill the real engine around a send, with a fill in its hands, and while it recovers.

Everything here is real: the venue's process, the engine's process, sockets, SQLite. The judge is
independent (`tests.crash`): it signs its own requests, and reads the journal as plain rows. The
other labelled points and random instants: `python -m tests.crash`, or this folder with `-m slow`.
"""

import signal
import subprocess
import sys
from typing import Final

import msgspec
import pytest

from core.runtime.crash import AFTER_JOURNAL, AFTER_SEND
from tests.crash.cycles import Outcome
from tests.crash.points import FEW
from tests.crash.venue import ROOT

pytestmark = pytest.mark.timeout(120)
_LABELS: Final = [point.label for point in FEW]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Die at every point, one after the other on one account, and settle it in the end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.worker", "few", "11", "0", "0", "2"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    found = [msgspec.json.decode(line, type=Outcome) for line in done.stdout.splitlines()]
    return {outcome.name: outcome for outcome in found}


@pytest.mark.parametrize("label", _LABELS)
def test_engine_at_a_crash_point_dies_by_sigkill(outcomes: dict[str, Outcome], label: str) -> None:
    """The crash is a real one: no clean-up runs."""
    assert outcomes[label].code == -signal.SIGKILL


@pytest.mark.parametrize("label", _LABELS)
def test_engine_restarted_after_a_crash_equals_the_venue(
    outcomes: dict[str, Outcome], label: str
) -> None:
    """Fills booked once each, positions, balances, one order an id and an intent, chain whole."""
    assert outcomes[label].wrong == ()
    assert outcomes[label].restart_secs is not None


def test_engine_killed_before_a_send_left_an_order_the_venue_never_had(
    outcomes: dict[str, Outcome],
) -> None:
    """The crash hits where it says: on disk, and not sent."""
    assert outcomes[AFTER_JOURNAL].untold > outcomes[AFTER_JOURNAL].untold_there


def test_engine_killed_after_a_send_left_an_order_it_knew_nothing_of(
    outcomes: dict[str, Outcome],
) -> None:
    """The crash hits where it says: at the venue, and no outcome on disk."""
    assert outcomes[AFTER_SEND].untold_there > 0


def test_account_that_died_often_ends_in_order(outcomes: dict[str, Outcome]) -> None:
    """Orders in doubt end by proof, nothing rests, residual 0, no exception."""
    assert outcomes["settled"].wrong == ()
    assert outcomes["settled"].fills > 0
