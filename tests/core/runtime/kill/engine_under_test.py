"""A headless engine with a mishap, started by the tests of the kill switch as a process.

`python engine_under_test.py LAUNCH MISHAP SECS OUT`: LAUNCH is a file (JSON), MISHAP is `none`,
`failing` (an error ends it),
`blocked` (the loop sleeps ten seconds from the second on) or `full` (no journal write works from
the second on). OUT takes the newest state of the kill switch.
"""

import asyncio
import sqlite3
import sys
import time
from pathlib import Path

import msgspec

from core.runtime.headless import end_in_order
from core.runtime.kill.signals import SignalDoor
from core.runtime.launch import Launch
from core.runtime.runs import open_run
from core.runtime.shell import Shell
from core.trading.journal import SqliteJournal

BLOCK_SECS = 10.0


def _break_disk() -> None:
    def full(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    SqliteJournal.append = full  # type: ignore[method-assign, assignment]


def _mark(file: Path, content: bytes = b"ready") -> None:
    whole = file.with_suffix(".part")
    whole.write_bytes(content)
    whole.replace(file)


async def _live(launch: Launch, mishap: str, secs: float, out: Path) -> None:
    async with open_run(launch) as run:
        shell = run.shell
        with SignalDoor() as door:
            door.kills(shell)
            await _until_open(shell)
            _mark(out.with_suffix(".ready"))
            loop = asyncio.get_running_loop()
            if mishap == "blocked":
                loop.call_later(1.0, time.sleep, BLOCK_SECS)
            elif mishap == "full":
                loop.call_later(1.0, _break_disk)
            await asyncio.sleep(secs)
            assert shell.kill is not None
            if mishap == "failing":
                raise RuntimeError("the engine's own bug")
            _mark(out, msgspec.json.encode(shell.kill.state))
        if mishap == "none":
            async with asyncio.timeout(10):
                await end_in_order(shell, within_secs=6)


async def _until_open(shell: Shell) -> None:
    while not all(r.last_matched for r in shell.engine.rooms.reconcilers):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    given = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Launch)
    asyncio.run(_live(given, sys.argv[2], float(sys.argv[3]), Path(sys.argv[4])))
