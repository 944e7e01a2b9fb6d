"""A lost terminal ends the cockpit at once."""

import os
import pty
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tui.screens.output import is_plain_terminal
from tui.terminal import EXIT_CODE, is_terminal_gone


def test_a_terminal_is_gone_once_its_other_side_closed() -> None:
    """A hang-up is told from a live terminal, and from what never was one."""
    master, slave = pty.openpty()
    reader, writer = os.pipe()

    assert not is_terminal_gone(slave)
    assert not is_terminal_gone(reader)
    os.close(master)
    assert is_terminal_gone(slave)
    for descriptor in (slave, reader, writer):
        os.close(descriptor)


def test_a_process_leaves_when_its_terminal_goes() -> None:
    """Even a process whose main thread does nothing else ends within seconds."""
    master, slave = pty.openpty()
    code = "import time; from tui.terminal import watch_terminal; watch_terminal(0); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=slave) as child:
        os.close(slave)
        assert child.poll() is None
        os.close(master)
        assert child.wait(10) == EXIT_CODE


def _left(number: int, *, is_ignored: bool = False, is_hung: bool = False) -> int:
    """Send a signal to a process that leaves on signals; return its exit code."""
    ignore = "signal.signal(signal.SIGHUP, signal.SIG_IGN);" if is_ignored else ""
    leave = "lambda: None" if is_hung else "lambda: sys.exit(7)"
    code = (
        f"import signal, sys, time; {ignore}"
        "from tui.terminal import leave_on_signals;"
        f"leave_on_signals({leave}); print('ready', flush=True);"
        "[time.sleep(0.1) for _ in range(200)]"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(number)
        return child.wait(10)


def test_hang_up_ends_the_cockpit_though_its_parent_ignored_it() -> None:
    """SIGHUP is never ignored."""
    assert _left(signal.SIGHUP, is_ignored=True) == -signal.SIGHUP


def test_terminate_and_interrupt_leave_in_order() -> None:
    """The screen's own way out runs."""
    assert [_left(number) for number in (signal.SIGTERM, signal.SIGINT)] == [7, 7]


def test_hung_cockpit_is_gone_soon_after_a_signal() -> None:
    """An orderly leave that never comes is not waited for."""
    assert _left(signal.SIGTERM, is_hung=True) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("no_color", "system", "is_plain"),
    [(False, "truecolor", False), (False, "standard", True), (True, "truecolor", True)],
)
def test_who_asks_for_no_colour_gets_shapes(*, no_color: bool, system: str, is_plain: bool) -> None:
    """Grey tints of bars would be all that is left of them under NO_COLOR."""
    console = SimpleNamespace(color_system=system)
    app: Any = SimpleNamespace(is_headless=False, no_color=no_color, console=console)

    assert is_plain_terminal(app) is is_plain
