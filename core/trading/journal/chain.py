"""The hash chain over a journal's rows, and the seal on its head. Pure.

Each row's hash covers the hash before it, its step, its type and its payload. The head, kept in the
same commit, says how many rows there are and seals that with what the journal belongs to: a row
missing at the end and a changed stamp are found too. Epochs are checked against `RunStarted`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from core.domain.codec import unpacker
from core.domain.errors import ConfigError, InvariantBroken
from core.domain.facts import Fact, RunStarted

GENESIS: Final = b"\0" * 32
REMEDY: Final = (
    "Nothing was changed and nothing is traded from it: run `wingman journal verify`, then "
    "`wingman journal restore BACKUP` or `wingman journal rebuild`"
)
_DECODER: Final[msgspec.msgpack.Decoder[Fact]] = unpacker(Fact)
RawRow = tuple[int, int, int, str, bytes, bytes]
"""Number, step, epoch, type, payload, hash."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One fact as it stands in the journal, its place proved by the chain."""

    n: int
    step: int
    epoch: int
    fact: Fact
    digest: bytes
    payload: bytes


class Head(msgspec.Struct, frozen=True, gc=False):
    """How many rows a journal has, and the hash of the last."""

    rows: int
    digest: bytes
    seal: bytes


class JournalDamaged(InvariantBroken):
    """A journal's row does not continue the chain.

    Attributes:
        row: Number of the first row that is not proved; rows before it are.
    """

    def __init__(self, where: str, row: int, reason: str) -> None:
        super().__init__("journal is damaged", f"{where} row {row}: {reason}", REMEDY)
        self.row = row
        self.reason = reason


def chained(last: bytes, step: int, kind: str, payload: bytes) -> bytes:
    """Return the hash of a row that follows a hash."""
    return hashlib.sha256(last + step.to_bytes(8, "big") + kind.encode() + b"\0" + payload).digest()


def sealed(rows: int, digest: bytes, meta: Mapping[str, str]) -> bytes:
    """Bind a head to what its journal belongs to."""
    words = "\0".join(f"{key}={meta[key]}" for key in ("account", "mode", "schema"))
    return hashlib.sha256(rows.to_bytes(8, "big") + digest + words.encode()).digest()


def head_of(rows: int, digest: bytes, meta: Mapping[str, str]) -> Head:
    """Return the head of a journal of so many rows."""
    return Head(rows, digest, sealed(rows, digest, meta))


def proved(
    rows: Iterable[RawRow], where: str, mode: str, head: Head | None, meta: Mapping[str, str]
) -> Iterator[Entry]:
    """Yield every row that is proved, in order.

    Args:
        rows: Ordered by number.
        where: Names the journal in errors.
        mode: What runs in it have to be.
        head: None for a schema that had none.
        meta: The stamp the head is sealed with.

    Raises:
        JournalDamaged: at the first row that is not proved.
        ConfigError: for a fact this version does not know.
    """
    last, before, expected = GENESIS, (0, 0), 0
    for row in rows:
        number, step, epoch, kind, payload, digest = row
        if number != expected:
            raise JournalDamaged(where, expected, f"missing, the next one is row {number}")
        if not isinstance(step, int) or not isinstance(payload, bytes) or step < 0:
            raise JournalDamaged(where, number, "a column is of another type")
        last = chained(last, step, str(kind), payload)
        if last != digest:
            raise JournalDamaged(where, number, "its hash does not continue the chain")
        entry = Entry(
            number, step, epoch, _fact(where, number, str(kind), payload), digest, payload
        )
        before = _ordered(where, entry, before, mode)
        expected = number + 1
        yield entry
    if head is not None:
        _check_head(where, expected, last, head, meta)


def _fact(where: str, number: int, kind: str, payload: bytes) -> Fact:
    try:
        return _DECODER.decode(payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(
            "journal holds what this version does not know",
            f"{where} row {number} is a {kind[:40]}",
            "Use the version that wrote it; the journal was not touched",
        ) from error


def _ordered(where: str, entry: Entry, before: tuple[int, int], mode: str) -> tuple[int, int]:
    """Check that steps and epochs only go up, and epochs only where a run starts."""
    step, epoch = before
    fact = entry.fact
    if entry.step < step:
        raise JournalDamaged(where, entry.n, f"step {entry.step} stands after step {step}")
    if isinstance(fact, RunStarted):
        if fact.epoch != entry.epoch or fact.mode.value != mode:
            raise JournalDamaged(where, entry.n, "its run is of another epoch or mode")
    elif entry.n and entry.epoch != epoch:
        raise JournalDamaged(where, entry.n, f"epoch {entry.epoch} began without a run")
    if entry.epoch < epoch:
        raise JournalDamaged(where, entry.n, f"epoch {entry.epoch} stands after epoch {epoch}")
    return entry.step, entry.epoch


def _check_head(where: str, rows: int, last: bytes, head: Head, meta: Mapping[str, str]) -> None:
    if head.rows > rows:
        raise JournalDamaged(where, rows, f"{head.rows - rows} row(s) are missing at the end")
    if head.rows < rows:
        raise JournalDamaged(where, head.rows, f"{rows - head.rows} row(s) were added behind it")
    if head.digest != last or head.seal != sealed(rows, last, meta):
        raise JournalDamaged(where, rows, "its head or its stamp was changed")
