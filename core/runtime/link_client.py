"""The cockpit's end of the link: one socket, answers matched by number.

Imports nothing heavy: it is loaded before the first paint.
"""

import asyncio
import socket
from itertools import count
from typing import Final

import msgspec

from core.domain.codec import unpacker
from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest
from core.runtime.link import LinkClosed
from core.runtime.link_wire import (
    Answered,
    CommandSent,
    EngineFailed,
    FrameAnswered,
    FrameAsked,
    message,
    read_message,
)

_TURNS_TO_READ: Final = 5
"""Turns of the loop until words that wait in the socket are read: an engine that cannot start says
so and goes, and a write to it would lose them."""


class SocketLink:
    """A link over a connected stream socket; opens its streams on first use."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Frame | Receipt]] = {}
        self._decoder: msgspec.msgpack.Decoder[Answered] = unpacker(Answered)
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._failure = ""
        self._opening = asyncio.Lock()

    async def frame(self, request: FrameRequest) -> Frame:
        """Ask for the views whose version moved. Raises LinkClosed."""
        number = next(self._numbers)
        answer = await self._ask(number, FrameAsked(number, request))
        assert isinstance(answer, Frame)
        return answer

    async def command(self, command: Command) -> Receipt:
        """Send a command; the receipt comes once its effect is durable. Raises LinkClosed."""
        number = next(self._numbers)
        answer = await self._ask(number, CommandSent(number, command))
        assert isinstance(answer, Receipt)
        return answer

    async def close(self) -> None:
        """Let go of the engine; idempotent."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
        else:
            self._socket.close()

    async def _ask(self, number: int, asked: FrameAsked | CommandSent) -> Frame | Receipt:
        writer = await self._opened()
        if self._reading is None or self._reading.done():
            raise LinkClosed(self._failure or "the engine is gone")
        future: asyncio.Future[Frame | Receipt] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            writer.write(message(asked))
            await writer.drain()
            return await future
        except ConnectionError as error:
            raise LinkClosed(self._failure or "the engine is gone") from error
        finally:
            self._waiting.pop(number, None)

    async def _opened(self) -> asyncio.StreamWriter:
        """Open the streams once, whoever comes first, and read what the engine said already."""
        async with self._opening:
            if self._writer is None:
                reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=2**20)
                self._reading = asyncio.create_task(self._read(reader), name="link")
                for _ in range(_TURNS_TO_READ):
                    await asyncio.sleep(0)
            return self._writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(self._decoder.decode(await read_message(reader)))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._fail_all(self._failure or "the engine is gone")
        except (ValueError, msgspec.DecodeError) as error:
            self._fail_all(f"the engine's answer cannot be read: {error}")

    def _take(self, answer: Answered) -> None:
        if isinstance(answer, EngineFailed):
            self._failure = answer.text
            return
        future = self._waiting.get(answer.number)
        if future is not None and not future.done():
            value = answer.frame if isinstance(answer, FrameAnswered) else answer.receipt
            future.set_result(value)

    def _fail_all(self, text: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkClosed(text))
