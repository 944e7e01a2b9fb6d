"""The engine as a process of its own, started with one end of a socket pair.

The first message on the link is the `Launch`. The run ends in order when the cockpit goes, or on
SIGTERM, SIGINT or SIGHUP.
"""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from core.domain.errors import CockpitError
from core.domain.risk_views import LOG
from core.runtime.analyst.outside import AnalystProcess
from core.runtime.frames import Frames
from core.runtime.headless import ended_within
from core.runtime.kill.signals import HARD_SECS, SignalDoor
from core.runtime.launch import Launch
from core.runtime.link_server import LinkServer
from core.runtime.link_wire import EngineFailed, message, read_message
from core.runtime.logs import LOG_FILE, RingHandler, set_up_logging
from core.runtime.notify import Notifier, delivering
from core.runtime.runs import Run, open_run
from core.runtime.shell import Shell

log = logging.getLogger(__name__)


def main() -> int:
    """Serve one cockpit over the descriptor given as the only argument; return the exit code."""
    # Until the door for signals stands, a kill comes by the link alone.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    return asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


async def _serve(connected: socket.socket) -> int:
    connected.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=connected)
    launch = msgspec.msgpack.decode(await read_message(reader), type=Launch)
    folder = Path(launch.data_dir) / "logs"
    ring = set_up_logging(folder)
    try:
        async with open_run(launch) as run:
            shell = run.shell
            serve_log(shell.engine.frames, ring, folder)
            calling = calls_of(launch, shell)
            async with calling, AnalystProcess(shell.clock, shell.publish) as shell.analyst:
                await _run_until_gone(run, reader, writer)
    except CockpitError as error:
        log.warning("engine.cannot_start", extra={"error": str(error)})
        await _tell(writer, str(error))
        return 2
    except Exception as error:
        # The process's edge: the person is told, the traceback is in the log.
        log.exception("engine.failed")
        await _tell(writer, f"the engine failed: {error!r}; see the log in {launch.data_dir}/logs")
        return 1
    return 0


def serve_log(frames: Frames, ring: RingHandler, folder: Path) -> None:
    """Let cockpits read the end of this process's log."""
    path = str(folder / LOG_FILE)
    frames.serve(LOG, lambda _parts, _at: (ring.count, lambda: ring.view(path)))


@asynccontextmanager
async def calls_of(launch: Launch, shell: Shell) -> AsyncIterator[None]:
    """Tell the configured services of grave alerts while this lasts."""
    urls = launch.config.notify.urls
    if not urls:
        yield
        return
    notifier = Notifier(delivering(urls))
    shell.on_call = notifier.call
    task = asyncio.create_task(notifier.run(), name="notify")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run_until_gone(
    run: Run, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    serving = asyncio.create_task(LinkServer(run.shell, reader, writer, "cockpit").serve())
    tasks = {serving, run.pump}
    player = None
    if run.replay is not None:
        player = asyncio.create_task(run.replay.run_paced(), name="replay")
    watched: set[asyncio.Task[None]] = tasks if player is None else {*tasks, player}
    with SignalDoor() as door:
        door.cancels(asyncio.get_running_loop(), serving)
        door.kills(run.shell)
        await _first_end(watched, player)
        # The cockpit is gone or the engine was told to go: from here on the end has a deadline,
        # also where this loop should hang.
        door.must_end_within(HARD_SECS)
        if player is not None:
            player.cancel()
            await asyncio.gather(player, return_exceptions=True)
        if not run.pump.done():
            await ended_within(run.shell)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def _first_end(tasks: "set[asyncio.Task[None]]", player: "asyncio.Task[None] | None") -> None:
    """Wait until the cockpit or the pump ends; a recording's end alone ends nothing."""
    waiting = set(tasks)
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()
        if done - {player}:
            return


async def _tell(writer: asyncio.StreamWriter, text: str) -> None:
    try:
        writer.write(message(EngineFailed(text)))
        await writer.drain()
    except ConnectionError:
        log.info("engine.nobody_to_tell")
    writer.close()


if __name__ == "__main__":
    sys.exit(main())
