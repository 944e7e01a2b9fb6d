"""The switchboard: scope, count, chance, time, files; quiet means untouched."""

from pathlib import Path

import pytest

from core.exchange.embedded.fault_catalogue import CATALOGUE
from core.exchange.embedded.faults import BadFaultError, Faults, read_plan
from core.exchange.embedded.units import Instant
from tests.core.exchange.embedded.embedded_client import START_NS

_TOML = """
seed = 7
strict = true

[[fault]]
id = "F01"
probability = 0.25
count = 3
account = "trader"
mode = "hang"

[[fault]]
id = "F31"
symbol = "SOL_USDC_PERP"

[[toxic]]
kind = "latency"
ms = 40
"""


def test_every_fault_of_the_venue_is_in_the_catalogue() -> None:
    """F01 to F35 without a hole, and their counters start at zero."""
    assert {f"F{number:02}" for number in range(1, 36)} <= set(CATALOGUE)
    assert set(Faults().hits.values()) == {0}


def test_a_quiet_switchboard_draws_nothing() -> None:
    """Without a switch nothing strikes and nothing is counted."""
    faults = Faults()

    assert faults.is_quiet
    assert faults.draw("F01", symbol="X", account="ann") is None
    assert faults.hits["F01"] == 0


def test_scope_skip_and_count_bound_a_switch() -> None:
    """It strikes whom it names, after what it skips, as often as it may."""
    faults = Faults()
    faults.switch_on("F01", account="ann", symbol="A", skip=1, count=2)

    struck = [faults.draw("F01", symbol="A", account="ann") is not None for _ in range(5)]
    missed = [faults.draw("F01", symbol=s, account=a) for s, a in (("B", "ann"), ("A", "bob"))]

    assert struck == [False, True, True, False, False]
    assert missed == [None, None]
    assert faults.hits["F01"] == 2


def test_the_same_seed_draws_the_same_faults() -> None:
    """Draws do not depend on other faults, and another seed draws otherwise."""

    def drawn(seed: int, *, with_other: bool) -> list[bool]:
        faults = Faults(seed=seed)
        faults.switch_on("F01", probability=0.5)
        if with_other:
            faults.switch_on("F02", probability=0.5)
        found = []
        for _ in range(64):
            found.append(faults.draw("F01") is not None)
            faults.draw("F02")
        return found

    assert drawn(3, with_other=False) == drawn(3, with_other=True)
    assert drawn(3, with_other=False) != drawn(4, with_other=False)
    assert 16 < sum(drawn(3, with_other=False)) < 48


def test_a_switch_has_a_time() -> None:
    """It begins and ends in the venue's time."""
    faults, instant = Faults(), Instant(START_NS)
    faults.start(instant)
    faults.switch_on("F01", after_secs=2, for_secs=3)
    struck = []
    for second in range(7):
        instant.ns = START_NS + second * 1_000_000_000
        struck.append(faults.draw("F01") is not None)

    assert struck == [False, False, True, True, True, False, False]


def test_a_fault_file_is_read(tmp_path: Path) -> None:
    """TOML by its name; every field arrives."""
    path = tmp_path / "faults.toml"
    path.write_text(_TOML)

    plan = read_plan(path)

    assert (plan.seed, plan.strict) == (7, True)
    assert [switch.id for switch in plan.fault] == ["F01", "F31"]
    assert (plan.fault[0].probability, plan.fault[0].mode) == (0.25, "hang")
    assert (plan.toxic[0].kind, plan.toxic[0].ms) == ("latency", 40)


def test_a_fault_file_may_be_json(tmp_path: Path) -> None:
    """JSON by its name."""
    path = tmp_path / "faults.json"
    path.write_text('{"fault": [{"id": "F08", "count": 1}]}')

    assert read_plan(path).fault[0].count == 1


@pytest.mark.parametrize(
    "text",
    [
        "[[fault]]\nid = 'F99'",
        "[[fault]]\nid = 'F01'\nmode = 'sideways'",
        "[[fault]]\nid = 'F01'\nprobability = 2.0",
        "[[fault]]\nid = 'F01'\nnope = 1",
        "[[toxic]]\nkind = 'nope'",
        "not toml",
    ],
)
def test_a_wrong_fault_file_is_refused(tmp_path: Path, text: str) -> None:
    """Unknown ids, modes, fields and ranges have one error."""
    path = tmp_path / "faults.toml"
    path.write_text(text)

    with pytest.raises(BadFaultError):
        read_plan(path)


def test_a_missing_fault_file_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(BadFaultError, match=r"none\.toml"):
        read_plan(tmp_path / "none.toml")
