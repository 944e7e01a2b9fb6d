"""Labelled crash points: where a test kills the real process. Never active outside simulation.

Beside the named points below there are three families: `heard:Event` before the Desk sees an
event, `before:Fact` when it has decided a fact that is not yet written, `after:Fact` when that fact
is on disk and the engine has not been told. Names are those of the types.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from core.domain.effects import Effect, Persist
from core.exchange.contract import FramePipe, Reply, Transport, Wire

VARIABLE: Final = "WINGMAN_CRASH_AT"
BEFORE_JOURNAL: Final = "before-journal"
"""A batch is about to be written."""
AFTER_JOURNAL: Final = "after-journal"
"""An order's row is on disk; nothing was signed."""
AFTER_SEND: Final = "after-send"
"""The bytes of an order are with the kernel; nothing of the answer was read."""
AFTER_ANSWER: Final = "after-answer"
"""The venue's answer to an order was read and not yet looked at."""
CANCEL_SENT: Final = "cancel-sent"
CANCEL_ANSWERED: Final = "cancel-answered"
AFTER_LOCK: Final = "after-lock"
"""The account is taken and its epoch counted; nothing was replayed."""
AFTER_REPLAY: Final = "after-replay"
"""The journal was read; the run is not yet in it."""
KILL_ASKED: Final = "kill-asked"
"""Somebody trips the kill switch; its latch still stands."""
KILL_LATCHED: Final = "kill-latched"
"""The latch is gone; nothing was cancelled or written."""
EXIT_ASKED: Final = "exit-asked"
EXIT_CANCELLED: Final = "exit-cancelled"
EXIT_COMPARED: Final = "exit-compared"
_LINGER_SECS: Final = 0.05
"""How long the loop stands still after bytes left, so that the venue acts on them before we die."""
CrashPoint = Callable[[str], None]


def no_crash(_label: str) -> None:
    """Do nothing: what every run but a crash test uses."""


def crash_point_from_environment() -> CrashPoint:
    """Return a hook that kills this process at the label and count named in the environment.

    The form is `label/count`, such as `after-journal/3` for the third time.
    """
    label, _, count = os.environ.get(VARIABLE, "").partition("/")
    if not label:
        return no_crash
    left = [int(count or "1")]

    def crash(reached: str) -> None:
        if reached != label:
            return
        left[0] -= 1
        if left[0] == 0:
            time.sleep(_LINGER_SECS if label.endswith(("-send", "-sent")) else 0)
            os.kill(os.getpid(), signal.SIGKILL)

    return crash


def reach_facts(crash: CrashPoint, effects: Sequence[Effect]) -> None:
    """Pass the point before the writing of every fact."""
    for effect in effects:
        if isinstance(effect, Persist):
            crash(f"before:{type(effect.fact).__name__}")


@runtime_checkable
class _SaysWhatLeft(Protocol):
    """A transport that tells when the bytes of a request with a body are with the kernel."""

    on_bytes: Callable[[str], None] | None


class CrashingTransport:
    """Passes the crash points around every order and cancel of a transport.

    Args:
        inner: Carries the bytes.
        crash: The hook.
        whose: Goes before the names of the points; the kill switch has a transport of its own.
    """

    def __init__(self, inner: Transport, crash: CrashPoint, whose: str = "") -> None:
        self._inner = inner
        self._crash = crash
        self._whose = whose
        if isinstance(inner, _SaysWhatLeft):
            inner.on_bytes = self._left

    def _left(self, method: str) -> None:
        sent = {"POST": AFTER_SEND, "DELETE": CANCEL_SENT}.get(method)
        if sent is not None:
            self._crash(f"{self._whose}{sent}")

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply. Raises TransportError."""
        reply = await self._inner.request(wire, deadline_secs=deadline_secs)
        answered = {"POST": AFTER_ANSWER, "DELETE": CANCEL_ANSWERED}.get(wire.method)
        if answered is not None:
            self._crash(f"{self._whose}{answered}")
        return reply

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one frame pipe. Raises TransportError."""
        return await self._inner.open_stream(deadline_secs=deadline_secs)

    async def close(self) -> None:
        """Close the session and every pipe; idempotent."""
        await self._inner.close()


def crashing(transport: Transport, crash: CrashPoint, whose: str = "") -> Transport:
    """Return a transport with crash points around its orders, or itself where none are wanted."""
    return transport if crash is no_crash else CrashingTransport(transport, crash, whose)
