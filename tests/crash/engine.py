"""One engine life in a process of its own: forked from here, so that no import costs start-up time.

The child opens the same run as the command line does, with two differences. The watchdog is left
out: it is tested where the kill switch is, and would halt the account between two lives. And
histories are read without the pauses the real venue asks for, so that many restarts fit a minute.
"""

import asyncio
import json
import logging
import os
import random
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

import core.exchange.network  # noqa: F401  imported before the fork
from core.domain.facts import Mode
from core.exchange.backpack.pacing import PacingLimits
from core.runtime import runs
from core.runtime.analyst.inline import InlineAnalyst
from core.runtime.config import Config, VenueConfig, VenueKind
from core.runtime.crash import VARIABLE
from core.runtime.headless import end_in_order
from core.runtime.kill import opening
from core.runtime.launch import Launch
from core.runtime.logs import set_up_logging
from core.runtime.opening import Source
from core.runtime.runs import open_run
from core.runtime.sources import outside_source
from core.runtime.summary import trading_summary
from tests.crash.person import Person
from tests.crash.venue import VENUE

MARKETS: Final = ("SOL_USDC_PERP", "ETH_USDC_PERP", "SOL_USDC", "BTC_USDC_PERP")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one life is to do."""

    folder: Path
    words: dict[str, str]
    seed: int
    crash_at: str = ""
    wish: str = "trade"
    """trade, kill (trip the switch after a while), exit (end in order after a while)."""
    busy_secs: float = 2.0
    """How long the person is busy before the wish."""


class Life:
    """A running child."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.code: int | None = None
        told, self._go = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            _live(plan, told)
        os.close(told)

    def go(self) -> None:
        """Let the person begin."""
        with suppress(BrokenPipeError):
            os.write(self._go, b"g")

    def has_ended(self) -> bool:
        """Whether the process is gone; then `code` says how, negative for a signal."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._ended(status)
        return self.code is not None

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        if self.has_ended():
            return
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self._ended(status)

    def wait(self, secs: float) -> bool:
        """Wait for the end; False if it does not come."""
        end = time.monotonic() + secs
        while not self.has_ended():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def summary(self) -> dict[str, object]:
        """Return what an orderly end left; empty without one."""
        file = self.plan.folder / "summary.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def _ended(self, status: int) -> None:
        self.code = os.waitstatus_to_exitcode(status)
        os.close(self._go)


def configured(folder: Path, words: dict[str, str]) -> Config:
    """Write the key files and return the configuration of every life in a folder."""
    for name, prefix in (("key", ""), ("leader", "leader_")):
        file = folder / f"{name}.json"
        if not file.exists():
            file.touch(mode=0o600)
            keys = {k: words[f"{prefix}{k}"] for k in ("api_key", "api_secret")}
            file.write_text(json.dumps({"mode": "simulation", **keys}))
    return Config(
        watchlist=tuple(f"{VENUE}:{symbol}" for symbol in MARKETS),
        venues=(
            VenueConfig(
                name=VENUE,
                kind=VenueKind.BACKPACK,
                key_file=str(folder / "key.json"),
                leader_key_file=str(folder / "leader.json"),
            ),
        ),
    )


def journal_of(folder: Path) -> Path:
    """Return where the lives of a folder keep their journal."""
    return folder / "data" / "simulation" / "outside" / "journal.db"


# ---- the child ---------------------------------------------------------------------------------


def _live(plan: Plan, told: int) -> None:
    """Live in the forked process; never returns."""
    code = 1
    try:
        out = os.open(plan.folder / "engine.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ[VARIABLE] = plan.crash_at
        os.environ["XDG_DATA_HOME"] = str(plan.folder / "home")
        setattr(opening, "keep_watchdog", _no_watchdog)  # noqa: B010  not its own name there
        setattr(runs, "outside_source", _unpaced)  # noqa: B010  as above
        asyncio.run(_run(plan, told))
        code = 0
    except BaseException:  # noqa: BLE001  the edge of a process: told in its file, then gone
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


async def _run(plan: Plan, told: int) -> None:
    begun = time.monotonic()
    ring = set_up_logging(plan.folder / "logs")
    launch = Launch(
        mode=Mode.SIMULATION,
        config=configured(plan.folder, plan.words),
        data_dir=str(plan.folder / "data"),
        seed=plan.seed,
        rest_url=plan.words["rest"],
        ws_url=plan.words["ws"],
    )
    async with open_run(launch) as run:
        run.shell.analyst = InlineAnalyst(run.shell.clock, run.shell.publish)
        logging.getLogger(__name__).info("life.opened")
        await _told(told)
        markets = [f"{VENUE}:{symbol}" for symbol in MARKETS]
        person = Person(run.shell, markets, random.Random(plan.seed))
        await person.is_busy(plan.busy_secs)
        if plan.wish == "kill":
            await person.kills()
            await asyncio.sleep(3)
        elif plan.wish == "exit":
            await end_in_order(run.shell)
            elapsed = time.monotonic() - begun
            told_at_end = trading_summary(run.shell, ring.exceptions, elapsed)
            (plan.folder / "summary.json").write_text(json.dumps(told_at_end, default=str))
        else:
            await asyncio.sleep(30)


async def _told(descriptor: int) -> None:
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ready.set)
    await ready.wait()
    loop.remove_reader(descriptor)


async def _no_watchdog(*_arguments: object) -> None:
    """Stand in for the watchdog."""


def _unpaced(launch: Launch) -> Source:
    pacing = PacingLimits(query_secs=0.002, history_secs=0.02)
    return msgspec.structs.replace(outside_source(launch), pacing=pacing)
