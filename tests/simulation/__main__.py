"""`python -m tests.simulation --seeds N --events M`: many runs, a table, every failing seed."""

import argparse
import sys

from tests.simulation.report import Report, shown
from tests.simulation.runs import Wanted, run_all


def main() -> int:
    """Run, print, and return 1 where an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds")
    parser.add_argument("--events", type=int, default=500, help="engine events with faults each")
    parser.add_argument("--seed", type=int, default=None, help="this seed alone, in full")
    parser.add_argument("--first", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--only", default="", help="faults to draw from, separated by commas")
    parser.add_argument("--naive", default="", help="a mistake of `naive.py` to make")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--traces", action="store_true", help="print the trace hash of each seed")
    given = parser.parse_args()
    seeds = (
        range(given.first, given.first + given.seeds)
        if given.seed is None
        else range(given.seed, given.seed + 1)
    )
    only = tuple(name.strip() for name in given.only.split(",") if name.strip())
    wanted = Wanted(tuple(seeds), given.events, only=only, naive=given.naive)
    report: Report = run_all(wanted, workers=given.workers)
    sys.stdout.write(
        shown(report, is_json=given.json, traces=given.traces, in_full=given.seed is not None)
    )
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
