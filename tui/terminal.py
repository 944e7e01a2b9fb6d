"""Leaves at once when the terminal is gone: a lost line sends no signal to every process."""

import errno
import os
import signal
import termios
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

GRACE_SECS: Final = 2.0
"""How long an orderly leave by a signal may take."""
CHECK_SECS: Final = 0.5
EXIT_CODE: Final = 129
"""What a shell reports for a process that a hang-up ended."""


def is_terminal_gone(descriptor: int) -> bool:
    """Whether the terminal behind a descriptor has hung up; False where there never was one."""
    try:
        termios.tcgetattr(descriptor)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def leave_on_signals(leave: Callable[[], object]) -> None:
    """Leave at SIGTERM and SIGINT in order, at SIGHUP at once: the terminal is gone.

    The screen's library runs no clean-up on them. A hang-up is never ignored, even where the
    parent ignored it; after a moment the process ends whether or not its loop hangs.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        deadline = threading.Timer(GRACE_SECS, os._exit, (128 + number,))
        deadline.daemon = True
        deadline.start()
        leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def watch_terminal(descriptor: int) -> None:
    """End this process as soon as its terminal is gone, also while its loop hangs in a write.

    The engine is a process of its own and sees the link close.
    """
    threading.Thread(target=_watch, args=(descriptor,), name="terminal", daemon=True).start()


def _watch(descriptor: int) -> None:
    while not is_terminal_gone(descriptor):
        time.sleep(CHECK_SECS)
    os._exit(EXIT_CODE)
