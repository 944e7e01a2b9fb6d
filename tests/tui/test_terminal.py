"""A lost terminal ends the cockpit at once."""

import os
import pty
import subprocess
import sys

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
