"""Draws a run from its seed: when it begins, which faults strike, and when."""

import random
from typing import Final

from tests.simulation.happenings import HAPPENINGS
from tests.simulation.options import Happening, Options

_SECOND: Final = 1_000_000_000
_MIDNIGHT: Final = 1_750_032_000 * _SECOND
"""00:00 UTC: a funding hour and a new day."""
_HOUR: Final = 1_750_003_200 * _SECOND


def expanded(
    seed: int, events: int, *, horizon: int | None = None, naive: str = "",
    only: tuple[str, ...] = (),
) -> Options:  # fmt: skip
    """Draw everything about a run; `only` names the faults to draw from."""
    rng = random.Random(f"plan/{seed}")
    drawn_for = horizon or events
    edge = rng.choice((_MIDNIGHT, _HOUR, _HOUR + 1_200 * _SECOND))
    names = sorted(only or HAPPENINGS)
    happenings = []
    for _ in range(rng.randint(4, 10)):
        name = rng.choice(names)
        begins = rng.randrange(drawn_for)
        length = int(drawn_for * rng.uniform(0.05, 0.5))
        happenings.append(Happening(name, begins, begins + length, rng.getrandbits(32)))
    return Options(
        seed=seed,
        events=events,
        horizon=drawn_for,
        start_ns=edge - rng.randrange(3, 25) * _SECOND,
        hand_every_ms=rng.choice((120, 250, 500)),
        happenings=tuple(sorted(happenings, key=lambda h: (h.begins, h.name, h.dice))),
        naive=naive,
    )
