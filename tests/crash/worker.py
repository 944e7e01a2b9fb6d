"""`python -m tests.crash.worker KIND SEED WHAT OF MINUTES`: one worker; one outcome a line."""

import os
import sys
import time
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec

from tests.crash.cycles import Account, Outcome, few_kills, kill_at, random_kills
from tests.crash.points import FEW, KILLING, POINTS

POINTS_AN_ACCOUNT: Final = 6


def main() -> int:
    """Do what the arguments say."""
    kind, seed, what, parts, minutes = (sys.argv[1], *map(float, sys.argv[2:6]))
    give_up_at = time.monotonic() + minutes * 60
    try:
        if kind == "points":
            _points(int(seed), int(what), int(parts), give_up_at)
        elif kind == "few":
            few_kills(int(seed), FEW, _tell)
        else:
            random_kills(int(seed), int(what), give_up_at=give_up_at, tell=_tell)
    except Exception as error:  # a worker's edge: the table says so
        _tell(Outcome(name=f"{kind} worker", seed=int(seed), wrong=(repr(error),)))
        raise
    return 0


def _points(seed: int, part: int, parts: int, give_up_at: float) -> None:
    """Every point of a share: a few on each account, the last of them one that halts it."""
    mine = list(POINTS[part::parts])
    number = 0
    while mine and time.monotonic() < give_up_at:
        number += 1
        with Account(seed * 100 + part * 50 + number) as account:
            for point in mine[:POINTS_AN_ACCOUNT]:
                mine.remove(point)
                outcome = kill_at(point, seed * 10_000 + len(mine) * 10, account)
                _tell(outcome)
                if outcome.wrong or point in KILLING:
                    break
    for point in mine:
        _tell(Outcome(name=point.label, seed=seed, is_hit=False))


def _tell(outcome: Outcome) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
