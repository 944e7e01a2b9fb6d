"""Logging: to a rotating file and a ring buffer in memory; never to the terminal."""

import logging
import logging.handlers
import re
from collections import deque
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from core.domain.risk_views import LogLine, LogView

LOG_FILE: Final = "wingman.log"
RING_LINES: Final = 2_000
SHOWN_LINES: Final = 300
"""Lines of a view; more would be sent again with every new one."""
SHOWN_CHARS: Final = 2_000
"""Of each line: a traceback's end stands in the file."""
_SECRET: Final = re.compile(
    r"(?i)(secret|signature|api[-_]?key|passphrase)(\W+)([A-Za-z0-9+/=_-]{8,})"
)
_PLAIN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({})))


class RingHandler(logging.Handler):
    """Keeps the newest lines for the screen and crash reports, and counts errors."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=RING_LINES)
        self.levels: deque[str] = deque(maxlen=RING_LINES)
        self.exceptions = 0
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        if record.levelno >= logging.ERROR:
            self.exceptions += 1
        self.lines.append(self.format(record))
        self.levels.append(record.levelname)
        self.count += 1

    def view(self, path: str) -> LogView:
        """Return the newest lines; `path` is where the whole log is."""
        with self.lock or nullcontext():
            lines, levels, count = list(self.lines), list(self.levels), self.count
        first = count - len(lines) + 1
        numbered = list(enumerate(zip(levels, lines, strict=True), start=first))
        return LogView(
            lines=tuple(
                LogLine(serial, level, text[:SHOWN_CHARS])
                for serial, (level, text) in numbered[-SHOWN_LINES:]
            ),
            path=path,
            first=first,
        )


class FieldsFormatter(logging.Formatter):
    """Writes an event name and its fields, with secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line (and the traceback below it)."""
        text = super().format(record)
        extra = vars(record).keys() - _PLAIN_FIELDS - {"message", "asctime"}
        fields = {key: vars(record)[key] for key in sorted(extra)}
        if fields:
            text += " " + " ".join(f"{key}={value}" for key, value in fields.items())
        return _SECRET.sub(r"\1\2***", text)


def set_up_logging(folder: Path | None) -> RingHandler:
    """Send every log record to a file (if a folder is given) and the ring; return the ring."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.setLevel(logging.INFO)
    formatter = FieldsFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    ring = RingHandler()
    ring.setFormatter(formatter)
    root.addHandler(ring)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = logging.handlers.RotatingFileHandler(
            folder / LOG_FILE, maxBytes=5_000_000, backupCount=3, encoding="utf-8"
        )
        file.setFormatter(formatter)
        root.addHandler(file)
    logging.raiseExceptions = False
    return ring
