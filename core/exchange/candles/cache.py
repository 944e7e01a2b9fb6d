"""Final candles on disk, so that nothing final is fetched twice. SQLite, one file for all venues.

Only buckets that cannot change any more are kept, with the spans they cover: a span says "all that
exists here is here", holes included. A damaged file is put aside and a new one begun.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import msgspec

from core.domain.errors import ConfigError
from core.exchange.candles.intervals import Span
from core.exchange.candles.model import Candle
from core.exchange.candles.spans import merged, within

MEMORY: Final = Path(":memory:")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL, symbol TEXT NOT NULL, interval TEXT NOT NULL,
    UNIQUE (source, symbol, interval)
);
CREATE TABLE IF NOT EXISTS candle (
    series INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    open TEXT, high TEXT, low TEXT, close TEXT, volume TEXT, quote TEXT, trades INTEGER,
    PRIMARY KEY (series, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS covered (
    series INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (series, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beginning (
    source TEXT NOT NULL, symbol TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (source, symbol)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_INSERT: Final = "INSERT OR REPLACE INTO candle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT: Final = (
    "SELECT start, stop, open, high, low, close, volume, quote, trades FROM candle"
    " WHERE series = ? AND start >= ? AND start < ? ORDER BY start"
)


class CandleCache:
    """The candles of one source. Threads may share it; each call has it to itself.

    Args:
        path: The database file, or `MEMORY` for a cache that ends with the process.
        source: Which venue the candles are of.

    Attributes:
        source: As given.
        is_on_disk: Whether calls wait for a disk, and for other processes.

    Raises:
        ConfigError: when the file cannot be made.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.source = source
        self.is_on_disk = path != MEMORY
        self._ids: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._connection = _opened(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            self._connection.close()

    def covered(self, symbol: str, interval: str, bounds: Span) -> list[Span]:
        """Return the spans inside the bounds that need no fetching, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT start, stop FROM covered WHERE series = ? AND stop > ? AND start < ?",
                (self._series(symbol, interval), bounds.start, bounds.stop),
            ).fetchall()
        return within(merged(Span(*row) for row in rows), bounds)

    def candles(self, symbol: str, interval: str, span: Span) -> list[Candle]:
        """Read the candles that start in a span, oldest first."""
        with self._lock:
            wanted = (self._series(symbol, interval), span.start, span.stop)
            rows = self._connection.execute(_SELECT, wanted).fetchall()
        return [
            Candle(
                start_secs=row[0],
                end_secs=row[1],
                open=row[2],
                high=row[3],
                low=row[4],
                close=row[5],
                volume=row[6],
                quote_volume=row[7],
                trades=row[8],
            )
            for row in rows
        ]

    def keep(self, symbol: str, interval: str, span: Span, candles: Iterable[Candle]) -> None:
        """Store all candles of a span and that it is covered, both or neither."""
        found = [msgspec.structs.astuple(c)[:-1] for c in candles]
        kept = [row for row in found if span.start <= row[0] < span.stop]
        with self._lock:
            series = self._series(symbol, interval)
            with self._transaction():
                self._connection.executemany(_INSERT, [(series, *row) for row in kept])
                self._cover(series, span)

    def _cover(self, series: int, span: Span) -> None:
        touching = "series = ? AND stop >= ? AND start <= ?"
        found = self._connection.execute(
            f"SELECT start, stop FROM covered WHERE {touching}",  # noqa: S608  our own text
            (series, span.start, span.stop),
        ).fetchall()
        (whole,) = merged([span, *(Span(*row) for row in found)])
        self._connection.execute(
            f"DELETE FROM covered WHERE {touching}",  # noqa: S608  our own text
            (series, span.start, span.stop),
        )
        row = (series, whole.start, whole.stop)
        self._connection.execute("INSERT OR REPLACE INTO covered VALUES (?, ?, ?)", row)

    def beginning(self, symbol: str) -> int | None:
        """Return when a market's history begins, None while nobody looked."""
        question = "SELECT at FROM beginning WHERE source = ? AND symbol = ?"
        with self._lock:
            row = self._connection.execute(question, (self.source, symbol)).fetchone()
        return None if row is None else int(row[0])

    def keep_beginning(self, symbol: str, at: int) -> None:
        """Store when a market's history begins."""
        row = (self.source, symbol, at)
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO beginning VALUES (?, ?, ?)", row)

    def _series(self, symbol: str, interval: str) -> int:
        known = self._ids.get((symbol, interval))
        if known is None:
            row = (self.source, symbol, interval)
            insert = "INSERT OR IGNORE INTO series (source, symbol, interval) VALUES (?, ?, ?)"
            self._connection.execute(insert, row)
            select = "SELECT id FROM series WHERE source = ? AND symbol = ? AND interval = ?"
            known = int(self._connection.execute(select, row).fetchone()[0])
            self._ids[symbol, interval] = known
        return known

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.OperationalError as error:
        hint = "Choose another --data-dir"
        raise ConfigError("candle cache cannot be opened", f"{path}: {error}", hint) from error
    except sqlite3.DatabaseError:
        path.replace(path.with_suffix(".broken"))
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
