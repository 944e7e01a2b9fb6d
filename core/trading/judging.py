"""When a difference between ledger and venue counts: looked into, seen three times, not young.

Pure: the comparison tells what differed and when; nothing here reads or books.
"""

from typing import Final

from core.trading.inferred import Gap

_SECOND: Final = 1_000_000_000
MISMATCH_AGE_NS: Final = 2 * _SECOND
MISMATCH_SIGHTINGS: Final = 3
HISTORY_AGAIN_NS: Final = 15 * _SECOND
"""How often histories are read again for the same difference; the venue counts such readings."""


class Doubt:
    """What is known of the difference that stands, from its first sighting to a match."""

    def __init__(self) -> None:
        self._looked_into: tuple[Gap, ...] = ()
        self._looked_at = 0
        self._has_looked = False
        self._since: int | None = None
        self._sightings = 0

    def new_reading(self) -> None:
        """Allow one look into the histories for the reading that begins."""
        self._has_looked = False

    def is_worth_looking(self, gaps: tuple[Gap, ...], at: int) -> bool:
        """Whether histories may explain the difference: at once, and before it is judged."""
        if self._has_looked:
            return False
        is_last_try = self._sightings == MISMATCH_SIGHTINGS - 1
        is_new = gaps != self._looked_into
        return is_new or is_last_try or at - self._looked_at >= HISTORY_AGAIN_NS

    def look(self, gaps: tuple[Gap, ...], at: int) -> bool:
        """Note that histories are read for a difference; whether they were before."""
        is_known = gaps == self._looked_into
        self._looked_into, self._looked_at, self._has_looked = gaps, at, True
        self._begin(at)
        return is_known

    def seen(self, at: int) -> bool:
        """Count a sighting; whether the difference counts now."""
        begun = self._begin(at)
        self._sightings += 1
        return at - begun >= MISMATCH_AGE_NS and self._sightings >= MISMATCH_SIGHTINGS

    def cleared(self) -> None:
        """Forget a difference that is gone."""
        self._since, self._sightings = None, 0
        self._looked_into = ()

    def _begin(self, at: int) -> int:
        if self._since is None:
            self._since = at
        return self._since
