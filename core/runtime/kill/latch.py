"""The latch on disk: a file that is there while the account is armed.

Tripping removes it, which needs no space; an absent file means HALTED. It survives restarts, and
whoever removes it, by whatever way, halts the account.
"""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)
ARMED: Final = "armed"
WHY: Final = "tripped"
_MOST_WORDS: Final = 300
CACHED_NS: Final = 20_000_000
"""How long one look at the file counts."""


class Latch:
    """The latch of one account's directory. Safe to use from any thread."""

    def __init__(self, folder: Path, monotonic: Callable[[], int]) -> None:
        self.path = folder / ARMED
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looked_at: int | None = None
        self._was_armed = False
        self._is_tripped = False
        """Tripped by this process: holds even where the file cannot be removed."""

    @property
    def is_armed(self) -> bool:
        """Whether orders may leave; at most 20 ms old. Any doubt is a no."""
        now = self._monotonic()
        with self._lock:
            if self._is_tripped:
                return False
            if self._looked_at is None or not 0 <= now - self._looked_at < CACHED_NS:
                self._was_armed = self._is_there()
                self._looked_at = now
            return self._was_armed

    def trip(self, why: str = "") -> bool:
        """Remove the file; True when this call did. Idempotent.

        What for is noted beside it, if the disk lets us.

        Raises:
            OSError: when it cannot be removed; this process holds itself tripped even so.
        """
        with self._lock:
            self._is_tripped = True
            try:
                self.path.unlink()
            except FileNotFoundError:
                return False
        if why:
            self._note(why)
        return True

    def why(self) -> str:
        """Return what the newest trip was noted for; empty when that is not known."""
        try:
            return (self.path.with_name(WHY)).read_text(errors="replace")[:_MOST_WORDS]
        except OSError:
            return ""

    def _note(self, why: str) -> None:
        try:
            self.path.with_name(WHY).write_text(why)
        except OSError:
            log.info("latch.not_noted", exc_info=True)

    def arm(self, word: str) -> None:
        """Write the file and sync it and its directory. Raises OSError."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, word.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _synced(self.path.parent)
        with self._lock:
            self._looked_at = None
            self._is_tripped = False

    def _is_there(self) -> bool:
        try:
            self.path.lstat()
        except OSError:
            return False
        return True


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
