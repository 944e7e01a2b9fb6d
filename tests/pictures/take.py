"""Takes the README's picture: the real cockpit on a real engine, after it has lived for a while.

Run with `python tests/pictures/take.py [SECONDS] [OUT.svg] [COLUMNSxROWS]`.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from core.domain.facts import Mode
from core.runtime.config import Config
from core.runtime.engine_start import EngineProcess
from core.runtime.launch import Launch
from core.runtime.link_client import SocketLink
from tui.app import Cockpit


async def take(secs: float, size: tuple[int, int]) -> str:
    """Run the cockpit for so long and return what it shows, as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        engine = EngineProcess(
            Launch(mode=Mode.SIMULATION, config=Config(), data_dir=folder, seed=20)
        )
        app = Cockpit(SocketLink(engine.socket))
        async with app.run_test(size=size, notifications=True):
            await asyncio.sleep(secs)
            picture = app.export_screenshot(title="Wingman")
        engine.wait(20)
    return picture


def main() -> None:
    """Read the arguments and take the picture."""
    secs = float(sys.argv[1]) if len(sys.argv) > 1 else 40.0
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).with_name("cockpit.svg")
    columns, rows = (sys.argv[3] if len(sys.argv) > 3 else "120x40").split("x")
    out.write_text(asyncio.run(take(secs, (int(columns), int(rows)))), encoding="utf-8")


if __name__ == "__main__":
    main()
