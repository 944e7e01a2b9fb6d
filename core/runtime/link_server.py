"""The engine's end of the link: answers frames from state, commands once they are durable."""

import asyncio
import logging

import msgspec

from core.domain.codec import unpacker
from core.domain.commands import Command
from core.runtime.link_wire import (
    Asked,
    FrameAnswered,
    FrameAsked,
    ReceiptGiven,
    message,
    read_message,
)
from core.runtime.shell import Shell

log = logging.getLogger(__name__)


class LinkServer:
    """Serves one cockpit until it goes."""

    def __init__(
        self,
        shell: Shell,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cockpit: str,
    ) -> None:
        self._shell = shell
        self._reader = reader
        self._writer = writer
        self._cockpit = cockpit
        self._decoder: msgspec.msgpack.Decoder[Asked] = unpacker(Asked)
        self._commands: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer until the other side closes."""
        try:
            while True:
                self._take(self._decoder.decode(await read_message(self._reader)))
                await self._writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            log.info("link.closed", extra={"cockpit": self._cockpit})
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("link.unreadable", extra={"cockpit": self._cockpit, "error": str(error)})
        finally:
            for task in self._commands:
                task.cancel()
            await asyncio.gather(*self._commands, return_exceptions=True)
            self._writer.close()

    def _take(self, asked: Asked) -> None:
        if isinstance(asked, FrameAsked):
            answer = FrameAnswered(asked.number, self._shell.frame(asked.request))
            self._writer.write(message(answer))
            return
        task = asyncio.create_task(self._carry_out(asked.number, asked.command))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _carry_out(self, number: int, command: Command) -> None:
        receipt = await self._shell.command(command, self._cockpit)
        self._writer.write(message(ReceiptGiven(number, receipt)))
