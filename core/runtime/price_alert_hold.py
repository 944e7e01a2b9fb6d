"""One alert and what was seen of it. Pure; time comes in with each observation.

What has to survive a restart (set, fired, when) changes by the room's facts. What was seen of the
market is built anew by looking: after a restart a hold begins again.
"""

from typing import Final

from core.domain.fixed import UNIT
from core.domain.price_alert import AlertDirection, PriceAlert

SECOND: Final = 1_000_000_000
Value = int | float
"""Integer of 10^-10 for prices, else a float in the kind's unit."""


class AlertHold:
    """The condition of one alert: on which side its number is, and since when it holds."""

    __slots__ = (
        "_came_from",
        "alert",
        "fired",
        "is_armed",
        "is_pending",
        "last_fired_at",
        "side",
        "since",
    )

    def __init__(self, alert: PriceAlert, side: int | None) -> None:
        self.alert = alert
        self.fired = 0
        self.is_armed = True
        self.last_fired_at: int | None = None
        self.side = side
        """-1, 0 or 1: below, on or above the level at the newest look; None before the first."""
        self.is_pending = alert.counts_now and side is not None and self._is_met(side)
        """The condition became true, holds since, and did not fire yet."""
        self.since: int | None = None
        """Since when it holds without a break; None after a break, until it is seen again."""
        self._came_from = 0

    # ---- looking -------------------------------------------------------------------------------

    def observe(self, value: Value, at: int) -> bool:
        """Take what a fresh market shows; return whether the alert fires now."""
        before, self.side = self.side, side_of(self.alert, value)
        if not (self.is_pending and self._is_held(self.side)):
            self.is_pending = self._is_edge(before, self.side)
            self._came_from = before or 0
            self.since = None
        if self.is_pending and self.since is None:
            self.since = at
        due = self.due_at
        return due is not None and at >= due

    def interrupt(self) -> None:
        """Begin the hold anew: the market could not be believed for a moment."""
        self.since = None

    @property
    def due_at(self) -> int | None:
        """Return when it fires if the condition goes on holding, engine ns."""
        if not self.is_armed or self.since is None:
            return None
        due = self.since + self.alert.persistence_s * SECOND
        if self.last_fired_at is None:
            return due
        return max(due, self.last_fired_at + self.alert.cooldown_s * SECOND)

    def _is_edge(self, before: int | None, side: int) -> bool:
        """Whether the condition became true with this look."""
        if before is None:
            return self.alert.counts_now and not self.fired and self._is_met(side)
        if self.alert.direction is AlertDirection.CROSSES:
            return before not in {0, side}
        return self._is_met(side) and not self._is_met(before)

    def _is_held(self, side: int) -> bool:
        """Whether a condition that became true is still so."""
        if self.alert.direction is AlertDirection.CROSSES:
            return side != self._came_from
        return self._is_met(side)

    def _is_met(self, side: int) -> bool:
        direction = self.alert.direction
        if direction is AlertDirection.CROSSES:
            return False
        return side <= 0 if direction is AlertDirection.BELOW else side >= 0

    # ---- facts ---------------------------------------------------------------------------------

    def note_fired(self, side: int, at: int) -> None:
        """Take a firing: off if it was the only one, else waiting for the next crossing."""
        self.fired += 1
        self.last_fired_at = at
        self.side = side
        self.is_armed = self.alert.is_repeating
        self.is_pending, self.since = False, None


def side_of(alert: PriceAlert, value: Value) -> int:
    """Return -1, 0 or 1: the number is below, on or above the alert's level."""
    if alert.direction is AlertDirection.BEYOND:
        value = abs(value)
    level: Value = alert.threshold if isinstance(value, int) else alert.threshold / UNIT
    return (value > level) - (value < level)
