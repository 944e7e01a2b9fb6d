"""Time from starting a process to the first full screen in a pty: the cockpit and an empty app.

Run `python tests/benchmarks/bench_first_paint.py`. Both start Python, import what they need and
draw; the cockpit does so on a fake engine that answers at once. The goal is a ratio of 1.5.
"""

import argparse
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

_ROOT = Path(__file__).resolve().parents[2]
_EMPTY = """
from textual.app import App
class Empty(App):
    def on_ready(self):
        self.call_after_refresh(self.exit)
Empty().run()
"""
_COCKPIT = """
import sys
sys.path.insert(0, {root!r})
from core.domain.facts import Mode
from core.domain.views import HeaderView, Frame
from core.domain.facts import TradingState
from tui.app import Cockpit
class Instant:
    async def frame(self, request):
        header = HeaderView(mode=Mode.SIMULATION, engine_at=0, venues=(), equity="1", day_pnl="1",
            day_pnl_pct=0.1, trading_state=TradingState.ACTIVE, trading_reason="", open_alerts=0,
            journal_ok=True)
        return Frame(engine_at=0, views={{"header": header}}, versions={{"header": 1}}, facts=(),
            next_fact=0)
    async def command(self, command):
        raise NotImplementedError
    async def close(self):
        pass
class Timed(Cockpit):
    def on_ready(self):
        self.call_after_refresh(self.exit)
Timed(Instant()).run()
"""


def first_paint(code: str) -> tuple[float, float]:
    """Return the seconds to the first drawn text and to the end of a process."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    started = time.perf_counter()
    painted = 0.0
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=slave, stdout=slave, stderr=slave, env=environment,
    ) as process:  # fmt: skip
        os.close(slave)
        seen = 0
        while True:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    seen += len(os.read(master, 65_536))
                except OSError:
                    break
                if not painted and seen > 2_000:
                    painted = time.perf_counter() - started
            elif process.poll() is not None:
                break
    os.close(master)
    return painted, time.perf_counter() - started


def main() -> None:
    """Print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    codes = {"empty": _EMPTY, "cockpit": _COCKPIT.format(root=str(_ROOT))}
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(runs):
        for name, code in codes.items():
            times[name].append(first_paint(code)[0])
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name:>8}  {seconds * 1000:7.0f} ms")
    print(f"   ratio  {medians['cockpit'] / medians['empty']:7.2f}")


if __name__ == "__main__":
    main()
