"""`wingman export`: what a journal tells, row by row, as CSV or JSON.

Rows go to standard output or a file, remarks to standard error. Nothing after a damaged row is
exported; the exit code is then 1.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

import msgspec

from core.domain.errors import ConfigError
from core.trading.history import History, Row
from core.trading.history_columns import Kind, columns_of
from core.trading.journal import JournalDamaged, JournalReader
from tui.journals import (
    FAILED,
    JournalChoice,
    csv_cell,
    one_form,
    open_journal,
    output_to,
    plain_cell,
    remark,
    span_of,
    stop_writing,
)

ALL: Final = "all"


class ExportQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    choice: JournalChoice
    kind: str = ALL
    as_csv: bool = False
    as_json: bool = False
    out: Path | None = None


class Form(Protocol):
    """One way to write rows down."""

    def begin(self, reader: JournalReader) -> None:
        """Write what stands before the rows."""

    def row(self, row: Row) -> None:
        """Write one row."""

    def end(self, damage: JournalDamaged | None) -> None:
        """Write what stands after the rows, and whether they are all."""


def run_export(question: ExportQuestion) -> int:
    """Write rows; return the exit code: 0, or 1 where the journal is damaged.

    Raises:
        ConfigError: when something typed is wrong, or the journal is refused.
    """
    one_form(as_csv=question.as_csv, as_json=question.as_json)
    kinds = kinds_of(question.kind)
    span = span_of(question.choice)
    with open_journal(question.choice) as reader:
        history = History(reader.meta["account"], kinds, span)
        try:
            with output_to(question.out) as stream:
                form = Json(stream) if question.as_json else Csv(stream, columns_of(kinds))
                damage = written(reader, history, form)
        except BrokenPipeError:
            stop_writing()
            return 0
    if damage is not None:
        remark(f"wingman: {damage}")
        remark(f"Only the rows before sequence {damage.row} were exported.")
    return 0 if damage is None else FAILED


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Read `--kind`: one of them, several with commas, or all.

    Raises:
        ConfigError: for another word.
    """
    if text == ALL:
        return tuple(Kind)
    words = [word.strip() for word in text.split(",")]
    if not set(words) <= set(Kind):
        known = ", ".join(Kind)
        raise ConfigError("no such kind of row", repr(text[:60]), f"Choose of {known}, or {ALL}")
    return tuple(kind for kind in Kind if kind in words)


def written(reader: JournalReader, history: History, form: Form) -> JournalDamaged | None:
    """Write every proved row in order, orders last; return what stopped it."""
    form.begin(reader)
    damage = _each(_told(reader, history), form.row)
    for row in history.orders():
        form.row(row)
    form.end(damage)
    return damage


def _told(reader: JournalReader, history: History) -> Iterator[Row]:
    for entry in reader.entries():
        yield from history.rows(entry)


def _each(rows: Iterator[Row], write: Callable[[Row], None]) -> JournalDamaged | None:
    try:
        for row in rows:
            write(row)
    except JournalDamaged as damage:
        return damage
    return None


class Csv:
    """A table with a header row; a column a kind does not have stays empty."""

    def __init__(self, stream: TextIO, columns: tuple[str, ...]) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._columns = columns

    def begin(self, _reader: JournalReader) -> None:
        """Write the header."""
        self._writer.writerow(self._columns)

    def row(self, row: Row) -> None:
        """Write one row."""
        self._writer.writerow([csv_cell(row.get(column)) for column in self._columns])

    def end(self, _damage: JournalDamaged | None) -> None:
        """Write nothing: damage is told beside the table."""


class Json:
    """One document; its last words say whether the rows are all there are."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._between = ""

    def begin(self, reader: JournalReader) -> None:
        """Write what the journal is, and open the list."""
        head = {
            "journal": str(reader.path),
            "mode": reader.meta["mode"],
            "account": reader.meta["account"],
            "schema": reader.version,
        }
        self._stream.write(f'{_text(head)[:-1]},"rows":[')

    def row(self, row: Row) -> None:
        """Write one row."""
        self._stream.write(self._between + _text({k: plain_cell(v) for k, v in row.items()}))
        self._between = ",\n"

    def end(self, damage: JournalDamaged | None) -> None:
        """Close the list and say whether it is whole."""
        found = {
            "is_complete": damage is None,
            "broken_at": None if damage is None else damage.row,
            "trouble": "" if damage is None else damage.reason,
        }
        self._stream.write(f"],{_text(found)[1:]}\n")


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
