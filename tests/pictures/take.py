"""Takes pictures of the real cockpit on a real engine, after it has lived for a while.

Run with `python tests/pictures/take.py --help`; without arguments it takes the README's picture.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Final

from core.domain.facts import Mode
from core.runtime.config import Config
from core.runtime.engine_start import EngineProcess
from core.runtime.launch import Launch, RecordingChoice
from core.runtime.link_client import SocketLink
from tui.app import Cockpit

README_PICTURE: Final = Path(__file__).with_name("cockpit.svg")
_SETTLE_SECS: Final = 2.5


def launch_of(chosen: argparse.Namespace, folder: str) -> Launch:
    """Choose what runs: the exchange in the box, or recordings."""
    recordings = tuple(
        RecordingChoice(*text.split("=", 1)) if "=" in text else RecordingChoice("", text)
        for text in chosen.replay
    )
    return Launch(
        mode=Mode.REPLAY if recordings else Mode.SIMULATION,
        config=Config(),
        data_dir=folder,
        seed=20,
        recordings=recordings,
        speed=chosen.speed,
    )


async def take(chosen: argparse.Namespace) -> list[str]:
    """Run the cockpit for so long, press the keys, and return a picture after each page."""
    columns, rows = (int(number) for number in chosen.size.split("x"))
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        engine = EngineProcess(launch_of(chosen, folder))
        app = Cockpit(SocketLink(engine.socket), theme=chosen.theme)
        async with app.run_test(size=(columns, rows), notifications=True) as pilot:
            await pilot.press(*chosen.keys)
            await asyncio.sleep(chosen.secs)
            for page in range(chosen.pages):
                if page:
                    await pilot.press("v")
                    await asyncio.sleep(_SETTLE_SECS)
                pictures.append(app.export_screenshot(title="Wingman"))
        engine.wait(20)
    return pictures


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--secs", type=float, default=40.0)
    parser.add_argument("--out", type=Path, default=README_PICTURE)
    parser.add_argument("--size", default="120x40", help="COLUMNSxROWS")
    parser.add_argument("--theme", default="wingman-dark")
    parser.add_argument("--replay", nargs="*", default=[], help="VENUE=FILE")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--keys", nargs="*", default=[], help="pressed before waiting, as f4")
    parser.add_argument("--pages", type=int, default=1, help="pages of the room, one file each")
    chosen = parser.parse_args()
    for page, picture in enumerate(asyncio.run(take(chosen))):
        name = (
            chosen.out if chosen.pages == 1 else chosen.out.with_stem(f"{chosen.out.stem}-{page}")
        )
        name.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
