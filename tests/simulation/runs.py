"""Runs seeds, in this process or beside it, and cuts a failing one to its shortest."""

import logging
import multiprocessing
import time
import traceback
from pathlib import Path
from typing import Final

import msgspec

from tests.simulation.judge import Verdict, judged
from tests.simulation.naive import dress_of
from tests.simulation.options import Options
from tests.simulation.plan import expanded
from tests.simulation.report import Outcome, Report
from tests.simulation.world import World

_CUTS: Final = 8


class Wanted(msgspec.Struct, frozen=True):
    """Which runs."""

    seeds: tuple[int, ...]
    events: int
    only: tuple[str, ...] = ()
    naive: str = ""
    minimises: bool = True


def run_all(wanted: Wanted, *, workers: int = 1) -> Report:
    """Run every seed and add up what was found."""
    begun = time.perf_counter()
    report = Report()
    if workers <= 1:
        for seed in wanted.seeds:
            report.add(run_one(seed, wanted))
    else:
        jobs = [(seed, wanted) for seed in wanted.seeds]
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for outcome in pool.imap(_job, jobs, chunksize=4):
                report.add(outcome)
    report.elapsed_s = time.perf_counter() - begun
    report.workers = workers
    return report


def _job(job: tuple[int, Wanted]) -> Outcome:
    return run_one(*job)


def run_one(seed: int, wanted: Wanted) -> Outcome:
    """Run one seed; where it fails, find the shortest run that still fails."""
    options = expanded(seed, wanted.events, naive=wanted.naive, only=wanted.only)
    outcome = played(options)
    if outcome.wrong and wanted.minimises:
        outcome.shortest = _shortest(options)
    return outcome


def played(options: Options) -> Outcome:
    """Play one run and hold it against the oracle."""
    logging.disable(logging.CRITICAL)
    begun = time.process_time()
    try:
        world = World(options, dress_of(options.naive))
        verdict: Verdict = _ended(world)
        busy = time.process_time() - begun
    finally:
        logging.disable(logging.NOTSET)
    hits: dict[str, int] = {}
    for book in world.hit_books():
        for name, count in book.items():
            hits[name] = hits.get(name, 0) + count
    return Outcome(
        options=options,
        steps=world.steps,
        busy_s=busy,
        virtual_s=(world.ended_at - options.start_ns) / 1e9,
        trace=world.trace.hexdigest(),
        hits=hits,
        states=world.states_seen(),
        alerts=world.alerts_seen(),
        ends={world.end_state(): 1},
        looked_at=verdict.looked_at,
        wrong=verdict.wrong,
    )


def _ended(world: World) -> Verdict:
    """Play and judge; what raises is a finding with its seed, and ends no other run."""
    try:
        return judged(world.run())
    except Exception as error:  # noqa: BLE001  as above
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
        return Verdict({}, [("raised", f"{error!r} ({where})")])


def _shortest(options: Options) -> int:
    """Cut the events of a failing run by bisection; the plan stays what was drawn."""
    low, high = 0, options.events
    for _ in range(_CUTS):
        if high - low <= max(1, options.events // 200):
            break
        middle = (low + high) // 2
        cut = msgspec.structs.replace(options, events=middle)
        if played(cut).wrong:
            high = middle
        else:
            low = middle
    return high
