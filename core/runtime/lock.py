"""One trader per account: a kernel lock on a file keyed by the API key, and the epoch it counts."""

import fcntl
import hashlib
import os
from pathlib import Path

from core.domain.errors import ConfigError


class AccountLock:
    """Held for the life of the process that trades an account.

    Raises:
        ConfigError: on taking it, when another process holds it.
    """

    def __init__(self, folder: Path, api_key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fingerprint = hashlib.sha256(api_key.encode()).hexdigest()[:24]
        self._path = folder / f"{fingerprint}.lock"
        self._descriptor: int | None = None
        self.epoch = 0

    def take(self, at_least: int) -> int:
        """Lock, count the epoch up (never below `at_least`), and return it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise ConfigError(
                "another Wingman trades this account",
                str(self._path),
                "Stop it first, or attach to it",
            ) from None
        text = os.read(descriptor, 32).decode(errors="replace").strip()
        self.epoch = max(int(text) if text.isdigit() else 0, at_least - 1) + 1
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.truncate(descriptor, 0)
        os.write(descriptor, str(self.epoch).encode())
        os.fsync(descriptor)
        self._descriptor = descriptor
        return self.epoch

    def is_current(self) -> bool:
        """Whether the account is still this process's: held, and no later epoch was counted.

        A process that slept while its lock was taken for stale finds out here. Any doubt is a no.
        """
        if self._descriptor is None:
            return False
        try:
            return self._path.read_bytes().strip() == str(self.epoch).encode()
        except OSError:
            return False

    def release(self) -> None:
        """Let go; idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
