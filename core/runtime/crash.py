"""Labelled crash points: where a test kills the real process. Never active outside simulation."""

import os
import signal
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "WINGMAN_CRASH_AT"
BEFORE_JOURNAL: Final = "before-journal"
AFTER_JOURNAL: Final = "after-journal"
AFTER_SEND: Final = "after-send"
CrashPoint = Callable[[str], None]


def no_crash(_label: str) -> None:
    """Do nothing: what every run but a crash test uses."""


def crash_point_from_environment() -> CrashPoint:
    """Return a hook that kills this process at the label and count named in the environment.

    The form is `label:count`, such as `after-journal:3` for the third time.
    """
    label, _, count = os.environ.get(VARIABLE, "").partition(":")
    if not label:
        return no_crash
    left = [int(count or "1")]

    def crash(reached: str) -> None:
        if reached != label:
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return crash
