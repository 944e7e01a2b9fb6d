"""Writes recordings: raw frames with receive time, compressed, rotating, safe to the last flush.

A file holds one venue and names it in its first line. Each line is `<receive time, ns> <JSON>`: a
frame as it came, or an object of ours with the key `wingman` first (head, connection, REST reply).
Every flush ends a block that can be read even if the rest of the file is lost.
"""

import gzip
import os
import zlib
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from core.domain.errors import ConfigError

FORM: Final = 1
_SUFFIX: Final = ".tslog.gz"


class Recorder:
    """Writes one venue's frames to files `<stem>.tslog.gz`, `<stem>.001.tslog.gz`, ...

    Raises:
        ConfigError: when the first file exists already or cannot be made.
    """

    def __init__(
        self, path: Path, venue: str, kind: str, *, rotate_bytes: int = 256 * 2**20
    ) -> None:
        self._stem = str(path).removesuffix(".gz").removesuffix(".tslog")
        self._head = {"wingman": "head", "form": FORM, "venue": venue, "kind": kind}
        self._rotate_bytes = rotate_bytes
        self._number = 0
        self._connection: int | None = None
        self._raw: BinaryIO | None = None
        self._packed: gzip.GzipFile | None = None
        self.lines = 0
        self.bytes_in = 0
        self.paths: list[Path] = []
        self._open(0)

    def frame(self, recv_ns: int, connection: int, frame: bytes) -> None:
        """Write one frame; a change of connection is marked before it."""
        if connection != self._connection:
            self._connection = connection
            self._own(recv_ns, {"wingman": "connection", "number": connection})
        self._line(recv_ns, frame.replace(b"\n", b" ") if b"\n" in frame else frame)

    def reply(
        self, recv_ns: int, path: str, query: tuple[tuple[str, str], ...], body: bytes
    ) -> None:
        """Write one REST reply that starts a book."""
        self._own(
            recv_ns,
            {"wingman": "reply", "path": path, "query": dict(query), "body": msgspec.Raw(body)},
        )

    def flush(self) -> None:
        """Make everything written so far readable after a crash; rotate when the file is full."""
        if self._packed is None or self._raw is None:
            return
        self._packed.flush(zlib.Z_SYNC_FLUSH)
        self._raw.flush()
        os.fsync(self._raw.fileno())
        if self._raw.tell() >= self._rotate_bytes:
            self._close_file()
            self._number += 1
            self._open(0)

    def close(self) -> None:
        """Finish the file; idempotent."""
        self._close_file()

    def _open(self, recv_ns: int) -> None:
        tail = f".{self._number:03d}" if self._number else ""
        path = Path(f"{self._stem}{tail}{_SUFFIX}")
        try:
            self._raw = path.open("xb")
        except FileExistsError:
            raise ConfigError(
                "recording exists already", str(path), "Choose another --out"
            ) from None
        except OSError as error:
            raise ConfigError(
                "recording cannot be written", f"{path}: {error.strerror}", "Choose another --out"
            ) from error
        self._packed = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=5, mtime=0)
        self._connection = None
        self.paths.append(path)
        self._own(recv_ns, self._head)

    def _close_file(self) -> None:
        if self._packed is not None and self._raw is not None:
            self._packed.close()
            self._raw.flush()
            os.fsync(self._raw.fileno())
            self._raw.close()
        self._packed = self._raw = None

    def _own(self, recv_ns: int, value: object) -> None:
        self._line(recv_ns, msgspec.json.encode(value))

    def _line(self, recv_ns: int, text: bytes) -> None:
        if self._packed is None:
            return
        self._packed.write(b"%d %s\n" % (recv_ns, text))
        self.lines += 1
        self.bytes_in += len(text)
