"""What many runs add up to, as a table or as JSON."""

import subprocess
from functools import cache

import msgspec

from core.runtime.launch import VERSION
from tests.simulation.options import Options


class Outcome(msgspec.Struct, kw_only=True):
    """One run and what the oracle said."""

    options: Options
    steps: int
    busy_s: float
    virtual_s: float
    trace: str
    hits: dict[str, int]
    states: dict[str, int]
    alerts: dict[str, int]
    ends: dict[str, int]
    looked_at: dict[str, int]
    wrong: list[tuple[str, str]]
    shortest: int | None = None


class Report:
    """The sum of many runs."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.elapsed_s = 0.0
        self.workers = 1

    def add(self, outcome: Outcome) -> None:
        """Take one run in."""
        self.outcomes.append(outcome)

    @property
    def failed(self) -> list[Outcome]:
        """The runs in which an invariant broke."""
        return [outcome for outcome in self.outcomes if outcome.wrong]

    def total(self, field: str) -> dict[str, int]:
        """Add up one table over all runs."""
        added: dict[str, int] = {}
        for outcome in self.outcomes:
            for name, count in getattr(outcome, field).items():
                added[name] = added.get(name, 0) + count
        return dict(sorted(added.items()))

    def broken(self) -> dict[str, int]:
        """Count violations by invariant."""
        counted: dict[str, int] = {}
        for outcome in self.outcomes:
            for name, _ in outcome.wrong:
                counted[name] = counted.get(name, 0) + 1
        return counted

    @property
    def events(self) -> int:
        """Engine events of all runs."""
        return sum(outcome.steps for outcome in self.outcomes)

    @property
    def events_per_s(self) -> float:
        """Engine events a second and core."""
        busy = sum(outcome.busy_s for outcome in self.outcomes)
        return self.events / busy if busy else 0.0


@cache
def build() -> str:
    """Name the build: version and commit."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607  the repository's own tool
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{VERSION} {found.stdout.strip() or 'no commit'}"


def shown(report: Report, *, is_json: bool, traces: bool, in_full: bool) -> str:
    """Write a report."""
    if is_json:
        return _json(report) + "\n"
    lines = [f"build {build()}"]
    if in_full:
        lines += [msgspec.json.encode(o.options).decode() for o in report.outcomes]
    if traces:
        lines += [f"trace {o.options.seed} {o.trace}" for o in report.outcomes]
    lines += ["", "fault".ljust(30) + "hits"]
    lines += [f"{name:<30}{count}" for name, count in report.total("hits").items()]
    broken = report.broken()
    lines += ["", "invariant".ljust(12) + "looked at".rjust(12) + "violations".rjust(12)]
    lines += [
        f"{name:<12}{count:>12}{broken.get(name, 0):>12}"
        for name, count in report.total("looked_at").items()
    ]
    lines += ["", "orders  " + _worded(report.total("states"))]
    lines += ["alerts  " + _worded(report.total("alerts"))]
    lines += ["ends    " + _worded(report.total("ends")), ""]
    for outcome in report.failed:
        lines += _failure(outcome)
    lines.append(
        f"{len(report.outcomes)} seeds, {report.events} engine events, "
        f"{report.events_per_s:.0f} events/s and core, {report.elapsed_s:.1f} s on "
        f"{report.workers} worker(s), {len(report.failed)} seed(s) failed"
    )
    return "\n".join(lines) + "\n"


def _worded(table: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in table.items())


def _failure(outcome: Outcome) -> list[str]:
    options = outcome.options
    names = ", ".join(h.name for h in options.happenings)
    lines = [f"seed {options.seed} --events {options.events} [{names}]"]
    if outcome.shortest is not None:
        lines.append(f"  fails from {outcome.shortest} events on")
    lines += [f"  {name}: {text}" for name, text in outcome.wrong[:8]]
    return lines


def _json(report: Report) -> str:
    tree = {
        "build": build(),
        "seeds": len(report.outcomes),
        "events": report.events,
        "events_per_s": round(report.events_per_s, 1),
        "elapsed_s": round(report.elapsed_s, 2),
        "faults": report.total("hits"),
        "invariants": report.total("looked_at"),
        "violations": report.broken(),
        "order_states": report.total("states"),
        "alerts": report.total("alerts"),
        "ends": report.total("ends"),
        "traces": {str(o.options.seed): o.trace for o in report.outcomes},
        "failed": [
            {
                "options": o.options,
                "shortest": o.shortest,
                "wrong": [f"{name}: {text}" for name, text in o.wrong],
            }
            for o in report.failed
        ],
    }
    return msgspec.json.encode(tree).decode()
