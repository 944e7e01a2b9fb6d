"""How venues stand: their clocks against ours, and whether they show stress. Pure.

Both decide when an order that was never answered can no longer come to life.
"""

from typing import Final

import msgspec

from core.domain.events import VenueConditionSeen, VenueTimeMeasured
from core.domain.ids import VenueId

_SECOND: Final = 1_000_000_000
CLOCK_ERROR_NS: Final = 250_000_000
"""How far a clock is taken to be off before it was ever measured."""
ENGINE_MARGIN_NS: Final = 5 * _SECOND
STRESS_MARGIN_NS: Final = 60 * _SECOND
NEVER: Final = 1 << 62


class VenueMood(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is known of one venue. Instants are engine time, ns."""

    offset_ns: int = 0
    """Venue time minus ours."""
    error_ns: int = CLOCK_ERROR_NS
    is_stressed: bool = False
    is_open: bool = True
    stressed_at: int | None = None
    """When it last showed stress."""
    back_at: int | None = None
    """When it last came back from maintenance: proofs begin anew there."""

    def engine_margin(self, signed: int) -> int:
        """Return how long after its window an order signed then may still reach the engine."""
        if self.is_stressed:
            return STRESS_MARGIN_NS
        has_been = self.stressed_at is not None and self.stressed_at >= signed - STRESS_MARGIN_NS
        return STRESS_MARGIN_NS if has_been else ENGINE_MARGIN_NS

    def last_moment(self, signed: int, window_ns: int) -> int:
        """Return when an order signed then (engine time, ns) can no longer come to life."""
        if not self.is_open:
            return NEVER
        begun = signed if self.back_at is None else max(signed, self.back_at)
        return begun + window_ns + self.error_ns + self.engine_margin(signed)


CALM: Final = VenueMood()


class VenueMoods:
    """Every venue's mood, from what events say."""

    def __init__(self) -> None:
        self._of: dict[VenueId, VenueMood] = {}

    def of(self, venue: VenueId) -> VenueMood:
        """Return a venue's mood; calm, with an unmeasured clock, at first."""
        return self._of.get(venue, CALM)

    def on_time(self, body: VenueTimeMeasured) -> None:
        """Learn how a venue's clock stands to ours."""
        self._of[body.venue] = msgspec.structs.replace(
            self.of(body.venue), offset_ns=body.offset_ns, error_ns=abs(body.error_bound_ns)
        )

    def on_condition(self, body: VenueConditionSeen, at: int) -> None:
        """Learn of stress, maintenance and their end."""
        old = self.of(body.venue)
        is_trouble = body.is_stressed or not body.is_open
        was_trouble = old.is_stressed or not old.is_open
        is_back = body.is_open and not old.is_open
        self._of[body.venue] = msgspec.structs.replace(
            old,
            is_stressed=body.is_stressed,
            is_open=body.is_open,
            stressed_at=at if is_trouble or was_trouble else old.stressed_at,
            back_at=at if is_back else old.back_at,
        )
