"""The thread that writes: commits one batch at a time, so that syncing never holds the loop."""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable

from core.runtime.runner import JournalBatch
from core.trading.journal import SqliteJournal

log = logging.getLogger(__name__)


class JournalThread:
    """Owns the journal's file while it runs."""

    def __init__(
        self,
        journal: SqliteJournal,
        on_done: Callable[[int], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._on_done = on_done
        self._on_failed = on_failed
        self._loop = asyncio.get_running_loop()
        self._batches: queue.SimpleQueue[JournalBatch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, batch: JournalBatch) -> None:
        """Hand over a batch; the loop hears of its end."""
        self._batches.put(batch)

    def close(self) -> None:
        """Finish what was handed over and stop."""
        self._batches.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                self._journal.append([(row.seq, row.fact) for row in batch.rows])
            except (sqlite3.Error, OSError) as error:
                log.exception("journal.failed")
                self._tell(self._on_failed, str(error))
            else:
                self._tell(self._on_done, batch.upto)

    def _tell(self, call: Callable[..., None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, argument)
        except RuntimeError:
            # The loop has ended; the batch is on disk or not, and the next start reads which.
            log.warning("journal.loop_gone")
