"""A TCP line between client and server that can be cut, stalled, slowed, reset and shortened."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class ToxicProxy:
    """One listening port in front of one server.

    Attributes:
        port: Where clients connect.
        is_stalled: Nothing is carried in either direction, and nobody is told (half-open).
        delay_secs: Added to every piece in either direction.
        reply_bytes: The server's bytes a connection carries before it is cut; None for all.
        taken: Bytes from clients, as they came.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.is_stalled = False
        self.delay_secs = 0.0
        self.reply_bytes: int | None = None
        self.taken = bytearray()
        self._server_port = server_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def up(self) -> None:
        """Listen, on the same port each time."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self, *, reset: bool = False) -> None:
        """Cut every connection, with a reset instead of a goodbye if asked."""
        for writer in tuple(self._writers):
            if reset:
                plain: socket.socket = writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.transport.abort()
            writer.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = {writer}
        self._writers.add(writer)
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            ends.add(back_writer)
            self._writers.add(back_writer)
            await asyncio.wait(
                [
                    asyncio.ensure_future(self._pump(reader, back_writer, is_reply=False)),
                    asyncio.ensure_future(self._pump(back_reader, writer, is_reply=True)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._tasks.discard(task)
            for each in ends:
                self._writers.discard(each)
                each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool
    ) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                if not is_reply:
                    self.taken += piece
                await asyncio.sleep(self.delay_secs)
                while self.is_stalled:  # noqa: ASYNC110 - the switch is thrown by the test
                    await asyncio.sleep(0.01)
                if is_reply and self.reply_bytes is not None:
                    piece = piece[: max(0, self.reply_bytes - carried)]
                carried += len(piece)
                writer.write(piece)
                await writer.drain()
                if is_reply and self.reply_bytes is not None and carried >= self.reply_bytes:
                    return


@asynccontextmanager
async def proxied(server_port: int) -> AsyncIterator[ToxicProxy]:
    """Stand in front of a server for as long as the block lasts."""
    proxy = ToxicProxy(server_port)
    await proxy.up()
    try:
        yield proxy
    finally:
        proxy.is_stalled = False
        await proxy.down()
