"""Reads a SQLite write-ahead log for a commit that was cut off. Pure over its bytes.

A commit that was not wholly on disk when the machine died is left out by SQLite at the next start.
It never counted: nothing of it had left the house. This tells that it was there.
"""

import struct
from pathlib import Path
from typing import Final

_HEADER: Final = 32
_FRAME: Final = 24
_MAGIC: Final = 0x377F0682
_WORD: Final = 0xFFFFFFFF


def torn_bytes(wal: Path) -> int:
    """Return how many bytes of the log belong to a commit that was never finished."""
    try:
        return torn_bytes_of(wal.read_bytes())
    except OSError:
        return 0


def torn_bytes_of(log: bytes) -> int:
    """Return how many bytes after the last whole commit belong to one that was cut off.

    Frames with another salt are leftovers of an earlier life of the log, not a torn commit.
    """
    if len(log) < _HEADER:
        return len(log)
    magic, _, size, _, *salts = struct.unpack(">6I", log[:24])
    order = ">" if magic & 1 else "<"
    sums = _summed(log[:24], (0, 0), order)
    if magic & ~1 != _MAGIC or sums != struct.unpack(">2I", log[24:_HEADER]):
        return len(log)
    return _torn_after(log, size, tuple(salts), sums, order)


def _torn_after(
    log: bytes, size: int, salts: tuple[int, ...], sums: tuple[int, int], order: str
) -> int:
    place = whole = _HEADER
    while place < len(log):
        head = log[place : place + _FRAME]
        frame = log[place : place + _FRAME + size]
        if len(head) < 16 or struct.unpack(">2I", head[8:16]) != salts:  # noqa: PLR2004  bytes
            break
        sums = _summed(head[:8] + frame[_FRAME:], sums, order) if _is_whole(frame, size) else (0, 0)
        place += len(frame)
        if not _is_whole(frame, size) or sums != struct.unpack(">2I", head[16:_FRAME]):
            break
        if int.from_bytes(head[4:8], "big"):
            whole = place
    return place - whole


def _is_whole(frame: bytes, size: int) -> bool:
    return len(frame) == _FRAME + size


def _summed(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    """Return SQLite's running checksum over pairs of 32-bit words."""
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & _WORD
        second = (second + words[index + 1] + first) & _WORD
    return first, second
