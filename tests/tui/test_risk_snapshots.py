"""What the panes of the risk and journal rooms look like: each in the states a person can name."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import fake_risk
from tests.tui.risk_stage import PANES, RiskStage

Snap = Callable[..., bool]
SMALL, WIDE = (64, 20), (110, 30)


def _pressed(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what happens before the picture is taken: the view comes, keys are pressed."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    return run


@pytest.mark.parametrize("theme", ["wingman-dark", "wingman-light"])
@pytest.mark.parametrize("name", list(PANES))
def test_risk_pane(snap_compare: Snap, name: str, theme: str) -> None:
    """Every pane with something in it, wide in dark and small in light."""
    size = WIDE if theme == "wingman-dark" else SMALL
    stage = RiskStage(name, theme=theme)
    assert snap_compare(stage, terminal_size=size, run_before=_pressed())


@pytest.mark.parametrize("name", ["limits", "capital", "holds", "alert-queue", "decisions", "log"])
def test_risk_pane_that_waits(snap_compare: Snap, name: str) -> None:
    """Nothing came yet."""
    assert snap_compare(RiskStage(name, is_bare=True), terminal_size=SMALL)


def test_limits_with_the_nearest_first(snap_compare: Snap) -> None:
    """What is reached, what is near, then the rest."""
    stage = RiskStage("limits")
    assert snap_compare(stage, terminal_size=(80, 22), run_before=_pressed("s", "down"))


def test_a_changed_limit(snap_compare: Snap) -> None:
    """Tightened while the engine runs: a star, and what the file says."""
    place = [row.name for row in fake_risk.limits().rows].index("risk.max_leverage")
    stage = RiskStage("limits")
    assert snap_compare(stage, terminal_size=(80, 22), run_before=_pressed(*["down"] * place))


def test_the_numbers_of_a_decision(snap_compare: Snap) -> None:
    """What the gate saw, below its line."""
    keys = _pressed(*["up"] * 5, "enter")
    assert snap_compare(RiskStage("decisions"), terminal_size=(100, 24), run_before=keys)


def test_a_filtered_journal(snap_compare: Snap) -> None:
    """While the filter is typed."""
    keys = _pressed("slash", *"sol")
    assert snap_compare(RiskStage("decisions"), terminal_size=(80, 14), run_before=keys)


def test_an_ended_alert(snap_compare: Snap) -> None:
    """Who answered it, when, and after how long."""
    keys = _pressed("w", *["down"] * 3)
    assert snap_compare(RiskStage("alert-queue"), terminal_size=(80, 16), run_before=keys)
