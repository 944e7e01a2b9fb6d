"""The whole program through a real pty: a recording at its own speed, CPU and bytes of the cockpit.

Run with `python tests/benchmarks/bench_cockpit.py VENUE=FILE [SECONDS]`. Prints a table for 10 and
20 frames a second at 120x40: the cockpit's and the engine's CPU in % of a core (from /proc) and the
bytes a second that reach the terminal.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

WARM_UP_SECS = 6.0
ROWS, COLUMNS = 40, 120
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_secs(pid: int) -> float:
    """Return the CPU seconds a process used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Return a process's resident memory, MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def child_of(pid: int) -> int:
    """Return the engine's process id."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(text[0])


def read_for(master: int, secs: float) -> int:
    """Read what the terminal gets for so long; return how many bytes."""
    end, total = time.monotonic() + secs, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            total += len(os.read(master, 65_536))
    return total


def measure(recording: str, frames_per_sec: int, secs: float) -> None:
    """Run the cockpit once and print one row."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "wingman.toml"
        config.write_text(f"[screen]\nframes_per_sec = {frames_per_sec}\n")
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        command = [sys.executable, "-m", "tui.cli", "replay", recording]
        command += ["--config", str(config), "--data-dir", folder]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        cockpit = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        read_for(master, WARM_UP_SECS)
        engine = child_of(cockpit.pid)
        before = cpu_secs(cockpit.pid), cpu_secs(engine), time.monotonic()
        received = read_for(master, secs)
        wall = time.monotonic() - before[2]
        screen = (cpu_secs(cockpit.pid) - before[0]) / wall * 100
        behind = (cpu_secs(engine) - before[1]) / wall * 100
        memory = resident_mib(cockpit.pid), resident_mib(engine)
        cockpit.send_signal(signal.SIGTERM)
        try:
            cockpit.wait(10)
        except subprocess.TimeoutExpired:
            cockpit.kill()
        os.close(master)
    print(
        f"{frames_per_sec:>13}{screen:>13.1f}{behind:>13.1f}{received / wall / 1000:>13.1f}"
        f"{memory[0]:>13.0f}{memory[1]:>13.0f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    recording = sys.argv[1]
    secs = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    heads = ("frames/s", "cockpit %", "engine %", "kB/s", "cockpit MiB", "engine MiB")
    print("".join(f"{head:>13}" for head in heads))
    for frames_per_sec in (10, 20):
        measure(recording, frames_per_sec, secs)


if __name__ == "__main__":
    main()
