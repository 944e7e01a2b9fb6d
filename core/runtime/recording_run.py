"""`wingman record`: public streams of one venue to a file, until told to stop."""

import asyncio
import signal
import time
from typing import Any

import msgspec

from core.domain.errors import ConfigError
from core.domain.ids import InstrumentId
from core.runtime.config import VenueConfig, VenueKind
from core.runtime.launch import Launch
from core.runtime.runs import Run, open_public
from core.runtime.sources import public_source
from core.runtime.summary import market_summary


async def record(
    launch: Launch, kind: VenueKind, symbols: tuple[str, ...], secs: float | None
) -> dict[str, Any]:
    """Record until the time is over or a signal comes; return what was written and seen.

    Raises:
        ConfigError: when nothing could be received at all.
    """
    source = public_source(
        VenueConfig(name=kind.value, kind=kind, rest_url=launch.rest_url, ws_url=launch.ws_url)
    )
    markets = tuple(InstrumentId(f"{source.name}:{symbol}") for symbol in symbols)
    config = msgspec.structs.replace(launch.config, watchlist=markets)
    asked = msgspec.structs.replace(launch, config=config)
    begun = time.monotonic()
    async with open_public(asked, [source]) as run:
        await _until_told(run, secs)
        summary = _summary(run, time.monotonic() - begun)
    if not summary["frames"]:
        raise ConfigError(
            "nothing was received",
            f"{source.name}: {', '.join(symbols)}",
            "Check the symbols (an unknown one is silent) and the connection",
        )
    return summary


async def _until_told(run: Run, secs: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    told = asyncio.create_task(stop.wait(), name="told to stop")
    try:
        done, _ = await asyncio.wait(
            {run.pump, told}, timeout=secs, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()
    finally:
        told.cancel()
        for number in numbers:
            loop.remove_signal_handler(number)


def _summary(run: Run, elapsed_secs: float) -> dict[str, Any]:
    return {
        "mode": "record",
        "files": [str(path) for recorder in run.recorders for path in recorder.paths],
        "lines": sum(recorder.lines for recorder in run.recorders),
        "bytes": sum(recorder.bytes_in for recorder in run.recorders),
        **market_summary(run.shell),
        "elapsed_s": round(elapsed_secs, 3),
    }
