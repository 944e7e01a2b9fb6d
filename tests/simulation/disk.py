"""The disk of one machine: a journal that is a list with a synced prefix, and the account's lock.

Rows are encoded and chained as the journal on disk chains them, so that what comes back at a
restart went through the codec. A batch that was handed over and is not synced yet is lost in a
crash, or was on the platter already and only its receipt is lost: the dice say which. A torn write
leaves half a row, which is dropped at the next start as a write-ahead log drops it.
"""

import hashlib
import random
from collections.abc import Callable
from typing import Final

import msgspec

from core.domain.codec import packed, unpacker
from core.domain.errors import ConfigError, InvariantBroken
from core.domain.facts import Fact
from core.runtime.runner import JournalBatch
from tests.simulation.heap import Heap, Process

_GENESIS: Final = b"\0" * 32
_MS: Final = 1_000_000
DECODER: Final = unpacker(Fact)


class Row(msgspec.Struct, frozen=True):
    """One fact on the platter."""

    step: int
    epoch: int
    payload: bytes
    digest: bytes
    at: int
    """When it was synced: for the oracle, not for the engine."""
    truth: bytes = b""
    """What stood there before it rotted: for the oracle too."""


class Lock:
    """One account's lock on one machine, and the epoch it counts."""

    def __init__(self, first_epoch: int = 0) -> None:
        self.epoch = first_epoch
        self.holder: str | None = None

    def take(self, who: str) -> int:
        """Count the epoch up and hold. Raises ConfigError while another holds it."""
        if self.holder is not None:
            raise ConfigError("another Wingman trades this account", self.holder, "Stop it first")
        self.holder = who
        self.epoch += 1
        return self.epoch

    def free(self, who: str) -> None:
        """Let go, as the kernel does for the dead; others' locks stand."""
        if self.holder == who:
            self.holder = None

    def break_(self) -> None:
        """Take it from a holder that was believed dead."""
        self.holder = None


class Disk:
    """What survives a process.

    Attributes:
        rows: The synced prefix.
        is_failing: Every sync fails.
        slow_ns: Every sync takes so much longer.
        hits: How often it hurt, by fault.
    """

    def __init__(self, heap: Heap, rng: random.Random) -> None:
        self.rows: list[Row] = []
        self.is_failing = False
        self.slow_ns = 0
        self.is_armed = True
        """The latch: a file that is there while the account is armed."""
        self.why = ""
        self.hits: dict[str, int] = {}
        self._heap = heap
        self._rng = rng

    def hit(self, fault: str) -> None:
        """Count a fault."""
        self.hits[fault] = self.hits.get(fault, 0) + 1

    def append(self, batch: JournalBatch, epoch: int, rows: list[Row]) -> None:
        """Put a whole batch on the platter, into the file it belongs to."""
        last = rows[-1].digest if rows else _GENESIS
        for row in batch.rows:
            payload = packed(row.fact)
            last = _chained(last, row.seq, payload)
            rows.append(Row(row.seq, epoch, payload, last, self._heap.now))

    def replay(self) -> list[Fact]:
        """Return every fact, the chain verified. Raises InvariantBroken."""
        last, facts = _GENESIS, []
        for number, row in enumerate(self.rows):
            last = _chained(last, row.step, row.payload)
            if last != row.digest:
                raise InvariantBroken("journal is damaged", f"row {number}")
            facts.append(DECODER.decode(row.payload))
        return facts

    def last_step(self) -> int:
        """Return the newest step, 0 when there is none."""
        return self.rows[-1].step if self.rows else 0

    def corrupt(self) -> None:
        """Flip a bit of some row."""
        number = self._rng.randrange(len(self.rows))
        row = self.rows[number]
        payload = bytes([row.payload[0] ^ 0x10]) + row.payload[1:]
        self.rows[number] = msgspec.structs.replace(
            row, payload=payload, truth=row.truth or row.payload
        )
        self.hit("F67")

    def keep_as_evidence(self) -> list[Row]:
        """Move a damaged journal away; a new one begins."""
        kept, self.rows = self.rows, []
        return kept

    def sync_ns(self) -> int:
        """Return how long the next sync takes."""
        return int(self._rng.uniform(0.3, 3.0) * _MS) + self.slow_ns


class DiskLatch:
    """The kill switch's latch on a disk: tripping needs no space, arming does."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._is_tripped = False

    @property
    def is_armed(self) -> bool:
        """Whether orders may leave."""
        return self._disk.is_armed and not self._is_tripped

    def trip(self, why: str = "") -> bool:
        """Remove the file."""
        was_armed, self._disk.is_armed = self._disk.is_armed, False
        self._is_tripped = True
        self._disk.why = why
        return was_armed

    def why(self) -> str:
        """Return what it tripped for."""
        return self._disk.why

    def arm(self, _word: str) -> None:
        """Write the file. Raises OSError."""
        if self._disk.is_failing:
            raise OSError(28, "No space left on device")
        self._disk.is_armed, self._is_tripped = True, False


class JournalWriter:
    """Stands for the journal's thread of one process: one batch at a time, synced some time later.

    Has the face the shell expects of its thread.
    """

    def __init__(
        self,
        disk: Disk,
        process: Process,
        epoch: int,
        heap: Heap,
        rng: random.Random,
        on_done: Callable[[int], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self._disk = disk
        self._process = process
        self._epoch = epoch
        self._heap = heap
        self._rng = rng
        self._on_done = on_done
        self._on_failed = on_failed
        self._flying: JournalBatch | None = None
        self._rows = disk.rows
        """The file it opened: it stays that one's writer when the file is moved away."""
        self._next = len(disk.rows)
        """Where its next row stands: row numbers are a key, so a second writer is refused."""

    def write(self, batch: JournalBatch) -> None:
        """Hand over a batch."""
        self._flying = batch
        if self._disk.slow_ns:
            self._disk.hit("F66 slow")
        self._heap.after(self._disk.sync_ns(), lambda: self._synced(batch))

    def close(self) -> None:
        """Let go; what is handed over is the disk's."""

    def lose_power(self) -> None:
        """Decide what of the batch in flight is on the platter, as its process dies."""
        batch, self._flying = self._flying, None
        if batch is None:
            return
        draw = self._rng.random()
        if draw < 0.3 and self._put(batch):
            self._disk.hit("F57 receipt lost")
        elif draw < 0.6:
            self._disk.hit("F57 torn")
        else:
            self._disk.hit("F57 unsynced")

    def _synced(self, batch: JournalBatch) -> None:
        if self._process.is_dead or self._flying is not batch:
            return
        self._flying = None
        if self._disk.is_failing:
            self._disk.hit("F66 failed")
            self._process.call_soon(self._on_failed, "no space left on device")
            return
        if not self._put(batch):
            self._disk.hit("F64 second writer refused")
            self._process.call_soon(self._on_failed, "UNIQUE constraint failed: rows.n")
            return
        self._process.call_soon(self._on_done, batch.upto)

    def _put(self, batch: JournalBatch) -> bool:
        if len(self._rows) != self._next:
            return False
        self._disk.append(batch, self._epoch, self._rows)
        self._next += len(batch.rows)
        return True


def _chained(last: bytes, step: int, payload: bytes) -> bytes:
    return hashlib.sha256(last + step.to_bytes(8, "big") + payload).digest()
