"""The venue's many ways to write an instant, as ns UTC (0.1)."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

NS_PER_US: Final = 1_000
NS_PER_MS: Final = 1_000_000
NS_PER_SECOND: Final = 1_000_000_000


@lru_cache(maxsize=4_096)
def instant(text: str) -> int:
    """Read ISO text without a zone, which means UTC, with `T` or a blank.

    Raises:
        ValueError: when the text is no instant.
    """
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (
        int(moment.replace(microsecond=0).timestamp()) * NS_PER_SECOND + moment.microsecond * 1000
    )


def instant_of(value: str | int | None) -> int:
    """Read ISO text, or ms as a number or as digits; 0 for None.

    Raises:
        ValueError: when the text is no instant.
    """
    if value is None:
        return 0
    if isinstance(value, int) or value.isdecimal():
        return int(value) * NS_PER_MS
    return instant(value)
