"""Starts the engine's process and hands its link to the cockpit. Imports nothing heavy.

It is called before the screen's libraries are imported, so that the engine starts up beside them.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import msgspec


class EngineProcess:
    """The child and our end of its socket pair."""

    def __init__(self, launch: object) -> None:
        ours, theirs = socket.socketpair()
        self.socket = ours
        body = msgspec.msgpack.encode(launch)
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603  our own module, our own descriptor
                [sys.executable, "-m", "core.runtime.engine_process", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        ours.sendall(struct.pack("!I", len(body)) + body)
        ours.setblocking(False)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def trip(self) -> None:
        """Trip its kill switch (K2) by a signal: its loop may hang, its link may wait."""
        if self._child.poll() is None:
            os.kill(self._child.pid, signal.SIGUSR1)

    def wait(self, secs: float) -> int | None:
        """Wait for the child's orderly end; its exit code, or None if it takes longer."""
        try:
            return self._child.wait(timeout=secs)
        except subprocess.TimeoutExpired:
            return None


def _environment() -> dict[str, str]:
    """Let the child find this very package, also from a checkout that is not installed."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
