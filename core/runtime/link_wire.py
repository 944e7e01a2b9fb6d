"""The form of the link on a socket: length-prefixed msgpack, requests and answers by number."""

import asyncio
import struct
from typing import Final

import msgspec

from core.domain.codec import packed
from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest

MAX_MESSAGE: Final = 64 * 1024 * 1024
_LENGTH: Final = struct.Struct("!I")


class FrameAsked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A cockpit asks for a frame."""

    number: int
    request: FrameRequest


class CommandSent(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A cockpit sends a command."""

    number: int
    command: Command


class FrameAnswered(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The engine answers with a frame."""

    number: int
    frame: Frame


class ReceiptGiven(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The engine answers a command."""

    number: int
    receipt: Receipt


class EngineFailed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The engine cannot start; the text is for the person."""

    text: str


Asked = FrameAsked | CommandSent
Answered = FrameAnswered | ReceiptGiven | EngineFailed


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Read one message. Raises IncompleteReadError at the end, ValueError when it is too long."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > MAX_MESSAGE:
        raise ValueError(f"link message of {length} bytes, at most {MAX_MESSAGE} are taken")
    return await reader.readexactly(length)


def message(value: object) -> bytes:
    """Write one message."""
    body = packed(value)
    return _LENGTH.pack(len(body)) + body
