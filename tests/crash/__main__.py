"""`python -m tests.crash`: kill -9 real engines at labelled points and at random instants.

    python -m tests.crash --points --random 500 --workers 2 --json

Ends with 0 if every restart equalled the venue and every point was reached.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from statistics import median

import msgspec

from tests.crash.cycles import Outcome
from tests.crash.venue import ROOT


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for and print one table; return the exit code."""
    asked = _parser().parse_args(words)
    begun, found = time.monotonic(), []
    for jobs in _phases(asked):
        for outcome in _worked(jobs):
            found.append(outcome)
            _say(outcome)
    return _report(found, time.monotonic() - begun, asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", action="store_true", help="every labelled point")
    parser.add_argument("--random", type=int, default=0, help="how many random instants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no further kill after")
    parser.add_argument("--json", action="store_true", help="one JSON line at the end")
    return parser


def _phases(asked: argparse.Namespace) -> Iterator[list[tuple[str, ...]]]:
    """Yield the arguments of every worker, phase after phase."""
    seed, workers, minutes = asked.seed, asked.workers, str(asked.minutes)
    if asked.points or not asked.random:
        yield [("points", str(seed), str(n), str(workers), minutes) for n in range(workers)]
    if asked.random:
        share, more = divmod(asked.random, workers)
        yield [
            ("random", str(seed * 10 + n), str(share + (n < more)), "0", minutes)
            for n in range(workers)
            if share + (n < more)
        ]


def _worked(jobs: list[tuple[str, ...]]) -> Iterator[Outcome]:
    """Run workers beside one another: each a plain process, for it forks its engines."""
    lines: SimpleQueue[Outcome | None] = SimpleQueue()

    def work(job: tuple[str, ...]) -> None:
        command = [sys.executable, "-m", "tests.crash.worker", *job]
        try:
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as worker:
                assert worker.stdout is not None
                for line in worker.stdout:
                    lines.put(msgspec.json.decode(line, type=Outcome))
        finally:
            lines.put(None)

    with ThreadPoolExecutor(len(jobs)) as pool:
        working = [pool.submit(work, job) for job in jobs]
        left = len(jobs)
        while left:
            outcome = lines.get()
            if outcome is None:
                left -= 1
            else:
                yield outcome
        for each in working:
            each.result()


def _say(outcome: Outcome) -> None:
    hit = "" if outcome.is_hit else "  NOT REACHED"
    took = "" if outcome.restart_secs is None else f"{outcome.restart_secs:5.2f} s"
    sys.stderr.write(
        f"{outcome.name:24} seed {outcome.seed:<10} rows {outcome.rows:6} fills {outcome.fills:5} "
        f"open {outcome.in_doubt:3} {took:>8}{hit}\n"
    )
    for line in outcome.wrong:
        sys.stderr.write(f"    WRONG {line}\n")
    sys.stderr.flush()


def _report(found: list[Outcome], elapsed: float, asked: argparse.Namespace) -> int:
    restarts = sorted(o.restart_secs for o in found if o.restart_secs is not None)
    words = {
        "seed": asked.seed,
        "kills": sum(o.name != "settled" for o in found),
        "kinds": dict(Counter(o.name for o in found)),
        "kills_with_orders_open": sum(o.in_doubt > 0 for o in found),
        "orders_open_at_kills": sum(o.in_doubt for o in found),
        "wrong": [o.seed for o in found if o.wrong],
        "not_reached": [o.name for o in found if not o.is_hit],
        "restart_p50_s": round(median(restarts), 3) if restarts else None,
        "restart_max_s": round(restarts[-1], 3) if restarts else None,
        "elapsed_s": round(elapsed, 1),
    }
    text = json.dumps(words) if asked.json else "\n".join(f"{k:24} {v}" for k, v in words.items())
    sys.stdout.write(text + "\n")
    is_short = words["kills"] < asked.random
    return 1 if words["wrong"] or words["not_reached"] or is_short else 0


if __name__ == "__main__":
    sys.exit(main())
