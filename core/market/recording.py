"""Reads recordings, gzip or plain: one message a line, `<receive time, ns> <JSON as received>`.

Lines of JSON that carry their receive time themselves (`received_wall_ns`, or `ts` in seconds) are
read too, whole.
"""

import gzip
import heapq
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from core.domain.errors import ConfigError

_GZIP_MAGIC: Final = b"\x1f\x8b"
_STAMP_DIGITS: Final = 19
_HEADER: Final = b'{"t":"header"'
_STAMPED: Final = re.compile(rb'"(received_wall_ns|ts)":(\d+)\.?(\d*)')
_OPENINGS: Final = frozenset({b"{", b"["})
_CLOSINGS: Final = frozenset({b"}", b"]"})
Line = tuple[int, bytes]
"""Receive time in ns and the message."""


class Recording:
    """One recorded file, read as a stream.

    Attributes:
        lines: Lines that were read well.
        broken_lines: Lines that were not of the form, skipped.
        fault: Why reading ended early, empty if it did not (a file cut short, a damaged one).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self.broken_lines = 0
        self.fault = ""

    def __iter__(self) -> Iterator[Line]:
        """Yield receive time and message of each good line.

        Raises:
            ConfigError: when the file cannot be opened.
        """
        with self._opened() as stream:
            try:
                yield from self._read(stream)
            except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
                self.fault = f"{self.path.name} ends early: {error}"

    def _opened(self) -> BinaryIO:
        try:
            with self.path.open("rb") as probe:
                is_packed = probe.read(2) == _GZIP_MAGIC
            return cast("BinaryIO", gzip.open(self.path) if is_packed else self.path.open("rb"))
        except OSError as error:
            hint = "give the path of a .tslog or .tslog.gz file"
            detail = f"{self.path}: {error.strerror}"
            raise ConfigError("recording cannot be read", detail, hint) from error

    def _read(self, stream: BinaryIO) -> Iterator[Line]:
        for raw in stream:
            stamp, _, message = raw.rstrip().partition(b" ")
            if raw.startswith(_HEADER):
                continue
            if raw.startswith(b"{"):
                stamp, message = _own_stamp(raw), raw.rstrip()
            if not (stamp.isdigit() and len(stamp) <= _STAMP_DIGITS and _is_json_like(message)):
                self.broken_lines += bool(raw.strip())
                continue
            self.lines += 1
            yield int(stamp), message


def _own_stamp(line: bytes) -> bytes:
    """Return the receive time a JSON line carries itself, in ns; `ts` is in seconds."""
    found = _STAMPED.search(line, 0, 200)
    if found is None:
        return b""
    return found[2] if found[1] != b"ts" else found[2] + found[3][:9].ljust(9, b"0")


def _is_json_like(message: bytes) -> bool:
    return message[:1] in _OPENINGS and message[-1:] in _CLOSINGS


def merged(recordings: dict[str, Recording]) -> Iterator[tuple[int, str, bytes]]:
    """Merge recordings on their receive clock: receive time, name, message.

    Lines of one file keep their order; equal times go by the order of `recordings`.
    """
    streams = [
        _tagged(recording, index, name)
        for index, (name, recording) in enumerate(recordings.items())
    ]
    for recv_ns, _, name, message in heapq.merge(*streams, key=_receive_order):
        yield recv_ns, name, message


def _tagged(recording: Recording, index: int, name: str) -> Iterator[tuple[int, int, str, bytes]]:
    for recv_ns, message in recording:
        yield recv_ns, index, name, message


def _receive_order(line: tuple[int, int, str, bytes]) -> tuple[int, int]:
    return line[:2]
