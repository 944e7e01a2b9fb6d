"""One writer for one journal: a kernel lock on a file beside it, gone with its process."""

import fcntl
import os
from pathlib import Path
from typing import Self

from core.domain.errors import ConfigError


class JournalInUse(ConfigError):
    """An engine, or a command that keeps the journal, holds it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "journal is in use", str(path), "Stop the Wingman that writes it, then try again"
        )


class WriterLock:
    """Held as long as somebody may change the journal.

    Raises:
        JournalInUse: on taking it, when it is held; also within this process.
    """

    def __init__(self, journal: Path) -> None:
        self._descriptor: int | None = None
        descriptor = os.open(lock_file(journal), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise JournalInUse(journal) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; idempotent. The file stays: taking it away would let two hold it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()


def lock_file(journal: Path) -> Path:
    """Name the lock's file."""
    return journal.with_name(f"{journal.name}.lock")


def is_held(file: Path) -> bool:
    """Whether some process holds the lock of this file; asks without keeping it."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
