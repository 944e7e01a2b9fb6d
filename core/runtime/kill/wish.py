"""A level left in a run's directory by the command line, taken up by the living engine."""

import logging
from pathlib import Path
from typing import Final

from core.domain.kill import KillLevel

log = logging.getLogger(__name__)
WISH: Final = "kill-wish"
_MOST: Final = 16


def leave_wish(folder: Path, level: KillLevel) -> bool:
    """Leave a level; False where the disk does not take it (the latch needs none)."""
    temporary = folder / f".{WISH}"
    try:
        temporary.write_text(level.value)
        temporary.replace(folder / WISH)
    except OSError:
        return False
    return True


def take_wish(folder: Path) -> KillLevel | None:
    """Take the level that was left, once; None where there is none or it is no level."""
    path = folder / WISH
    try:
        text = path.read_text(errors="replace")[:_MOST].strip()
        path.unlink()
    except OSError:
        return None
    try:
        return KillLevel(text)
    except ValueError:
        log.warning("kill.unreadable_wish")
        return None
