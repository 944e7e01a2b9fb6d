"""Every labelled crash point, and a few random instants: minutes, so only with `-m slow`."""

import pytest

from tests.crash.__main__ import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]


def test_engine_killed_at_every_labelled_point_restarts_as_the_venue_says() -> None:
    """F54 and F56: every point is reached, every restart equals the venue."""
    assert main(["--points", "--seed", "5"]) == 0


def test_engine_killed_at_random_instants_restarts_as_the_venue_says() -> None:
    """F55 and F56: forty random instants; the command runs more."""
    assert main(["--random", "40", "--seed", "5"]) == 0
