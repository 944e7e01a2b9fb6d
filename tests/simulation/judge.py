"""Holds a run against every invariant that concerns what exists.

Not judged here, and why: I22 and I24 are about processes and sockets, I36 to I38 about terminal
bytes and the network's edge (tests of their own); I33 waits for packages of several legs; I39 is
the trace hash, compared across processes by `test_simulation`.
"""

from typing import Final

import msgspec

from tests.simulation.oracle.alerts import ALERT_CHECKS
from tests.simulation.oracle.case import Case, Check
from tests.simulation.oracle.engine import ENGINE_CHECKS
from tests.simulation.oracle.money import MONEY_CHECKS
from tests.simulation.oracle.orders import ORDER_CHECKS
from tests.simulation.oracle.states import STATE_CHECKS
from tests.simulation.oracle.wire import WIRE_CHECKS
from tests.simulation.world import World

CHECKS: Final[tuple[tuple[str, Check], ...]] = tuple(
    sorted(
        (
            *WIRE_CHECKS,
            *ORDER_CHECKS,
            *MONEY_CHECKS,
            *STATE_CHECKS,
            *ALERT_CHECKS,
            *ENGINE_CHECKS,
        ),
        key=lambda each: each[0],
    )
)


class Verdict(msgspec.Struct):
    """What the oracle says of one run."""

    looked_at: dict[str, int]
    wrong: list[tuple[str, str]]


def judged(world: World) -> Verdict:
    """Hold one run that is over against every invariant."""
    case = Case(world)
    verdict = Verdict({}, [])
    for name, check in CHECKS:
        finding = check(case)
        verdict.looked_at[name] = verdict.looked_at.get(name, 0) + finding.looked_at
        verdict.wrong += [(name, text) for text in finding.wrong]
    return verdict
