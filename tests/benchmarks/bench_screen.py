"""What the cockpit costs on a busy market: bytes to a real pty, CPU of its process, ms a frame.

Run `python tests/benchmarks/bench_screen.py`; each line is a cockpit of its own
against a seeded market that changes at every frame. The fake engine runs in the same process,
so its share of the CPU is counted apart.
"""

import argparse
import json
import os
import pty
import resource
import select
import struct
import subprocess
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

_HERE = Path(__file__).resolve()
_ROOT = _HERE.parents[2]
sys.path.insert(0, str(_ROOT))


def run_cockpit(hz: float, secs: float, prints: float) -> None:
    """Run a cockpit in this terminal and print its figures to descriptor 3."""
    from core.domain.views import View
    from tests.tui.fake_link import FakeLink
    from tui.app import Cockpit

    link = FakeLink(seed=3)
    spent = {"engine": 0.0, "frames": 0.0}

    def step() -> None:
        started = time.process_time()
        link.advance(round(1000 / hz), prints=prints)
        spent["engine"] += time.process_time() - started

    view = link.view

    def timed_view(topic: str) -> View:
        started = time.process_time()
        built = view(topic)
        spent["engine"] += time.process_time() - started
        return built

    link.before_frame = step
    link.view = timed_view  # type: ignore[method-assign]
    cockpit = Cockpit(link, frame_hz=hz)
    marks: dict[str, float] = {}

    def begin() -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        marks.update(cpu=usage.ru_utime + usage.ru_stime, wall=time.monotonic())
        marks.update(engine=spent["engine"], frames=link.frames)

    def finish() -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        wall = time.monotonic() - marks["wall"]
        figures = {
            "cpu": (usage.ru_utime + usage.ru_stime - marks["cpu"]) / wall,
            "engine": (spent["engine"] - marks["engine"]) / wall,
            "frames": (link.frames - marks["frames"]) / wall,
            "begin": marks["wall"],
            "end": marks["wall"] + wall,
        }
        os.write(3, json.dumps(figures).encode())
        cockpit.exit()

    cockpit.call_later(lambda: cockpit.set_timer(2.0, begin))
    cockpit.call_later(lambda: cockpit.set_timer(2.0 + secs, finish))
    cockpit.run()


def measure(hz: float, secs: float, prints: float, size: tuple[int, int]) -> dict[str, float]:
    """Run a cockpit in a pty of its own and count what it writes."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    reader, writer = os.pipe()
    command = [sys.executable, str(_HERE), "--inside", str(hz), str(secs), str(prints)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    shell = ["/bin/sh", "-c", f'exec "$@" 3>&{writer}', "sh", *command]
    with subprocess.Popen(
        shell, stdin=slave, stdout=slave, stderr=slave, pass_fds=(writer,), env=environment
    ) as process:
        os.close(slave)
        os.close(writer)
        writes = _drain(master, process)
    figures: dict[str, float] = json.loads(os.read(reader, 10_000))
    os.close(reader)
    os.close(master)
    inside = sum(count for at, count in writes if figures["begin"] <= at <= figures["end"])
    figures["bytes"] = inside / (figures["end"] - figures["begin"])
    return figures


def _drain(master: int, process: subprocess.Popen[bytes]) -> list[tuple[float, int]]:
    writes: list[tuple[float, int]] = []
    while True:
        if select.select([master], [], [], 0.2)[0]:
            try:
                chunk = os.read(master, 65_536)
            except OSError:
                return writes
            writes.append((time.monotonic(), len(chunk)))
            if not chunk:
                return writes
        elif process.poll() is not None:
            return writes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--secs", type=float, default=8.0)
    parser.add_argument("--inside", nargs=3, type=float)
    options = parser.parse_args()
    if options.inside:
        run_cockpit(*options.inside)
        return
    print("size      hz  prints/frame |  frames/s   CPU %  engine %  cockpit %   kB/s  ms/frame")
    for size, hz, prints in (
        ((120, 40), 10, 0.5),
        ((120, 40), 10, 2.0),
        ((120, 40), 20, 1.0),
        ((80, 24), 10, 2.0),
        ((200, 60), 10, 2.0),
    ):
        got = measure(hz, options.secs, prints, size)
        cockpit = got["cpu"] - got["engine"]
        print(
            f"{size[0]:>3}x{size[1]:<3} {hz:>5}  {prints:>12} | {got['frames']:>9.1f}"
            f" {got['cpu'] * 100:>7.1f} {got['engine'] * 100:>9.1f} {cockpit * 100:>10.1f}"
            f" {got['bytes'] / 1000:>6.1f} {cockpit / max(got['frames'], 1) * 1000:>9.2f}"
        )


if __name__ == "__main__":
    main()
