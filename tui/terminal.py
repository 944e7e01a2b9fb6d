"""Leaves at once when the terminal is gone: a lost line sends no signal to every process."""

import errno
import os
import termios
import threading
import time
from typing import Final

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


def watch_terminal(descriptor: int) -> None:
    """End this process as soon as its terminal is gone, also while its loop hangs in a write.

    The engine is a process of its own and sees the link close.
    """
    threading.Thread(target=_watch, args=(descriptor,), name="terminal", daemon=True).start()


def _watch(descriptor: int) -> None:
    while not is_terminal_gone(descriptor):
        time.sleep(CHECK_SECS)
    os._exit(EXIT_CODE)
