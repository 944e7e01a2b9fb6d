"""`wingman kill`: from another terminal, with or without a living engine.

It removes the latch of every run it finds, which stops their orders at once, and asks a living
engine for the level; then it cancels by itself, because an engine may hang.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from core.domain.errors import ConfigError
from core.domain.ids import AccountId
from core.domain.kill import KillLevel, KillPhase, KillProgress
from core.exchange.cancelling import KINDS, network_canceller
from core.runtime.clock import SystemClock
from core.runtime.config import Config, load_key_file
from core.runtime.kill.carrying import Carrier, SteadyClock
from core.runtime.kill.latch import ARMED, Latch
from core.runtime.kill.run import KillRun
from core.runtime.kill.wish import leave_wish

MODES: Final = ("simulation", "paper", "live")
_PATIENCE_SECS: Final = 60.0


class KillOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a kill by the command line did."""

    level: str
    tripped: tuple[str, ...]
    """Directories whose latch it removed."""
    asked: tuple[str, ...]
    """Directories in which the level waits for a living engine."""
    proven: bool | None
    """Whether zero open orders were proven; None where no venue could be asked from here."""
    accounts: tuple[KillProgress, ...] = ()


def kill_now(
    level: KillLevel,
    config: Config,
    data_dir: Path,
    rest_url: str,
    tell: Callable[[KillProgress], None],
) -> KillOutcome:
    """Work a level from outside.

    Raises:
        ConfigError: when there is nothing here to stop.
    """
    folders = run_folders(data_dir)
    if not folders and not rest_url:
        raise ConfigError("no run to stop", str(data_dir), "Name its --data-dir")
    tripped = tuple(str(f) for f in folders if level.trips and _tripped(f, level))
    asked = tuple(str(folder) for folder in folders if leave_wish(folder, level))
    told: tuple[KillProgress, ...] = ()
    if level.trips:
        told = asyncio.run(_cancel(config, rest_url, tell))
    proven = all(each.proven_ms is not None for each in told) if told else None
    return KillOutcome(level=level, tripped=tripped, asked=asked, proven=proven, accounts=told)


def run_folders(data_dir: Path) -> list[Path]:
    """Return the directories of runs that are armed, or whose journal stands."""
    found = []
    for mode in MODES:
        root = data_dir / mode
        found += [path.parent for path in sorted(root.glob(f"**/{ARMED}"))]
        found += [path.parent for path in sorted(root.glob("outside/journal.db"))]
    return list(dict.fromkeys(found))


def _tripped(folder: Path, level: KillLevel) -> bool:
    try:
        return Latch(folder, time.monotonic_ns).trip(
            f"{level} by the command line, uid {os.getuid()}"
        )
    except OSError as error:
        raise ConfigError(
            "latch cannot be removed", f"{folder / ARMED}: {error.strerror}", "Remove it by hand"
        ) from error


async def _cancel(
    config: Config, rest_url: str, tell: Callable[[KillProgress], None]
) -> tuple[KillProgress, ...]:
    """Cancel in every configured account until zero is proven, at most a minute."""
    system = SystemClock()
    clock = SteadyClock(system)
    told: dict[AccountId, KillProgress] = {}

    def heard(progress: KillProgress) -> None:
        if told.get(progress.account) != progress:
            told[progress.account] = progress
            tell(progress)

    runs = []
    for venue in config.venues:
        address = rest_url or venue.rest_url
        if venue.kind.value not in KINDS or not venue.key_file or not address:
            continue
        keys = load_key_file(Path(venue.key_file).expanduser(), None)  # noqa: ASYNC240  at start
        port = network_canceller(venue.kind.value, address, keys.api_secret, system)
        run = KillRun(AccountId(f"{venue.name}:main"), clock.now(), (), Random())  # noqa: S311
        runs.append((Carrier(run, port, clock, heard), port))
    tasks = [asyncio.create_task(carrier.work_off()) for carrier, _ in runs]
    give_up = time.monotonic() + _PATIENCE_SECS
    while time.monotonic() < give_up and not all(  # noqa: ASYNC110  a minute
        c.run.is_proven for c, _ in runs
    ):
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for carrier, port in runs:
        heard(carrier.run.progress(clock.now()))
        await port.close()
    return tuple(told.values())


def progress_line(told: KillProgress) -> str:
    """Word a progress for a terminal."""
    if told.proven_ms is not None and told.phase is not KillPhase.CANCELLING:
        return f"{told.account}: zero risky orders proven after {told.proven_ms / 1_000:.2f} s"
    count = "?" if told.open_orders is None else told.open_orders
    trouble = f" ({told.trouble})" if told.trouble else ""
    return f"{told.account}: {count} open, {told.cancels} cancels sent{trouble}"
