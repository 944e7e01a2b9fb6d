"""Signals of the engine, heard by a thread of their own: a blocked loop does not delay them.

The interpreter's own handlers run between two instructions of the main thread; what is heard here
comes by the wake-up descriptor, which the kernel's handler writes at once.
"""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

from core.domain.kill import KillLevel
from core.runtime.shell import Shell

log = logging.getLogger(__name__)
HARD_SECS: Final = 10.0
"""An engine told to go is gone after so long (F59), whatever hangs."""
ENDS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
KILLS: Final = signal.SIGUSR1
_FORCED: Final = 70
_CLOSE: Final = 0


class SignalDoor:
    """Hears SIGTERM, SIGINT, SIGHUP (end in order) and SIGUSR1 (K2) while its block lasts.

    A second signal of an end changes nothing: it is under way, and it has a deadline.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        self._calls: dict[int, Callable[[], object]] = {}
        self._before: dict[int, Any] = {}
        self._wakeup = -1
        self._deadline: threading.Timer | None = None
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)

    def __enter__(self) -> Self:
        for number in (*ENDS, KILLS):
            self._before[number] = signal.signal(number, _heard_elsewhere)
        self._wakeup = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._theirs.send(bytes([_CLOSE]))
        self._thread.join(1.0)
        if self._deadline is not None:
            self._deadline.cancel()
        self._ours.close()
        self._theirs.close()

    def cancels(self, loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
        """Let signals of an end cancel a task."""
        self._on_end(lambda: loop.call_soon_threadsafe(task.cancel))

    def ends_run(self, loop: asyncio.AbstractEventLoop, asked: asyncio.Event) -> None:
        """Let signals of an end set an event."""
        self._on_end(lambda: loop.call_soon_threadsafe(asked.set))

    def kills(self, shell: Shell) -> None:
        """Let SIGUSR1 trip the kill switch."""

        def trip() -> None:
            if shell.kill is not None:
                shell.kill.trip(KillLevel.HALT, "signal", "SIGUSR1: a cockpit's key, or kill -USR1")

        self._calls[KILLS] = trip

    def must_end_within(self, secs: float) -> None:
        """End the process by force after so long; the next start proves what it left."""
        if self._deadline is None:
            self._deadline = threading.Timer(secs, _force)
            self._deadline.daemon = True
            self._deadline.start()

    def _on_end(self, call: Callable[[], object]) -> None:
        def end() -> None:
            self.must_end_within(HARD_SECS)
            call()

        for number in ENDS:
            self._calls[number] = end

    def _listen(self) -> None:
        while True:
            for number in self._ours.recv(64):
                if number == _CLOSE:
                    return
                call = self._calls.get(number)
                if call is not None:
                    _safely(call, number)


def _safely(call: Callable[[], object], number: int) -> None:
    try:
        call()
    except Exception:
        # A signal's work may meet a loop that is closing; the next signal is heard all the same.
        log.exception("signal.failed", extra={"signal": number})


def _heard_elsewhere(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has told the thread."""


def _force() -> None:
    log.error("run.ended_by_force", extra={"at": time.time()})
    os._exit(_FORCED)
