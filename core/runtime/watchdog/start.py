"""Starts the watchdog beside an engine, beats for it, and sends it home in order."""

import asyncio
import logging
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import msgspec

from core.domain.ids import account_id
from core.runtime.kill.latch import Latch
from core.runtime.opening import Source
from core.runtime.shell import Shell
from core.runtime.watchdog.beat import BEAT_SECS, Beat, WatchdogLaunch, WatchedAccount

log = logging.getLogger(__name__)
_GOODBYE_SECS: Final = 3.0


class Watchdog:
    """The child, and our end of its pipe."""

    def __init__(self, launch: WatchdogLaunch) -> None:
        self._launch = launch
        self._child = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        root = str(Path(__file__).resolve().parents[3])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        child = subprocess.Popen(
            [sys.executable, "-m", "core.runtime.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        assert child.stdin is not None
        os.set_blocking(child.stdin.fileno(), False)
        os.write(child.stdin.fileno(), msgspec.json.encode(self._launch) + b"\n")
        return child

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def tell(self, beat: Beat) -> None:
        """Send a beat; a watchdog that is gone is started again."""
        if self._child.poll() is not None:
            log.warning("watchdog.gone", extra={"code": self._child.returncode})
            self._child = self._started()
        assert self._child.stdin is not None
        try:
            os.write(self._child.stdin.fileno(), msgspec.json.encode(beat) + b"\n")
        except OSError:
            log.warning("watchdog.does_not_listen", exc_info=True)

    def leave_alone(self) -> None:
        """Go without a goodbye: what this engine left behind is the watchdog's to cancel."""
        assert self._child.stdin is not None
        self._child.stdin.close()

    def send_home(self) -> None:
        """Say goodbye and wait; one that does not go is ended."""
        if self._child.poll() is None:
            self.tell(Beat(0, 0, is_bye=True))
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(_GOODBYE_SECS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


async def keep_watchdog(
    shell: Shell, latch: Latch, traded: list[Source], stack: AsyncExitStack
) -> Watchdog:
    """Start a watchdog for the accounts of a run and leave it to the stack."""
    watched = tuple(
        WatchedAccount(
            account=account_id(source.name),
            kind=source.kind.value,
            rest_url=source.address,
            secret=source.credentials.handed_on(),
        )
        for source in traded
        if source.credentials is not None
    )
    watchdog = Watchdog(WatchdogLaunch(str(latch.path.parent), watched))

    def end(kind: type[BaseException] | None, *_rest: object) -> None:
        # An engine that failed, or left orders that may live, has not ended in order.
        is_orderly = kind is None and not shell.engine.rooms.trading.orders.live()
        (watchdog.send_home if is_orderly else watchdog.leave_alone)()

    stack.push(end)
    beating = asyncio.create_task(_beat(shell, watchdog), name="heartbeat")
    stack.push_async_callback(_ended, beating)
    return watchdog


async def _beat(shell: Shell, watchdog: Watchdog) -> None:
    while True:
        ago = shell.clock.monotonic() - shell.answered_at
        watchdog.tell(Beat(shell.engine.desk.steps, ago))
        await asyncio.sleep(BEAT_SECS)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
