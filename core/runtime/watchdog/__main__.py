"""`python -m core.runtime.watchdog`: reads heartbeats on stdin, kills when they fail.

Ends with 0 after an orderly goodbye, with 3 after a kill that is over.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from core.domain.errors import CockpitError
from core.domain.ids import AccountId
from core.exchange.cancelling import network_canceller
from core.runtime.clock import SystemClock
from core.runtime.kill.carrying import Carrier, SteadyClock
from core.runtime.kill.latch import Latch
from core.runtime.kill.run import KillRun
from core.runtime.watchdog.beat import Beat, Judge, WatchdogLaunch, WatchedAccount

LOOK_SECS: Final = 0.2
KILLED: Final = 3
WRONG: Final = 2


def main() -> int:
    """Watch one engine; return the exit code."""
    # An interrupt at the terminal is meant for the engine, which ends in order and says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return asyncio.run(_watch())
    except (CockpitError, msgspec.DecodeError) as error:
        sys.stderr.write(f"watchdog: {error}\n")
        return WRONG


async def _watch() -> int:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb", 0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    launch = msgspec.json.decode(await reader.readline(), type=WatchdogLaunch)
    latch = Latch(Path(launch.folder), time.monotonic_ns)
    judge = Judge(time.monotonic_ns())
    listening = asyncio.create_task(_listen(reader, judge), name="heartbeats")
    try:
        fault = await _until_fault(judge)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    if not fault:
        return 0
    _trip(latch, fault)
    await asyncio.gather(*(_kill(account, fault) for account in launch.accounts))
    return KILLED


async def _listen(reader: asyncio.StreamReader, judge: Judge) -> None:
    """Take beats; the pipe's end without a goodbye is silence like any other."""
    while line := await reader.readline():
        try:
            judge.heard(msgspec.json.decode(line, type=Beat), time.monotonic_ns())
        except msgspec.DecodeError:
            continue


async def _until_fault(judge: Judge) -> str:
    while not judge.is_over:
        fault = judge.fault(time.monotonic_ns())
        if fault:
            return fault
        await asyncio.sleep(LOOK_SECS)
    return ""


def _trip(latch: Latch, fault: str) -> None:
    try:
        latch.trip(f"K2 by watchdog: {fault}")
    except OSError as error:
        sys.stderr.write(f"watchdog: the latch cannot be removed: {error}\n")


async def _kill(watched: WatchedAccount, _fault: str) -> None:
    system = SystemClock()
    clock = SteadyClock(system)
    port = network_canceller(watched.kind, watched.rest_url, watched.secret, system)
    run = KillRun(AccountId(watched.account), clock.now(), (), Random())  # noqa: S311  jitter
    try:
        await Carrier(run, port, clock, _NOBODY).work_off()
    finally:
        await port.close()


_NOBODY: Final[Callable[[object], None]] = lambda _progress: None  # noqa: E731  who should hear it

if __name__ == "__main__":
    sys.exit(main())
