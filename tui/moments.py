"""Reads times as a person types them: ISO with a zone, a date, or how long ago. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from core.domain.errors import ConfigError

_AGO: Final = re.compile(r"-?(\d{1,9})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_HINT: Final = "Write 2026-10-14T21:20:00+02:00, 2026-10-14T21:20:00Z, 2026-10-14, 36h, 2d or now"
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, now: datetime) -> tuple[datetime, str]:
    """Read an instant; the second value says what was assumed, empty if nothing.

    Raises:
        ConfigError: when the text is no time.
    """
    wanted = text.strip()
    if wanted == "now":
        return now, ""
    ago = _AGO.fullmatch(wanted)
    if ago is not None:
        return _ago(now, int(ago[1]), _UNITS[ago[2]]), ""
    try:
        found = datetime.fromisoformat(wanted)
    except ValueError:
        raise ConfigError("not a time", repr(text[:40]), _HINT) from None
    if found.utcoffset() is not None:
        return found, ""
    return found.replace(tzinfo=UTC), f"{text} has no zone and is read as UTC"


def _ago(now: datetime, count: int, unit: str) -> datetime:
    try:
        return max(_EARLIEST, now - timedelta(**{unit: count}))
    except OverflowError:
        return _EARLIEST
